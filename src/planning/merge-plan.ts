/**
 * A later plan, brought together with the one before it: what is done stays in it under its own id (invariant 11), and
 * what is new gets an id that no earlier plan has used, so that nothing recorded of another step is taken for its own.
 */
import { canonicalJson } from "../domain/json.ts";
import type { Plan, Step } from "../domain/plan.ts";
import { renameReferences } from "./references.ts";

export interface MergeInput {
  /** Every earlier plan of the run. */
  readonly earlier: readonly Plan[];
  /** Steps of the last plan that are settled: done, or refused by a person. */
  readonly settled: readonly Step[];
  readonly proposed: Plan;
}

/**
 * @returns the proposed plan with the settled steps first; steps of it that say the same as a settled one are that one,
 * unless they are marked as repeats
 */
export function mergePlan({ earlier, settled, proposed }: MergeInput): Plan {
  const used = new Set(earlier.flatMap((plan) => plan.steps.map(({ id }) => id)));
  for (const { id } of proposed.steps) if (!used.has(id)) used.add(id);
  const before = new Set(earlier.flatMap((plan) => plan.steps.map(({ id }) => id)));
  const names = new Map<string, string>();
  const added: Step[] = [];
  for (const step of proposed.steps) {
    const args = renameReferences(step.args, names);
    const same = step.repeat ? undefined : settled.find((other) => isSame(other, { ...step, args }));
    if (same) {
      names.set(step.id, same.id);
      continue;
    }
    if (before.has(step.id)) names.set(step.id, unusedId(used));
    added.push(step);
  }
  const renamed = added.map((step) => ({
    ...step,
    id: names.get(step.id) ?? step.id,
    args: renameReferences(step.args, names),
    dependsOn: step.dependsOn.map((id) => names.get(id) ?? id),
  }));
  return { ...proposed, steps: [...settled, ...renamed] };
}

const isSame = (a: Step, b: Step): boolean => a.action === b.action && canonicalJson(a.args) === canonicalJson(b.args);

function unusedId(used: Set<string>): string {
  for (let number = 1; ; number++) {
    const id = `s${number}`;
    if (used.has(id)) continue;
    used.add(id);
    return id;
  }
}

/** Whether two plans call the same, whatever they name it. */
export function callsSame(a: readonly Step[], b: readonly Step[]): boolean {
  const calls = (steps: readonly Step[]) => steps.map(({ action, args }) => canonicalJson({ action, args })).sort();
  return canonicalJson(calls(a)) === canonicalJson(calls(b));
}
