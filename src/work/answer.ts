/** Answering what a thread asks; the stored decision is what counts. */
import { Command, type StateSnapshot } from "@langchain/langgraph";
import type { ProposalAnswer } from "../domain/answer-formats.ts";
import { parseProposalAnswer } from "../domain/answer-to-proposal.ts";
import { canonicalJson } from "../domain/json.ts";
import { isSaidBy } from "../domain/page-form.ts";
import { byWhom, type Decision, type Proposal } from "../domain/proposal.ts";
import type { Identity, Run } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { listApprovals } from "../ledger/approvals.ts";
import { findDecision } from "../ledger/decisions.ts";
import { assertMayAnswer } from "../ledger/delegations.ts";
import { assertMay } from "../ledger/members.ts";
import { recordNotNow } from "../ledger/postponements.ts";
import { findLatestProposal, getProposal } from "../ledger/proposals.ts";
import { getRun } from "../ledger/runs.ts";
import type { Question } from "../nodes/question.ts";
import type { Runtime } from "../runtime.ts";
import type { State } from "../state.ts";
import {
  type Caller,
  carryOn,
  carryOnAt,
  getThreadRun,
  hasEnded,
  invoke,
  notPaused,
  pendingQuestion,
  readAfter,
  readThread,
  type ThreadView,
} from "./threads.ts";

/**
 * Answers what the thread asks. The stored decision is what counts: an answer that came second changes nothing. An
 * approval that takes more people is `recorded`, and the thread asks as before.
 * @param decide makes the answer to what is asked
 * @throws HoldpointError `not_paused` when nothing waits, `decision_taken` when somebody else decided first,
 * `usage` when the answer does not fit; the thread stays answerable in every case
 */
export async function answerThread(
  runtime: Runtime,
  caller: Caller,
  threadId: string,
  decide: (question: Question) => ProposalAnswer,
): Promise<ThreadView> {
  const { identity } = caller;
  await assertMayAnswer(runtime.ledger, { ...identity, at: runtime.now() });
  const { run, current, snapshot } = await askedThread(runtime, caller, threadId);
  const asked = pendingQuestion(snapshot);
  if (!asked || !current.question) throw notPaused(current.run);
  const answer: ProposalAnswer = { by: identity.principal, ...decide(current.question) };
  const { proposalId } = current.question;
  const proposal = await getProposal(runtime.ledger, identity.tenant, proposalId);
  const takenByOther = async () => {
    const taken = await findDecision(runtime.ledger, identity.tenant, proposalId);
    return taken && !isOwn(taken, { identity, proposal, answer }) ? decisionTaken(taken) : undefined;
  };
  const before = await findOwnApproval(runtime, identity, proposalId);
  const resume = new Command({ resume: { [asked.interruptId]: answer } });
  const after = await resumeWith(runtime, caller, run, resume, async () => {
    const other = await takenByOther();
    if (other) throw other;
  });
  if (!(await findDecision(runtime.ledger, identity.tenant, proposalId))) {
    const own = await findOwnApproval(runtime, identity, proposalId);
    if (own === undefined || own.at === before?.at) throw refused(after);
    return { ...after, recorded: true };
  }
  // Another process may have been at the thread's checkpoints meanwhile: what is asked next is asked here.
  const unasked = after.run.status === "waiting" && !after.question;
  return unasked ? await carryOn(runtime, caller, threadId) : after;
}

/** @param assertOwn throws when the decision that there is by then is somebody else's */
async function resumeWith(
  runtime: Runtime,
  caller: Caller,
  run: Run,
  answer: Command,
  assertOwn: () => Promise<void>,
): Promise<ThreadView> {
  let values: State | undefined;
  try {
    values = await invoke(runtime, caller, run.threadId, answer);
  } catch (error) {
    await assertOwn();
    if (!(error instanceof HoldpointError && error.code === "busy")) throw error;
    await untilEnded(runtime, run);
  }
  await assertOwn();
  if (values) return await readAfter(runtime, caller.identity, run, values);
  return await readThread(runtime, caller.identity, run.threadId, run.id);
}

async function findOwnApproval({ ledger }: Runtime, { tenant, principal }: Identity, proposalId: string) {
  return (await listApprovals(ledger, tenant, proposalId)).find((approval) => approval.principal === principal);
}

/** What a thread asks. @throws HoldpointError `not_paused` when nothing waits, `decision_taken` */
async function askedThread(
  runtime: Runtime,
  caller: Caller,
  threadId: string,
): Promise<{ run: Run; current: ThreadView; snapshot: StateSnapshot }> {
  const { identity } = caller;
  const run = await getThreadRun(runtime, identity, threadId);
  const latest = await findLatestProposal(runtime.ledger, identity.tenant, run.id);
  const earlier = latest && (await findDecision(runtime.ledger, identity.tenant, latest.id));
  // Nothing is carried on here: whoever says no must not set off what somebody else approved.
  if (earlier) throw decisionTaken(earlier, latest);
  if (run.status !== "waiting") throw notPaused(run);
  const { view: current, snapshot } = await carryOnAt(runtime, caller, threadId);
  return { run, current, snapshot };
}

/**
 * Records that somebody does not decide now. Nothing is decided, and the thread asks as before.
 * @param proposalId when given, only if this is the proposal that waits
 * @throws HoldpointError `not_paused` when nothing waits, `decision_taken` when somebody decided, `usage` when another
 * proposal waits
 */
export async function postponeThread(
  runtime: Runtime,
  caller: Caller,
  threadId: string,
  { proposalId, note }: { proposalId?: string; note: string | null },
): Promise<ThreadView> {
  const { identity } = caller;
  await assertMay(runtime.ledger, identity, "answer");
  const { current } = await askedThread(runtime, caller, threadId);
  if (!current.question) throw notPaused(current.run);
  const waiting = current.question.proposalId;
  if (proposalId !== undefined && proposalId !== waiting) {
    throw new HoldpointError("usage", `The thread waits for a decision on "${waiting}", not on "${proposalId}".`, {
      hint: "Look at it again with `resume` without a decision.",
    });
  }
  const stamp = { ...identity, at: runtime.now() };
  if (await recordNotNow(runtime.ledger, stamp, waiting, { until: null, note })) return current;
  const taken = await findDecision(runtime.ledger, identity.tenant, waiting);
  throw taken ? decisionTaken(taken) : notPaused(await getRun(runtime.ledger, identity.tenant, current.run.id));
}

/** The decision is recorded, and another process is carrying it out: waits for that to end. */
async function untilEnded(runtime: Runtime, run: Run): Promise<void> {
  if (await hasEnded(runtime, run)) return;
  const text = `Your decision on thread "${run.threadId}" is recorded; another process is carrying it out.`;
  throw new HoldpointError("busy", text, {
    hint: "Look at it with `show` in a moment; `resume` carries it on if that process has died.",
  });
}

export function decisionTaken(decision: Decision, proposal?: Proposal): HoldpointError {
  const verdict = decision.verdict.replace("_", " ");
  const text = `Proposal "${decision.proposalId}" was already decided: ${verdict} by ${byWhom(decision)} at ${decision.decidedAt}.`;
  const open =
    proposal?.status === "approved" ? " It is not carried out yet; `resume` without a decision does that." : "";
  return new HoldpointError("decision_taken", text, { hint: `Your answer changed nothing; see \`show\`.${open}` });
}

/** The graph asked again: it said why in its notices. */
function refused(view: ThreadView): HoldpointError {
  const why = view.question?.notices.at(-1) ?? "It was not taken.";
  return new HoldpointError("usage", `The decision was refused. ${why}`, {
    hint: "The thread still waits for a decision.",
  });
}

/** Whether the stored decision is the one that this caller just gave: two processes may act for the same person. */
function isOwn(decision: Decision, given: { identity: Identity; proposal: Proposal; answer: ProposalAnswer }): boolean {
  const { identity, proposal, answer } = given;
  if (decision.principal !== identity.principal) return false;
  const origin = { principal: identity.principal, byInterruptId: true, plainAnswerImpact: undefined };
  const parsed = parseProposalAnswer(proposal, answer, origin);
  if (parsed.kind === "decided") return canonicalJson(parsed.actions) === canonicalJson(decision.actions);
  if (parsed.kind === "problem" || parsed.kind === "not_now") return false;
  const edited = decision.actions.filter(({ edit }) => edit !== undefined);
  return (
    edited.length === parsed.edits.size &&
    edited.every(({ step, edit }) => edit && isSaidBy(parsed.edits.get(step)?.args, edit.after)) &&
    decision.actions.every(({ step, verdict }) => (verdict === "rejected") === parsed.rejected.has(step))
  );
}
