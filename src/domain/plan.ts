/** A plan is data: steps, each calling one action. */
import { z } from "zod";
import { JsonObjectSchema } from "./json.ts";

/**
 * One step. Its arguments may refer to the output of another step: a whole value is `{ "$ref": "s1.products.0.id" }`,
 * inside text it is `${s1.products.0.id}`. A reference is also a dependency.
 */
const StepSchema = z.object({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,39}$/, "a step id is a lower-case letter, then up to 39 of a-z, 0-9, _ and -"),
  title: z.string().min(1).max(200),
  action: z.string().min(1).max(100),
  args: JsonObjectSchema,
  dependsOn: z.array(z.string()).default([]),
  /** How sure whoever planned it is that the request wants it, 0 to 1. */
  confidence: z.number().min(0).max(1).optional(),
  /** It does not begin before this time. */
  notBefore: z.iso.datetime({ offset: true }).optional(),
  /** It does on purpose once more what another step has done; without it, what is done is not done again. */
  repeat: z.literal(true).optional(),
});
export type Step = z.infer<typeof StepSchema>;

/** Who made the plan: a playbook (named), a model, or a person who edited it. */
const PlanSourceSchema = z.object({
  kind: z.enum(["playbook", "model", "edited"]),
  name: z.string().optional(),
});

export const PlanSchema = z.object({
  goal: z.string().max(500),
  source: PlanSourceSchema,
  steps: z.array(StepSchema).min(1).max(50),
});
export type Plan = z.infer<typeof PlanSchema>;

export const StepStatusSchema = z.enum(["pending", "running", "completed", "failed", "skipped", "blocked"]);
export type StepStatus = z.infer<typeof StepStatusSchema>;
