/** Deciding on a proposal by its id, whichever thread it is of. */
import type { ProposalAnswer } from "../domain/answer-formats.ts";
import type { Decision, Proposal } from "../domain/proposal.ts";
import type { Identity } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { findDecision } from "../ledger/decisions.ts";
import { assertMay } from "../ledger/members.ts";
import { getProposal } from "../ledger/proposals.ts";
import { getRun } from "../ledger/runs.ts";
import type { Question } from "../nodes/question.ts";
import type { Runtime } from "../runtime.ts";
import { answerThread, decisionTaken } from "./answer.ts";
import { type Caller, type ThreadView, viewThread } from "./threads.ts";

export interface ProposalView {
  readonly proposal: Proposal;
  readonly threadId: string;
  readonly decision: Decision | null;
  /** As a person is asked; null when nobody is. */
  readonly question: Question | null;
}

/** A proposal with what is asked of it. @throws HoldpointError `denied`, `unknown_thread` */
export async function viewProposal(runtime: Runtime, identity: Identity, id: string): Promise<ProposalView> {
  const { ledger } = runtime;
  const { tenant } = identity;
  await assertMay(ledger, identity, "show");
  const proposal = await getProposal(ledger, tenant, id);
  const { threadId } = await getRun(ledger, tenant, proposal.runId);
  const decision = (await findDecision(ledger, tenant, id)) ?? null;
  const view = proposal.status === "pending" ? await viewThread(runtime, identity, threadId) : undefined;
  const question = view?.question?.proposalId === id ? view.question : null;
  return { proposal, threadId, decision, question };
}

/**
 * Answers a proposal of a thread.
 * @param digest of the proposal as it was seen, where the caller knows it
 * @throws HoldpointError `unknown_thread`, `decision_taken`, `not_paused`, `stale` when it is another one by now, `usage`
 * when the answer does not fit
 */
export async function decideProposal(
  runtime: Runtime,
  caller: Caller,
  { proposal, threadId, digest }: { proposal: Proposal; threadId: string; digest?: string | undefined },
  decide: (question: Question) => ProposalAnswer,
): Promise<ThreadView> {
  const { id } = proposal;
  const decision = await findDecision(runtime.ledger, caller.identity.tenant, id);
  if (decision) throw decisionTaken(decision);
  if (digest !== undefined && digest !== proposal.digest) throw changed(id);
  return await answerThread(runtime, caller, threadId, (question) => {
    if (question.proposalId !== id) throw changed(id);
    return decide(question);
  });
}

function changed(id: string): HoldpointError {
  return new HoldpointError("stale", `The proposal "${id}" is not what was seen: something else is asked by now.`, {
    hint: "Look at it again, and decide on what it is now.",
  });
}
