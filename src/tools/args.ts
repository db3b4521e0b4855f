/** Arguments as JSON: their schema for pages and models, and what pages make of them. */
import { z } from "zod";
import type { Json, JsonObject } from "../domain/json.ts";
import type { Action } from "./action.ts";

/** An action's arguments as plain JSON Schema. */
export function argsJsonSchema(action: Action): JsonObject {
  // Zod's own object carries a validator besides, which is no JSON.
  return JSON.parse(JSON.stringify(z.toJSONSchema(action.input, { io: "input", unrepresentable: "any" })));
}

/**
 * Review pages send edited values as text: `"3"` for 3, `"[1,2]"` for a list. Where the schema asks for something
 * other than text and the text says it, it is put in its place; everything else stays, and is for the schema to refuse.
 */
export function coerceArgs(schema: z.ZodType, args: JsonObject): JsonObject {
  const parsed = schema.safeParse(args);
  if (parsed.success) return args;
  const coerced: JsonObject = structuredClone(args);
  for (const issue of parsed.error.issues) {
    if (issue.code !== "invalid_type") continue;
    const place = placeOf(coerced, issue.path);
    const value = place && said(place.value, issue.expected);
    if (place && value !== undefined) place.put(value);
  }
  return coerced;
}

function placeOf(root: JsonObject, path: readonly PropertyKey[]) {
  const key = path.at(-1);
  let holder: Json | undefined = root;
  for (const part of path.slice(0, -1)) holder = own(holder, part);
  if (typeof holder !== "object" || holder === null || typeof key === "symbol" || key === undefined) return undefined;
  const value = own(holder, key);
  if (typeof value !== "string") return undefined;
  const target = holder as Record<PropertyKey, Json>;
  return {
    value,
    put: (next: Json) => {
      target[key] = next;
    },
  };
}

function own(holder: Json | undefined, key: PropertyKey): Json | undefined {
  if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, key)) return undefined;
  return (holder as Record<PropertyKey, Json>)[key];
}

const KINDS: Readonly<Record<string, (value: Json) => boolean>> = {
  number: (value) => typeof value === "number",
  int: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  array: Array.isArray,
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  record: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  null: (value) => value === null,
};

/** What a text says as JSON, when that is of the expected kind. */
function said(text: string, expected: string): Json | undefined {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return KINDS[expected]?.(value) ? value : undefined;
}
