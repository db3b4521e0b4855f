/** The schema of arguments as JSON, for pages and models. */
import { z } from "zod";
import type { JsonObject } from "../domain/json.ts";
import type { Action } from "./action.ts";

/** An action's arguments as plain JSON Schema. */
export function argsJsonSchema(action: Action): JsonObject {
  const { $schema: _always, ...schema } = z.toJSONSchema(action.input, { io: "input", unrepresentable: "any" });
  // Zod's own object carries a validator besides, which is no JSON.
  return JSON.parse(JSON.stringify(schema));
}
