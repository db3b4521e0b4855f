/** Checks a plan before anything of it runs. What is wrong comes back as findings that say where and what to do. */
import type { z } from "zod";
import { EXPAND, type Plan, type Step, type StepStatus } from "../domain/plan.ts";
import type { Finding } from "../domain/proposal.ts";
import { argumentFaults, referenceFaults } from "./check-arguments.ts";
import { expandFaults, expandUses } from "./check-expand.ts";
import { type Dependencies, findCycle, unreachable } from "./check-order.ts";
import { needlessSteps, vagueSteps } from "./check-sense.ts";
import { dependenciesOf } from "./references.ts";
import { stepConditionFault } from "./step-conditions.ts";

/** What a plan check needs to know of an action. */
interface ActionFacts {
  readonly kind: "read" | "write";
  readonly input: z.ZodType;
  readonly output: z.ZodType;
}

type StepStates = Readonly<Record<string, { readonly status: StepStatus }>>;
export type FindAction = (name: string) => ActionFacts | undefined;

/**
 * @param states of the steps, by id, where some of them are settled
 * @returns one `deny` finding for each fault; an empty list means that the plan can run
 */
export function checkPlan(plan: Plan, findAction: FindAction, states: StepStates = {}): Finding[] {
  const isExpand = (id: string) => byId.get(id)?.action === EXPAND;
  const dependencies: Dependencies = new Map(plan.steps.map((step) => [step.id, dependenciesOf(step)]));
  const byId = new Map(plan.steps.map((step) => [step.id, step]));
  const outputOf = (id: string) => findAction(byId.get(id)?.action ?? "")?.output;
  const cycle = findCycle(dependencies);
  const never = unreachable(plan.steps, dependencies);
  return [
    ...duplicates(plan.steps),
    ...plan.steps.flatMap((step) => {
      const action = findAction(step.action);
      const ofExpand = [...(step.action === EXPAND ? expandFaults(step) : []), ...expandUses(step, isExpand)];
      return [
        ...faults("plan-expand", step.id, ofExpand),
        ...missingSteps(step, dependencies),
        ...(action ? faults("plan-arguments", step.id, argumentFaults(step, action)) : unknownAction(step)),
        ...(action ? faults("plan-reference", step.id, referenceFaults(step, { ...action, outputOf })) : []),
        ...faults("plan-condition", step.id, conditionFaults(step, outputOf)),
      ];
    }),
    ...(cycle ? [fault("plan-cycle", cycle[0] ?? "", `Steps wait for each other: ${cycle.join(" -> ")}.`)] : []),
    ...[...never].map(([id, reason]) => fault("plan-unreachable", id, reason)),
    ...senseless({ ...plan, steps: plan.steps.filter(({ id }) => !isSettled(states, id)) }, findAction),
  ];
}

/** Rules about what a step is to do: of one that is settled they were asked when it was planned. */
const ABOUT_DOING = [
  "plan-unknown-action",
  "plan-expand",
  "plan-arguments",
  "plan-reference",
  "plan-condition",
  "plan-unknown-step",
  "plan-unreachable",
  "plan-vague-step",
  "plan-needless-step",
  "blocked-pattern",
];

/**
 * The findings without those on steps that are settled: actions may have changed since, and what they waited for may
 * have been undone.
 * @param states of the steps, by id
 */
export function unsettled(findings: readonly Finding[], states: StepStates): Finding[] {
  return findings.filter(
    ({ rule, step }) => step === undefined || !ABOUT_DOING.includes(rule) || !isSettled(states, step),
  );
}

const isSettled = (states: StepStates, step: string): boolean =>
  Object.hasOwn(states, step) && ["completed", "skipped"].includes(states[step]?.status ?? "");

const fault = (rule: string, step: string, reason: string): Finding => ({ rule, verdict: "deny", reason, step });
const faults = (rule: string, step: string, reasons: readonly string[]): Finding[] =>
  reasons.map((reason) => fault(rule, step, reason));

const unknownAction = ({ id, action }: Step): Finding[] =>
  action === EXPAND ? [] : [fault("plan-unknown-action", id, `Step "${id}" calls "${action}", which is no action.`)];

function duplicates(steps: readonly Step[]): Finding[] {
  const ids = steps.map(({ id }) => id);
  const repeated = new Set(ids.filter((id, index) => ids.indexOf(id) !== index));
  return [...repeated].map((id) => fault("plan-duplicate-step", id, `Two steps are called "${id}".`));
}

function missingSteps({ id }: Step, dependencies: Dependencies): Finding[] {
  const missing = (dependencies.get(id) ?? []).filter((other) => !dependencies.has(other));
  return missing.map((other) => fault("plan-unknown-step", id, `Step "${id}" waits for "${other}", which is no step.`));
}

function conditionFaults(
  { id, action, when, success }: Step,
  outputOf: (id: string) => z.ZodType | undefined,
): string[] {
  const said = (name: string, text: string | undefined, own?: z.ZodType) => {
    const wrong = text === undefined ? undefined : stepConditionFault(text, { outputOf, own });
    return wrong === undefined ? [] : [`Step "${id}" (${action}): its ${name} "${text}" does not fit: ${wrong}.`];
  };
  return [...said("condition", when), ...said("check", success?.check, outputOf(id))];
}

/** What only plans of steps that somebody made for this request are asked. */
function senseless(plan: Plan, findAction: FindAction): Finding[] {
  if (plan.source.kind === "playbook" || plan.source.kind === "program") return [];
  const isRead = (action: string) => findAction(action)?.kind === "read";
  return [
    ...vagueSteps(plan).map(([id, reason]) => fault("plan-vague-step", id, reason)),
    ...needlessSteps(plan, isRead).map(([id, reason]) => fault("plan-needless-step", id, reason)),
  ];
}
