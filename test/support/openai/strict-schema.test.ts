import { expect, it } from "vitest";
import { z } from "zod";
import { expectCall, json, playOpenAI } from "../openai-server.ts";
import { clientOf } from "./client.ts";
import { openServer } from "./server.ts";

const Shared = z.string();

it.each<[what: string, shape: z.ZodRawShape]>([
  ["nullable fields", { a: z.string().nullable() }],
  ["unions", { a: z.union([z.object({ k: z.literal("x") }), z.number()]) }],
  [
    "enums, numbers with limits and lists with lengths",
    { a: z.enum(["x"]), b: z.int().min(1), c: z.array(z.string()).max(3) },
  ],
  ["patterns and known formats", { a: z.string().regex(/^x$/), b: z.iso.date(), c: z.email() }],
  ["nested and shared parts", { a: z.object({ s: Shared }), b: z.object({ s: Shared }) }],
])("takes %s", async (_what, shape) => {
  const server = await playOpenAI(expectCall().answer(json({})));
  const client = clientOf(server).withStructuredOutput(z.object(shape), { name: "plan" });
  await expect(client.invoke("hello")).rejects.toMatchObject({ name: "$ZodError" });
});

it.each<[what: string, schema: z.ZodType, refusal: string]>([
  ["optional fields", z.object({ a: z.string().optional() }), "Missing 'a'."],
  [
    "optional fields in a list",
    z.object({ a: z.array(z.object({ b: z.null().optional() })) }),
    "'a', 'items'), 'required'",
  ],
  ["defaults", z.object({ a: z.string().default("x") }), "In context=('properties', 'a'), 'default' is not permitted."],
  ["records", z.object({ a: z.record(z.string(), z.string()) }), "'propertyNames' is not permitted."],
  ["any JSON", z.object({ a: z.json() }), "('$defs', '__schema0', 'anyOf', '5'), 'propertyNames' is not permitted."],
  ["unknown values", z.object({ a: z.unknown() }), "schema must have a 'type' key."],
  [
    "discriminated unions",
    z.object({ a: z.discriminatedUnion("k", [z.object({ k: z.literal("x") })]) }),
    "'oneOf' is not",
  ],
  ["tuples", z.object({ a: z.tuple([z.string()]) }), "'prefixItems' is not permitted."],
  ["lengths of strings", z.object({ a: z.string().max(5) }), "'maxLength' is not permitted."],
  ["addresses", z.object({ a: z.url() }), "'uri' is not a valid format."],
  ["references with neighbours", z.object({ a: z.string().default("x").describe("d") }), "$ref cannot have keywords"],
  ["a root that is no object", z.union([z.object({})]), "got 'type: \"None\"'."],
])("refuses %s as OpenAI does", async (_what, schema, refusal) => {
  const server = await openServer([], "test-key");
  const client = clientOf(server).withStructuredOutput(schema as z.ZodType<object>, { name: "plan" });
  await expect(client.invoke("hello")).rejects.toMatchObject({
    status: 400,
    code: "invalid_json_schema",
    message: expect.stringContaining(refusal),
  });
  expect(server.problems()).toEqual([
    expect.stringContaining("OpenAI would refuse call 1: Invalid schema for response_format 'plan'"),
  ]);
  await server.close();
});

it("looks at the tools too, when they are strict, and at nothing that is not", async () => {
  const tool = { name: "find", description: "", schema: z.object({ a: z.string().optional() }) };
  const server = await openServer([expectCall().answer(json({}))], "test-key");
  await clientOf(server).bindTools([tool]).invoke("hello");
  const strict = clientOf(server).bindTools([tool], { strict: true });
  await expect(strict.invoke("hello")).rejects.toThrow("Invalid schema for function 'find'");
  await server.close();
});
