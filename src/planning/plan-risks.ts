/** Why somebody should look at a plan before anything of it runs, though each of its writes is proposed later. */
import { EXPAND, type Plan, type Step } from "../domain/plan.ts";
import { dependenciesOf } from "./references.ts";

/** @returns a sentence for each risk; none for a plan whose writes are all seen together before one of them runs */
export function planRisks(plan: Plan, kindOf: (action: string) => "read" | "write" | undefined): string[] {
  const stages = countWriteStages(plan.steps, kindOf);
  const later = plan.steps.filter(({ action }) => action === EXPAND);
  return [
    ...(stages > 1
      ? [
          `Its writes are proposed in ${stages} transactions, one after the other: the first runs before the others can be shown.`,
        ]
      : []),
    ...(later.length > 0 && stages > 0
      ? [`Part of it is planned only when it is reached: ${later.map(({ title }) => `"${title}"`).join(", ")}.`]
      : []),
    ...(plan.risks ?? []).map((risk) => `The plan names a risk: ${risk}`),
  ];
}

/**
 * How many transactions its writes make. A read behind a write needs that to have run; and what is not to begin before
 * a time is proposed by itself then, unless the time is the same.
 */
export function countWriteStages(
  steps: readonly Step[],
  kindOf: (action: string) => "read" | "write" | undefined,
): number {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const known = new Map<string, number>();
  const stageOf = (step: Step): number => {
    const found = known.get(step.id);
    if (found !== undefined) return found;
    known.set(step.id, 0); // a circle is for the check of the plan
    const isWrite = kindOf(step.action) === "write";
    const before = dependenciesOf(step).flatMap((id) => {
      const other = byId.get(id);
      if (!other) return [];
      // What a condition uses has to have run; arguments of the same stage are filled in while it runs.
      const together = isWrite && step.when === undefined;
      return [stageOf(other) + (kindOf(other.action) === "write" && !together ? 1 : 0)];
    });
    const stage = Math.max(0, ...before);
    known.set(step.id, stage);
    return stage;
  };
  const writes = steps.filter(({ action }) => kindOf(action) === "write");
  const stages = writes.map((step) => JSON.stringify([stageOf(step), step.notBefore ?? null]));
  return stages.length === 0 ? 0 : new Set(stages).size;
}
