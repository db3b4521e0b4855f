/**
 * Conditions of steps: `when`, and the check of a step's success. CEL expressions (https://cel.dev) in the dialect of
 * policy/cel.ts, over the outputs of steps by their ids: `s1.products.size() > 0`. An id that is no name in CEL is written
 * `steps["find-stock"]`. In a check, `output` is what the step itself put out.
 */
import { plan } from "@bufbuild/cel";
import type { z } from "zod";
import type { Json } from "../domain/json.ts";
import { environment } from "../policy/cel.ts";
import { type Judgement, judgementOf, parsedCondition } from "../policy/condition.ts";
import { ConditionFault, checkExpression, type Scope } from "../policy/condition-check.ts";
import { stepsUsedIn } from "./condition-uses.ts";

export interface StepCondition {
  /** The ids of the steps whose outputs it uses. */
  readonly uses: readonly string[];
  /**
   * @param outputs of completed steps, by step id; a text that looks like a condition is a text
   * @param own what the step itself put out; for checks
   * @returns true, false, or what is wrong with it: then it must not count as either
   */
  judge(outputs: ReadonlyMap<string, Json>, own?: Json): Judgement;
}

/** A model wrote it, and nothing can stop it while it is judged: it goes over no list for each item of another one. */
const MOST_NESTED = 1;

/**
 * Compiles a condition, once for many judgements.
 * @throws ConditionFault when it is no CEL, or names the outputs of steps in a way that cannot be told before it is judged
 */
export function compileStepCondition(text: string): StepCondition {
  const parsed = parsedCondition(text);
  const uses = stepsUsedIn(parsed);
  const scope = scopeOf(uses, () => undefined, undefined);
  checkExpression(parsed, scope, MOST_NESTED); // it also marks comparisons with null
  const run = plan(environment, parsed);
  return {
    uses,
    judge(outputs, own) {
      const steps = new Map(uses.filter((id) => outputs.has(id)).map((id) => [id, bind(outputs.get(id) ?? null)]));
      const output = own === undefined ? {} : { output: bind(own) };
      return judgementOf(() => run({ ...Object.fromEntries(steps), ...output, steps } as Parameters<typeof run>[0]));
    },
  };
}

/** What a condition is checked against. */
export interface ConditionScope {
  /** The schema of what a step puts out; undefined where it is not known. */
  outputOf(step: string): z.ZodType | undefined;
  /** Of a check: the schema of what the step itself puts out. */
  own?: z.ZodType | undefined;
}

/** @returns what is wrong with a condition, and where in it; undefined when nothing can be found */
export function stepConditionFault(text: string, { outputOf, own }: ConditionScope): string | undefined {
  try {
    const parsed = parsedCondition(text);
    checkExpression(parsed, scopeOf(stepsUsedIn(parsed), outputOf, own), MOST_NESTED);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConditionFault)) throw error;
    return `${error.message} (at character ${error.offset + 1})`;
  }
}

/** The ids of the steps that a condition uses; none where it is no CEL. */
export function conditionUses(text: string): readonly string[] {
  try {
    return stepsUsedIn(parsedCondition(text));
  } catch {
    return [];
  }
}

function scopeOf(uses: readonly string[], outputOf: ConditionScope["outputOf"], own: z.ZodType | undefined): Scope {
  const named = Object.fromEntries(uses.map((id) => [id, outputOf(id)]));
  return { ...named, steps: undefined, output: own };
}

/** JSON as CEL has it: objects become maps, since the library does not take those that have a `constructor`. */
function bind(value: Json): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(bind);
  return new Map(Object.entries(value).map(([key, item]) => [key, bind(item)]));
}
