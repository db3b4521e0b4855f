/**
 * JSON Schemas (draft 2020-12) that a plan brings along: from outside, and so taken only in a form that cannot do harm.
 * Each keyword that is understood has its form, and no other passes; there are no references, neither remote nor local;
 * size and depth are bounded, of the schema and of what is checked; patterns run on the linear engine. What passes is
 * checked by ajv, which is given nothing that its own schema of schemas would refuse.
 */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { z } from "zod";
import { type Json, type JsonObject, JsonObjectSchema, JsonSchema } from "../../domain/json.ts";
import { linearPattern } from "../../policy/linear-pattern.ts";

const count = z.int().min(0);
const name = z.string();
const pattern = z.string().superRefine((text, context) => {
  try {
    linearPattern(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: `it is no RE2 pattern: ${messageOf(error)}` });
  }
});

export const FORMATS = {
  date: z.iso.date(),
  time: z.iso.time(),
  "date-time": z.iso.datetime({ offset: true }),
  email: z.email(),
  uri: z.url(),
  uuid: z.uuid(),
} as const;

const TYPES = ["string", "number", "integer", "boolean", "object", "array", "null"] as const;

const Subschema: z.ZodType<unknown> = z.lazy(() =>
  z.union([
    z.boolean(),
    z
      .strictObject({
        $schema: z.literal("https://json-schema.org/draft/2020-12/schema"),
        ...{ title: z.string(), description: z.string(), default: JsonSchema, examples: z.array(JsonSchema) },
        ...{ type: z.union([z.enum(TYPES), z.array(z.enum(TYPES)).min(1)]), enum: z.array(JsonSchema).min(1) },
        ...{ const: JsonSchema, minLength: count, maxLength: count, pattern, format: z.enum(keysOf(FORMATS)) },
        ...{ minimum: z.number(), maximum: z.number(), exclusiveMinimum: z.number(), exclusiveMaximum: z.number() },
        ...{ multipleOf: z.number().positive(), minItems: count, maxItems: count, uniqueItems: z.boolean() },
        ...{ items: Subschema, prefixItems: z.array(Subschema).min(1), contains: Subschema },
        ...{ minContains: count, maxContains: count, minProperties: count, maxProperties: count },
        ...{ properties: z.record(name, Subschema), patternProperties: z.record(pattern, Subschema) },
        ...{ required: z.array(name), additionalProperties: Subschema, propertyNames: Subschema },
        dependentRequired: z.record(name, z.array(name)),
        ...{ allOf: z.array(Subschema).min(1), anyOf: z.array(Subschema).min(1), oneOf: z.array(Subschema).min(1) },
        not: Subschema,
      })
      .partial(),
  ]),
);

/** A schema from outside. What does not fit is said with its place. */
export const OutsideSchema: z.ZodType<JsonObject> = JsonObjectSchema.superRefine((schema, context) => {
  const fault = faultOf(schema);
  if (fault !== undefined) context.addIssue({ code: "custom", message: `The JSON Schema cannot be taken: ${fault}.` });
}).describe("A JSON Schema (draft 2020-12), without $ref, $defs and $id; patterns in RE2 notation.");

/** How large a schema may be: characters of it and of all its patterns, nesting, values. */
interface SchemaLimits {
  readonly characters: number;
  readonly patterns: number;
  readonly depth: number;
  readonly values: number;
}

const LIMITS: SchemaLimits = { characters: 20_000, patterns: 2000, depth: 24, values: 1000 };

function faultOf(schema: JsonObject): string | undefined {
  const fault = schemaFault(schema, LIMITS);
  if (fault !== undefined) return fault;
  try {
    schemaCheck(schema);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Why a schema cannot be taken, short of compiling it, or undefined. */
export function schemaFault(schema: JsonObject, limits: SchemaLimits): string | undefined {
  // First of all: what follows goes down as deep as it goes.
  const large = largeness(schema, limits);
  if (large !== undefined) return large;
  const text = JSON.stringify(schema);
  const { length } = text;
  if (text.includes('"__proto__"')) return '"__proto__" is no name for a property';
  if (length > limits.characters) return `it has ${length} characters; at most ${limits.characters} are taken`;
  const parsed = Subschema.safeParse(schema);
  if (!parsed.success) return describe(innermost(parsed.error.issues));
  const patterns = patternsOf(schema).join("").length;
  if (patterns <= limits.patterns) return undefined;
  return `its patterns have ${patterns} characters; at most ${limits.patterns} are taken`;
}

/** Of the alternatives "true or false" and "a schema", the second was meant where an object stands. */
function innermost(
  issues: readonly z.core.$ZodIssue[],
  path: readonly PropertyKey[] = [],
): z.core.$ZodIssue | undefined {
  const [issue] = issues;
  if (!issue) return undefined;
  const at = [...path, ...issue.path];
  const meant = issue.code === "invalid_union" ? issue.errors.at(-1) : undefined;
  return (meant && innermost(meant, at)) ?? { ...issue, path: at };
}

function describe(issue: z.core.$ZodIssue | undefined): string {
  if (!issue) return "it is none";
  const where = issue.path.length > 0 ? `at ${issue.path.join(".")}: ` : "";
  return `${where}${issue.message.replace(/^Unrecognized key/, "not understood here: key")}`;
}

function patternsOf(value: Json): string[] {
  if (typeof value !== "object" || value === null) return [];
  const { pattern: own, patternProperties } = Array.isArray(value) ? {} : value;
  const named =
    typeof patternProperties === "object" && patternProperties !== null ? Object.keys(patternProperties) : [];
  return [...(typeof own === "string" ? [own] : []), ...named, ...Object.values(value).flatMap(patternsOf)];
}

/** Why a value is too deep or too large to be looked at, or undefined. */
export function largeness(value: Json, limits: { depth: number; values: number }): string | undefined {
  let left = limits.values;
  let level: Json[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    left -= level.length;
    if (left < 0) return `it holds more than ${limits.values} values`;
    if (depth > limits.depth) return `it is nested more than ${limits.depth} deep`;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return undefined;
}

/** What may be checked against a schema: comparing the items of a list takes their number times itself. */
const CHECKED = { depth: 50, values: 5000 };
const MAX_FAULTS = 10;

/** What of a value does not fit. */
interface ValueFault {
  /** Where, from the outside in. */
  readonly path: readonly string[];
  readonly message: string;
  /** A name that is not known there. */
  readonly unknownKey?: string | undefined;
}

/**
 * @param schema one that {@link OutsideSchema} takes
 * @returns what finds the faults of a value, a sentence each; none means that it fits
 */
export function schemaCheck(schema: JsonObject): (value: Json) => string[] {
  const faults = schemaFaults(schema);
  return (value) => [...new Set(faults(value).map(sentenceOf))].slice(0, MAX_FAULTS);
}

/**
 * @param schema one without {@link schemaFault}
 * @returns what finds the faults of a value with their places; none means that it fits
 */
export function schemaFaults(schema: JsonObject): (value: Json) => ValueFault[] {
  const engine = Object.assign(linearEngine, { code: "linearPattern" });
  const formats = Object.entries(FORMATS).map(([format, { safeParse }]): [string, (text: string) => boolean] => {
    return [format, (text) => safeParse(text).success];
  });
  const ajv = new Ajv2020({
    ...{ meta: false, validateSchema: false, addUsedSchema: false, strict: false, logger: false },
    ...{ allErrors: true, ownProperties: true, formats: Object.fromEntries(formats), code: { regExp: engine } },
  });
  const validate = ajv.compile(schema);
  return (value) => {
    const large = largeness(value, CHECKED);
    if (large !== undefined) return [{ path: [], message: large }];
    return validate(value) ? [] : (validate.errors ?? []).map(faultFrom);
  };
}

/** ajv tells patterns from each other by their text. */
function linearEngine(source: string) {
  const compiled = linearPattern(source);
  return { test: (text: string) => compiled.test(text), toString: () => source };
}

function faultFrom({ instancePath, message = "does not fit", params }: ErrorObject): ValueFault {
  const path = instancePath.split("/").slice(1).map(unescaped);
  const unknownKey = "additionalProperty" in params ? String(params.additionalProperty) : undefined;
  const extra = unknownKey === undefined ? "" : ` ("${unknownKey}")`;
  const allowed = "allowedValues" in params ? `: ${JSON.stringify(params.allowedValues).slice(0, 200)}` : "";
  return { path, message: `${message}${extra}${allowed}`, unknownKey };
}

/** Of a part of a JSON pointer (RFC 6901). */
export const unescaped = (part: string): string => part.replaceAll("~1", "/").replaceAll("~0", "~");

const sentenceOf = ({ path, message }: ValueFault): string =>
  `${path.length === 0 ? "the value" : path.join(".")}: ${message}`;

function keysOf<T extends object>(value: T): [keyof T, ...(keyof T)[]] {
  return Object.keys(value) as [keyof T, ...(keyof T)[]];
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
