/** Planning again: what the earlier plan came to, and how a new one is brought together with it. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Answer, AnswerStatus } from "../domain/answer.ts";
import { type Plan, PlanSchema, type Step } from "../domain/plan.ts";
import type { Run } from "../domain/run.ts";
import { loadRecord, type RunRecord, type StepState, stepStates } from "../execution/progress.ts";
import { listReflections, type Reflection, recordReflection } from "../ledger/reflections.ts";
import type { Revision } from "../ledger/revisions.ts";
import type { EarlierWork } from "../models/prompts/planner.ts";
import { callsSame, mergePlan } from "../planning/merge-plan.ts";
import { summaryOf } from "./answer.ts";
import { type NodeDeps, stampOf } from "./deps.ts";

export interface NoPlan {
  status: AnswerStatus;
  message: string;
  details: string[];
}

/** What an earlier plan came to, after which another one is wanted. */
export interface Earlier extends EarlierWork {
  readonly reflection: Reflection;
  /** Every plan of the run so far. */
  readonly plans: readonly Plan[];
  /** The steps that are settled, and those that are not. */
  readonly settled: readonly Step[];
  readonly open: readonly Step[];
}

/** What the last plan that was carried out came to, when another one is wanted after it; otherwise undefined. */
export async function loadEarlier(
  deps: NodeDeps,
  run: Run,
  revisions: readonly Revision[],
): Promise<Earlier | undefined> {
  const last = revisions.findLast(({ verdict }) => verdict === "allow");
  const reflections = await listReflections(deps.ledger, run.tenant, run.id);
  const reflection = reflections.find(({ revision, verdict }) => revision === last?.number && verdict === "replan");
  if (!last || !reflection) return undefined;
  const record = await loadRecord(deps.ledger, run.tenant, run.id);
  const states = stepStates(last.plan, record);
  const settled = last.plan.steps.filter(({ id }) => isSettled(states[id]));
  const open = last.plan.steps.filter(({ id }) => !isSettled(states[id]));
  const told = ({ id, title, action, args }: Step) => ({ id, title, action, args });
  return {
    reflection,
    feedback: reflection.feedback,
    plans: revisions.map(({ plan }) => plan),
    settled,
    open,
    done: settled.map((step) => ({ ...told(step), outcome: outcomeOf(step, states[step.id], { deps, record }) })),
    notDone: open.map((step) => ({ ...told(step), outcome: states[step.id]?.note || "It was not begun." })),
  };
}

/** Where another plan was wanted and none came, the run ends with what is known of the earlier one. */
export async function stopReplanning(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  { reflection, why }: { reflection: Reflection; why: string },
): Promise<Answer> {
  const { answer } = reflection;
  const stopped = { ...answer, details: [...answer.details, `No other plan came of it: ${why}`] };
  const entry = { ...reflection, verdict: "stop" as const, answer: stopped };
  await recordReflection(deps.ledger, stampOf(deps, config), run.id, entry);
  return stopped;
}

/** Done, or refused by a person: neither is planned again. */
const isSettled = (state: StepState | undefined): boolean =>
  state?.status === "completed" || state?.status === "skipped";

function outcomeOf(
  { id, action }: Step,
  state: StepState | undefined,
  { deps, record }: { deps: NodeDeps; record: RunRecord },
): string {
  if (state?.status === "skipped") return `A person does not want it. ${state.note}`.trim();
  const effect = record.effects.find((row) => row.step === id && row.action === action);
  return effect ? summaryOf(effect, deps.registry) : (state?.note ?? "");
}

/** The new plan together with what is settled, or that it leads nowhere. */
export function mergeWith(
  { plans, settled, open }: Earlier,
  proposed: Plan,
  isWrite: (action: string) => boolean,
): Plan | NoPlan {
  if (new Set(proposed.steps.map(({ id }) => id)).size < proposed.steps.length) return proposed; // its check says so
  const merged = PlanSchema.safeParse(mergePlan({ earlier: plans, settled, proposed, isWrite }));
  if (!merged.success) {
    return {
      status: "failed",
      message: "With what is done, the next plan had more steps than a plan may.",
      details: [],
    };
  }
  const plan = merged.data;
  const added = plan.steps.slice(settled.length);
  const status = "failed" as const;
  if (added.length === 0) return { status, message: "The next plan held nothing that is not done.", details: [] };
  if (callsSame(added, open)) {
    return { status, message: "The next plan was what had been tried already.", details: [] };
  }
  return plan;
}
