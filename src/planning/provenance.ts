/** Which arguments of a step came, by whatever way, from output that is not to be trusted (invariant 12). */
import type { Json } from "../domain/json.ts";
import type { Plan, Step } from "../domain/plan.ts";
import { dependenciesOf, findReferences } from "./references.ts";

/**
 * @param isUntrusted whether an action's output is not to be trusted
 * @returns the names of the step's arguments that refer to such output, or to that of a step that was given some; all of
 * them where whoever planned the step had some in view, and the call itself where it has none
 */
export function untrustedArguments(plan: Plan, step: Step, isUntrusted: (action: string) => boolean): string[] {
  if (step.untrusted) return Object.keys(step.args).length > 0 ? Object.keys(step.args) : [THE_CALL];
  const isTainted = createTaint(plan, isUntrusted);
  const refersToTainted = (value: Json) => findReferences(value).some((path) => isTainted(path.split(".")[0] ?? ""));
  return Object.entries(step.args)
    .filter(([, value]) => refersToTainted(value))
    .map(([name]) => name);
}

/** Stands where arguments are named. */
const THE_CALL = "the call itself";

/** @returns whether the output of a step of the plan is not to be trusted, or may hold some that is not */
export function createTaint(plan: Plan, isUntrusted: (action: string) => boolean): (id: string) => boolean {
  const steps = new Map(plan.steps.map((step) => [step.id, step]));
  const known = new Map<string, boolean>();
  const isTainted = (id: string): boolean => {
    const found = known.get(id);
    if (found !== undefined) return found;
    known.set(id, false); // a cycle has no output
    const source = steps.get(id);
    const tainted =
      source !== undefined &&
      (source.untrusted === true || isUntrusted(source.action) || dependenciesOf(source).some(isTainted));
    known.set(id, tainted);
    return tainted;
  };
  return isTainted;
}
