/** Which writes of a plan can be proposed together. */
import type { Step } from "../domain/plan.ts";
import type { LinkedStep } from "../execution/linked-plan.ts";
import { isDue } from "../execution/progress.ts";
import type { StepBoard } from "../execution/step-board.ts";
import type { Registry } from "../tools/registry.ts";

/**
 * The pending writes whose dependencies are complete, or are writes of the same stage; irreversible ones as late as can
 * be. What a condition uses has to be complete: whether the step is wanted at all follows from it.
 * @param known the actions that there are; and the time now, ISO 8601 UTC
 */
export function readyWrites(board: StepBoard, { registry, now }: { registry: Registry; now: string }): Step[] {
  const isComplete = (id: string) => board.placeOf(id).status === "completed";
  const canBe = ({ step, condition }: LinkedStep) =>
    board.placeOf(step.id).status === "pending" &&
    registry.find(step.action)?.kind === "write" &&
    isDue(step, now) &&
    (condition?.uses ?? []).every(isComplete);
  const left = new Map<LinkedStep, number>();
  for (const linked of board.linked.values()) {
    if (canBe(linked)) left.set(linked, linked.dependencies.filter((id) => !isComplete(id)).length);
  }
  const isFinal = ({ step }: LinkedStep) => registry.getWrite(step.action).reversibility === "irreversible";
  const free = [...left.keys()].filter((linked) => left.get(linked) === 0); // in the order of the plan
  const staged: Step[] = [];
  while (free.length > 0) {
    const place = Math.max(
      0,
      free.findIndex((linked) => !isFinal(linked)),
    ); // -1: all are
    for (const next of free.splice(place, 1)) {
      staged.push(next.step);
      for (const behind of freed(next, left)) insert(free, behind);
    }
  }
  return staged;
}

/** The steps that wait for nothing else once this one is staged. */
function freed({ dependants }: LinkedStep, left: Map<LinkedStep, number>): LinkedStep[] {
  return dependants.filter((behind) => {
    const count = left.get(behind);
    if (count === undefined) return false;
    left.set(behind, count - 1);
    return count === 1;
  });
}

function insert(free: LinkedStep[], linked: LinkedStep): void {
  const place = free.findIndex(({ index }) => index > linked.index);
  free.splice(place < 0 ? free.length : place, 0, linked);
}
