/** The JSON schema of an answer as a model is told it: what it needs to write one, in few tokens. */
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { jsonSchemaOf } from "../domain/json-schema.ts";

/**
 * Bounds and patterns of texts and lists. A model rarely comes near them, they take a third of the schema, and the answer
 * is checked for them all the same: what does not fit goes back with the fault.
 */
const LEFT_OUT = new Set([
  ...["propertyNames", "pattern"],
  ...["minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"],
]);

/**
 * Plain JSON: zod's own carries a validator, which LangChain would use before us and without telling what is wrong. And
 * `propertyNames` is refused by some endpoints. Each caller gets a copy of its own.
 */
export function answerJsonSchema(schema: z.ZodType): Record<string, unknown> {
  return slim(jsonSchemaOf(schema, "input")) as Record<string, unknown>;
}

/** In the metadata of a schema: it is told whole, as it is where somebody's own schema says what an answer is like. */
export const WHOLE = "x-told-whole";

/** @param isNames whether it is a record of names, of which none is left out, whatever it is called */
function slim(value: unknown, isNames = false): unknown {
  if (Array.isArray(value)) return value.map((item) => slim(item));
  if (typeof value !== "object" || value === null) return value;
  if (!isNames && WHOLE in value) {
    const { [WHOLE]: _mark, ...whole } = value;
    return whole;
  }
  const entries = Object.entries(value).filter(
    ([key, inner]) => typeof inner !== "function" && (isNames || !(LEFT_OUT.has(key) || isImplied(key, inner, value))),
  );
  return Object.fromEntries(entries.map(([key, inner]) => [key, slim(inner, !isNames && key === "properties")]));
}

/** That a choice among texts is a text, and what is left out is empty; and what may stand besides, where that is anything, or nothing. */
function isImplied(key: string, value: unknown, schema: object): boolean {
  if (key === "type") return "enum" in schema;
  if (key === "default") return value === "" || isDeepStrictEqual(value, []);
  const isBare = typeof value === "boolean" || isDeepStrictEqual(value, {});
  return key === "additionalProperties" && isBare;
}
