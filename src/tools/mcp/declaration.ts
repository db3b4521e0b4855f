/** What an operator says of a tool that its server cannot say, or is not believed: the form of it in the file. */
import { z } from "zod";
import type { Json } from "../../domain/json.ts";
import { JsonSchema } from "../../domain/json.ts";
import { ImpactLevelSchema } from "../../domain/proposal.ts";
import { findReferences } from "../../domain/references.ts";
import { linearPattern } from "../../policy/linear-pattern.ts";

const pattern = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    try {
      linearPattern(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: `expected an RE2 pattern: ${(error as Error).message}` });
    }
  });
const patterns = z.array(pattern).max(50).default([]);

/** A template that refers to these only. */
const template = (...known: string[]) =>
  JsonSchema.superRefine((value: Json, context) => {
    const unknown = findReferences(value).find((path) => !known.includes(path.split(".")[0] ?? ""));
    if (unknown === undefined) return;
    const message = `"${unknown}" cannot be referred to here; expected one of ${known.join(", ")}`;
    context.addIssue({ code: "custom", message });
  });
const text = (...known: string[]) =>
  z
    .string()
    .min(1)
    .and(template(...known)) as unknown as z.ZodType<string>;
const object = (...known: string[]) => z.record(z.string(), template(...known));

const GIVEN = ["args", "key", "tenant", "principal", "now"];
const tool = z.string().min(1);
const call = (...known: string[]) => ({ tool, args: object(...GIVEN, ...known).default({}) });

/** How a row is as it stands: a call that changes nothing. */
const ReadSchema = z.strictObject({
  ...call(),
  row: object(...GIVEN, "output"),
  absent: patterns.describe("Errors that mean that there is no such row."),
  refuse: patterns.describe("What a row may not hold: it could not be restored."),
});

const ChangeSchema = z.strictObject({
  table: z.string().min(1),
  key: text(...GIVEN),
  only: z.enum(["new", "existing"]).optional(),
  read: ReadSchema.optional(),
  after: z.union([z.null(), object(...GIVEN, "before", "preview")]),
});

export const DeclarationSchema = z.strictObject({
  tool: tool.optional(),
  kind: z.enum(["read", "write"]).optional(),
  version: z.int().min(1).default(1),
  title: z.string().min(1).optional(),
  description: z.string().min(1).optional(),
  untrustedOutput: z.boolean().default(true),
  timeoutMs: z.int().min(1).max(86_400_000).optional(),
  fixed: z.record(z.string(), JsonSchema).default({}),
  refuse: z.array(z.string()).default([]),
  idempotent: z.union([z.boolean(), z.strictObject({ argument: z.string().min(1) })]).optional(),
  errors: z
    .strictObject({ nothing: patterns, codes: z.array(z.int()).default([]), statuses: z.array(z.int()).default([]) })
    .prefault({}),
  changes: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/, "expected a name such as file"), ChangeSchema).default({}),
  preview: z.strictObject(call()).optional(),
  reversibility: z.enum(["reversible", "compensatable"]).optional(),
  undo: z.strictObject({ ...call("before", "output"), gone: patterns }).optional(),
  lookup: z
    .strictObject({
      ...call(),
      absent: patterns.describe("Errors that mean that it did not happen."),
      absentWhen: template("output").optional().describe("Null or empty in an answer: it did not happen."),
      output: template(...GIVEN, "output"),
    })
    .optional(),
  impact: z
    .strictObject({
      level: ImpactLevelSchema,
      resources: template("args").optional(),
      outside: template("args").optional(),
      amount: template("args").optional(),
    })
    .optional(),
  summary: text(...GIVEN, "output").optional(),
  example: z.record(z.string(), JsonSchema).optional(),
});

export type Declaration = z.infer<typeof DeclarationSchema>;
export type ChangeDeclaration = z.infer<typeof ChangeSchema>;
export type ReadDeclaration = z.infer<typeof ReadSchema>;

/** What is said of a tool of which nothing is said. */
export const SILENT: Declaration = DeclarationSchema.parse({});

/** Whether a text fits one of the patterns. */
export const fitsAny = (text: string, patterns: readonly string[]): boolean =>
  patterns.some((one) => linearPattern(one).test(text));
