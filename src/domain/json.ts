/** JSON values, their one canonical text (RFC 8785), and digests over it. */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { HoldpointError } from "../errors.ts";

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/**
 * Any JSON value. Not `z.json()`: that is recursive, and its `$ref` leads nowhere once the JSON Schema of one field
 * stands inside that of the whole state.
 */
export const JsonSchema = z.unknown().refine(isJson, "expected a JSON value") as z.ZodType<Json>;
export const JsonObjectSchema: z.ZodType<JsonObject> = z.record(z.string(), JsonSchema);

/**
 * The canonical JSON text of a value (RFC 8785): equal values give equal text, on every database.
 * @throws HoldpointError `usage` when the value is no JSON, or holds a NUL or a lone surrogate, which Postgres cannot store.
 */
export function canonicalJson(value: unknown): string {
  assertStorable(value);
  const text = canonicalize(value);
  if (text === undefined) throw new HoldpointError("usage", `Not a JSON value: ${String(value)}.`);
  return text;
}

/**
 * JSON text for storage that keeps the order of keys, for what people read and nothing is derived from.
 * @throws HoldpointError `usage` as {@link canonicalJson} does
 */
export function storedJson(value: unknown): string {
  assertStorable(value);
  return JSON.stringify(value);
}

/** SHA-256 over the canonical JSON text, as 64 lower-case hex digits. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** A short id derived from what it names: the same content always gives the same id. */
export function derivedId(prefix: string, value: unknown): string {
  return `${prefix}_${digestOf(value).slice(0, 20)}`;
}

function isJson(value: unknown): value is Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value !== "object") return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson);
}

/** Whether every database takes the texts inside a value. */
export function isStorable(value: unknown): boolean {
  try {
    assertStorable(value);
    return true;
  } catch {
    return false;
  }
}

/** @throws HoldpointError `usage` when a text inside the value holds a NUL or a lone surrogate. */
function assertStorable(value: unknown): void {
  if (typeof value === "string") {
    if (value.includes("\u0000") || !value.isWellFormed()) {
      throw new HoldpointError("usage", "The text holds a NUL or half a surrogate pair.", {
        hint: "Remove it and try again.",
      });
    }
  } else if (Array.isArray(value)) {
    for (const item of value) assertStorable(item);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      assertStorable(key);
      assertStorable(item);
    }
  }
}
