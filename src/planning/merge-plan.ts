/**
 * A later plan, brought together with the one before it: what is done stays in it under its own id (invariant 11), and
 * what is new gets an id that no earlier plan has used, so that nothing recorded of another step is taken for its own.
 */
import { canonicalJson } from "../domain/json.ts";
import type { Plan, Step } from "../domain/plan.ts";
import { renameReferences } from "./references.ts";
import { renameSteps } from "./rename-steps.ts";

export interface MergeInput {
  /** Every earlier plan of the run. */
  readonly earlier: readonly Plan[];
  /** Steps of the last plan that are settled: done, refused by a person, or left out. */
  readonly settled: readonly Step[];
  /** Those of them that were left out, by id: planned again, they are steps like any other. */
  readonly leftOut: ReadonlySet<string>;
  readonly proposed: Plan;
  /** Whether what an action did stays done where it is planned again. Other reads are made again: the world may have changed. */
  isKept(action: string): boolean;
}

/**
 * @returns the proposed plan with the settled steps first; steps of it that say the same as a settled one are that one,
 * unless they are marked as repeats
 */
export function mergePlan(input: MergeInput): Plan {
  const { earlier, settled, proposed } = input;
  const names = findSettled(input);
  const before = new Set(earlier.flatMap((plan) => plan.steps.map(({ id }) => id)));
  const used = new Set([...before, ...proposed.steps.map(({ id }) => id)]);
  const added = proposed.steps.filter(({ id }) => !names.has(id));
  for (const { id } of added) if (before.has(id)) names.set(id, unusedId(used));
  return { ...proposed, steps: [...settled, ...added.map((step) => renameSteps(step, names))] };
}

/** The proposed steps that are settled ones, by id: found in turns, since one may refer to another. */
function findSettled({ settled, leftOut, proposed, isKept }: MergeInput): Map<string, string> {
  const found = new Map<string, string>();
  for (;;) {
    // A reference to a proposed step that is new means that one, and no settled step of the same name.
    const names = new Map(proposed.steps.map(({ id }) => [id, found.get(id) ?? `new:${id}`]));
    const more = proposed.steps.filter((step) => !found.has(step.id) && !step.repeat && isKept(step.action));
    const before = found.size;
    for (const step of more) {
      const renamed = { ...step, args: renameReferences(step.args, names) };
      const same = settled.find((other) => !leftOut.has(other.id) && isSame(other, renamed));
      if (same) found.set(step.id, same.id);
    }
    if (found.size === before) return found;
  }
}

const isSame = (a: Step, b: Step): boolean => a.action === b.action && canonicalJson(a.args) === canonicalJson(b.args);

/** An id that is not used yet; it is then. */
export function unusedId(used: Set<string>): string {
  for (let number = 1; ; number++) {
    const id = `s${number}`;
    if (used.has(id)) continue;
    used.add(id);
    return id;
  }
}
