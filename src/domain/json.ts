/** JSON values, their one canonical text (RFC 8785), and digests over it. */
import { hash } from "node:crypto";
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
 * The canonical JSON text of a value (RFC 8785): equal values give equal text, on every database. What `JSON.stringify`
 * leaves out or reads by `toJSON` is left out and read here, too.
 * @throws HoldpointError `usage` when the value is no JSON, is nested more than 500 deep, or holds a NUL or a lone
 * surrogate, which Postgres cannot store
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalText(value, 0);
  if (text === undefined) throw notJson(value);
  return text;
}

/** Of texts and numbers the RFC says that they are written as `JSON.stringify` writes them. Undefined: to be left out. */
function canonicalText(value: unknown, depth: number): string | undefined {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw notJson(value);
  if (typeof value === "bigint") throw notJson(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  assertDepth(depth);
  if ("toJSON" in value && typeof value.toJSON === "function") return canonicalText(value.toJSON(), depth + 1);
  if (Array.isArray(value))
    return `[${Array.from(value, (item) => canonicalText(item, depth + 1) ?? "null").join(",")}]`;
  let members = "";
  for (const key of Object.keys(value).sort()) {
    const text = canonicalText((value as Record<string, unknown>)[key], depth + 1);
    if (text !== undefined) members += `${members === "" ? "" : ","}${quoted(key)}:${text}`;
  }
  return `{${members}}`;
}

/** Printable ASCII without quotation marks and backslashes is written as it is, which most names and many texts are. */
const AS_IT_IS = /^[ !#-[\]-~]*$/;
const quoted = (text: string): string => (AS_IT_IS.test(text) ? `"${text}"` : JSON.stringify(storable(text)));

const notJson = (value: unknown) => new HoldpointError("usage", `Not a JSON value: ${String(value)}.`);

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
  return hash("sha256", canonicalJson(value));
}

/** A short id derived from what it names: the same content always gives the same id. */
export function derivedId(prefix: string, value: unknown): string {
  return `${prefix}_${digestOf(value).slice(0, 20)}`;
}

/** Nesting beyond this is refused, as is what holds itself: every reader after this one may go down by recursion. */
const MAX_DEPTH = 500;
/** Of arguments, so that what holds them stays below that. */
const MAX_ARGS_DEPTH = 200;

/** Why a value is no JSON, or undefined. */
function faultOf(value: unknown, most = MAX_DEPTH, depth = 0): string | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : NO_JSON;
  if (typeof value !== "object" || !(Array.isArray(value) || isPlain(value))) return NO_JSON;
  if (depth === most) return `expected a JSON value that is not nested more than ${most} deep`;
  for (const item of Object.values(value)) {
    const fault = faultOf(item, most, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const NO_JSON = "expected a JSON value";

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Why arguments cannot be recorded, in words, or undefined. */
export function argsFault(args: unknown): string | undefined {
  return (
    faultOf(args, MAX_ARGS_DEPTH) ??
    (isStorable(args) ? undefined : "no text in it may hold a NUL or half a surrogate pair")
  );
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
  if (typeof value === "string") storable(value);
  else if (typeof value === "object" && value !== null) {
    assertDepth(depth);
    for (const [key, item] of Object.entries(value)) {
      if (!Array.isArray(value)) storable(key);
      assertStorable(item, depth + 1);
    }
  }
}

function storable(text: string): string {
  if (!text.includes("\u0000") && text.isWellFormed()) return text;
  throw new HoldpointError("usage", "The text holds a NUL or half a surrogate pair.", {
    hint: "Remove it and try again.",
  });
}

function assertDepth(depth: number): void {
  if (depth < MAX_DEPTH) return;
  throw new HoldpointError("usage", `The value is nested more than ${MAX_DEPTH} deep.`, { hint: "Flatten it." });
}
