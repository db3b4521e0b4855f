/** What of a tool's arguments a plan may give: not those that the operator fixed, refused, or uses for the key. */
import type { Json, JsonObject } from "../../domain/json.ts";
import type { Declaration } from "./declaration.ts";

/** The arguments that no plan gives. */
function taken({ fixed, refuse, idempotent }: Declaration): string[] {
  return [...Object.keys(fixed), ...refuse, ...(typeof idempotent === "object" ? [idempotent.argument] : [])];
}

/** The JSON Schema of a tool's arguments as plans see it. Names that it does not know are refused, unless it takes any. */
export function inputFor(schema: JsonObject, declaration: Declaration): JsonObject {
  const names = taken(declaration);
  const { properties, required, additionalProperties, ...rest } = schema;
  const known = isObject(properties) ? properties : {};
  const left = Object.fromEntries(Object.entries(known).filter(([name]) => !names.includes(name)));
  const isOpen = additionalProperties === undefined ? Object.keys(known).length === 0 : additionalProperties !== false;
  return {
    ...rest,
    type: "object",
    ...(isObject(properties) ? { properties: left } : {}),
    ...(Array.isArray(required) ? { required: required.filter((name) => !names.includes(String(name))) } : {}),
    ...(isOpen ? { additionalProperties: additionalProperties ?? true } : { additionalProperties: false }),
    ...(isOpen && names.length > 0 ? { propertyNames: { not: { enum: names } } } : {}),
  };
}

/** What the tool is called with. */
export function argumentsFor(args: JsonObject, { fixed, idempotent }: Declaration, key: string): JsonObject {
  return { ...args, ...fixed, ...(typeof idempotent === "object" ? { [idempotent.argument]: key } : {}) };
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
