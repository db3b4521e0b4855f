/** Whether every step of a plan can be reached: no circles, and nothing behind what never happens. */
import type { Step } from "../domain/plan.ts";
import { compileStepCondition } from "./step-conditions.ts";

/** The steps that each step waits for, by id. */
export type Dependencies = ReadonlyMap<string, readonly string[]>;

/** The steps of one cycle, the first repeated at the end; undefined without one. */
export function findCycle(dependencies: Dependencies): string[] | undefined {
  const done = new Set<string>();
  for (const start of dependencies.keys()) {
    const path: string[] = []; // from `start` to where we are; not by recursion, since a chain can be long
    const waiting: { id: string; next: string[] }[] = [];
    const enter = (id: string) => {
      path.push(id);
      waiting.push({ id, next: [...(dependencies.get(id) ?? [])] });
    };
    if (!done.has(start)) enter(start);
    for (let top = waiting.at(-1); top; top = waiting.at(-1)) {
      const next = top.next.shift();
      if (next === undefined) {
        done.add(top.id);
        path.pop();
        waiting.pop();
      } else if (path.includes(next)) {
        return [...path.slice(path.indexOf(next)), next];
      } else if (!done.has(next) && dependencies.has(next)) enter(next);
    }
  }
  return undefined;
}

/** @returns for each step that is never reached a sentence that says why, by its id */
export function unreachable(steps: readonly Step[], dependencies: Dependencies): Map<string, string> {
  const found = new Map<string, string>();
  for (const { id, when } of steps) {
    if (when !== undefined && isNeverTrue(when))
      found.set(id, `Step "${id}" is never reached: "${when}" is never true.`);
  }
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const { id } of steps) {
      const behind = dependencies.get(id)?.find((other) => found.has(other));
      if (behind === undefined || found.has(id)) continue;
      found.set(id, `Step "${id}" is never reached: it waits for "${behind}", which is not.`);
    }
  }
  return found;
}

/** Whether a condition uses nothing, and is not true. */
function isNeverTrue(when: string): boolean {
  try {
    const { uses, judge } = compileStepCondition(when);
    return uses.length === 0 && judge(new Map()) === false;
  } catch {
    return false; // that it is no condition is said elsewhere
  }
}
