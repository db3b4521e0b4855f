/** What a JSON Schema (https://json-schema.org) tells of the value at a path: enough to say that a reference cannot fit. */

/** The types that a value can have: string, number, boolean, object, array, null. */
export type Kinds = ReadonlySet<string>;

interface Schema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly additionalProperties?: unknown;
  readonly items?: unknown;
  readonly prefixItems?: readonly unknown[];
  readonly anyOf?: readonly unknown[];
  readonly oneOf?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

/** @returns undefined where the schema does not say, `nothing` where there can be no value */
export function kindsAt(schema: unknown, [key, ...rest]: readonly string[]): Kinds | undefined | "nothing" {
  if (typeof schema !== "object" || schema === null) return schema === false ? "nothing" : undefined;
  const { anyOf, oneOf } = schema as Schema;
  const options = anyOf ?? oneOf;
  if (options) return union(options.map((option) => kindsAt(option, key === undefined ? [] : [key, ...rest])));
  if (key === undefined) return kindsOf(schema);
  const inner = member(schema, key);
  return inner === undefined || inner === "nothing" ? inner : kindsAt(inner, rest);
}

function union(found: readonly (Kinds | undefined | "nothing")[]): Kinds | undefined | "nothing" {
  const some = found.filter((kinds) => kinds !== "nothing");
  if (some.length === 0) return "nothing";
  return some.includes(undefined) ? undefined : new Set(some.flatMap((kinds) => [...(kinds ?? [])]));
}

function kindsOf({ type, enum: values, ...schema }: Schema): Kinds | undefined {
  if ("const" in schema) return new Set([kindOf(schema.const)]);
  if (values) return new Set(values.map(kindOf));
  const types = (Array.isArray(type) ? type : [type]).filter((one) => typeof one === "string");
  return types.length === 0 ? undefined : new Set(types.map((one) => (one === "integer" ? "number" : one)));
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function member(schema: Schema, key: string): object | undefined | "nothing" {
  const { properties, additionalProperties, items, prefixItems } = schema;
  const kinds = kindsOf(schema);
  const isIndex = /^\d+$/.test(key);
  if (kinds?.has("array") && isIndex) return known(prefixItems?.[Number(key)] ?? items);
  if (kinds && !kinds.has("object")) return "nothing";
  if (properties && Object.hasOwn(properties, key)) return known(properties[key]);
  if (additionalProperties === false || (properties && additionalProperties === undefined)) return "nothing";
  return known(additionalProperties);
}

const known = (schema: unknown): object | undefined | "nothing" => {
  if (schema === false) return "nothing";
  return typeof schema === "object" && schema !== null ? schema : undefined;
};
