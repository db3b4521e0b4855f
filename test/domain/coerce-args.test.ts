/** Review pages send edited values as text; what the schema asks for is put in its place, and nothing else is. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { coerceArgs } from "../../src/domain/coerce-args.ts";

const Schema = z.strictObject({
  name: z.string(),
  quantity: z.number().int().max(10).optional(),
  price: z.number().nullable().optional(),
  express: z.boolean().optional(),
  tags: z.array(z.string()).optional(),
  address: z.strictObject({ zip: z.string(), floor: z.number() }).optional(),
  span: z.tuple([z.number(), z.number()]).optional(),
  either: z.union([z.number(), z.boolean()]).optional(),
  five: z.literal(5).optional(),
  lines: z.array(z.strictObject({ count: z.number() })).optional(),
});

describe("edited arguments", () => {
  it("are read as what the schema asks for", () => {
    const args = {
      name: "3",
      quantity: "3",
      price: "1.5",
      express: "false",
      tags: '["a"]',
      address: '{"zip":"1","floor":2}',
      span: "[1,2]",
      either: "true",
      five: "5",
      lines: [{ count: "4" }],
    };
    const coerced = coerceArgs(Schema, args);
    expect(coerced).toEqual({
      name: "3",
      quantity: 3,
      price: 1.5,
      express: false,
      tags: ["a"],
      address: { zip: "1", floor: 2 },
      span: [1, 2],
      either: true,
      five: 5,
      lines: [{ count: 4 }],
    });
    expect(coerceArgs(Schema, { name: "a", price: "null" })).toEqual({ name: "a", price: null });
    expect(Schema.safeParse(coerced).success).toBe(true);
    expect(args.quantity).toBe("3");
  });

  it.each([
    ["a number that cannot be kept whole", { name: "a", price: "12345678901234567890" }],
    ["words for a number", { name: "a", quantity: "three" }],
    ["nothing for a number", { name: "a", quantity: "" }],
    ["a list for a number", { name: "a", quantity: "[3]" }],
    ["a number for a truth value", { name: "a", express: "1" }],
    ["a key that is not there", { name: "a", other: "3" }],
    ["a number for text", { name: 3 }],
    ["a path into a prototype", { name: "a", address: { ["__proto__"]: "1", zip: "1", floor: "x" } }],
  ])("stay as they are, for the schema to refuse, when they hold %s", (_what, args) => {
    const coerced = coerceArgs(Schema, args);
    expect(coerced).toEqual(args);
    expect(Schema.safeParse(coerced).success).toBe(false);
  });

  it("are still checked by the rest of the schema", () => {
    expect(Schema.safeParse(coerceArgs(Schema, { name: "a", quantity: "11" })).success).toBe(false);
  });

  it("keep references to other steps", () => {
    const args = { name: "a", quantity: { $ref: "s1.count" }, express: "true" };
    expect(coerceArgs(Schema, args)).toEqual({ ...args, express: true });
  });
});
