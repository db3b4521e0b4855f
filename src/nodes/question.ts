/**
 * What a person is asked: the value of the interrupt. `actionRequests` and `reviewConfigs` are LangChain's
 * human-in-the-loop format, so that its pages can show it; the rest is what a person needs to decide.
 */
import { dependantsOf } from "../domain/answer-to-proposal.ts";
import type { Impact, Proposal, ProposedAction, Review } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import type { State } from "../state.ts";

export interface Question {
  kind: "transaction";
  proposalId: string;
  /** What an approval is bound to. */
  digest: string;
  runId: string;
  request: string;
  requester: string;
  plan: { step: string; title: string; action: string }[];
  /** Why a person is asked. */
  reasons: string[];
  review: Review | null;
  impact: Impact;
  actions: (ProposedAction & { /** Rejecting this one rejects these too. */ takesWith: string[] })[];
  /** Why an earlier answer was not taken, and what else the person should know. */
  notices: string[];
  actionRequests: { name: string; args: Record<string, unknown>; description: string }[];
  reviewConfigs: { actionName: string; allowedDecisions: ("approve" | "reject")[] }[];
}

export function buildQuestion(run: Run, proposal: Proposal, state: State): Question {
  const names = new Set(proposal.actions.map((action) => action.action));
  return {
    kind: "transaction",
    proposalId: proposal.id,
    digest: proposal.digest,
    runId: run.id,
    request: run.request,
    requester: run.requester,
    plan: (state.plan?.steps ?? []).map(({ id, title, action }) => ({ step: id, title, action })),
    reasons: [...new Set(proposal.findings.filter((f) => f.verdict !== "allow").map((f) => f.reason))],
    review: proposal.review,
    impact: proposal.impact,
    actions: proposal.actions.map((action) => ({ ...action, takesWith: dependantsOf(proposal, action.step) })),
    notices: state.notices,
    actionRequests: proposal.actions.map(({ action, args, title }) => ({ name: action, args, description: title })),
    reviewConfigs: [...names].map((actionName) => ({ actionName, allowedDecisions: ["approve", "reject"] })),
  };
}
