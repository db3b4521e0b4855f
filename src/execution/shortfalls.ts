/** What of a plan is not as it should be, from what the ledger recorded alone: no model is asked. */
import type { Plan } from "../domain/plan.ts";
import { type RunRecord, unmetChecks } from "./progress.ts";
import type { StepState } from "./recorded-steps.ts";
import { StepBoard } from "./step-board.ts";

const SAID: Partial<Record<StepState["status"], string>> = {
  failed: "failed",
  blocked: "was not begun",
  pending: "was not done",
};

/**
 * A sentence for each step that is not done, or of which a check is not met. What a person did not want is not among them,
 * nor what hangs on that, nor what the plan itself goes on without.
 */
export function findShortfalls(plan: Plan, record: RunRecord): string[] {
  const board = new StepBoard(plan, record);
  const open = plan.steps.flatMap(({ id, title }) => {
    const { status, note } = board.placeOf(id);
    const what = SAID[status];
    return what === undefined || isRefused(board, id) ? [] : [`"${title}" ${what}${note === "" ? "" : `: ${note}`}`];
  });
  return [...open, ...unmetChecks(plan, record).map(({ step, reason }) => `Of "${step.title}", ${reason}`)];
}

/** Whether a step is only blocked by what a person did not want. */
function isRefused(board: StepBoard, step: string): boolean {
  const seen = new Set([step]);
  let refused = false;
  for (const id of seen) {
    const { status, rejected } = board.placeOf(id);
    if (status === "failed") return false;
    if (rejected) refused = true;
    if (status === "blocked") for (const before of board.linked.get(id)?.dependencies ?? []) seen.add(before);
  }
  return refused;
}
