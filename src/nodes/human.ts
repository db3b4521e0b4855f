/**
 * The human: asks a person, and records the decision. Before the interrupt it only reads, because it runs again from
 * the top when it is resumed; after it, the decision is taken by compare-and-set, and the stored row is what counts,
 * whatever the answer says (invariants 1 and 5).
 */
import { interrupt, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { type ParsedAnswer, parseProposalAnswer, proposalAnswerJsonSchema } from "../domain/answer-to-proposal.ts";
import type { Proposal } from "../domain/proposal.ts";
import { explainError } from "../errors.ts";
import type { Outcome } from "../graph/routes.ts";
import { takeDecision } from "../ledger/decisions.ts";
import { findLatestProposal, getProposal } from "../ledger/proposals.ts";
import { getRun } from "../ledger/runs.ts";
import type { State, Update } from "../state.ts";
import { identityOf, type NodeDeps, stampOf } from "./deps.ts";
import { buildQuestion } from "./question.ts";

type Answered = Update & { outcome: Outcome<"human"> };

export function createHuman(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Answered> => {
    if (!state.run) return { outcome: "nothing to decide" };
    const { tenant } = identityOf(config);
    // A foreign tenant finds no run here and is refused before it can answer.
    const run = await getRun(deps.ledger, tenant, state.run.id);
    const proposal = await findLatestProposal(deps.ledger, tenant, run.id);
    if (proposal?.status !== "pending") return proposal ? follow(proposal) : { outcome: "nothing to decide" };
    // As JSON Schema it only documents the answer. As zod it would also throw at one that does not fit, and the Agent
    // Server would no longer list the thread as interrupted.
    const responseSchema = proposalAnswerJsonSchema;
    const answer: unknown = interrupt(buildQuestion(run, proposal, state), { responseSchema });
    return await take(deps, config, proposal, answer);
  };
}

/** Leads on from a proposal that was decided. */
function follow(proposal: Proposal): Answered {
  if (proposal.status === "approved") return { proposal, notices: [], outcome: "approved" };
  return { proposal, notices: [], outcome: proposal.status === "rejected" ? "rejected" : "nothing to decide" };
}

/**
 * Never throws: LangGraph keeps an answer whose node threw, and would give it to the node again when somebody else
 * resumes.
 */
async function take(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  proposal: Proposal,
  answer: unknown,
): Promise<Answered> {
  try {
    const stamp = stampOf(deps, config);
    const parsed = parseProposalAnswer(proposal, answer, stamp.principal);
    if (parsed.kind === "problem") return { notices: [parsed.problem], outcome: "asked again" };
    await record(deps, stamp, proposal, parsed);
    return follow(await getProposal(deps.ledger, stamp.tenant, proposal.id));
  } catch (error) {
    return { notices: [`The answer was not taken: ${explainError(error)}`], outcome: "asked again" };
  }
}

async function record(
  deps: NodeDeps,
  stamp: ReturnType<typeof stampOf>,
  proposal: Proposal,
  { verdict, actions, reason }: Extract<ParsedAnswer, { kind: "decided" }>,
): Promise<void> {
  await takeDecision(deps.ledger, stamp, {
    proposalId: proposal.id,
    digest: proposal.digest,
    decider: "person",
    verdict,
    actions,
    reason,
    separateApprover: deps.policy.separateApprover,
  });
}
