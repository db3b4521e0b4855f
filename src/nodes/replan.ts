/** Planning again: what the earlier plan came to, and how a new one is brought together with it. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Answer, AnswerStatus } from "../domain/answer.ts";
import { type Plan, PlanSchema, type Step } from "../domain/plan.ts";
import type { Run } from "../domain/run.ts";
import { loadRecord, type RunRecord } from "../execution/progress.ts";
import { StepBoard } from "../execution/step-board.ts";
import { listReflections, type Reflection, recordReflection } from "../ledger/reflections.ts";
import type { Revision } from "../ledger/revisions.ts";
import type { EarlierWork } from "../models/prompts/planner.ts";
import { mergePlan } from "../planning/merge-plan.ts";
import { createTaint } from "../planning/provenance.ts";
import { callsSame } from "../planning/same-calls.ts";
import { type NodeDeps, stampOf } from "./deps.ts";
import { toldSteps } from "./told-steps.ts";

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
  /** Whether any of what is told came from outside, and is not to be trusted. */
  readonly untrusted: boolean;
  /** The steps that are settled. */
  readonly settled: readonly Step[];
  /** Those of them that were left out, by id. */
  readonly leftOut: ReadonlySet<string>;
  /** What was tried: of each plan that was begun the steps that are not settled, with all of its steps. */
  readonly tried: readonly { readonly part: readonly Step[]; readonly steps: readonly Step[] }[];
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
  const board = new StepBoard(last.plan, record);
  const [settled = [], open = []] = [true, false].map((is) =>
    last.plan.steps.filter(({ id }) => isSettled(board, id) === is),
  );
  const tried = revisions
    .filter(({ verdict }) => verdict === "allow")
    .map(({ plan }) => ({ part: unsettledOf(plan, record), steps: plan.steps }));
  const registry = deps.registry.of(run.tenant);
  const known = { board, registry };
  const isTainted = createTaint(last.plan, (action) => registry.find(action)?.untrustedOutput === true);
  return {
    reflection,
    feedback: reflection.feedback,
    plans: revisions.map(({ plan }) => plan),
    settled,
    leftOut: new Set(settled.filter(({ id }) => isLeftOut(board, id)).map(({ id }) => id)),
    tried,
    untrusted: last.plan.steps.some(({ id }) => board.isRecorded(id) && isTainted(id)),
    done: toldSteps(settled, known),
    notDone: toldSteps(open, known),
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

/** Done, refused by a person, or left out: none of it is planned again. */
const isSettled = (board: StepBoard, id: string): boolean =>
  ["completed", "skipped"].includes(board.placeOf(id).status);

/** Because of a condition, or since the plan goes on without it; nobody refused it. */
function isLeftOut(board: StepBoard, id: string): boolean {
  const { status, rejected } = board.placeOf(id);
  return status === "skipped" && !rejected;
}

function unsettledOf(plan: Plan, record: RunRecord): Step[] {
  const board = new StepBoard(plan, record);
  return plan.steps.filter(({ id }) => !isSettled(board, id));
}

/** The new plan together with what is settled, or that it leads nowhere. */
export function mergeWith(
  { plans, settled, leftOut, tried, untrusted }: Earlier,
  proposed: Plan,
  isKept: (action: string) => boolean,
): Plan | NoPlan {
  if (new Set(proposed.steps.map(({ id }) => id)).size < proposed.steps.length) return proposed; // its check says so
  const steps = untrusted ? proposed.steps.map((step) => ({ ...step, untrusted })) : proposed.steps;
  const merged = PlanSchema.safeParse(
    mergePlan({ earlier: plans, settled, leftOut, proposed: { ...proposed, steps }, isKept }),
  );
  if (!merged.success) return noPlanOf("With what is done, the next plan had more steps than a plan may.");
  const plan = merged.data;
  const added = { part: plan.steps.slice(settled.length), steps: plan.steps };
  if (added.part.length === 0) return noPlanOf("The next plan held nothing that is not done.");
  if (tried.some((earlier) => callsSame(added, earlier))) {
    return noPlanOf("The next plan was what had been tried already.");
  }
  return plan;
}

const noPlanOf = (message: string): NoPlan => ({ status: "failed", message, details: [] });
