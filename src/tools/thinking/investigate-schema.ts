/** What an investigation is given, and what it gives. */
import { z } from "zod";
import { type JsonObject, JsonObjectSchema, JsonSchema } from "../../domain/json.ts";
import { OutsideSchema } from "./json-schema.ts";

/** @param names of the reads that there are, at least one */
export function investigateArgs(names: readonly string[]) {
  return z.strictObject({
    question: z.string().trim().min(1).max(4000).describe("What is to be found out, with all that is known of it."),
    actions: z
      .array(z.enum(names as [string, ...string[]]))
      .min(1)
      .optional()
      .describe("The reads that it may call. Default: all."),
    maxSteps: z.int().min(1).max(20).default(8).describe("How many turns it may look things up."),
    schema: OutsideSchema.optional().describe(
      "A JSON Schema of what is wanted besides the answer in words, as `value`.",
    ),
    acceptNotFound: z
      .boolean()
      .default(false)
      .describe("True: not finding it does not fail the step; `found` says so."),
  });
}
export type InvestigateArgs = z.infer<ReturnType<typeof investigateArgs>>;

const LookUpSchema = z.strictObject({
  call: z.number().describe("Its number."),
  action: z.string(),
  args: JsonSchema,
  status: z.enum(["succeeded", "failed", "refused"]),
  summary: z.string(),
});
/** One thing that was looked at. */
export type LookUp = z.infer<typeof LookUpSchema>;

export const FoundOutSchema = z.strictObject({
  found: z.boolean(),
  answer: z.string(),
  value: JsonSchema.optional().describe("Only with a schema."),
  confidence: z.number().min(0).max(1),
  evidence: z.array(z.number()).describe("Numbers of the calls that show it."),
  steps: z.number(),
  repeated: z.number().describe("Calls that were asked for again, and not made again."),
  trace: z.array(LookUpSchema).describe("What was looked at."),
});
export type FoundOut = z.infer<typeof FoundOutSchema>;

/** What the model says at the end. */
const SaidSchema = z.object({
  found: z.boolean(),
  answer: z.string().trim().min(1).max(8000),
  evidence: z.array(z.int()).max(100).default([]),
  confidence: z.number().min(0).max(1),
  value: JsonSchema.optional(),
});
export type Said = z.infer<typeof SaidSchema>;

/** @returns what was said, or what is wrong with it */
export function parseSaid(args: JsonObject | null): Said | string {
  const parsed = SaidSchema.safeParse(args);
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the answer"}: ${message}`).join("; ");
}

/** The tool with which an investigation ends. */
export function answerTool(name: string, schema: JsonObject | undefined) {
  const { $schema: _dialect, ...like } = schema ?? {};
  const described: JsonObject = {
    found: { type: "boolean", description: "Whether results show the answer." },
    answer: { type: "string", description: "The answer, or what was looked up and is still unknown." },
    evidence: { type: "array", items: { type: "integer" }, description: "Numbers of the calls that show it." },
    confidence: { type: "number", minimum: 0, maximum: 1, description: "How sure you are of it." },
    ...(schema ? { value: { description: "The answer in this form.", ...like } } : {}),
  };
  const required = ["found", "answer", "evidence", "confidence"];
  const parameters = JsonObjectSchema.parse({ type: "object", properties: described, required });
  return { name, description: "Ends the work with the answer.", parameters };
}
