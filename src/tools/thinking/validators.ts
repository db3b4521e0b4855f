/** What a composed text has to meet: said beforehand in words, and looked at afterwards without a model. */
import { z } from "zod";
import type { Json, JsonObject } from "../../domain/json.ts";
import { ActionFailure } from "../../errors.ts";
import { linearPattern } from "../../policy/linear-pattern.ts";
import { explainMasked } from "../../telemetry/tell.ts";
import { OutsideSchema, schemaCheck } from "./json-schema.ts";

/** What a program's own validator gets beside the text. */
export interface Composing {
  /** What was made where a schema was given: `text` is its JSON. */
  readonly value: Json | undefined;
  readonly instruction: string;
  /** What it was to be made from. */
  readonly context: Json;
  readonly tenant: string;
  readonly principal: string;
  readonly signal: AbortSignal;
}

/**
 * A program's own check of a composed text.
 * @returns true, or what is wrong with it, for the model to mend. What it throws fails the step: nobody has judged then
 */
export type ComposeValidator = (text: string, about: Composing) => true | string | Promise<true | string>;

const count = z.int().min(0).max(50_000);
const pattern = z.string().superRefine((text, context) => {
  try {
    linearPattern(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.addIssue({ code: "custom", message: `The pattern cannot be taken: ${why}.` });
  }
});

const OF_TEXTS = ["pattern", "minLength", "maxLength", "maxWords", "mustContain"] as const;

/** What a composed text has to meet. With a schema it is a value, and nothing else is said of it. */
export interface Validators {
  readonly schema?: JsonObject | undefined;
  /** RE2 notation. */
  readonly pattern?: string | undefined;
  /** In characters. */
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly maxWords?: number | undefined;
  readonly mustContain?: readonly string[] | undefined;
  /** Names of the program's own validators. */
  readonly custom?: readonly string[] | undefined;
}

/** @param names of the program's own validators */
export function validatorsSchema(names: readonly string[]): z.ZodType<Validators> {
  const [first, ...others] = names;
  const shape = {
    schema: OutsideSchema.optional(),
    pattern: pattern.optional().describe("RE2 notation, searched for anywhere."),
    minLength: count.optional().describe("In characters."),
    maxLength: count.min(1).optional(),
    maxWords: count.min(1).optional(),
    mustContain: z.array(z.string().min(1).max(1000)).min(1).max(50).optional(),
  };
  if (first === undefined) return z.strictObject(shape).superRefine(refuseContradictions);
  const custom = z
    .array(z.enum([first, ...others]))
    .min(1)
    .optional();
  return z.strictObject({ ...shape, custom }).superRefine(refuseContradictions);
}

function refuseContradictions(given: Validators, context: z.RefinementCtx): void {
  const besides = OF_TEXTS.filter((name) => given[name] !== undefined);
  if (given.schema && besides.length > 0) {
    const message = `With a schema, what a text must be like stands there: leave out ${besides.join(", ")}.`;
    context.addIssue({ code: "custom", message });
  }
  if ((given.minLength ?? 0) > (given.maxLength ?? Number.POSITIVE_INFINITY)) {
    context.addIssue({ code: "custom", message: "minLength is more than maxLength." });
  }
}

/** The requirements in words, a line each. */
export function requirementsOf(validators: Validators): string[] {
  const { pattern: source, minLength, maxLength, maxWords, mustContain = [], custom = [] } = validators;
  return [
    ...(minLength === undefined ? [] : [`At least ${minLength} characters.`]),
    ...(maxLength === undefined ? [] : [`At most ${maxLength} characters.`]),
    ...(maxWords === undefined ? [] : [`At most ${maxWords} words.`]),
    ...(source === undefined ? [] : [`This regular expression (RE2) matches somewhere in it: ${source}`]),
    ...mustContain.map((part) => `It contains, letter for letter: ${part}`),
    ...custom.map((name) => `It passes the check "${name}". What that finds wrong will be told.`),
  ];
}

/** What was made: a text, or a value where a schema was given. */
export interface Made {
  readonly text: string;
  readonly value: Json | undefined;
}

/**
 * Looks at what was made: first what can be counted and matched, and where that holds by the program's own validators.
 * @returns what is wrong, a sentence each
 * @throws ActionFailure `failed` when a validator of the program threw, or said nothing that counts
 */
export async function problemsOf(
  made: Made,
  validators: Validators,
  own: { readonly named: ReadonlyMap<string, ComposeValidator>; readonly about: Composing },
): Promise<string[]> {
  const problems = validators.schema
    ? schemaCheck(validators.schema)(made.value ?? null)
    : textFaults(made, validators);
  if (problems.length > 0) return problems;
  const said: string[] = [];
  for (const name of validators.custom ?? []) {
    const verdict = await judge(name, own.named.get(name), made, own.about);
    if (verdict !== true) said.push(verdict);
  }
  return said;
}

async function judge(
  name: string,
  validator: ComposeValidator | undefined,
  { text, value }: Made,
  about: Composing,
): Promise<true | string> {
  try {
    const verdict: unknown = await validator?.(text, { ...about, value });
    if (verdict === true) return true;
    if (typeof verdict === "string" && verdict.trim() !== "") return verdict;
    throw new Error(
      `it gave ${JSON.stringify(verdict) ?? "nothing"} instead of true, or a text that says what is wrong`,
    );
  } catch (error) {
    throw new ActionFailure("failed", `The validator "${name}" could not judge the text: ${explainMasked(error)}`);
  }
}

function textFaults({ text }: Made, validators: Validators): string[] {
  const { pattern: source, minLength, maxLength, maxWords, mustContain = [] } = validators;
  const characters = [...text].length;
  const words = maxWords === undefined ? 0 : countWords(text);
  return [
    ...(minLength !== undefined && characters < minLength
      ? [`It has ${characters} characters, and needs at least ${minLength}.`]
      : []),
    ...(maxLength !== undefined && characters > maxLength
      ? [`It has ${characters} characters; at most ${maxLength} are allowed.`]
      : []),
    ...(maxWords !== undefined && words > maxWords ? [`It has ${words} words; at most ${maxWords} are allowed.`] : []),
    ...(source !== undefined && !linearPattern(source).test(text)
      ? [`The regular expression ${source} matches nowhere in it.`]
      : []),
    ...mustContain.filter((part) => !text.includes(part)).map((part) => `It does not contain: ${part}`),
  ];
}

/** Words as Unicode divides text into them, which also counts in languages that put no spaces between them. */
function countWords(text: string): number {
  const segments = new Intl.Segmenter(undefined, { granularity: "word" }).segment(text);
  let words = 0;
  for (const { isWordLike } of segments) if (isWordLike) words++;
  return words;
}
