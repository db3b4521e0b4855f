/** Playbooks of one's own as they are written, in YAML or in a program. What the fields mean is in docs/playbooks.md. */
import { z } from "zod";
import { JsonObjectSchema, JsonSchema } from "../../domain/json.ts";
import { StepSchema } from "../../domain/plan.ts";

const MAX_PLAYBOOK_STEPS = 50;

const PlainTypeSchema = z.enum([
  ...["text", "name", "number", "integer", "money", "boolean", "date", "datetime", "email"],
] as const);
const OneOfSchema = z.strictObject({ oneOf: z.array(z.string().trim().min(1).max(100)).min(1).max(50) });
const ItemTypeSchema = z.union([PlainTypeSchema, OneOfSchema]);
const TYPES = `${PlainTypeSchema.options.join(", ")}, { oneOf: [...] } or { listOf: <one of these> }`;
const TypeSchema = z.union([ItemTypeSchema, z.strictObject({ listOf: ItemTypeSchema })], `expected ${TYPES}`);
export type ItemType = z.output<typeof ItemTypeSchema>;

const limit = z.union([z.number(), z.string()], "expected a number, or for dates a date");

const ParameterSchema = z.strictObject({
  type: TypeSchema,
  description: z.string().trim().min(1).max(200).optional(),
  optional: z.literal(true, "expected true, or nothing").optional(),
  default: JsonSchema.optional(),
  min: limit.optional(),
  max: limit.optional(),
  pattern: z.string().min(1).optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, "expected a currency such as EUR")
    .optional(),
  example: JsonSchema.optional(),
});
export type Parameter = z.output<typeof ParameterSchema>;
export type Parameters = Readonly<Record<string, Parameter>>;

/** A step of a plan with blanks, and when it belongs into the plan. How sure it is, a playbook does not say. */
const StepTemplateSchema = StepSchema.omit({ confidence: true, notBefore: true, args: true }).extend({
  args: JsonObjectSchema.default({}),
  if: z.string().min(1).max(1000).optional(),
  each: z.string().min(1).optional(),
  notBefore: z.string().min(1).optional(),
});
const StrictStepSchema = z.strictObject(StepTemplateSchema.shape);
export type StepTemplate = z.output<typeof StrictStepSchema>;

const wordings = z.array(z.string().trim().min(1).max(500)).max(100).default([]);
const ParameterNameSchema = z
  .string()
  .regex(/^[a-z][A-Za-z0-9_]{0,39}$/, "a parameter's name is a small letter, then up to 39 letters, digits and _");

export const PlaybookSchema = z.strictObject({
  name: z
    .string("a playbook needs a name")
    .regex(/^[a-z][a-z0-9_-]{0,59}$/, "a name is a small letter, then up to 59 of a-z, 0-9, _ and -"),
  title: z.string("a playbook needs a title").trim().min(1).max(100),
  description: z.string().trim().min(1).max(300).optional(),
  parameters: z.record(ParameterNameSchema, ParameterSchema).default({}),
  match: z.strictObject({ examples: wordings, patterns: wordings }).prefault({}),
  steps: z.array(StrictStepSchema, "a playbook needs steps").min(1).max(MAX_PLAYBOOK_STEPS),
});

/** A playbook as a program writes it. */
export type PlaybookInput = z.input<typeof PlaybookSchema>;
/** A playbook as it was read; it was not checked yet. */
export type Declaration = z.output<typeof PlaybookSchema>;
