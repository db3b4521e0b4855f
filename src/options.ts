/** Checks of what a program passes, for those that no compiler has checked: a misspelt safeguard must not be ignored. */
import { z } from "zod";
import { PlanningModeSchema } from "./domain/plan.ts";
import { ImpactLevelSchema } from "./domain/proposal.ts";
import { HoldpointError } from "./errors.ts";

const aFunction = z.custom<unknown>((value) => typeof value === "function", "expected a function");
const withFunctions = (what: string, ...names: string[]) =>
  z.custom<unknown>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      names.every((name) => typeof (value as Record<string, unknown>)[name] === "function"),
    `expected ${what}`,
  );

const Model = withFunctions("a LangChain chat model", "invoke", "withStructuredOutput");

const PolicyOptionsSchema = z.strictObject({
  maxRequestLength: z.int().positive().optional(),
  blockedPatterns: z
    .array(z.strictObject({ name: z.string().min(1), pattern: z.instanceof(RegExp, { error: "expected a RegExp" }) }))
    .optional(),
  approval: z.enum(["always", "rules", "never"]).optional(),
  rules: z.array(z.unknown()).optional(), // looked at in policy/rules.ts
  rulesFile: z.string().trim().min(1, "expected a path").optional(),
  separateApprover: z.boolean().optional(),
  approvalExpiresMs: z.int().positive().optional(),
  clearableImpact: ImpactLevelSchema.optional(),
  plainAnswerImpact: z.enum([...ImpactLevelSchema.options, "none"]).optional(),
});

const path = z.string().trim().min(1, "expected a path");

/** What stands in a playbook is looked at in planning/own-playbooks. */
const Playbook = z.union(
  [path, aFunction, z.looseObject({ name: z.unknown() })],
  "expected a path, a playbook or a function",
);

const OptionsSchema = z.strictObject({
  model: z
    .union([
      Model,
      z.strictObject({
        ...{ planner: Model.optional(), reviewer: Model.optional(), reflector: Model.optional() },
        worker: Model.optional(),
      }),
    ])
    .optional(),
  modelTimeoutMs: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .optional(),
  thinking: z.boolean().optional(),
  validators: z.record(z.string().regex(/^[A-Za-z][\w-]{0,39}$/, "expected a name such as tone"), aFunction).optional(),
  concurrency: z.int().min(1).max(10_000).optional(),
  planning: z.strictObject({ mode: PlanningModeSchema.optional() }).optional(),
  actions: z.array(z.unknown()).optional(),
  policy: z
    .union([
      PolicyOptionsSchema,
      withFunctions("a policy, or its options", "checkRequest", "checkPlan", "checkTransaction"),
    ])
    .optional(),
  playbooks: z.union([Playbook, z.array(Playbook)]).optional(),
  checkpointer: withFunctions("a LangGraph checkpointer", "getTuple", "put", "putWrites").optional(),
  databases: z
    .strictObject({
      ledger: z.union([path, withFunctions("a path or a Kysely dialect", "createDriver", "createAdapter")]).optional(),
      checkpoints: path.optional(),
      store: path.optional(),
    })
    .optional(),
  encryptionKey: z.string().optional(),
  home: path.optional(),
  exampleStore: z.boolean().optional(),
  recoverOnStart: z.boolean().optional(),
  onNotice: aFunction.optional(),
  now: aFunction.optional(),
});

/** @throws HoldpointError `usage` that names the option that does not fit, or that there is none of that name */
export function assertOptions(options: unknown): void {
  const parsed = OptionsSchema.safeParse(options);
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  const where =
    issue && issue.path.length > 0 ? `The option ${issue.path.join(".")}` : "What createHoldpoint was given";
  throw new HoldpointError("usage", `${where} does not fit: ${issue ? explain(issue) : "unreadable"}.`, {
    hint: "See HoldpointOptions.",
  });
}

/** Of alternatives, what is wrong with the one that was meant: the last that got further than its type. */
function explain(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_union") return issue.message;
  const nested = issue.errors.map(([first]) => first).filter((first) => first !== undefined);
  const meant =
    nested.find((first) => first.code !== "invalid_type" && first.code !== "custom") ??
    nested.find((first) => first.path.length > 0) ??
    nested.at(-1);
  if (!meant) return issue.message;
  const at = meant.path.length > 0 ? `${meant.path.join(".")}: ` : "";
  return `${at}${meant.message}`;
}
