/**
 * A JSON Schema of any dialect, as it comes from outside, rewritten to what is understood here: draft 2020-12 without
 * references. What says nothing of values is left out; what does and cannot be kept is refused.
 */
import { type Json, type JsonObject, JsonSchema } from "../../domain/json.ts";
import { FORMATS, largeness, unescaped } from "../thinking/json-schema.ts";

/** Names the place and the keyword. */
export class SchemaRefused extends Error {}

/** Of the schema as it comes, and of what it becomes with its references in place. */
const GIVEN = { depth: 60, values: 20_000 };
const MAX_SCHEMAS = 4000;

const COPIED = [
  ...["title", "description", "default", "examples", "type", "enum", "const", "minLength", "maxLength", "pattern"],
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems"],
  ...["uniqueItems", "minContains", "maxContains", "minProperties", "maxProperties", "required", "dependentRequired"],
] as const;
const ONE = ["items", "contains", "additionalProperties", "propertyNames", "not"] as const;
const LISTS = ["prefixItems", "allOf", "anyOf", "oneOf"] as const;
const MAPS = ["properties", "patternProperties"] as const;
/** They say something of values, and it would be lost. */
const REFUSED = [
  ...["if", "then", "else", "dependentSchemas", "dependencies", "unevaluatedItems", "unevaluatedProperties"],
  ...["$dynamicRef", "$recursiveRef"],
] as const;

interface Walk {
  readonly root: JsonObject;
  readonly at: readonly string[];
  /** The references that led here: one that stands in it leads to itself. */
  readonly through: readonly string[];
  readonly left: { schemas: number };
}

/**
 * @param given anything; only an object is a schema here
 * @throws SchemaRefused that names the place and the keyword
 */
export function plainSchema(given: unknown): JsonObject {
  if (!isObject(given)) throw new SchemaRefused("it is no JSON object");
  const large = largeness(given, GIVEN);
  if (large !== undefined) throw new SchemaRefused(large);
  if (!JsonSchema.safeParse(given).success) throw new SchemaRefused("it is no JSON object");
  const root = given;
  return plain(root, { root, at: [], through: [], left: { schemas: MAX_SCHEMAS } }) as JsonObject;
}

function plain(schema: Json, walk: Walk): Json {
  if (walk.left.schemas-- === 0)
    throw refused(walk, `with its references in place it holds over ${MAX_SCHEMAS} schemas`);
  if (typeof schema === "boolean") return schema;
  if (!isObject(schema)) throw refused(walk, "expected a schema");
  for (const keyword of REFUSED) {
    // These two say nothing when they are true.
    if (!Object.hasOwn(schema, keyword) || (keyword.startsWith("unevaluated") && schema[keyword] === true)) continue;
    throw refused(walk, `"${keyword}" is not supported`);
  }
  const own = nullable(members(current(schema), walk), schema);
  return "$ref" in schema ? joined(referred(schema.$ref ?? null, walk), own) : own;
}

/** Everything that is understood, of a schema of the current dialect. */
function members(schema: JsonObject, walk: Walk): JsonObject {
  const inner = (value: Json, ...keys: string[]) => plain(value, { ...walk, at: [...walk.at, ...keys] });
  const entries: [string, Json][] = [];
  const add = (keyword: string, make: (value: Json) => Json) => {
    const value = Object.hasOwn(schema, keyword) ? schema[keyword] : undefined;
    if (value !== undefined) entries.push([keyword, make(value)]);
  };
  for (const keyword of COPIED) add(keyword, (value) => value);
  for (const keyword of ONE) add(keyword, (value) => inner(value, keyword));
  for (const keyword of LISTS) {
    add(keyword, (value) => {
      if (!Array.isArray(value)) throw refused(walk, `"${keyword}" is no list`);
      return value.map((item, index) => inner(item, keyword, String(index)));
    });
  }
  for (const keyword of MAPS) {
    add(keyword, (value) => {
      if (!isObject(value)) throw refused(walk, `"${keyword}" is no object`);
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inner(item, keyword, key)]));
    });
  }
  // A format that nobody knows here is a note, as it is by default.
  const { format } = schema;
  if (typeof format === "string" && Object.hasOwn(FORMATS, format)) entries.push(["format", format]);
  return Object.fromEntries(entries);
}

/** What older dialects and OpenAPI 3.0 wrote otherwise. */
function current(schema: JsonObject): JsonObject {
  const { items, additionalItems, exclusiveMinimum, exclusiveMaximum, minimum, maximum, example, ...rest } = schema;
  const lists: JsonObject = Array.isArray(items)
    ? { ...(items.length > 0 ? { prefixItems: items } : {}), ...defined({ items: additionalItems }) }
    : defined({ items });
  return {
    ...rest,
    ...lists,
    ...bound("minimum", minimum, exclusiveMinimum),
    ...bound("maximum", maximum, exclusiveMaximum),
    ...(example === undefined || "examples" in rest ? {} : { examples: [example] }),
  };
}

function bound(name: "minimum" | "maximum", limit: Json | undefined, exclusive: Json | undefined): JsonObject {
  const other = name === "minimum" ? "exclusiveMinimum" : "exclusiveMaximum";
  if (exclusive === true) return defined({ [other]: limit });
  return defined({ [name]: limit, [other]: exclusive === false ? undefined : exclusive });
}

/** OpenAPI 3.0 says so that null may stand for the value. */
function nullable(own: JsonObject, { nullable: isNullable, type }: JsonObject): JsonObject {
  if (isNullable !== true || typeof type !== "string") return own;
  const values = Array.isArray(own.enum) && !own.enum.includes(null) ? { enum: [...own.enum, null] } : {};
  return { ...own, ...values, type: [type, "null"] };
}

const ANNOTATIONS: readonly string[] = ["title", "description", "default", "examples"];

/** What a reference leads to, with what stands beside it. */
function joined(target: Json, own: JsonObject): Json {
  const said = Object.entries(own).filter(([keyword]) => !ANNOTATIONS.includes(keyword));
  const notes = Object.fromEntries(Object.entries(own).filter(([keyword]) => ANNOTATIONS.includes(keyword)));
  if (!isObject(target)) return said.length === 0 ? target : { allOf: [target, own] };
  if (said.length === 0) return { ...target, ...notes };
  const both = Array.isArray(target.allOf) ? target.allOf : [];
  return { ...target, ...notes, allOf: [...both, Object.fromEntries(said)] };
}

function referred(reference: Json, walk: Walk): Json {
  if (typeof reference !== "string" || !(reference === "#" || reference.startsWith("#/"))) {
    throw refused(walk, `"$ref" ${JSON.stringify(reference).slice(0, 100)} leads elsewhere; only "#/…" is followed`);
  }
  if (reference === "#" || walk.through.includes(reference))
    throw refused(walk, `"$ref" "${reference}" leads to itself`);
  let target: Json | undefined = walk.root;
  for (const part of reference.slice(2).split("/").map(decoded)) {
    target = isIndexable(target) && Object.hasOwn(target, part) ? (target as JsonObject)[part] : undefined;
  }
  if (target === undefined) throw refused(walk, `"$ref" "${reference}" leads nowhere`);
  return plain(target, { ...walk, through: [...walk.through, reference] });
}

function decoded(part: string): string {
  try {
    return unescaped(decodeURIComponent(part));
  } catch {
    return unescaped(part);
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isIndexable = (value: Json | undefined): value is Json[] | JsonObject =>
  typeof value === "object" && value !== null;

function defined(given: { readonly [key: string]: Json | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

const refused = ({ at }: Walk, why: string): SchemaRefused =>
  new SchemaRefused(at.length === 0 ? why : `at ${at.join(".").slice(0, 200)}: ${why}`);
