/** Arguments that came as text, made into what their schema asks for. */
import type { z } from "zod";
import type { Json, JsonObject } from "./json.ts";

const MAX_PLACES = 100;

/**
 * Review pages send edited values as text: `"3"` for 3, `"[1,2]"` for a list. Where the schema refuses a text and takes
 * what it says as JSON, that is put in its place; everything else stays, and is for the schema to refuse. Where more than 100 places are refused,
 * all stays.
 */
export function coerceArgs(schema: z.ZodType, args: JsonObject): JsonObject {
  const faults = faultsOf(schema, args);
  // Each place costs a copy and a check of the whole.
  if (faults.size > MAX_PLACES) return args;
  let coerced = args;
  for (const path of faults.values()) {
    const candidate = structuredClone(coerced);
    // Kept only where it mends its place: one that does not fit either would only be harder to read.
    if (replace(candidate, path) && !faultsOf(schema, candidate).has(keyOf(path))) coerced = candidate;
  }
  return coerced;
}

type Path = readonly PropertyKey[];
const keyOf = (path: Path): string => JSON.stringify(path.map(String));

/** The places that the schema refuses. */
function faultsOf(schema: z.ZodType, args: JsonObject): Map<string, Path> {
  const parsed = schema.safeParse(args);
  const issues = parsed.success ? [] : parsed.error.issues;
  return new Map(issues.map(({ path }) => [keyOf(path), path]));
}

/** Puts what a text says in its place. @returns whether there was such a text */
function replace(root: JsonObject, path: Path): boolean {
  const key = path.at(-1);
  let holder: Json | undefined = root;
  for (const part of path.slice(0, -1)) holder = own(holder, part);
  if (typeof holder !== "object" || holder === null || typeof key === "symbol" || key === undefined) return false;
  const text = own(holder, key);
  const value = typeof text === "string" ? said(text) : undefined;
  if (value === undefined) return false;
  (holder as Record<PropertyKey, Json>)[key] = value;
  return true;
}

function own(holder: Json | undefined, key: PropertyKey): Json | undefined {
  if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, key)) return undefined;
  return (holder as Record<PropertyKey, Json>)[key];
}

/** What a text says as JSON; undefined when it is words, or a number that would be changed by reading it. */
function said(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json;
    const rounded = typeof value === "number" && /^-?\d+$/.test(text.trim()) && !Number.isSafeInteger(value);
    return rounded ? undefined : value;
  } catch {
    return undefined;
  }
}
