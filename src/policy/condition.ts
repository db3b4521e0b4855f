/**
 * The condition of a rule: a CEL expression (https://cel.dev) over the facts of `rule-facts.ts`. It is checked when it is
 * loaded, and judged fail-closed: what is not exactly true or false is a problem (invariant 7).
 */
import { isCelError, parse, plan } from "@bufbuild/cel";
import { z } from "zod";
import { environment, type Parsed } from "./cel.ts";
import { ConditionFault, checkCondition } from "./condition-check.ts";
import { RuleFactsSchema } from "./rule-facts.ts";

/** What came of judging a condition; a problem denies. */
export type Judgement = boolean | { readonly problem: string };

export interface Condition {
  readonly text: string;
  judge(bindings: Bindings): Judgement;
}

/** Facts as CEL has them. */
export type Bindings = Parameters<ReturnType<typeof plan>>[0];

const MAX_CONDITION = 2000;

/**
 * @param actions the names that actions can have; undefined when those are not known
 * @throws ConditionFault that says what is wrong with it, and where
 */
export function compileCondition(text: string, actions: readonly string[] | undefined): Condition {
  if (text.length > MAX_CONDITION) {
    throw new ConditionFault(`it has ${text.length} characters; at most ${MAX_CONDITION} are taken`, MAX_CONDITION);
  }
  const parsed = parsedCondition(text);
  checkCondition(parsed, actions);
  const run = plan(environment, parsed);
  return { text, judge: (bindings) => judgementOf(() => run(bindings)) };
}

export function parsedCondition(text: string): Parsed {
  try {
    return parse(text);
  } catch (error) {
    const { rawMessage, location } = error as { rawMessage?: string; location?: { start: { offset: number } } };
    throw new ConditionFault(rawMessage ?? (error as Error).message, location?.start.offset ?? 0);
  }
}

/** What came of a judgement. Errors of CEL are values, which JavaScript takes for true. */
export function judgementOf(run: () => unknown): Judgement {
  try {
    const value = run();
    if (value === true || value === false) return value;
    if (isCelError(value)) return { problem: value.message };
    return { problem: "it is neither true nor false" };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/**
 * Facts as CEL has them.
 * @returns what is wrong with them instead, where they lack something or something does not fit
 */
export function bindFacts(facts: unknown): { bindings: Bindings } | { problem: string } {
  const known = RuleFactsSchema.safeParse(facts);
  if (known.success) return { bindings: bind(known.data, RuleFactsSchema) as Bindings & object };
  const [issue] = known.error.issues;
  return { problem: `${issue?.path.join(".")}: ${issue?.message}` };
}

/**
 * Whole numbers that the schema declares become bigints, which are CEL's `int`. Objects become maps here, since the
 * library does not take those that have a `constructor`.
 */
function bind(value: unknown, schema?: unknown): unknown {
  if (typeof value === "number") return schema instanceof z.ZodNumberFormat ? BigInt(value) : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const element = schema instanceof z.ZodArray ? schema.element : undefined;
    return value.map((item) => bind(item, element));
  }
  const shape = schema instanceof z.ZodObject ? (schema.shape as Record<string, unknown>) : undefined;
  const entries = Object.entries(value).map(([key, item]) => [key, bind(item, shape?.[key])] as const);
  return schema === RuleFactsSchema ? Object.fromEntries(entries) : new Map(entries);
}
