/** Writing a text, or filling in a value, from given context: tried again with what was wrong, and never passed off as good. */

import { z } from "zod";
import { type Json, JsonSchema } from "../../domain/json.ts";
import { shortened } from "../../domain/text.ts";
import { ActionFailure } from "../../errors.ts";
import { createPseudonyms, type Pseudonyms } from "../../telemetry/pseudonyms.ts";
import { type ActionContext, defineAction, type ReadAction } from "../action.ts";
import type { Thinker } from "./thinker.ts";
import {
  type ComposeValidator,
  type Made,
  problemsOf,
  requirementsOf,
  type Validators,
  validatorsSchema,
} from "./validators.ts";

/** Of the context as JSON, in characters. What is longer would be masked, and so seen, only in part. */
const MAX_CONTEXT = 100_000;
/** Of the last attempt, and of what is wrong with it, in characters, where it fails the step. */
const MAX_LAST = 1500;

function argsSchema(names: readonly string[]) {
  return z.strictObject({
    instruction: z.string().trim().min(1).max(4000).describe("What to write, for whom, in which form."),
    context: JsonSchema.default(null)
      .superRefine((context, issues) => {
        const { length } = JSON.stringify(context);
        if (length <= MAX_CONTEXT) return;
        const message = `The context has ${length} characters; at most ${MAX_CONTEXT} are taken. Pass less of it.`;
        issues.addIssue({ code: "custom", message });
      })
      .describe("All that it may tell of: outputs of other steps by reference."),
    language: z.string().trim().min(1).max(50).optional().describe("Where it is not that of the instruction."),
    validators: validatorsSchema(names).optional(),
    attempts: z.int().min(1).max(5).default(3).describe("How often it is tried until it is valid."),
    acceptInvalid: z
      .boolean()
      .default(false)
      .describe("True: a result that never became valid does not fail the step; `valid` says so."),
  });
}
export type ComposeArgs = z.infer<ReturnType<typeof argsSchema>> & { readonly validators?: Validators | undefined };

const ComposedSchema = z.strictObject({
  valid: z.boolean(),
  text: z.string().optional().describe("The text; with a schema there is `value` instead."),
  value: JsonSchema.optional(),
  attempts: z.number(),
  problems: z.array(z.string()).describe("What is wrong with it; empty when it is valid."),
  missing: z.array(z.string()).describe("What the instruction asked for and the context did not hold."),
});
export type Composed = z.infer<typeof ComposedSchema>;

export interface ComposeDeps {
  readonly thinker: Thinker;
  readonly validators: ReadonlyMap<string, ComposeValidator>;
  /** For all of its attempts, in milliseconds. */
  readonly timeoutMs: number;
}

export function createCompose(deps: ComposeDeps): ReadAction<ComposeArgs, Composed> {
  return defineAction<ComposeArgs, Composed>({
    kind: "read",
    name: "compose",
    version: 1,
    title: "Write a text",
    description:
      "A model writes a text from `context` alone, or with `validators.schema` fills in a value: a summary, an analysis, " +
      "the words of a message. Only where the request needs words that no other action gives; never to compute, to look " +
      "up, or to pass on what an action already says.",
    input: argsSchema([...deps.validators.keys()]) as z.ZodType<ComposeArgs>,
    output: ComposedSchema,
    authored: true,
    timeoutMs: deps.timeoutMs,
    // The client of the model repeats by itself, and a model that is away pauses the run.
    retry: { attempts: 1 },
    breaker: false,
    run: (args, context) => compose(deps, args, context),
    summarize: (_args, { valid, text, value, problems }) => {
      const made = text ?? JSON.stringify(value ?? null, null, 2);
      return valid ? made : `This is not valid (${problems.join(" ")}): ${made}`;
    },
  });
}

async function compose(
  { thinker, validators: named }: ComposeDeps,
  args: ComposeArgs,
  call: ActionContext,
): Promise<Composed> {
  const { instruction, context, language, validators = {}, attempts } = args;
  const { schema } = validators;
  const pseudonyms = createPseudonyms();
  const about = { instruction, context, tenant: call.tenant, principal: call.principal, signal: call.signal };
  const given = [instruction, JSON.stringify(context)].join("\n");
  const tried: { last?: { made: Made; problems: string[] }; thrown?: unknown } = {};
  const check = async (raw: Json): Promise<readonly string[]> => {
    const made = madeOf(pseudonyms.restoreJson(raw), schema !== undefined);
    try {
      const faults = await problemsOf(made, validators, { named, about: { ...about, value: made.value } });
      const problems = [...strayMarks(pseudonyms, raw, given), ...faults];
      tried.last = { made, problems };
      return problems.map((problem) => shortened(pseudonyms.mask(problem), 500));
    } catch (error) {
      tried.thrown = error;
      return [];
    }
  };
  const draft = { instruction, context, language, requirements: requirementsOf(validators), schema, attempts, check };
  const written = await thinker.write(draft, pseudonyms, call);
  if (tried.thrown !== undefined) throw tried.thrown;
  const missing = written.passed?.missing.map(pseudonyms.restore) ?? [];
  if (written.passed && tried.last) {
    return { valid: true, ...resultOf(tried.last.made), attempts: written.attempts, problems: [], missing };
  }
  if (!tried.last) throw new ActionFailure("failed", `Nothing was written. ${written.problem}`);
  const problems = tried.last.problems;
  if (!args.acceptInvalid) throw invalid(tried.last.made, problems, written.attempts);
  return { valid: false, ...resultOf(tried.last.made), attempts: written.attempts, problems, missing };
}

const madeOf = (restored: Json, isValue: boolean): Made =>
  isValue
    ? { text: JSON.stringify(restored), value: restored }
    : { text: typeof restored === "string" ? restored : JSON.stringify(restored), value: undefined };

const resultOf = ({ text, value }: Made): { text: string } | { value: Json } =>
  value === undefined ? { text } : { value };

/** Marks that the model made up, or wrote otherwise than they were given. */
function strayMarks(pseudonyms: Pseudonyms, raw: Json, given: string): string[] {
  const stray = pseudonyms.unknownMarks(JSON.stringify(raw)).filter((mark) => !given.includes(mark));
  return [...new Set(stray)].map((mark) => `${mark} stands for nothing: use only the marks of the context.`);
}

function invalid({ text }: Made, problems: readonly string[], attempts: number): ActionFailure {
  const often = attempts === 1 ? "one attempt" : `${attempts} attempts`;
  const last = `The last attempt was "${shortened(text, MAX_LAST)}".`;
  const wrong = shortened(problems.join(" "), MAX_LAST);
  return new ActionFailure("failed", `After ${often} what was written is invalid, and was not used. ${last} ${wrong}`);
}
