/** The schema of arguments as JSON, for pages and models. */
import type { JsonObject } from "../domain/json.ts";
import { jsonSchemaOf } from "../domain/json-schema.ts";
import type { Action } from "./action.ts";

/** An action's arguments as plain JSON Schema. */
export function argsJsonSchema(action: Action): JsonObject {
  return structuredClone(jsonSchemaOf(action.input, "input")); // whoever is asked may do with it what they want
}
