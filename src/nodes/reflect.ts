/** The reflection: what the model makes of the recorded outcomes, after what can be told without one. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Answer } from "../domain/answer.ts";
import type { Step } from "../domain/plan.ts";
import { type RunRecord, stepStates } from "../execution/progress.ts";
import { findShortfalls } from "../execution/shortfalls.ts";
import type { ReadOutcome } from "../ledger/reads.ts";
import type { Reflection } from "../ledger/reflections.ts";
import {
  type RecordedOutcome,
  ReflectorReplySchema,
  reflectorPrompt,
  STANDS_WHOLE,
} from "../models/prompts/reflector.ts";
import { createPseudonyms } from "../telemetry/pseudonyms.ts";
import type { Registry } from "../tools/registry.ts";
import { type Facts, summaryOf } from "./answer.ts";
import { askRole } from "./ask-role.ts";
import type { NodeDeps } from "./deps.ts";
import { joined, toldByReads } from "./told.ts";

/** What a reflection says; `next` as the model has it. */
export interface Said extends Pick<Reflection, "wentWell" | "missing" | "feedback" | "answer"> {
  readonly next: "done" | "replan" | "stop";
}

/**
 * Whether nothing is left to be said of a run: one step, which did what it does, or a program, all of which was done, or
 * which had only to answer. The action's own words, or the program's, are the answer then, and no model is asked.
 */
export function speaksForItself({ failure, revision, record, program }: Facts, { status, text }: Answer): boolean {
  if (status === "success" && failure?.status === "success") return true;
  if (status === "success" && program?.outcome?.result?.answer === text) return true;
  const [step, ...others] = revision?.plan.steps ?? [];
  if (!revision || !step || others.length > 0 || status !== "success") return false;
  const failed = [...record.reads, ...record.effects].some((outcome) => outcome.status !== "succeeded");
  return !failed && step.success?.criteria === undefined && findShortfalls(revision.plan, record).length === 0;
}

/**
 * @param composed the answer that the record gives
 * @returns what the model says, or why it says nothing: a sentence, empty where there is no model
 */
export async function reflect(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  facts: Facts,
  composed: Answer,
): Promise<Said | string> {
  const { run, record, revision } = facts;
  const told = toldByReads(revision?.plan, record, deps.registry.of(run.tenant));
  const outcomes = outcomesOf(facts, deps.registry.of(run.tenant), told.toModel);
  const shortfalls = revision ? findShortfalls(revision.plan, record) : [];
  const problem = composed.status === "success" ? null : composed.text;
  const criteria = (revision?.plan.steps ?? []).filter((step) => isToJudge(step, facts)).map(criteriaOf);
  const pseudonyms = createPseudonyms();
  const input = { request: run.request, outcomes, criteria, shortfalls, problem };
  const prompt = reflectorPrompt(input, pseudonyms);
  const reply = await askRole(deps, config, { role: "reflector", runId: run.id, schema: ReflectorReplySchema, prompt });
  if (reply?.kind !== "answer") return reply?.why === "budget" ? reply.message : "";
  const { next, went_well, advice, answer } = reply.value;
  const restored = pseudonyms.restore;
  const missing = reply.value.missing.map(restored);
  const said = advice.trim() === "" ? [] : [restored(advice)];
  const details = [
    ...[...shortfalls, ...missing].map((text) => `Missing: ${text}`),
    ...outcomes
      .filter(({ status, summary }) => status === "succeeded" && !summary.startsWith(STANDS_WHOLE))
      .map(({ summary }) => `Recorded: ${summary}`),
  ];
  return {
    next,
    wentWell: restored(went_well ?? ""),
    missing: [...shortfalls, ...missing],
    feedback: [...(problem === null ? [] : [problem]), ...shortfalls, ...missing, ...said],
    answer:
      composed.status === "success"
        ? { status: "success", text: joined([restored(answer), ...told.written]), details }
        : composed,
  };
}

const isToJudge = ({ id, success }: Step, { revision, record }: Facts): boolean =>
  success?.criteria !== undefined &&
  revision !== undefined &&
  stepStates(revision.plan, record)[id]?.status === "completed";

const criteriaOf = ({ title, success }: Step) => ({ title, criteria: success?.criteria ?? "" });

/** What is recorded of each step that was begun or refused, in a sentence each; never what it put out. */
function outcomesOf(
  { record, titles }: Facts,
  registry: Registry,
  toModel: (read: ReadOutcome) => string,
): RecordedOutcome[] {
  return [
    ...record.reads.map((read) => ({ step: read.step, status: read.status, summary: toModel(read) })),
    ...record.effects.map((effect) => ({
      step: effect.step,
      status: effect.status,
      summary: effect.status === "succeeded" ? summaryOf(effect, registry) : (effect.note ?? "It was not done."),
    })),
    ...refusedSteps(record),
  ].map(({ step, ...outcome }) => ({ title: titles.get(step) ?? step, ...outcome }));
}

function refusedSteps({ decisions }: RunRecord): { step: string; status: string; summary: string }[] {
  return decisions.flatMap(({ actions }) =>
    actions
      .filter((action) => action.verdict === "rejected")
      .map(({ step, reason }) => ({ step, status: "rejected", summary: reason ?? "" })),
  );
}
