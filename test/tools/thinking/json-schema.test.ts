/** JSON Schemas from outside: what is taken, what is not, and that none of them can do harm. */
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../src/domain/json.ts";
import { OutsideSchema, schemaCheck } from "../../../src/tools/thinking/json-schema.ts";

const faultOf = (schema: unknown): string => {
  const parsed = OutsideSchema.safeParse(schema);
  return parsed.success ? "" : (parsed.error.issues[0]?.message ?? "");
};

/** The schema is taken, and these are the faults of the value. */
const faults = (schema: JsonObject, value: Json): string[] => {
  expect(faultOf(schema)).toBe("");
  return schemaCheck(schema)(value);
};

const person: JsonObject = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    name: { type: "string", minLength: 2, pattern: "^[A-Z]" },
    code: { type: "string", pattern: "^\\d{4}$" },
    tags: { type: "array", items: { enum: ["a", "b"] }, uniqueItems: true, maxItems: 3 },
    age: { type: ["integer", "null"], minimum: 0 },
  },
  required: ["name"],
  additionalProperties: false,
};

describe("a value", () => {
  it.each<[Json, string[]]>([
    [{ name: "Ada", code: "1234", tags: ["a", "b"], age: null }, []],
    [{ name: "ada" }, ['name: must match pattern "^[A-Z]"']],
    [{ name: "Ada", code: "12345" }, ['code: must match pattern "^\\d{4}$"']],
    [{}, ["the value: must have required property 'name'"]],
    [{ name: "Ada", tags: ["c"] }, ['tags.0: must be equal to one of the allowed values: ["a","b"]']],
    [{ name: "Ada", tags: ["a", "a"] }, ["tags: must NOT have duplicate items (items ## 0 and 1 are identical)"]],
    [{ name: "Ada", extra: 1 }, ['the value: must NOT have additional properties ("extra")']],
    ["Ada", ["the value: must be object"]],
  ])("is judged by every part of its schema: %j", (value, expected) => {
    expect(faults(person, value)).toEqual(expected);
  });

  it.each([
    ["date", "2026-11-22", "22 November"],
    ["date-time", "2026-11-22T10:00:00+01:00", "2026-11-22 10:00"],
    ["email", "ada@example.com", "ada@"],
    ["uri", "https://example.com/a", "example"],
    ["uuid", "123e4567-e89b-42d3-a456-426614174000", "123"],
  ])("has the format %s, or has not", (format, good, bad) => {
    expect(faults({ type: "string", format }, good)).toEqual([]);
    expect(faults({ type: "string", format }, bad)).toEqual([`the value: must match format "${format}"`]);
  });

  it("is not taken for what its prototype has", () => {
    const schema: JsonObject = { type: "object", required: ["constructor"] };
    expect(faults(schema, {})).toHaveLength(1);
    expect(faults(schema, { constructor: 1 })).toEqual([]);
  });

  it("that is too large or too deep to be compared is not looked at", () => {
    const started = performance.now();
    const many = Array.from({ length: 200_000 }, (_, n) => ({ n }));
    expect(faults({ type: "array", uniqueItems: true }, many)).toEqual(["the value: it holds more than 5000 values"]);
    let deep: Json = [];
    for (let n = 0; n < 10_000; n++) deep = [deep];
    expect(faults({ type: "array" }, deep)).toEqual(["the value: it is nested more than 50 deep"]);
    expect(faults({ type: "array", uniqueItems: true }, many.slice(0, 2400))).toEqual([]);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});

describe("a schema", () => {
  it.each<[string, unknown, string]>([
    ["a reference elsewhere", { $ref: "https://evil.example/schema.json" }, '"$ref"'],
    ["a reference within", { properties: { a: { $ref: "#" } } }, 'at properties.a: not understood here: key: "$ref"'],
    ["an id", { $id: "https://evil.example" }, '"$id"'],
    ["definitions", { $defs: {} }, '"$defs"'],
    ["another dialect", { $schema: "http://json-schema.org/draft-04/schema#" }, "at $schema"],
    ["a misspelt keyword", { type: "object", propertys: {} }, '"propertys"'],
    ["a keyword of the wrong kind", { type: "string", maxLength: "1; process.exit()" }, "at maxLength"],
    ["a type that there is not", { type: "text" }, "at type"],
    ["an unknown format", { type: "string", format: "phone" }, "at format"],
    ["a pattern that the engine does not take", { pattern: "(a)\\1" }, "it is no RE2 pattern"],
    ["a pattern that is a name", { patternProperties: { "(?=a)": {} } }, "patternProperties"],
    ["a name that is a prototype's", JSON.parse('{"properties":{"__proto__":{"type":"string"}}}'), "__proto__"],
  ])("with %s is refused, and says so", (_what, schema, expected) => {
    expect(faultOf(schema)).toContain("The JSON Schema cannot be taken");
    expect(faultOf(schema)).toContain(expected);
  });

  it("that is too large, too deep, or has too many patterns is refused at once", () => {
    const started = performance.now();
    expect(faultOf({ enum: Array.from({ length: 100_000 }, (_, n) => n) })).toContain("more than 1000 values");
    let deep: object = {};
    for (let n = 0; n < 30; n++) deep = { not: deep };
    expect(faultOf(deep)).toContain("nested more than 24 deep");
    for (let n = 0; n < 20_000; n++) deep = { not: deep };
    expect(faultOf(deep)).toContain("nested more than 500 deep");
    expect(faultOf({ const: "x".repeat(30_000) })).toContain("at most 20000");
    const patterns = Array.from({ length: 5 }, () => ({ pattern: "a".repeat(900) }));
    expect(faultOf({ anyOf: patterns })).toContain("its patterns have 4500 characters");
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("cannot be made slow by a pattern", () => {
    const started = performance.now();
    const text = `${"a".repeat(40_000)}!`;
    expect(faults({ type: "string", pattern: "^(a+)+$" }, text)).toHaveLength(1);
    expect(faults({ type: "object", patternProperties: { "^(a|a)*$": { type: "string" } } }, { [text]: 1 })).toEqual(
      [],
    );
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it("is never run: names, texts and patterns that look like code stay what they are", () => {
    const hostile = ['"];globalThis.hacked=1;//', "'+(globalThis.hacked=1)+'", "`${globalThis.hacked=1}`", "\\u2028x"];
    const schema: JsonObject = {
      type: "object",
      title: hostile[0] ?? "",
      properties: Object.fromEntries(hostile.map((name) => [name, { const: name, enum: [name], description: name }])),
      required: hostile,
      patternProperties: Object.fromEntries(["\\];globalThis\\.hacked=1;", "\\*/globalThis"].map((one) => [one, {}])),
      dependentRequired: Object.fromEntries(hostile.map((name) => [name, hostile])),
    };
    expect(faults(schema, Object.fromEntries(hostile.map((name) => [name, name])))).toEqual([]);
    expect(faults(schema, { [hostile[0] ?? ""]: 1 }).length).toBeGreaterThan(0);
    expect(globalThis).not.toHaveProperty("hacked");
  });
});
