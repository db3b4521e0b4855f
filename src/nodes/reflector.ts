/** The reflector: says what came of the request, from what the ledger recorded: the run ends, or is planned again. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Answer } from "../domain/answer.ts";
import { explainBudget } from "../domain/budget.ts";
import type { Proposal } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import { loadRecord, type RunRecord, stepStates, stoppedBy } from "../execution/progress.ts";
import { isStalled } from "../execution/stalled.ts";
import type { Outcome } from "../graph/routes.ts";
import { findSpentReplans } from "../ledger/budgets.ts";
import { listPrograms } from "../ledger/programs.ts";
import { listReflections, recordReflection } from "../ledger/reflections.ts";
import { listRevisions, type Revision } from "../ledger/revisions.ts";
import { endRunAsRead, getRun } from "../ledger/runs.ts";
import { answerMessage } from "../messages.ts";
import type { State, Update } from "../state.ts";
import { asksForRollback } from "../transaction/rollback.ts";
import { composeAnswer, type Facts } from "./answer.ts";
import { guardAnswer, knownTexts } from "./answer-guard.ts";
import { identityOf, type NodeDeps, stampOf } from "./deps.ts";
import { answerOfProgram } from "./program-answer.ts";
import { reflect, speaksForItself } from "./reflect.ts";
import { stopReplanning } from "./replan.ts";

export function createReflector(deps: NodeDeps) {
  const reflectOn = async (state: State, config: LangGraphRunnableConfig): Promise<Reflected> => {
    const { tenant } = identityOf(config);
    if (!state.run) return { outcome: "done" };
    const run = await getRun(deps.ledger, tenant, state.run.id);
    if (run.answer) return done(run, run.answer, state);
    const record = await loadRecord(deps.ledger, tenant, run.id);
    const latest = record.proposals.at(-1);
    const transaction = record.proposals.findLast(({ kind }) => kind === "transaction");
    const open = whatIsOpen(run, record, [latest, transaction]);
    const proposal = latest?.kind === "plan" && isRefused(latest) ? latest : transaction;
    if (open) return open;
    const revisions = await listRevisions(deps.ledger, tenant, run.id);
    const revision = revisions.findLast(({ verdict }) => verdict === "allow");
    const facts: Facts = {
      run,
      failure: state.failure,
      proposal,
      record,
      revision,
      program: await findProgram(deps, run, revision),
      titles: new Map(revisions.flatMap(({ plan }) => plan.steps).map(({ id, title }) => [id, title])),
    };
    const conclusion = await conclude(deps, config, facts, revisions);
    if (conclusion === "replan") return { failure: null, notices: [], outcome: "replan" };
    const guarded = guardAnswer(conclusion, knownTexts(facts));
    const ended = await endRunAsRead(deps.ledger, stampOf(deps, config), run, guarded);
    // Cancelled while the model was asked: what that means is found out anew.
    if (!ended) return await reflectOn(state, config);
    return { ...done(run, ended, state), ...(state.plan ? { steps: stepStates(state.plan, record) } : {}) };
  };
  return reflectOn;
}

/** The program that a plan comes from, or undefined. */
async function findProgram({ ledger }: NodeDeps, { tenant, id }: Run, revision: Revision | undefined) {
  const number = revision?.plan.source.program;
  if (number === undefined) return undefined;
  return (await listPrograms(ledger, tenant, id)).find((program) => program.number === number);
}

/** Of a plan that a person does not want, nothing more is done. */
const isRefused = ({ status }: Proposal): boolean => status === "rejected" || status === "expired";

type Reflected = Update & { outcome: Outcome<"reflector"> };

/** What has to be done before the run can end: after a jump into this node, or when it was entered again. */
function whatIsOpen(
  run: Run,
  record: RunRecord,
  [latest, transaction]: readonly [Proposal | undefined, Proposal | undefined],
): Reflected | undefined {
  if (run.pause && !run.cancellation) return { pause: run.pause, outcome: "paused" };
  if (latest?.status === "pending") return { outcome: "decision pending" };
  if (isUnfinished(record, latest, transaction)) return { outcome: "transaction pending" };
  return asksForRollback(run, record.effects) ? { outcome: "rollback asked" } : undefined;
}

/** The answer that the run ends with, or that it is planned again. */
async function conclude(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  facts: Facts,
  revisions: readonly Revision[],
): Promise<Answer | "replan"> {
  const concluded = await recall(deps, config, facts, revisions);
  if (concluded) return concluded;
  const registry = deps.registry.of(facts.run.tenant);
  const composed = answerOfProgram(facts, composeAnswer(facts, registry), registry);
  const isSuccess = composed.status === "success";
  if (speaksForItself(facts, composed) || !(isSuccess || MENDABLE.includes(composed.status))) return composed;
  const objection = await whyNotAgain(deps, facts, revisions);
  if (!isSuccess && objection !== undefined) return withDetail(composed, objection);
  const said = await reflect(deps, config, facts, composed);
  if (typeof said === "string") return withDetail(composed, said);
  const again = said.next === "replan" && objection === undefined;
  const answer = said.next === "replan" ? withDetail(said.answer, objection ?? "") : said.answer;
  if (!facts.revision) return answer;
  const verdict = again ? ("replan" as const) : ("done" as const);
  const entry = { ...said, answer, revision: facts.revision.number, verdict };
  await recordReflection(deps.ledger, stampOf(deps, config), facts.run.id, entry);
  return again ? "replan" : answer;
}

/** What an earlier reflection on the same plan leads to; undefined without one. */
async function recall(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  facts: Facts,
  revisions: readonly Revision[],
): Promise<Answer | "replan" | undefined> {
  const { run, revision, failure, proposal } = facts;
  const reflections = await listReflections(deps.ledger, run.tenant, run.id);
  const reflection = reflections.find((entry) => entry.revision === revision?.number);
  if (!reflection || run.cancellation) return undefined;
  if (reflection.verdict !== "replan") return reflection.answer;
  const isRefused = proposal?.kind === "plan";
  if (!isRefused && revisions.at(-1)?.verdict !== "deny") return "replan";
  const denied = failure?.message ?? "It was not allowed.";
  const why = isRefused ? composeAnswer(facts, deps.registry.of(facts.run.tenant)).text : denied;
  return await stopReplanning(deps, config, run, { reflection, why });
}

const withDetail = (answer: Answer, detail: string): Answer =>
  detail === "" || answer.text.includes(detail) ? answer : { ...answer, details: [...answer.details, detail] };

/**
 * Why the run is not planned again, whatever a reflection says: a sentence, empty where there is nothing to say.
 * @returns undefined where it may be
 */
async function whyNotAgain(
  { ledger, models }: NodeDeps,
  { run, revision, record }: Facts,
  revisions: readonly Revision[],
): Promise<string | undefined> {
  // What could not be undone is for people to look at.
  const isStuck = record.effects.some(({ status }) => status === "undo_failed");
  if (!models.planner || !revision || isStuck || stoppedBy(revision.plan, record)) return "";
  const spent = await findSpentReplans(ledger, run.tenant, run.id);
  if (spent) return spent.limit === 0 ? "" : explainBudget(spent);
  const reflections = await listReflections(ledger, run.tenant, run.id);
  const isCarriedOut = ({ number }: Revision) => reflections.some((entry) => entry.revision === number);
  const plans = [...revisions.filter(isCarriedOut), revision].map(({ plan }) => plan);
  return isStalled(plans, record) ? NO_PROGRESS : undefined;
}

const NO_PROGRESS = "It was not planned again: of the last two plans, no step got done that was not done before.";

/** Where another plan may do what this one did not. What a person or policy refused is not among them. */
const MENDABLE: readonly Answer["status"][] = ["failed", "no_match", "insufficient_stock", "invalid_request"];

/** Whether something was approved that has not been carried to its end. */
function isUnfinished({ decisions }: RunRecord, ...proposals: (Proposal | undefined)[]): boolean {
  return proposals.some(
    (open) => open?.status === "approved" && decisions.some(({ proposalId }) => proposalId === open.id),
  );
}

/** The answer, and for chat pages the same as a message. */
function done(run: Run, answer: Answer, { notices }: State): Reflected {
  const text = [...notices, answer.text].join("\n\n");
  return { answer, messages: [answerMessage(run.id, text)], outcome: "done" };
}
