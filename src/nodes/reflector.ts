/** The reflector: says what came of the request, from what the ledger recorded: the run ends, or is planned again. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Answer } from "../domain/answer.ts";
import type { Proposal } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import { loadRecord, type RunRecord } from "../execution/progress.ts";
import type { Outcome } from "../graph/routes.ts";
import { findLatestProposal, findTransaction } from "../ledger/proposals.ts";
import { listReflections, recordReflection } from "../ledger/reflections.ts";
import { listRevisions, type Revision } from "../ledger/revisions.ts";
import { endRunAsRead, getRun } from "../ledger/runs.ts";
import { answerMessage } from "../messages.ts";
import { ReflectorReplySchema, reflectorPrompt } from "../models/prompts/reflector.ts";
import type { State, Update } from "../state.ts";
import { createPseudonyms } from "../telemetry/pseudonyms.ts";
import { asksForRollback } from "../transaction/rollback.ts";
import { composeAnswer, type Facts, summaryOf } from "./answer.ts";
import { guardAnswer, knownTexts } from "./answer-guard.ts";
import { askRole } from "./ask-role.ts";
import { identityOf, type NodeDeps, stampOf } from "./deps.ts";
import { stopReplanning } from "./replan.ts";

export function createReflector(deps: NodeDeps) {
  const reflectOn = async (state: State, config: LangGraphRunnableConfig): Promise<Reflected> => {
    const { tenant } = identityOf(config);
    if (!state.run) return { outcome: "done" };
    const run = await getRun(deps.ledger, tenant, state.run.id);
    if (run.answer) return done(run, run.answer, state);
    const record = await loadRecord(deps.ledger, tenant, run.id);
    const proposal = await findTransaction(deps.ledger, tenant, run.id);
    const open = whatIsOpen(run, record, [await findLatestProposal(deps.ledger, tenant, run.id), proposal]);
    if (open) return open;
    const revisions = await listRevisions(deps.ledger, tenant, run.id);
    const facts: Facts = {
      run,
      failure: state.failure,
      proposal,
      record,
      revision: revisions.findLast(({ verdict }) => verdict === "allow"),
      titles: new Map((state.plan?.steps ?? []).map((step) => [step.id, step.title])),
    };
    const conclusion = await conclude(deps, config, facts, revisions);
    if (conclusion === "replan") return { failure: null, notices: [], outcome: "replan" };
    const guarded = guardAnswer(conclusion, await knownTexts(deps.ledger, facts));
    const ended = await endRunAsRead(deps.ledger, stampOf(deps, config), run, guarded);
    // Cancelled while the model was asked: what that means is found out anew.
    return ended ? done(run, ended, state) : await reflectOn(state, config);
  };
  return reflectOn;
}

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
  const { run, revision, record, failure } = facts;
  const reflections = await listReflections(deps.ledger, run.tenant, run.id);
  const reflection = reflections.find((entry) => entry.revision === revision?.number);
  if (reflection && !run.cancellation) {
    if (reflection.verdict === "stop") return reflection.answer;
    if (revisions.at(-1)?.verdict !== "deny") return "replan";
    return await stopReplanning(deps, config, run, { reflection, why: failure?.message ?? "It was not allowed." });
  }
  const composed = composeAnswer(facts, deps.registry);
  const mayReplan = revision !== undefined && canReplan(deps, record, reflections.length);
  if (composed.status !== "success" && !(mayReplan && MENDABLE.includes(composed.status))) return composed;
  const said = await reflect(deps, config, facts, composed);
  if (!said) return composed;
  const answer = composed.status === "success" ? said.answer : composed;
  if (!mayReplan || said.next !== "replan") return answer;
  const entry = { revision: revision.number, verdict: "replan" as const, feedback: said.feedback, answer };
  await recordReflection(deps.ledger, stampOf(deps, config), run.id, entry);
  return "replan";
}

/** Whether there is somebody to plan again, and leave to. What could not be undone is for people to look at. */
const canReplan = ({ models, policy }: NodeDeps, { effects }: RunRecord, replans: number): boolean =>
  models.planner !== undefined &&
  replans < (policy.maxReplans ?? 0) &&
  !effects.some(({ status }) => status === "undo_failed");

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

interface Said {
  next: "done" | "replan" | "stop";
  feedback: string[];
  answer: Answer;
}

/** What the model makes of the recorded outcomes; undefined where it is of no use. */
async function reflect(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  facts: Facts,
  composed: Answer,
): Promise<Said | undefined> {
  const { run, record, titles, revision } = facts;
  const outcomes = [
    ...record.reads.map((read) => ({ step: read.step, status: read.status, summary: read.summary })),
    ...record.effects.map((effect) => ({
      step: effect.step,
      status: effect.status,
      summary: effect.status === "succeeded" ? summaryOf(effect, deps.registry) : (effect.note ?? "It was not done."),
    })),
    ...record.decisions.flatMap(({ actions }) =>
      actions
        .filter((action) => action.verdict === "rejected")
        .map(({ step, reason }) => ({ step, status: "rejected", summary: reason ?? "" })),
    ),
  ].map(({ step, ...outcome }) => ({ title: titles.get(step) ?? step, ...outcome }));
  const goal = revision?.plan.goal ?? "";
  const problem = composed.status === "success" ? null : composed.text;
  const pseudonyms = createPseudonyms();
  const prompt = reflectorPrompt({ request: run.request, goal, outcomes, problem }, pseudonyms);
  const reply = await askRole(deps, config, { role: "reflector", runId: run.id, schema: ReflectorReplySchema, prompt });
  if (reply?.kind !== "answer") return undefined;
  const { met, next } = reply.value;
  const answer = pseudonyms.restore(reply.value.answer);
  const advice = pseudonyms.restore(reply.value.advice);
  const missing = reply.value.missing.map(pseudonyms.restore);
  const recorded = outcomes
    .filter(({ status }) => status === "succeeded")
    .map((outcome) => `Recorded: ${outcome.summary}`);
  const details = [...(met ? [] : missing.map((text) => `Missing: ${text}`)), ...recorded];
  const feedback = [...(problem === null ? [] : [problem]), ...missing, ...(advice.trim() === "" ? [] : [advice])];
  return { next: met ? "done" : next, feedback, answer: { status: "success", text: answer, details } };
}
