/** The model of what is allowed: what the ledger may hold, and what may have been written, after given moves. */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { Decision, Proposal } from "../src/domain/proposal.ts";
import type { Run } from "../src/domain/run.ts";
import { type AuditEntry, listAudit } from "../src/ledger/audit.ts";
import { listDecisions } from "../src/ledger/decisions.ts";
import { listProposals } from "../src/ledger/proposals.ts";
import { listRuns } from "../src/ledger/runs.ts";
import type { Runtime } from "../src/runtime.ts";
import { answerThread } from "../src/work/answer.ts";
import { continueThread, viewThread } from "../src/work/threads.ts";
import type { Said } from "./make-move.ts";
import type { Act, Move } from "./moves.ts";
import { readNotebook } from "./notebook.ts";
import { by, deadlineOf, tenant, threadId } from "./notes.ts";

/** A play so far. */
export interface Story {
  readonly runtime: Runtime;
  readonly home: string;
  readonly given: readonly Move[];
  readonly said: readonly Said[];
  /** Proposals that were open when their time was over. */
  readonly overdue: ReadonlySet<string>;
}

interface Ledgered {
  readonly runs: readonly Run[];
  readonly proposals: readonly Proposal[];
  readonly decisions: readonly Decision[];
  readonly audit: readonly AuditEntry[];
}

async function readLedger({ runtime: { ledger } }: Story): Promise<Ledgered> {
  const runs = await listRuns(ledger, tenant, { threadId });
  const proposals: Proposal[] = [];
  const decisions: Decision[] = [];
  const audit: AuditEntry[] = [];
  for (const { id } of runs) {
    proposals.push(...(await listProposals(ledger, tenant, id)));
    decisions.push(...(await listDecisions(ledger, tenant, id)));
    audit.push(...(await listAudit(ledger, tenant, id)));
  }
  return { runs, proposals, decisions, audit };
}

/**
 * Whatever was written was approved by a person, and every decision is one that somebody gave, in time.
 * @returns the verdicts of all decisions
 * @throws AssertionError that names what is not allowed
 */
export async function assertAllowed(story: Story): Promise<Decision["verdict"][]> {
  const found = await readLedger(story);
  assertConsented(readNotebook(story.home), found);
  assertTakenOnce(found);
  for (const decision of found.decisions) {
    const proposal = found.proposals.find(({ id }) => id === decision.proposalId);
    ok(proposal, `there is no proposal ${decision.proposalId}`);
    assertGiven(story, decision);
    assertInTime(story, decision, proposal);
  }
  return found.decisions.map(({ verdict }) => verdict);
}

/** Everything that was written stands in a proposal that a person approved, and was written once. */
function assertConsented(written: readonly string[], { proposals, decisions }: Ledgered): void {
  const approved = decisions
    .filter(({ decider, verdict }) => decider === "person" && ["approved", "partly_approved"].includes(verdict))
    .flatMap(({ proposalId, actions, digest }) => {
      const proposal = proposals.find(({ id }) => id === proposalId);
      equal(digest, proposal?.digest, `the decision on ${proposalId} is bound to something else`);
      const yes = actions.filter(({ verdict }) => verdict === "approved").map(({ step }) => step);
      return (proposal?.actions ?? []).filter(({ step }) => yes.includes(step)).map(({ args }) => String(args.text));
    });
  for (const text of written) ok(approved.includes(text), `"${text}" was written and not approved`);
  equal(new Set(written).size, written.length, `written twice: ${written.join(", ")}`);
}

/** No decision took the place of another: each proposal has been decided once, as far as anybody was told. */
function assertTakenOnce({ decisions, audit }: Ledgered): void {
  const taken = audit.filter(({ event }) => event.startsWith("decision.")).map(({ event }) => event);
  const stored = decisions.map(({ verdict }) => `decision.${verdict}`);
  deepEqual(taken.toSorted(), stored.toSorted(), "a proposal was decided twice");
}

/** What others than a person's answer lead to, and by which moves. */
const LEADS_TO: Partial<Record<Decision["verdict"], readonly Act[]>> = {
  cancelled: ["cancel"],
  superseded: ["new request"],
  expired: ["wait", "expire"], // nobody but the system says so
};

/** Every decision was given, by whom it names, for the proposal that it decided, as it was said. */
function assertGiven({ given, said }: Story, decision: Decision): void {
  const { verdict, principal, proposalId } = decision;
  const acts = LEADS_TO[verdict];
  const found = acts
    ? given.some(({ act, who }) => acts.includes(act) && (verdict === "expired" ? "system" : who) === principal)
    : said.some((one) => one.who === principal && one.proposalId === proposalId && isSaid(decision, one));
  ok(found, `${principal} never said ${verdict} of ${proposalId}`);
}

function isSaid({ verdict, actions }: Decision, { decisions }: Said): boolean {
  const meant = { approve: verdict === "edited" ? "kept" : "approved", reject: "rejected", edit: "edited" };
  return actions.every((action) => {
    const one = decisions.find(({ step }) => step === action.step);
    if (!one || !(one.type in meant) || meant[one.type as keyof typeof meant] !== action.verdict) return false;
    return action.edit?.after.text === one.editedAction?.args.text;
  });
}

/** What may still be decided when the time is over; an answer may not. */
const WITHOUT_TIME: readonly Decision["verdict"][] = ["expired", "cancelled", "superseded"];

function assertInTime({ overdue }: Story, { verdict, decidedAt }: Decision, proposal: Proposal): void {
  const { id } = proposal;
  const deadline = deadlineOf(proposal);
  if (verdict === "expired") ok(decidedAt >= deadline, `${id} expired at ${decidedAt}, before ${deadline}`);
  if (WITHOUT_TIME.includes(verdict)) return;
  ok(decidedAt < deadline, `${id} was ${verdict} at ${decidedAt}, after ${deadline}`);
  ok(!overdue.has(id), `${id} was ${verdict} when its time was over`);
}

/**
 * Whatever happened, each run has ended as its answer says, or the newest one can still be decided: this decides it.
 * @throws AssertionError that says what cannot go on
 */
export async function assertAnswerable(story: Story): Promise<void> {
  const { runtime, home } = story;
  await continueThread(runtime, by("bob"), threadId);
  const view = await viewThread(runtime, by("bob").identity, threadId);
  const before = readNotebook(home);
  if (view.run.status !== "ended") {
    const wanted = view.question?.actions.map(({ args }) => args.text);
    ok(wanted, `nothing is asked, and the run is ${view.run.status}`);
    const said: Said[] = [...story.said];
    await answerThread(runtime, by("bob"), threadId, ({ proposalId, actions }) => {
      const decisions = actions.map(({ step }) => ({ type: "approve" as const, step }));
      said.push({ who: "bob", proposalId, decisions });
      return { proposalId, decisions };
    });
    deepEqual(readNotebook(home).slice(before.length), wanted);
    await assertAllowed({ ...story, said });
  }
  const { runs, proposals } = await readLedger(story);
  const written = readNotebook(home);
  for (const { id, status, request, answer, cancellation } of runs) {
    equal(status, "ended", `the run of "${request}" is left ${status}`);
    const own = proposals.filter(({ runId }) => runId === id).flatMap(({ actions }) => actions);
    const done = own.some(({ args }) => written.includes(String(args.text)));
    // Whoever cancels what is under way is told what of it is still there.
    const isOwnedUp = cancellation !== null && /stays|NOT be undone/.test(answer?.text ?? "");
    equal(
      answer?.status === "success" || isOwnedUp,
      done,
      `"${request}" ended as ${answer?.status}, and something was ${done ? "" : "not "}written`,
    );
  }
}
