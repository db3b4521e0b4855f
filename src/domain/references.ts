/**
 * References in arguments to the output of another step: a whole value is `{ "$ref": "s1.products.0.id" }`, inside
 * text it is `${s1.products.0.id}`.
 */
import type { Json } from "./json.ts";

export const INLINE_REFERENCE = /\$\{([a-z][a-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)\}/g;

export function wholeReference(value: Json): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { $ref, ...rest } = value;
  return typeof $ref === "string" && Object.keys(rest).length === 0 ? $ref : undefined;
}

/** The paths that a value refers to, such as `s1.products.0.id`. */
export function findReferences(value: Json): string[] {
  if (typeof value === "string") return [...value.matchAll(INLINE_REFERENCE)].map((match) => match[1] ?? "");
  if (typeof value !== "object" || value === null) return [];
  const whole = wholeReference(value);
  if (whole !== undefined) return [whole];
  return Object.values(value).flatMap(findReferences);
}
