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
export const JsonSchema = z.unknown().superRefine((value, context) => {
  const message = faultOf(value);
  if (message !== undefined) context.addIssue({ code: "custom", message });
}) as z.ZodType<Json>;
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

/** Nesting beyond this is refused, as is what holds itself: every reader after this one may go down by recursion. */
const MAX_DEPTH = 500;
const TOO_DEEP = `nested more than ${MAX_DEPTH} deep`;

/** Why a value is no JSON, or undefined. */
function faultOf(value: unknown, depth = 0): string | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : NO_JSON;
  if (typeof value !== "object" || !(Array.isArray(value) || isPlain(value))) return NO_JSON;
  if (depth === MAX_DEPTH) return `expected a JSON value that is not ${TOO_DEEP}`;
  for (const item of Object.values(value)) {
    const fault = faultOf(item, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const NO_JSON = "expected a JSON value";

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
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

/** @throws HoldpointError `usage` when a text inside the value holds a NUL or a lone surrogate, or it is nested too deep. */
function assertStorable(value: unknown, depth = 0): void {
  if (typeof value === "string") {
    if (value.includes("\u0000") || !value.isWellFormed()) {
      throw new HoldpointError("usage", "The text holds a NUL or half a surrogate pair.", {
        hint: "Remove it and try again.",
      });
    }
  } else if (typeof value === "object" && value !== null) {
    if (depth === MAX_DEPTH) throw new HoldpointError("usage", `The value is ${TOO_DEEP}.`, { hint: "Flatten it." });
    for (const [key, item] of Object.entries(value)) {
      if (!Array.isArray(value)) assertStorable(key);
      assertStorable(item, depth + 1);
    }
  }
}
