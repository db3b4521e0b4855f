/** A plan is data: steps, each calling one action. */
import { z } from "zod";
import { JsonObjectSchema } from "./json.ts";

/** What a step does when it fails. Silence is `replan`. */
const OnFailureSchema = z.enum(["retry", "skip", "replan", "stop"]);

/** How to tell that a step has done what it is for. */
const SuccessSchema = z.strictObject({
  /** A CEL expression over its `output`, and the outputs of the steps before it; see planning/step-conditions.ts. */
  check: z.string().min(1).max(1000).optional(),
  /** In words, for the model that compares the outcome with the goal. */
  criteria: z.string().min(1).max(500).optional(),
});

/**
 * One step. Its arguments may refer to the output of another step: a whole value is `{ "$ref": "s1.products.0.id" }`,
 * inside text it is `${s1.products.0.id}`. A reference is also a dependency, in arguments and in a condition.
 */
export const StepSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,39}$/, "a step id is a lower-case letter, then up to 39 of a-z, 0-9, _ and -"),
  title: z.string().min(1).max(200),
  action: z.string().min(1).max(100),
  args: JsonObjectSchema,
  dependsOn: z.array(z.string()).default([]),
  /** A CEL expression over the outputs of other steps. Where it is false, the step is skipped, and what hangs on it. */
  when: z.string().min(1).max(1000).optional(),
  success: SuccessSchema.optional(),
  /**
   * `retry`: it is done again, at most twice, and then as with `replan`. `skip`: the plan goes on without it and what
   * hangs on it. `replan`: what does not hang on it goes on, then another plan is made. `stop`: nothing new is begun.
   */
  onFailure: OnFailureSchema.optional(),
  /** For how long one call of it may take, in milliseconds, where that is less than its action's own limit. */
  timeoutMs: z.int().min(1).max(86_400_000).optional(),
  /** Its share of the work beside the other steps' shares, for progress. Silence is 1. */
  weight: z.number().positive().max(1000).optional(),
  /** How sure whoever planned it is that the request wants it, 0 to 1. */
  confidence: z.number().min(0).max(1).optional(),
  /** It does not begin before this time. */
  notBefore: z.iso.datetime({ offset: true }).optional(),
  /** It does on purpose once more what another step has done; without it, what is done is not done again. */
  repeat: z.literal(true).optional(),
  /** Whoever planned it had output in view that is not to be trusted: none of its arguments is. */
  untrusted: z.literal(true).optional(),
});
export type Step = z.infer<typeof StepSchema>;

/**
 * The name that stands where a step calls no action: it is work that is planned when it is reached, with what is known
 * by then. Its arguments are `{ goal }`.
 */
export const EXPAND = "expand";

/** The arguments of such a step. */
export const ExpandArgsSchema = z.strictObject({ goal: z.string().min(1).max(500) });

/** The most steps that a plan can have; how many it may have is for the tenant's settings. */
export const MAX_STEPS = 1000;

/** Who made the plan: a playbook (named), a model, as steps or as a program, or a person who edited it. */
const PlanSourceSchema = z.object({
  kind: z.enum(["playbook", "model", "program", "edited"]),
  name: z.string().optional(),
  /** The step of the plan before that this one puts other steps in place of; see {@link EXPAND}. */
  expands: z.string().optional(),
  /** Of a playbook: a model took it and its values, where otherwise the words of the request did. */
  chosenBy: z.literal("model").optional(),
  /** Of a program: its number in the run. */
  program: z.int().positive().optional(),
  /** Why it was planned in this way and no other. */
  why: z.string().max(300).optional(),
});

/** Whether a model's plan is steps, a program, or whichever is the cheaper that fits. */
export const PlanningModeSchema = z.enum(["auto", "steps", "program"]);
export type PlanningMode = z.infer<typeof PlanningModeSchema>;

/** Whether a model answers for the plan: it can be asked for another, and is only as sure as it says. */
export const isByModel = ({ kind, chosenBy }: Plan["source"]): boolean =>
  kind === "model" || kind === "program" || chosenBy === "model";

export const PlanSchema = z.object({
  goal: z.string().max(500),
  source: PlanSourceSchema,
  /** What was taken for granted, and what could go wrong: a sentence each, for whoever looks at the plan. */
  assumptions: z.array(z.string().min(1).max(300)).max(20).optional(),
  risks: z.array(z.string().min(1).max(300)).max(20).optional(),
  steps: z.array(StepSchema).min(1).max(MAX_STEPS),
});
export type Plan = z.infer<typeof PlanSchema>;

export const StepStatusSchema = z.enum(["pending", "running", "completed", "failed", "skipped", "blocked"]);
export type StepStatus = z.infer<typeof StepStatusSchema>;
