/** What counts as JSON: nothing from outside may bring the process down by how it is built. */
import canonicalize from "canonicalize";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { argsFault, canonicalJson, isStorable, JsonSchema, storedJson } from "../../src/domain/json.ts";

const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let n = 0; n < levels; n++) value = n % 2 === 0 ? [value] : { a: value };
  return value;
};
const circle: Record<string, unknown> = { a: 1 };
circle.again = [circle, circle];

describe("JSON", () => {
  it("is plain values", () => {
    const value = { a: [1, -0.5, "x", true, null, {}], b: Object.create(null) as object };
    expect(JsonSchema.parse(value)).toBe(value);
  });

  it.each([
    undefined,
    Number.NaN,
    Infinity,
    1n,
    Symbol("a"),
    () => 1,
    new Date(0),
    new Map(),
    [undefined],
    { a: new Set() },
  ])("is not %s", (value) => {
    expect(JsonSchema.safeParse(value).error?.issues[0]?.message).toBe("expected a JSON value");
  });

  it("is taken 500 deep, and 200 deep as arguments", () => {
    expect([argsFault(nested(200)), argsFault(nested(201))]).toEqual([undefined, expect.stringContaining("200 deep")]);
    expect(JsonSchema.safeParse(nested(500)).success).toBe(true);
    expect(isStorable(nested(500))).toBe(true);
    expect(canonicalJson(nested(500))).toBe(storedJson(nested(500)));
  });

  it.each<[string, unknown]>([
    ["deeper", nested(501)],
    ["deeper than the stack reaches", nested(200_000)],
    ["in a circle", circle],
  ])("is refused with a reason when it is nested %s", (_how, value) => {
    expect(JsonSchema.safeParse(value).error?.issues[0]?.message).toBe(
      "expected a JSON value that is not nested more than 500 deep",
    );
    expect(isStorable(value)).toBe(false);
    expect(() => canonicalJson(value)).toThrow("The value is nested more than 500 deep.");
    expect(() => storedJson(value)).toThrow("The value is nested more than 500 deep.");
  });

  it("is written as by another implementation of RFC 8785", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("10", "9", "\u20ac", "\ufb33", "\ud83d\ude00", "__proto__"),
    );
    const { value } = fc.letrec((tie) => ({
      leaf: fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
      left: fc.oneof(fc.constant(undefined), fc.constant(Symbol("a")), fc.date({ noInvalidDate: true })),
      value: fc.oneof(
        { depthSize: "small" },
        tie("leaf"),
        tie("left"),
        fc.array(tie("value")),
        fc.dictionary(text, tie("value")),
      ),
    }));
    fc.assert(
      fc.property(fc.record({ value }), (given) => {
        if (isStorable(given)) expect(canonicalJson(given)).toBe(canonicalize(given));
      }),
      { numRuns: 2000 },
    );
  });

  it("has null where a list holds nothing", () => {
    const sparse: number[] = [];
    sparse[1] = 1;
    expect(canonicalJson({ v: sparse })).toBe('{"v":[null,1]}');
  });

  it.each([Number.NaN, Infinity, 1n, undefined, Symbol("a")])("has no text for %s", (value) => {
    expect(() => canonicalJson(value)).toThrow("Not a JSON value");
    if (typeof value === "number" || typeof value === "bigint")
      expect(() => canonicalJson([value])).toThrow("Not a JSON value");
  });

  it("holds no text that a database does not take", () => {
    for (const text of ["a\u0000b", "\ud800"]) {
      expect(JsonSchema.safeParse(text).success).toBe(true);
      expect(isStorable([text])).toBe(false);
      expect(isStorable({ [text]: 1 })).toBe(false);
      expect(() => canonicalJson({ a: text })).toThrow("NUL or half a surrogate");
    }
  });
});
