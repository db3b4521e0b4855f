/** The `if` of a step: a CEL expression over parameters by their names, judged when the plan is made. */
import { plan } from "@bufbuild/cel";
import { z } from "zod";
import type { JsonObject } from "../../domain/json.ts";
import { environment } from "../../policy/cel.ts";
import { type Judgement, judgementOf, parsedCondition } from "../../policy/condition.ts";
import { checkExpression } from "../../policy/condition-check.ts";
import type { Parameters } from "./declaration.ts";
import { schemaOf } from "./values.ts";

export type ParameterCondition = (values: JsonObject) => Judgement;

/** @throws ConditionFault that says what is wrong with it, and where */
export function compileParameterCondition(text: string, parameters: Parameters): ParameterCondition {
  const parsed = parsedCondition(text);
  const scope = Object.entries(parameters).map(
    ([name, parameter]) => [name, plainSchema(schemaOf(parameter))] as const,
  );
  checkExpression(parsed, Object.fromEntries(scope)); // it also marks comparisons with null
  const run = plan(environment, parsed);
  return (values) => judgementOf(() => run(values as Parameters_<typeof run>[0]));
}

type Parameters_<F extends (...args: never[]) => unknown> = F extends (...args: infer A) => unknown ? A : never;

/** What may be missing is not known to be anything. */
const plainSchema = (schema: z.ZodType): z.ZodType | undefined =>
  schema instanceof z.ZodNullable ? undefined : schema;
