/** What schemas and literals tell of the parts of a condition. */
import { z } from "zod";
import type { Expression } from "./cel.ts";

/** What is known of a value: its schema, or nothing, as of what is inside arguments and rows. */
export type Known = z.ZodType | undefined;

export const isDynamic = (schema: z.ZodType) =>
  !(schema instanceof z.ZodObject) && !SCALARS.some((scalar) => schema instanceof scalar);
const SCALARS = [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodEnum, z.ZodArray];

export function unwrapped(schema: Known): Known {
  const inner = schema instanceof z.ZodNullable ? (schema.unwrap() as z.ZodType) : schema;
  return inner !== undefined && isDynamic(inner) ? undefined : inner;
}

export function constantSchema(kind: string | undefined): Known {
  if (kind === "boolValue") return z.boolean();
  return kind === "stringValue" ? z.string() : z.number();
}

/** What calculates or measures is no condition. */
export function resultOf(name: string): Known {
  return /^_[-+*/%]_$|^size$/.test(name) ? z.number() : undefined;
}

export function textOf({ exprKind }: Expression): string | undefined {
  if (exprKind.case !== "constExpr") return undefined;
  const { constantKind } = exprKind.value;
  return constantKind.case === "stringValue" ? constantKind.value : undefined;
}

export function literalsIn(expression: Expression): [string, Expression][] {
  if (expression.exprKind.case === "listExpr") return expression.exprKind.value.elements.flatMap(literalsIn);
  const text = textOf(expression);
  return text === undefined ? [] : [[text, expression]];
}
