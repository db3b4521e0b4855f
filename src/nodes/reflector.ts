/** The reflector: says what came of the request, from what the ledger recorded, and ends the run. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Answer } from "../domain/answer.ts";
import type { Proposal } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import { loadRecord, type RunRecord } from "../execution/progress.ts";
import type { Outcome } from "../graph/routes.ts";
import { findLatestProposal, findTransaction } from "../ledger/proposals.ts";
import { endRun, getRun } from "../ledger/runs.ts";
import { answerMessage } from "../messages.ts";
import { ReflectorReplySchema, reflectorPrompt } from "../models/prompts/reflector.ts";
import type { State, Update } from "../state.ts";
import { asksForRollback } from "../transaction/rollback.ts";
import { composeAnswer, type Facts, summaryOf } from "./answer.ts";
import { askRole } from "./ask-role.ts";
import { identityOf, type NodeDeps, stampOf } from "./deps.ts";

export function createReflector(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Update & { outcome: Outcome<"reflector"> }> => {
    const { tenant } = identityOf(config);
    if (!state.run) return { outcome: "done" };
    const run = await getRun(deps.ledger, tenant, state.run.id);
    if (run.answer) return done(run, run.answer, state);
    const latest = await findLatestProposal(deps.ledger, tenant, run.id);
    if (latest?.status === "pending") return { outcome: "decision pending" };
    const record = await loadRecord(deps.ledger, tenant, run.id);
    const proposal = await findTransaction(deps.ledger, tenant, run.id);
    if (isUnfinished(record, latest, proposal)) return { outcome: "transaction pending" };
    if (asksForRollback(run, record.effects)) return { outcome: "rollback asked" };
    const facts: Facts = {
      run,
      failure: state.failure,
      proposal,
      record,
      titles: new Map((state.plan?.steps ?? []).map((step) => [step.id, step.title])),
    };
    const composed = composeAnswer(facts, deps.registry);
    const said = composed.status === "success" ? await reword(deps, config, facts, state.plan?.goal ?? "") : undefined;
    const answer = await endRun(deps.ledger, stampOf(deps, config), run.id, said ?? composed);
    return done(run, answer, state);
  };
}

/** Whether something was approved that has not been carried to its end. */
function isUnfinished({ decisions }: RunRecord, ...proposals: (Proposal | undefined)[]): boolean {
  return proposals.some(
    (open) => open?.status === "approved" && decisions.some(({ proposalId }) => proposalId === open.id),
  );
}

/** The answer, and for chat pages the same as a message. */
function done(run: Run, answer: Answer, { notices }: State): Update & { outcome: Outcome<"reflector"> } {
  const text = [...notices, answer.text].join("\n\n");
  return { answer, messages: [answerMessage(run.id, text)], outcome: "done" };
}

/** The model's answer for the customer, from the recorded outcomes; undefined where it is of no use. */
async function reword(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  facts: Facts,
  goal: string,
): Promise<Answer | undefined> {
  const { run, record, titles } = facts;
  const outcomes = [
    ...record.reads.map((read) => ({ step: read.step, status: read.status, summary: read.summary })),
    ...record.effects.map((e) => ({ step: e.step, status: e.status, summary: summaryOf(e, deps.registry) })),
    ...record.decisions.flatMap(({ actions }) =>
      actions
        .filter((action) => action.verdict === "rejected")
        .map(({ step, reason }) => ({ step, status: "rejected", summary: reason ?? "" })),
    ),
  ].map(({ step, ...outcome }) => ({ title: titles.get(step) ?? step, ...outcome }));
  const prompt = reflectorPrompt({ request: run.request, goal, outcomes });
  const reply = await askRole(deps, config, { role: "reflector", runId: run.id, schema: ReflectorReplySchema, prompt });
  if (reply?.kind !== "answer") return undefined;
  const { answer, met, missing } = reply.value;
  const recorded = outcomes.map((outcome) => `Recorded: ${outcome.summary}`);
  return {
    status: "success",
    text: answer,
    details: [...(met ? [] : missing.map((text) => `Missing: ${text}`)), ...recorded],
  };
}
