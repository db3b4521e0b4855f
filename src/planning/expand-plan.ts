/** A plan in which a step that was reached is replaced by the steps that it was expanded into. */
import { EXPAND, type Plan, type Step } from "../domain/plan.ts";
import { unusedId } from "./merge-plan.ts";
import { dependenciesOf } from "./references.ts";
import { renameSteps } from "./rename-steps.ts";
import { callKeys } from "./same-calls.ts";

export interface ExpandInput {
  /** The plans of the run that were carried out, oldest first: the last one is carried out now. */
  readonly plans: readonly Plan[];
  /** Ids that no new step may have. */
  readonly used: ReadonlySet<string>;
  /** The step that was reached. */
  readonly step: Step;
  /** What it is to be replaced by. */
  readonly proposed: Plan;
  /** Whether what planned it had output in view that is not to be trusted. */
  readonly untrusted: boolean;
  /** What the run has done, as `callKeys` has it. */
  readonly done: ReadonlySet<string>;
}

/** How deep steps may stand that are planned when they are reached, each within the one before. */
const MAX_NESTING = 3;

/**
 * What waited for the step then waits for all that take its place, under ids that no plan of the run has used. A reference
 * leads to the new step of that name, where there is one, and otherwise to a step of the plan.
 * @returns the plan, or why it would lead nowhere, in a sentence
 */
export function expandPlan({ plans, used, step, proposed, untrusted, done }: ExpandInput): Plan | string {
  const plan = plans.at(-1);
  if (!plan) return "There is no plan.";
  const taken = new Set([...used, ...proposed.steps.map(({ id }) => id)]);
  const again = proposed.steps.filter(({ id }) => used.has(id));
  const names = new Map(again.map(({ id }) => [id, unusedId(taken)]));
  const added = proposed.steps.map((one) => inPlaceOf(step, renameSteps(one, names), untrusted));
  const ids = added.map(({ id }) => id);
  const expanded: Plan = {
    ...plan,
    ...bothOf(plan, proposed),
    source: { kind: "model", expands: step.id },
    steps: plan.steps.flatMap((one) => (one.id === step.id ? added : [waitingFor(ids, step.id, asSure(one, plan))])),
  };
  return noProgress(added, expanded, done) ?? tooDeep([...plans, expanded], ids) ?? expanded;
}

const inPlaceOf = ({ onFailure }: Step, added: Step, untrusted: boolean): Step => ({
  ...(onFailure === undefined ? {} : { onFailure }),
  ...added,
  ...(untrusted ? { untrusted } : {}),
});

/** What was taken for granted, and what could go wrong, of both. */
function bothOf(plan: Plan, proposed: Plan): Pick<Plan, "assumptions" | "risks"> {
  const both = (one: readonly string[] = [], other: readonly string[] = []) => [...new Set([...one, ...other])];
  const assumptions = both(plan.assumptions, proposed.assumptions).slice(0, 20);
  const risks = both(plan.risks, proposed.risks).slice(0, 20);
  return { ...(assumptions.length > 0 ? { assumptions } : {}), ...(risks.length > 0 ? { risks } : {}) };
}

/** A playbook is sure of its steps, and of what a person changed nobody is: both also after the plan is a model's in part. */
function asSure(step: Step, { source }: Plan): Step {
  if (source.kind === "playbook") return { confidence: 1, ...step };
  const { confidence: _confidence, ...unsure } = step;
  return source.kind === "edited" ? unsure : step;
}

function waitingFor(added: readonly string[], expanded: string, step: Step): Step {
  if (!step.dependsOn.includes(expanded)) return step;
  const others = step.dependsOn.filter((id) => id !== expanded);
  return { ...step, dependsOn: [...new Set([...others, ...added])] };
}

function noProgress(added: readonly Step[], { steps }: Plan, done: ReadonlySet<string>): string | undefined {
  const work = added.filter(({ action }) => action !== EXPAND);
  if (work.length === 0) return "It was expanded into nothing but more to be expanded.";
  const keys = callKeys(steps);
  const isDone = ({ id, repeat }: Step) => !repeat && done.has(keys.get(id) ?? id);
  return work.every(isDone) ? "It was expanded into nothing that is not done." : undefined;
}

function tooDeep(plans: readonly Plan[], added: readonly string[]): string | undefined {
  const depths = nestingOf(plans);
  const deep = added.find((id) => (depths.get(id) ?? 0) >= MAX_NESTING && isExpand(plans.at(-1), id));
  return deep && `It was expanded into "${deep}", which is to be expanded, too: at most ${MAX_NESTING} deep is taken.`;
}

const isExpand = (plan: Plan | undefined, id: string): boolean =>
  plan?.steps.some((step) => step.id === id && step.action === EXPAND) === true;

/**
 * How deep each step stands, by id: 0 as planned first, 1 where it took the place of such a step. One that comes after all
 * the others with which it was planned goes on with their work, and stands no deeper than what they took the place of.
 * @param plans oldest first
 */
function nestingOf(plans: readonly Plan[]): Map<string, number> {
  const depths = new Map<string, number>();
  for (const plan of plans) {
    const parent = plan.source.expands;
    const added = plan.steps.filter(({ id }) => !depths.has(id));
    const depth = parent === undefined ? 0 : (depths.get(parent) ?? 0);
    for (const step of added) {
      const goesOn = parent === undefined || (step.action === EXPAND && isAfterAll(step, added));
      depths.set(step.id, goesOn ? depth : depth + 1);
    }
  }
  return depths;
}

function isAfterAll(step: Step, added: readonly Step[]): boolean {
  const byId = new Map(added.map((one) => [one.id, one]));
  const before = new Set<string>();
  const queue = [step];
  for (let next = queue.pop(); next; next = queue.pop()) {
    for (const id of dependenciesOf(next)) {
      const other = byId.get(id);
      if (!other || before.has(id)) continue;
      before.add(id);
      queue.push(other);
    }
  }
  return added.every(({ id }) => id === step.id || before.has(id));
}
