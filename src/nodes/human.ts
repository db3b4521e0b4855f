/**
 * The human: asks a person, and records the decision. It runs again from the top when it is resumed: before the
 * interrupt it only reads, but for ending what nobody decided in time; after it, the decision is taken by
 * compare-and-set, and the stored row is what counts, whatever the answer says (invariants 1 and 5).
 */
import { interrupt, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { answerJsonSchema, type NotNow } from "../domain/answer-formats.ts";
import { type ParsedAnswer, parseProposalAnswer } from "../domain/answer-to-proposal.ts";
import type { Program } from "../domain/program.ts";
import { byWhom, type Decision, type Proposal } from "../domain/proposal.ts";
import type { Run, Stamp } from "../domain/run.ts";
import { explainError } from "../errors.ts";
import type { Outcome } from "../graph/routes.ts";
import { findDecision, takeDecision } from "../ledger/decisions.ts";
import { expireProposal } from "../ledger/expiry.ts";
import { assertMay } from "../ledger/members.ts";
import { recordNotNow } from "../ledger/postponements.ts";
import { listPrograms } from "../ledger/programs.ts";
import { findLatestProposal, getProposal } from "../ledger/proposals.ts";
import { getRun } from "../ledger/runs.ts";
import { expiryOf } from "../policy/policy.ts";
import { assertPerson } from "../policy/principals.ts";
import type { State, Update } from "../state.ts";
import { approve } from "./approve.ts";
import { ANSWERING, identityOf, type NodeDeps, stampOf } from "./deps.ts";
import { takeEdit } from "./edit.ts";
import { takePlanEdit } from "./edit-plan.ts";
import { buildQuestion } from "./question.ts";

type Answered = Update & { outcome: Outcome<"human"> };

export function createHuman(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Answered> => {
    if (!state.run) return { outcome: "nothing to decide" };
    const subject = await findSubject(deps, state.run.id, config).catch(discardAnswer);
    if ("outcome" in subject) return subject;
    const { run, proposal } = subject;
    if (!proposal) return { outcome: "nothing to decide" };
    if (proposal.status !== "pending" || !isChecked(proposal)) return follow(proposal);
    if (isExpired(deps, proposal)) return await expire(deps, proposal, run);
    // An answer is for what the interrupt showed, and that was the proposal in state: somebody may have replaced it.
    if (state.proposal?.id !== proposal.id) return await askAnew(deps, config, state, { run, proposal });
    // As JSON Schema it only documents the answer. As zod it would also throw at one that does not fit, and the Agent
    // Server would no longer list the thread as interrupted.
    const { policy } = deps;
    const registry = deps.registry.of(run.tenant);
    const question = buildQuestion({ run, proposal, state, registry, policy, programs: subject.programs });
    const answer: unknown = interrupt(question, { responseSchema: answerJsonSchema });
    return await take(deps, config, { run, proposal }, answer);
  };
}

function isExpired({ policy, now }: NodeDeps, proposal: Proposal): boolean {
  const expiresAt = expiryOf(policy, proposal);
  return expiresAt !== null && expiresAt <= now();
}

/** An answer that came with this call came too late. */
async function expire(deps: NodeDeps, proposal: Proposal, { tenant }: Run): Promise<Answered> {
  await expireProposal(deps.ledger, { tenant, at: deps.now() }, proposal, expiryOf(deps.policy, proposal));
  return follow(await getProposal(deps.ledger, tenant, proposal.id));
}

interface Subject {
  run: Run;
  proposal: Proposal | undefined;
  programs: readonly Program[];
}

async function findSubject(deps: NodeDeps, runId: string, config: LangGraphRunnableConfig): Promise<Subject> {
  const { tenant } = identityOf(config);
  // A foreign tenant finds no run here.
  const run = await getRun(deps.ledger, tenant, runId);
  const programs = await listPrograms(deps.ledger, tenant, run.id);
  return { run, programs, proposal: await findLatestProposal(deps.ledger, tenant, run.id) };
}

/**
 * LangGraph keeps an answer whose node threw, and would give it to the node again as the answer of whoever goes on
 * next: it is used up here, and given again by hand.
 * @throws the error itself, when nobody had answered
 */
function discardAnswer(error: unknown): Answered {
  try {
    interrupt("");
  } catch {
    throw error;
  }
  return { notices: [`The answer was not taken: ${explainError(error)}`], outcome: "asked again" };
}

async function askAnew(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  state: State,
  { run, proposal }: { run: Run; proposal: Proposal },
): Promise<Answered> {
  const asked = (notices: string[]): Answered => ({ proposal, notices, outcome: "asked again" });
  const decided = state.proposal && (await findDecision(deps.ledger, run.tenant, state.proposal.id));
  if (decided) return asked([`${notTaken(decided)} This is what is proposed now.`]);
  const isLost = state.proposal === null && config.configurable?.[ANSWERING] === true;
  return asked(isLost ? [...state.notices, UNKNOWN_QUESTION] : state.notices);
}

const UNKNOWN_QUESTION =
  "The answer was not taken: what it was shown is not known any more. This is what is proposed; please answer it again.";

const notTaken = (decision: Decision): string =>
  `What was asked before was decided already: ${decision.verdict.replace("_", " ")} by ${byWhom(decision)}. No other answer to it counts.`;

/** The guardrail leaves findings on whatever it has checked; an edit that it has not seen yet has none. */
const isChecked = (proposal: Proposal): boolean => proposal.findings.length > 0;

/** Leads on from the run's newest proposal. */
function follow(proposal: Proposal, notices: string[] = []): Answered {
  const update = { proposal, notices };
  if (proposal.kind === "plan") {
    if (proposal.status === "accepted") return { ...update, outcome: "plan approved" };
    if (proposal.status === "sent_back") return { ...update, outcome: "plan sent back" };
    if (proposal.status === "edited") return { ...update, outcome: "edited" };
  }
  if (proposal.status === "pending") return { ...update, outcome: isChecked(proposal) ? "asked again" : "edited" };
  if (proposal.status === "approved") return { ...update, outcome: "approved" };
  return { ...update, outcome: OVER.includes(proposal.status) ? "rejected" : "nothing to decide" };
}

const OVER: readonly Proposal["status"][] = ["rejected", "expired"];

/** Set by the graph for each call: whether it is this call that answers. */
const givesAnswer = (config: LangGraphRunnableConfig): boolean => config.configurable?.[ANSWERING] !== false;

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
    const { principal, tenant } = stampOf(deps, config);
    assertPerson(principal);
    if (!givesAnswer(config)) {
      const problem = "An earlier answer was cut off before it was recorded, and does not count: please give it again.";
      return { notices: [problem], outcome: "asked again" };
    }
    const parsed = parseProposalAnswer(subject.proposal, answer, {
      principal,
      byInterruptId: isByInterruptId(config, answer),
      plainAnswerImpact: deps.policy.plainAnswerImpact,
    });
    const taken = await takeParsed(deps, config, subject, parsed);
    if (typeof taken === "string") return { notices: [taken], outcome: "asked again" };
    const latest = (await findLatestProposal(deps.ledger, tenant, subject.run.id)) ?? subject.proposal;
    return follow(latest, taken ? [] : await noticeOfFirst(deps, tenant, subject.proposal));
  } catch (error) {
    return { notices: [`The answer was not taken: ${explainError(error)}`], outcome: "asked again" };
  }
}

async function noticeOfFirst(deps: NodeDeps, tenant: string, proposal: Proposal): Promise<string[]> {
  const first = await findDecision(deps.ledger, tenant, proposal.id);
  return first ? [notTaken(first)] : [];
}

/** @returns whether the answer was taken, or why not; false when somebody else decided first */
async function takeParsed(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  subject: { run: Run; proposal: Proposal },
  parsed: ParsedAnswer,
): Promise<boolean | string> {
  if (parsed.kind === "problem") return parsed.problem;
  if (parsed.kind === "not_now") return await postpone(deps, stampOf(deps, config), subject.proposal, parsed);
  if (parsed.kind === "edited") {
    await assertMay(deps.ledger, identityOf(config), "answer");
    const isPlan = subject.proposal.kind === "plan";
    return await (isPlan ? takePlanEdit : takeEdit)(deps, config, subject, parsed);
  }
  if (parsed.verdict === "sent_back" && !deps.models.planner) {
    return "There is no model to make another plan: approve this one, edit it, or reject it.";
  }
  const stamp = stampOf(deps, config);
  const approved = await approve(deps.ledger, stamp, subject, parsed);
  if (typeof approved === "string") return approved;
  const { verdict, actions, reason, onBehalfOf, settingsVersion } = approved;
  const { taken } = await takeDecision(deps.ledger, stamp, {
    proposalId: subject.proposal.id,
    digest: subject.proposal.digest,
    decider: "person",
    verdict,
    actions,
    reason,
    onBehalfOf,
    settingsVersion,
    separateApprover: deps.policy.separateApprover,
    deadline: { until: expiryOf(deps.policy, subject.proposal), now: deps.now },
  });
  return taken;
}

/** @returns what is said of it; false when somebody decided meanwhile */
async function postpone(
  { ledger }: NodeDeps,
  stamp: Stamp,
  { id }: Proposal,
  { until, note }: NotNow,
): Promise<string | false> {
  await assertMay(ledger, stamp, "answer");
  if (!(await recordNotNow(ledger, stamp, id, { until, note }))) return false;
  const when = until === null ? "" : `, but at ${until}`;
  return `${stamp.principal} does not decide now${when}${note === null ? "" : `: ${note}`}`;
}

/**
 * Whether the answer came under the id of its interrupt, and so for what that showed. LangGraph keeps such answers
 * in its own part of the configuration (constants.js, CONFIG_KEY_RESUME_MAP); without it an answer counts as a plain one.
 */
function isByInterruptId(config: LangGraphRunnableConfig, answer: unknown): boolean {
  const answers: unknown = config.configurable?.__pregel_resume_map;
  return typeof answers === "object" && answers !== null && Object.values(answers).includes(answer);
}
