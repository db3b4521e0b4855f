/** Checks a plan before anything of it runs. What is wrong comes back as findings that say where and what to do. */
import { z } from "zod";
import type { Plan, Step, StepStatus } from "../domain/plan.ts";
import type { Finding } from "../domain/proposal.ts";
import { dependenciesOf, findReferences } from "./references.ts";

/** What a plan check needs to know of an action. */
export interface ActionFacts {
  readonly kind: "read" | "write";
  readonly input: z.ZodType;
  readonly output: z.ZodType;
}

/** @returns one `deny` finding for each fault; an empty list means that the plan can run */
export function checkPlan(plan: Plan, findAction: (name: string) => ActionFacts | undefined): Finding[] {
  const ids = plan.steps.map((step) => step.id);
  const findings = plan.steps.flatMap((step) => checkStep(step, ids, findAction(step.action)));
  const outputOf = (id: string) => {
    const step = plan.steps.find((candidate) => candidate.id === id);
    return step && findAction(step.action)?.output;
  };
  findings.push(...plan.steps.flatMap((step) => checkReferences(step, outputOf)));
  const cycle = findCycle(plan.steps);
  if (cycle) findings.push(fault("plan-cycle", cycle[0] ?? "", `Steps wait for each other: ${cycle.join(" -> ")}.`));
  return findings;
}

/** Rules about what a step is to do: of one that is settled they were asked when it was planned. */
const ABOUT_DOING = ["plan-unknown-action", "plan-arguments", "plan-reference", "plan-unknown-step", "blocked-pattern"];

/**
 * The findings without those on steps that are settled: actions may have changed since, and what they waited for may
 * have been undone.
 * @param states of the steps, by id
 */
export function unsettled(
  findings: readonly Finding[],
  states: Readonly<Record<string, { readonly status: StepStatus }>>,
): Finding[] {
  const isSettled = (step: string) => ["completed", "skipped"].includes(states[step]?.status ?? "");
  return findings.filter(({ rule, step }) => step === undefined || !ABOUT_DOING.includes(rule) || !isSettled(step));
}

const fault = (rule: string, step: string, reason: string): Finding => ({ rule, verdict: "deny", reason, step });

function checkStep(step: Step, ids: readonly string[], action: ActionFacts | undefined): Finding[] {
  const { id } = step;
  const findings: Finding[] = [];
  if (ids.filter((other) => other === id).length > 1) {
    findings.push(fault("plan-duplicate-step", id, `Two steps are called "${id}".`));
  }
  for (const other of dependenciesOf(step).filter((dependency) => !ids.includes(dependency))) {
    findings.push(fault("plan-unknown-step", id, `Step "${id}" waits for "${other}", which is no step.`));
  }
  if (!action) {
    findings.push(fault("plan-unknown-action", id, `Step "${id}" calls "${step.action}", which is no action.`));
  } else {
    findings.push(...argumentFaults(step, action).map((reason) => fault("plan-arguments", id, reason)));
  }
  return findings;
}

/** A reference must not lead where the other step's output has nothing; where its schema does not say, it may. */
function checkReferences(step: Step, outputOf: (id: string) => z.ZodType | undefined): Finding[] {
  return [...new Set(findReferences(step.args))].flatMap((path) => {
    const [id = "", ...keys] = path.split(".");
    const output = outputOf(id);
    if (!output || leads(z.toJSONSchema(output, { unrepresentable: "any" }), keys)) return [];
    return [fault("plan-reference", step.id, `Step "${step.id}" refers to "${path}", which "${id}" does not put out.`)];
  });
}

function leads(schema: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined || typeof schema !== "object" || schema === null) return true;
  const { type, properties, items } = schema as { type?: unknown; properties?: object; items?: unknown };
  if (type === "array") return /^\d+$/.test(key) && (items === undefined || leads(items, rest));
  if (type !== "object" || properties === undefined) return typeof type !== "string" || type === "object";
  return Object.hasOwn(properties, key) && leads((properties as Record<string, unknown>)[key], rest);
}

/** Arguments with references are checked again once those are known. */
function argumentFaults(step: Step, action: ActionFacts): string[] {
  if (findReferences(step.args).length > 0) return [];
  const parsed = action.input.safeParse(step.args);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => {
    const where = issue.path.length > 0 ? `"${issue.path.join(".")}"` : "the arguments";
    return `Step "${step.id}" (${step.action}): ${where}: ${issue.message}.`;
  });
}

/** The steps of one cycle, first repeated at the end, or undefined. */
function findCycle(steps: readonly Step[]): string[] | undefined {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const done = new Set<string>();
  const visit = (id: string, path: string[]): string[] | undefined => {
    const at = path.indexOf(id);
    if (at >= 0) return [...path.slice(at), id];
    const step = byId.get(id);
    if (!step || done.has(id)) return undefined;
    for (const next of dependenciesOf(step)) {
      const cycle = visit(next, [...path, id]);
      if (cycle) return cycle;
    }
    done.add(id);
    return undefined;
  };
  for (const step of steps) {
    const cycle = visit(step.id, []);
    if (cycle) return cycle;
  }
  return undefined;
}
