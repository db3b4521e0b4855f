/**
 * The human: asks a person, and records the decision. Before the interrupt it only reads, because it runs again from
 * the top when it is resumed; after it, the decision is taken by compare-and-set, and the stored row is what counts,
 * whatever the answer says (invariants 1 and 5).
 */
import { interrupt, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { answerJsonSchema } from "../domain/answer-formats.ts";
import { type ParsedAnswer, parseProposalAnswer } from "../domain/answer-to-proposal.ts";
import type { Proposal } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import { explainError } from "../errors.ts";
import type { Outcome } from "../graph/routes.ts";
import { takeDecision } from "../ledger/decisions.ts";
import { findLatestProposal } from "../ledger/proposals.ts";
import { getRun } from "../ledger/runs.ts";
import type { State, Update } from "../state.ts";
import { identityOf, type NodeDeps, stampOf } from "./deps.ts";
import { takeEdit } from "./edit.ts";
import { buildQuestion } from "./question.ts";

type Answered = Update & { outcome: Outcome<"human"> };

export function createHuman(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Answered> => {
    if (!state.run) return { outcome: "nothing to decide" };
    const { tenant } = identityOf(config);
    // A foreign tenant finds no run here and is refused before it can answer.
    const run = await getRun(deps.ledger, tenant, state.run.id);
    const proposal = await findLatestProposal(deps.ledger, tenant, run.id);
    if (!proposal) return { outcome: "nothing to decide" };
    if (proposal.status !== "pending" || !isChecked(proposal)) return follow(proposal);
    // As JSON Schema it only documents the answer. As zod it would also throw at one that does not fit, and the Agent
    // Server would no longer list the thread as interrupted.
    const question = buildQuestion({ run, proposal, state, registry: deps.registry, policy: deps.policy });
    const answer: unknown = interrupt(question, { responseSchema: answerJsonSchema });
    return await take(deps, config, { run, proposal }, answer);
  };
}

/** The guardrail leaves findings on whatever it has checked; an edit that it has not seen yet has none. */
const isChecked = (proposal: Proposal): boolean => proposal.findings.length > 0;

/** Leads on from the run's newest proposal. */
function follow(proposal: Proposal): Answered {
  const update = { proposal, notices: [] };
  if (proposal.status === "pending") return { ...update, outcome: "edited" };
  if (proposal.status === "approved") return { ...update, outcome: "approved" };
  return { ...update, outcome: proposal.status === "rejected" ? "rejected" : "nothing to decide" };
}

/**
 * Never throws: LangGraph keeps an answer whose node threw, and would give it to the node again when somebody else
 * resumes.
 */
async function take(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  subject: { run: Run; proposal: Proposal },
  answer: unknown,
): Promise<Answered> {
  try {
    const stamp = stampOf(deps, config);
    const parsed = parseProposalAnswer(subject.proposal, answer, {
      principal: stamp.principal,
      byInterruptId: isByInterruptId(config, answer),
      plainAnswerImpact: deps.policy.plainAnswerImpact,
    });
    const problem = await takeParsed(deps, config, subject, parsed);
    if (problem !== undefined) return { notices: [problem], outcome: "asked again" };
    return follow((await findLatestProposal(deps.ledger, stamp.tenant, subject.run.id)) ?? subject.proposal);
  } catch (error) {
    return { notices: [`The answer was not taken: ${explainError(error)}`], outcome: "asked again" };
  }
}

/** @returns why the answer is not taken, or undefined */
async function takeParsed(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  subject: { run: Run; proposal: Proposal },
  parsed: ParsedAnswer,
): Promise<string | undefined> {
  if (parsed.kind === "problem") return parsed.problem;
  if (parsed.kind === "edited") return await takeEdit(deps, config, subject, parsed);
  const { verdict, actions, reason } = parsed;
  await takeDecision(deps.ledger, stampOf(deps, config), {
    proposalId: subject.proposal.id,
    digest: subject.proposal.digest,
    decider: "person",
    verdict,
    actions,
    reason,
    separateApprover: deps.policy.separateApprover,
  });
  return undefined;
}

/**
 * Whether the answer came under the id of its interrupt, which strict resume has checked. LangGraph keeps such answers
 * in its own part of the configuration (constants.js, CONFIG_KEY_RESUME_MAP); without it an answer counts as a plain one.
 */
function isByInterruptId(config: LangGraphRunnableConfig, answer: unknown): boolean {
  const answers: unknown = config.configurable?.__pregel_resume_map;
  return typeof answers === "object" && answers !== null && Object.values(answers).includes(answer);
}
