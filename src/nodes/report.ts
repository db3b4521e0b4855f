/** Progress while a run is under way, for LangGraph's `custom` stream. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Plan, StepStatus } from "../domain/plan.ts";
import type { StepState } from "../execution/progress.ts";
import { maskText } from "../telemetry/mask.ts";

/** One event of the `custom` stream. */
export interface ProgressEvent {
  readonly type: "progress";
  readonly runId: string;
  readonly doing: "planning" | "reading" | "staging" | "reviewing" | "committing" | "rolling back";
  /** The step that this is about, with the status that it has now; its title is masked. */
  readonly step: { readonly id: string; readonly title: string; readonly status: StepStatus } | null;
  /** How many steps of the plan have ended, one way or the other. */
  readonly done: number;
  readonly total: number;
  /** `done` of `total`, 0 to 100, whole. */
  readonly percent: number;
}

export interface Reporter {
  doing(what: ProgressEvent["doing"]): void;
  step(id: string, status: StepStatus, what: ProgressEvent["doing"]): void;
}

const ENDED: readonly StepStatus[] = ["completed", "failed", "skipped", "blocked"];

/** Tells of a run's progress. Nobody has to listen, and a listener that fails disturbs nothing. */
export function createReporter(
  config: LangGraphRunnableConfig,
  runId: string,
  { plan, steps }: { plan: Plan | null; steps: Readonly<Record<string, StepState>> },
): Reporter {
  const statuses = new Map(Object.entries(steps).map(([id, { status }]) => [id, status]));
  const total = plan?.steps.length ?? 0;
  const send = (doing: ProgressEvent["doing"], step: ProgressEvent["step"]) => {
    const done = [...statuses.values()].filter((status) => ENDED.includes(status)).length;
    const percent = total === 0 ? 0 : Math.round((100 * done) / total);
    const event: ProgressEvent = { type: "progress", runId, doing, step, done, total, percent };
    try {
      config.writer?.(event);
    } catch {
      // Whoever listened has gone.
    }
  };
  return {
    doing: (what) => send(what, null),
    step(id, status, what) {
      statuses.set(id, status);
      const title = plan?.steps.find((step) => step.id === id)?.title ?? id;
      send(what, { id, title: maskText(title), status });
    },
  };
}
