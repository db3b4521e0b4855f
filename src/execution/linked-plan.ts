/** The steps of a plan with what each waits for and what waits for it, worked out once for many looks at it. */
import type { Plan, Step } from "../domain/plan.ts";
import { dependenciesOf } from "../planning/references.ts";
import { compileStepCondition, type StepCondition } from "../planning/step-conditions.ts";

export interface LinkedStep {
  readonly step: Step;
  /** Its place in the plan. */
  readonly index: number;
  /** The ids of the steps that it waits for, each once; one that is no step is among them. */
  readonly dependencies: readonly string[];
  readonly dependants: readonly LinkedStep[];
  /** How many steps there are on the longest way from it to the end of the plan. */
  readonly height: number;
  /** Its `when`, or undefined. */
  readonly condition: StepCondition | undefined;
  /** The check of its success, or undefined. */
  readonly check: StepCondition | undefined;
}

type Draft = { -readonly [Key in keyof LinkedStep]: LinkedStep[Key] } & { dependants: LinkedStep[] };

/** @returns the steps by id, in the order of the plan; of two with one id the first, and what waits in a circle stays apart */
export function linkPlan(plan: Plan): ReadonlyMap<string, LinkedStep> {
  const linked = new Map<string, Draft>();
  for (const [index, step] of plan.steps.entries()) {
    if (linked.has(step.id)) continue;
    const [condition, check] = [compiled(step.when), compiled(step.success?.check)];
    const { when: _when, success: _success, ...rest } = step; // whose texts are not to be read once more
    const uses = [...(condition?.uses ?? []), ...(check?.uses ?? [])];
    const dependencies = [...new Set([...dependenciesOf(rest), ...uses])];
    linked.set(step.id, { step, index, dependencies, dependants: [], height: 1, condition, check });
  }
  for (const one of linked.values()) for (const id of one.dependencies) linked.get(id)?.dependants.push(one);
  measureHeights(linked);
  return linked;
}

/** From the ends of the plan backwards. Steps that wait for each other are never reached, and keep the height 1. */
function measureHeights(linked: ReadonlyMap<string, Draft>): void {
  const left = new Map([...linked.values()].map((one) => [one, one.dependants.length]));
  const ends = [...linked.values()].filter((one) => one.dependants.length === 0);
  for (const end of ends) {
    for (const id of end.dependencies) {
      const before = linked.get(id);
      if (!before) continue;
      before.height = Math.max(before.height, end.height + 1);
      const open = (left.get(before) ?? 0) - 1;
      left.set(before, open);
      if (open === 0) ends.push(before);
    }
  }
}

/** What is no condition uses nothing, and cannot be judged. */
function compiled(text: string | undefined): StepCondition | undefined {
  if (text === undefined) return undefined;
  try {
    return compileStepCondition(text);
  } catch (error) {
    const problem = (error as Error).message;
    return { uses: [], judge: () => ({ problem }) };
  }
}
