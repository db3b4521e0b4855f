/**
 * JSON Schemas that come with somebody else's tools: made into zod schemas that check by ajv, within bounds and with
 * patterns on the linear engine, and that are written as the schema they were made of.
 *
 * Not `z.fromJSONSchema`: it runs patterns on JavaScript's own engine, which can be made slow, throws at `not` and
 * `dependentRequired` without saying where, and what it makes is written back otherwise than it was given.
 */
import type { z } from "zod";
import { type Json, type JsonObject, JsonSchema } from "../../domain/json.ts";
import { HoldpointError } from "../../errors.ts";
import { schemaFault, schemaFaults } from "../thinking/json-schema.ts";
import { plainSchema, SchemaRefused } from "./plain-schema.ts";

const LIMITS = { characters: 100_000, patterns: 8000, depth: 40, values: 10_000 };
const MAX_ISSUES = 20;

/**
 * A zod schema that takes what a JSON Schema takes. What says nothing of values, is unknown, or belongs to another
 * dialect is left out or rewritten (see {@link plainSchema}); values are not changed, and defaults not filled in.
 * `jsonSchemaOf` gives the schema back.
 * @param given the schema, as it came; checked
 * @param owner whose it is, for the message
 * @throws HoldpointError `usage` that names the keyword and the place of what cannot be kept
 */
export function zodFromOutside(given: unknown, owner: string): z.ZodType<Json> {
  const schema = taken(given, owner);
  // Compiled when it is first used: of hundreds of tools, a run calls a few.
  let faults: ReturnType<typeof schemaFaults> | undefined;
  const made = JsonSchema.superRefine((value, context) => {
    faults ??= schemaFaults(schema);
    for (const { path, message, unknownKey } of faults(value).slice(0, MAX_ISSUES)) {
      const at = { path: [...path], message };
      if (unknownKey === undefined) context.addIssue({ ...at, code: "custom" });
      else context.addIssue({ ...at, code: "unrecognized_keys", keys: [unknownKey] });
    }
  });
  // A copy each time: zod completes what it is given. It would look for the parent, which it has not written then.
  Object.assign(made._zod, { toJSONSchema: () => structuredClone(schema), parent: undefined });
  return made;
}

function taken(given: unknown, owner: string): JsonObject {
  const refused = (why: string) =>
    new HoldpointError("usage", `The JSON Schema of ${owner} cannot be taken: ${why}.`, {
      hint: "Have it changed where it is made, or leave this one out.",
    });
  try {
    const schema = plainSchema(given);
    const fault = schemaFault(schema, LIMITS);
    if (fault !== undefined) throw refused(fault);
    return schema;
  } catch (error) {
    throw error instanceof SchemaRefused ? refused(error.message) : error;
  }
}
