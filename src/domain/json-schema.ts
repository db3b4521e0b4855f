/** JSON Schemas of zod's schemas, each made once: making one takes longer than most of what is done with it. */
import { z } from "zod";
import type { JsonObject } from "./json.ts";

const made = { input: new WeakMap<z.ZodType, JsonObject>(), output: new WeakMap<z.ZodType, JsonObject>() };

/**
 * The JSON Schema (draft 2020-12, without `$schema`) of what a schema takes, or of what it gives. It is shared: nobody
 * changes it.
 * @throws what zod throws at a schema that it cannot write
 */
export function jsonSchemaOf(schema: z.ZodType, io: "input" | "output"): JsonObject {
  const known = made[io].get(schema);
  if (known) return known;
  const { $schema: _always, ...written } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  // Zod's own object carries a validator besides, which is no JSON. LangChain would use it before us.
  const plain = JSON.parse(JSON.stringify(written)) as JsonObject;
  made[io].set(schema, plain);
  return plain;
}
