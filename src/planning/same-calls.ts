/** Whether steps do the same, whatever they are named, in whichever order they stand, and whatever is said about them. */
import { canonicalJson, digestOf } from "../domain/json.ts";
import type { Step } from "../domain/plan.ts";
import { findReferences, renameReferences } from "./references.ts";
import { renameInCondition } from "./rename-steps.ts";
import { conditionUses } from "./step-conditions.ts";

/**
 * What each step calls, by its id: equal where two steps, also of different plans, do the same. A reference counts as what
 * the step that it leads to calls.
 * @param steps all steps of a plan
 */
export function callKeys(steps: readonly Step[]): Map<string, string> {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const keys = new Map<string, string>();
  for (const step of steps) {
    const path = [step]; // not by recursion, since a chain can be long
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const open = referredBy(top).find((id) => byId.has(id) && !keys.has(id) && !path.some((one) => one.id === id));
      const next = open === undefined ? undefined : byId.get(open);
      if (next) path.push(next);
      else {
        keys.set(top.id, keyOf(top, keys));
        path.pop();
      }
    }
  }
  return keys;
}

const referredBy = ({ args, when }: Step): string[] => [
  ...findReferences(args).map((path) => path.split(".")[0] ?? ""),
  ...(when === undefined ? [] : conditionUses(when)),
];

function keyOf({ action, args, when, notBefore, repeat }: Step, keys: ReadonlyMap<string, string>): string {
  const condition = when === undefined ? null : renameInCondition(when, keys);
  const call = { action, args: renameReferences(args, keys), when: condition };
  return digestOf({ ...call, notBefore: notBefore ?? null, repeat: repeat ?? false });
}

/** Whether two parts of plans do the same. Those that are marked to be done once more are the same as each other only. */
export function callsSame(a: PartOfPlan, b: PartOfPlan): boolean {
  const calls = ({ part, steps }: PartOfPlan): string => {
    const keys = callKeys(steps);
    return canonicalJson(part.map(({ id }) => keys.get(id) ?? id).toSorted());
  };
  return a.part.length === b.part.length && calls(a) === calls(b);
}

interface PartOfPlan {
  readonly part: readonly Step[];
  /** All steps of its plan, which references may lead to. */
  readonly steps: readonly Step[];
}
