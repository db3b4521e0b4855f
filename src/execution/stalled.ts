/** Whether planning again leads anywhere. */
import type { Plan, Step } from "../domain/plan.ts";
import { callKeys } from "../planning/same-calls.ts";
import { type RunRecord, stepStates } from "./progress.ts";

/** For so many plans in a row nothing may get done before no other is made. */
const PATIENCE = 2;

/**
 * Whether the last plans got nothing done that was not done before them: what only repeats what an earlier one did, such as
 * a look at the same, is no progress.
 * @param plans those that were carried out, oldest first
 */
export function isStalled(plans: readonly Plan[], record: RunRecord): boolean {
  if (plans.length < PATIENCE) return false;
  const done = (plan: Plan): Set<string> => {
    const states = stepStates(plan, record);
    const keys = callKeys(plan.steps);
    const isDone = ({ id }: Step) => states[id]?.status === "completed";
    return new Set(plan.steps.filter(isDone).map(({ id }) => keys.get(id) ?? id));
  };
  const before = new Set(plans.slice(0, -PATIENCE).flatMap((plan) => [...done(plan)]));
  return plans.slice(-PATIENCE).every((plan) => [...done(plan)].every((call) => before.has(call)));
}
