/** Steps that are planned when they are reached. */
import { EXPAND, type Step } from "../domain/plan.ts";
import { isDue } from "./progress.ts";
import type { StepBoard } from "./step-board.ts";

/**
 * The first step that is to be planned now: everything that it depends on is done, and nothing has failed, after which
 * another plan would be wanted anyway.
 * @param now ISO 8601 UTC
 */
export function reachedExpand(board: StepBoard, now: string): Step | undefined {
  const step = board.ready().find((ready) => ready.action === EXPAND && isDue(ready, now));
  return step && board.failures().length === 0 ? step : undefined;
}
