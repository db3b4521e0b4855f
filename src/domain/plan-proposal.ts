/**
 * A plan that is put before a person: a proposal like any other, of one action, the plan itself. Approving it lets the
 * plan be carried out; each of its writes is still proposed by itself.
 */
import { z } from "zod";
import { type JsonObject, JsonObjectSchema } from "./json.ts";
import { type Plan, PlanSchema } from "./plan.ts";
import type { Impact, ProposedAction } from "./proposal.ts";

/** The name of its action; no registered action has it. */
export const PLAN_ACTION = "plan";

/** Where a decision names a step: no step of a plan can be called so. */
export const PLAN_STEP = "Plan";

/** What a person sees of a plan, and may change. */
export const PlanArgsSchema = PlanSchema.omit({ source: true }).strict();

/** The arguments of the action. */
const argsOf = ({ source: _whose, ...plan }: Plan): JsonObject =>
  JsonObjectSchema.parse(JSON.parse(JSON.stringify(plan)));

/** Nothing is changed by it alone. */
const IMPACT: Impact = { level: "low", resources: [], reversible: true, durationMs: 0 };

/** @param edited who changed the plan, and what it was before the first of them did; null for nobody */
export function planProposal(plan: Plan, edited: { by: string[]; before: Plan } | null): ProposedAction {
  return {
    step: PLAN_STEP,
    title: plan.goal || "The plan",
    action: PLAN_ACTION,
    version: 1,
    args: argsOf(plan),
    dependsOn: [],
    changes: [],
    impact: IMPACT,
    reversibility: "reversible",
    edited: edited && { by: edited.by, before: argsOf(edited.before) },
  };
}

/** The arguments as JSON Schema, for pages that let people change them. */
export const planArgsJsonSchema = (): JsonObject =>
  JSON.parse(JSON.stringify(z.toJSONSchema(PlanArgsSchema, { io: "input", unrepresentable: "any" })));
