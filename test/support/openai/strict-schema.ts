/**
 * What OpenAI's API demands of a schema that is sent with `strict: true`. It refuses others with status 400, which a
 * server that takes anything would hide. The rules are those of its guide "Structured outputs", section "Supported
 * schemas", the list of unsupported keywords in the `openai` package (`lib/transform`), and refusals as users reported
 * them (openai-node #1119, #1709, #1988, langchainjs #11381). Where reports differ, as for `default` and the lengths of
 * strings, this refuses: what passes here passes there.
 */
import type { Call } from "./request.ts";

type Schema = Readonly<Record<string, unknown>>;

const NOT_PERMITTED = [
  ...["oneOf", "allOf", "not", "if", "then", "else", "dependencies", "dependentRequired", "dependentSchemas"],
  ...["propertyNames", "patternProperties", "unevaluatedProperties", "minProperties", "maxProperties"],
  ...["prefixItems", "unevaluatedItems", "uniqueItems", "contains", "minContains", "maxContains"],
  ...["default", "minLength", "maxLength"],
];

const FORMATS = ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/** Of these a schema needs one, to say what it admits. */
const SAYS_WHAT = ["type", "anyOf", "enum", "const", "$ref"];

/** Why the API would refuse a schema of this call, in its words; undefined when it would take them all. */
export function strictProblemOf({ body }: Call): string | undefined {
  const format = body.response_format?.json_schema;
  const functions = (body.tools ?? []).flatMap((tool) => (tool.function ? [tool.function] : []));
  const strict = [
    { label: "response_format", name: format?.name, schema: format?.strict ? format.schema : undefined },
    ...functions.map(({ name, parameters, strict }) => ({
      label: "function",
      name,
      schema: strict ? parameters : undefined,
    })),
  ];
  for (const { label, name, schema } of strict) {
    const problem = schema && rootProblem(schema);
    if (problem) return `Invalid schema for ${label} '${name}': ${problem}`;
  }
  return undefined;
}

function rootProblem(schema: Schema): string | undefined {
  if (schema.type === "object") return problemAt(schema, []);
  return `schema must be a JSON Schema of 'type: "object"', got 'type: "${String(schema.type ?? "None")}"'.`;
}

function problemAt(schema: Schema, path: readonly string[]): string | undefined {
  const problem = ownProblem(schema);
  if (problem) return `In context=(${quoted(path)}), ${problem}`;
  for (const [child, childPath] of childrenOf(schema)) {
    const below = problemAt(child, [...path, ...childPath]);
    if (below) return below;
  }
  return undefined;
}

function ownProblem(schema: Schema): string | undefined {
  const { $ref, ...siblings } = schema;
  if ($ref !== undefined && Object.keys(siblings).length > 0) {
    return `$ref cannot have keywords {${quoted(Object.keys(siblings))}}.`;
  }
  const forbidden = NOT_PERMITTED.find((keyword) => keyword in schema);
  if (forbidden) return `'${forbidden}' is not permitted.`;
  if (!SAYS_WHAT.some((keyword) => keyword in schema)) return "schema must have a 'type' key.";
  if (schema.format !== undefined && !FORMATS.includes(String(schema.format))) {
    return `'${String(schema.format)}' is not a valid format.`;
  }
  if (schema.type === "array" && schema.items === undefined) return "array schema missing items.";
  return schema.type === "object" ? objectProblem(schema) : undefined;
}

function objectProblem(schema: Schema): string | undefined {
  if (schema.additionalProperties !== false) {
    return "'additionalProperties' is required to be supplied and to be false.";
  }
  const required: unknown[] = Array.isArray(schema.required) ? schema.required : [];
  const missing = Object.keys(asSchema(schema.properties)).find((key) => !required.includes(key));
  if (missing === undefined) return undefined;
  return `'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`;
}

function childrenOf(schema: Schema): [child: Schema, path: string[]][] {
  const groups = ["properties", "$defs", "definitions", "anyOf"].flatMap((group) =>
    Object.entries(asSchema(schema[group])).map(([key, child]): [unknown, string[]] => [child, [group, key]]),
  );
  const items: [unknown, string[]][] = schema.items === undefined ? [] : [[schema.items, ["items"]]];
  return [...groups, ...items].map(([child, path]) => [asSchema(child), path]);
}

function asSchema(value: unknown): Schema {
  return typeof value === "object" && value !== null ? (value as Schema) : {};
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(", ");
}
