/** JSON Schemas of somebody else's tools: what they take, how they are written again, and what is refused. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import { jsonSchemaOf } from "../../../src/domain/json-schema.ts";
import { argumentFaults, referenceFaults } from "../../../src/planning/check-arguments.ts";
import { fingerprintOf } from "../../../src/tools/fingerprint.ts";
import { zodFromOutside } from "../../../src/tools/outside/json-schema.ts";

const take = (schema: unknown) => zodFromOutside(schema, '"files__write"');
const written = (schema: unknown) => jsonSchemaOf(take(schema), "input");
const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: "object", properties, ...more });

const move: JsonObject = object(
  {
    source: { type: "string", minLength: 1, pattern: "^/", description: "Where it is" },
    count: { type: ["integer", "null"], minimum: 0, default: 1 },
    how: { oneOf: [{ const: "copy" }, { const: "link", title: "A link" }] },
  },
  { required: ["source"], additionalProperties: false },
);

describe("a schema from outside", () => {
  it("is written as it came", () => {
    expect(written(move)).toEqual(move);
  });

  it("judges values, and says where", () => {
    const parsed = take(move).safeParse({ source: "x", count: 1.5, other: 1 });
    const issues = parsed.error?.issues.map(({ path, code }) => `${path.join(".")} ${code}`);
    expect(issues).toEqual([" unrecognized_keys", "source custom", "count custom"]);
    expect(take(move).parse({ source: "/a", count: null })).toEqual({ source: "/a", count: null });
  });

  it.each<[string, JsonObject, JsonObject]>([
    ["what says nothing", { type: "string", "x-order": 1, $comment: "c", readOnly: true }, { type: "string" }],
    ["formats nobody knows", { type: "string", format: "int64" }, { type: "string" }],
    [
      "definitions",
      { ...object({ a: { $ref: "#/$defs/a~1b", description: "mine" } }), $defs: { "a/b": { type: "string" } } },
      object({ a: { type: "string", description: "mine" } }),
    ],
    [
      "what stands beside a reference",
      { ...object({ a: { $ref: "#/definitions/a", maxLength: 3 } }), definitions: { a: { type: "string" } } },
      object({ a: { type: "string", allOf: [{ maxLength: 3 }] } }),
    ],
    [
      "OpenAPI's null",
      { type: "string", nullable: true, enum: ["a"] },
      { type: ["string", "null"], enum: ["a", null] },
    ],
    [
      "old bounds",
      { minimum: 3, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false },
      { exclusiveMinimum: 3, maximum: 9 },
    ],
    [
      "old tuples",
      { items: [{ type: "string" }], additionalItems: false },
      { prefixItems: [{ type: "string" }], items: false },
    ],
  ])("is rewritten: %s", (_what, given, expected) => {
    expect(written(given)).toEqual(expected);
  });

  it.each<[string, unknown, string]>([
    ["a condition", object({ a: { if: {} } }), 'at properties.a: "if" is not supported'],
    [
      "a reference elsewhere",
      object({ a: { $ref: "https://evil.example" } }),
      '"$ref" "https://evil.example" leads elsewhere',
    ],
    ["a reference to nothing", { $ref: "#/$defs/a" }, '"$ref" "#/$defs/a" leads nowhere'],
    [
      "a reference to itself",
      { $ref: "#/$defs/a", $defs: { a: object({ b: { $ref: "#/$defs/a" } }) } },
      '"#/$defs/a" leads to itself',
    ],
    ["a slow pattern", object({ a: { pattern: "(?=a)b" } }), "at properties.a.pattern: it is no RE2 pattern"],
    ["another type", object({ a: { type: "file" } }), "at properties.a.type"],
    ["no schema", "text", "it is no JSON object"],
    ["a dangerous name", JSON.parse('{"properties":{"__proto__":{}}}'), "__proto__"],
  ])("is refused for %s", (_what, given, why) => {
    expect(() => take(given)).toThrow(why);
    expect(() => take(given)).toThrow('The JSON Schema of "files__write" cannot be taken');
  });

  it("is refused when it is large, or becomes large, and at once", () => {
    const started = performance.now();
    let deep: JsonObject = {};
    for (let n = 0; n < 5000; n++) deep = { not: deep };
    expect(() => take(deep)).toThrow("nested");
    expect(() => take({ enum: Array.from({ length: 50_000 }, (_, n) => n) })).toThrow("more than 20000 values");
    expect(() => take({ description: "x".repeat(200_000) })).toThrow("characters");
    const $defs: JsonObject = { d0: { type: "string" } };
    for (let n = 1; n < 40; n++)
      $defs[`d${n}`] = { anyOf: [{ $ref: `#/$defs/d${n - 1}` }, { $ref: `#/$defs/d${n - 1}` }] };
    expect(() => take({ $ref: "#/$defs/d39", $defs })).toThrow("over 4000 schemas");
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("checks plans: arguments, and what references refer to", () => {
    const input = take(move);
    const output = take(object({ id: { type: "number" }, path: { type: "string" } }, { additionalProperties: false }));
    const step = (args: JsonObject) =>
      ({ id: "s2", title: "t", action: "a", args, dependsOn: [] }) as unknown as Parameters<typeof argumentFaults>[0];
    const faults = (args: JsonObject) => [
      ...argumentFaults(step(args), { input }),
      ...referenceFaults(step(args), { input, outputOf: () => output }),
    ];
    expect(faults({ source: { $ref: "s1.path" } })).toEqual([]);
    expect(faults({ source: { $ref: "s1.id" } })).toEqual(['Step "s2" (a): "source" takes string; "s1.id" is number.']);
    expect(faults({ source: { $ref: "s1.none" } })[0]).toContain('"s1" does not put out');
    expect(faults({ source: "/a", other: { $ref: "s1.id" } })).toEqual([
      'Step "s2" (a): the arguments: must NOT have additional properties ("other").',
    ]);
  });

  it("is part of an action's fingerprint", () => {
    const print = (schema: JsonObject) =>
      fingerprintOf({ input: take(schema), reversibility: "irreversible" } as Parameters<typeof fingerprintOf>[0]);
    expect(print(move)).toBe(print(structuredClone(move)));
    expect(print(move)).not.toBe(print({ ...move, required: [] }));
  });
});
