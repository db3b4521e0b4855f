/**
 * Many people and processes at one thread: random interleavings of approvals, rejections, edits, late and plain
 * answers, cancellations and recoveries from two runtimes on the same files, one after the other and at once. Whatever
 * they do, what was written is what a person approved, once.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "@langchain/langgraph";
import fc from "fast-check";
import type { ActionAnswer, ProposalAnswer } from "../src/domain/answer-formats.ts";
import { PlanSchema } from "../src/domain/plan.ts";
import { HoldpointError } from "../src/errors.ts";
import { listDecisions } from "../src/ledger/decisions.ts";
import { listProposals } from "../src/ledger/proposals.ts";
import type { Question } from "../src/nodes/question.ts";
import type { PlaybookResult } from "../src/planning/playbooks/match.ts";
import { createRuntime, type Runtime } from "../src/runtime.ts";
import { cancelThread } from "../src/work/cancel.ts";
import { recoverRuns } from "../src/work/recover.ts";
import { answerThread, type Caller, continueThread, startRequest, viewThread } from "../src/work/threads.ts";
import { createNotebookAction, type NotebookLog } from "./notebook.ts";

const ACTS = [
  "approve",
  "reject",
  "reject one",
  "edit",
  "late approval",
  "plain approval",
  "cancel",
  "recover",
] as const;

interface Move {
  readonly act: (typeof ACTS)[number];
  readonly who: "alice" | "bob" | "carol";
  /** Which of the two runtimes; for moves at once that of the first. */
  readonly runtime: 0 | 1;
  /** At the same time as the next one. */
  readonly together: boolean;
}

const moves = fc.array(
  fc.record<Move>({
    act: fc.constantFrom(...ACTS),
    who: fc.constantFrom("alice", "bob", "carol"),
    runtime: fc.constantFrom(0, 1),
    together: fc.boolean(),
  }),
  { minLength: 1, maxLength: 7 },
);

const tenant = "acme";
const threadId = "t";
const by = (principal: string): Caller => ({ identity: { tenant, principal } });
const STEPS = ["a", "b"];

/**
 * Tries that many interleavings.
 * @throws Error with the smallest interleaving that misapplies an answer, and its seed
 */
export async function checkInterleavings(count: number, seed?: number): Promise<void> {
  await fc.assert(fc.asyncProperty(moves, play), { numRuns: count, ...(seed === undefined ? {} : { seed }) });
}

async function play(sequence: Move[]): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-moves-"));
  const { action, log } = createNotebookAction();
  const open = () => createRuntime({ home }, { actions: [action], matchRequest });
  const runtimes: Runtime[] = [];
  try {
    runtimes.push(await open(), await open());
    const [first] = runtimes as [Runtime];
    const asked = await startRequest(first, by("alice"), { request: "go", threadId });
    const oldest = asked.question as Question;
    const given: Move[] = [];
    for (const group of groupsOf(sequence)) {
      // Moves at once share a runtime: SQLite's driver blocks its whole thread while it waits for another connection.
      const runtime = runtimes[group[0]?.runtime ?? 0] as Runtime;
      await Promise.all(group.map((move) => make(runtime, move, oldest)));
      given.push(...group);
      await assertConsented(first, asked.run.id, log);
      await assertGiven(first, asked.run.id, { given, oldest });
    }
    await assertAnswerable(first, asked.run.id, log);
  } finally {
    for (const runtime of runtimes) await runtime.close();
    rmSync(home, { recursive: true, force: true });
  }
}

function matchRequest(): PlaybookResult {
  const steps = STEPS.map((id) => ({ id, title: id, action: "note", args: { text: id } }));
  const plan = PlanSchema.parse({ goal: "Noted.", source: { kind: "playbook", name: "moves" }, steps });
  return { kind: "plan", playbook: "moves", plan };
}

function groupsOf(sequence: readonly Move[]): Move[][] {
  const groups: Move[][] = [[]];
  for (const move of sequence) {
    groups.at(-1)?.push(move);
    if (!move.together) groups.push([]);
  }
  return groups.filter((group) => group.length > 0);
}

/** Refusals are what most of them come to; anything else that is thrown is a defect. */
async function make(runtime: Runtime, move: Move, oldest: Question): Promise<void> {
  try {
    await act(runtime, move, oldest);
  } catch (error) {
    const refused = error instanceof HoldpointError && error.code !== "internal";
    const interrupt = error instanceof Error && error.name === "UnknownInterruptError";
    if (!refused && !interrupt) throw error;
  }
}

let edits = 0;

async function act(runtime: Runtime, { act: what, who }: Move, oldest: Question): Promise<unknown> {
  const caller = by(who);
  const answer = (decide: (step: string, index: number) => ActionAnswer) =>
    answerThread(runtime, caller, threadId, ({ proposalId, actions }): ProposalAnswer => {
      return { proposalId, decisions: actions.map(({ step }, index) => decide(step, index)) };
    });
  const give = (resume: object) =>
    runtime.graph.invoke(new Command({ resume }), { configurable: { thread_id: threadId }, context: caller.identity });
  switch (what) {
    case "approve":
      return await answer((step) => ({ type: "approve", step }));
    case "reject":
      return await answer((step) => ({ type: "reject", step, message: "no" }));
    case "reject one":
      return await answer((step, index) => ({ type: index === 0 ? "reject" : "approve", step }));
    case "edit":
      return await answer((step) => ({ type: "edit", step, editedAction: { args: { text: `${step}-${++edits}` } } }));
    case "late approval":
      return await give({ proposalId: oldest.proposalId, decisions: oldest.actions.map(() => ({ type: "approve" })) });
    case "plain approval":
      return await give({ decisions: [{ type: "approve" }, { type: "approve" }] });
    case "cancel":
      return await cancelThread(runtime, caller, { threadId, reason: null });
    case "recover":
      return await recoverRuns(runtime, caller);
  }
}

/** Everything that was written stands in a proposal that a person approved, and was written once. */
async function assertConsented(runtime: Runtime, runId: string, log: NotebookLog): Promise<void> {
  const decisions = await listDecisions(runtime.ledger, tenant, runId);
  const proposals = await listProposals(runtime.ledger, tenant, runId);
  const approved = decisions
    .filter(({ decider, verdict }) => decider === "person" && ["approved", "partly_approved"].includes(verdict))
    .flatMap(({ proposalId, actions }) => {
      const proposal = proposals.find(({ id }) => id === proposalId);
      const yes = actions.filter(({ verdict }) => verdict === "approved").map(({ step }) => step);
      return (proposal?.actions ?? []).filter(({ step }) => yes.includes(step)).map(({ args }) => String(args.text));
    });
  for (const text of log.texts()) ok(approved.includes(text), `"${text}" was written and not approved`);
  equal(new Set(log.texts()).size, log.texts().length, `written twice: ${log.texts().join(", ")}`);
  equal(new Set(decisions.map(({ proposalId }) => proposalId)).size, decisions.length, "a proposal was decided twice");
}

/** Which moves may have led to a decision. A plain approval of two actions never does. */
const SAYS: Readonly<Record<string, readonly Move["act"][]>> = {
  approved: ["approve"],
  partly_approved: ["reject one"],
  rejected: ["reject", "reject one"], // of a single action, the one is all
  edited: ["edit"],
  cancelled: ["cancel"],
};

/** Every decision was given, by whom it names, for the proposal that it decided. */
async function assertGiven(
  runtime: Runtime,
  runId: string,
  { given, oldest }: { given: readonly Move[]; oldest: Question },
): Promise<void> {
  for (const { verdict, principal, proposalId } of await listDecisions(runtime.ledger, tenant, runId)) {
    const says = SAYS[verdict] ?? [];
    const late = proposalId === oldest.proposalId && verdict === "approved" ? ["late approval"] : [];
    const found = given.some(({ act: what, who }) => who === principal && [...says, ...late].includes(what));
    ok(found, `${principal} never said ${verdict} of ${proposalId}`);
  }
}

/** Whatever happened, the run has ended as its answer says, or somebody can still decide it. */
async function assertAnswerable(runtime: Runtime, runId: string, log: NotebookLog): Promise<void> {
  await continueThread(runtime, by("bob"), threadId);
  let view = await viewThread(runtime, by("bob").identity, threadId);
  if (view.run.status !== "ended") {
    const wanted = view.question?.actions.map(({ args }) => args.text);
    ok(wanted, `nothing is asked, and the run is ${view.run.status}`);
    view = await answerThread(runtime, by("bob"), threadId, ({ proposalId, actions }) => ({
      proposalId,
      decisions: actions.map(({ step }) => ({ type: "approve", step })),
    }));
    deepEqual(log.texts(), wanted);
  }
  equal(view.run.status, "ended");
  await assertConsented(runtime, runId, log);
  equal(view.run.answer?.status === "success", log.texts().length > 0, `it ended as ${view.run.answer?.status}`);
}
