/** Structured output through `withStructuredOutput`, as it is asked for and as it goes wrong. */
import { START, StateGraph, StateSchema } from "@langchain/langgraph";
import type { ChatOpenAIFields } from "@langchain/openai";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { expectCall, json, playOpenAI, refusal, text, toolCalls } from "../openai-server.ts";
import { clientOf } from "./client.ts";
import type { Reply } from "./reply.ts";
import type { OpenAIServer } from "./server.ts";

const Plan = z.object({ goal: z.string(), steps: z.array(z.string()) });
const PLAN = { goal: "return", steps: ["find", "take back"] };

type Method = "jsonSchema" | "functionCalling";

const askFor = (server: OpenAIServer, method: Method) =>
  clientOf(server).withStructuredOutput(Plan, { name: "plan", method }).invoke("hello");

const askForRaw = (server: OpenAIServer, method: Method) =>
  clientOf(server).withStructuredOutput(Plan, { name: "plan", method, includeRaw: true }).invoke("hello");

it.each<Method>(["jsonSchema", "functionCalling"])("gives the value and its token figures by %s", async (method) => {
  const reply = json(PLAN, { usage: { input: 70, output: 30 } });
  const server = await playOpenAI(expectCall({ schema: "plan" }).answer(reply).repeat(2));
  expect(await askFor(server, method)).toEqual(PLAN);
  const { parsed, raw } = await askForRaw(server, method);
  expect(parsed).toEqual(PLAN);
  expect(raw).toMatchObject({ usage_metadata: { input_tokens: 70, output_tokens: 30 } });
});

it("streams it", async () => {
  const server = await playOpenAI(expectCall({ schema: "plan", streaming: true }).answer(json(PLAN)));
  const values: unknown[] = [];
  for await (const value of await clientOf(server).withStructuredOutput(Plan, { name: "plan" }).stream("hello")) {
    values.push(value);
  }
  expect(values).toEqual([PLAN]);
});

it.each([
  ["gpt-4o", "jsonSchema"],
  ["gpt-5", "jsonSchema"],
  ["llama3.1", "jsonSchema"],
  ["gpt-4-turbo", "functionCalling"],
  ["gpt-3.5-turbo", "functionCalling"],
])("asks %s by %s unless told how", async (model, method) => {
  const server = await playOpenAI(expectCall({ model }).answer(json(PLAN)));
  await clientOf(server, { model }).withStructuredOutput(Plan).invoke("hello");
  expect(server.calls[0]?.body.response_format?.type).toBe(method === "jsonSchema" ? "json_schema" : undefined);
});

describe("output that is no plan, by jsonSchema", () => {
  it.each<[what: string, reply: Reply, error: object]>([
    ["no JSON", text("Sure, here it is!"), { name: "SyntaxError" }],
    ["nothing", text(""), { name: "SyntaxError" }],
    ["another shape", json({ goal: 5 }), { name: "$ZodError" }],
    ["cut short", text('{"goal": "ret', { finish: "length" }), { message: expect.stringContaining("length limit") }],
    ["filtered", text("", { finish: "content_filter" }), { message: expect.stringContaining("content filter") }],
  ])("%s throws inside the call, so that the raw answer is lost", async (_what, reply, error) => {
    const server = await playOpenAI(expectCall({ schema: "plan" }).answer(reply).repeat(2));
    await expect(askFor(server, "jsonSchema")).rejects.toMatchObject(error);
    await expect(askForRaw(server, "jsonSchema")).rejects.toMatchObject(error);
  });

  it("is asked for again within the client, as often as it may try", async () => {
    const server = await playOpenAI(expectCall().answer(json({ goal: 5 })), expectCall().answer(json(PLAN)));
    const client = clientOf(server, { maxRetries: 1 }).withStructuredOutput(Plan, { name: "plan" });
    expect(await client.invoke("hello")).toEqual(PLAN);
    expect(server.calls).toHaveLength(2);
  });

  it("a refusal cannot be told from an empty answer", async () => {
    const server = await playOpenAI(expectCall().answer(refusal("I will not.")).repeat(2));
    await expect(askFor(server, "jsonSchema")).rejects.toMatchObject({ lc_error_code: "OUTPUT_PARSING_FAILURE" });
    expect(await askForRaw(server, "jsonSchema")).toMatchObject({ parsed: null, raw: { content: "" } });
  });

  it("a right answer is taken for a wrong one when a text in it holds a fenced block", async () => {
    const fenced = { goal: "say ```json [1] ```", steps: [] };
    const server = await playOpenAI(expectCall().answer(json(fenced)).repeat(2));
    expect((await askForRaw(server, "jsonSchema")).parsed).toBeNull();
    expect((await askForRaw(server, "functionCalling")).parsed).toEqual(fenced);
  });
});

describe("output that is no plan, by functionCalling", () => {
  it.each<[what: string, reply: Reply, parsed: null | undefined]>([
    ["text instead of a call", text("Sure, here it is!"), undefined],
    ["a refusal", refusal("I will not."), undefined],
    ["a call of another tool", toolCalls([{ name: "other", args: PLAN }]), undefined],
    ["another shape", json({ goal: 5 }), null],
    ["malformed arguments", toolCalls([{ name: "plan", args: '{"goal": ' }]), null],
  ])("%s keeps the raw answer, and gives no value", async (_what, reply, parsed) => {
    const server = await playOpenAI(expectCall({ schema: "plan" }).answer(reply));
    const warn = vi.spyOn(console, "warn").mockReturnValue(); // LangChain advises an update when arguments are malformed
    const answer = await askForRaw(server, "functionCalling");
    warn.mockRestore();
    expect(answer.parsed).toBe(parsed);
    expect(answer.raw).toMatchObject({ usage_metadata: { total_tokens: 120 } });
  });

  it("throws without the raw answer, or gives undefined where no tool was called", async () => {
    const server = await playOpenAI(expectCall().answer(json({ goal: 5 })), expectCall().answer(text("Sure!")));
    await expect(askFor(server, "functionCalling")).rejects.toMatchObject({ lc_error_code: "OUTPUT_PARSING_FAILURE" });
    expect(await askFor(server, "functionCalling")).toBeUndefined();
  });
});

describe("in a graph whose messages somebody streams", () => {
  /** Asks for a plan from a node of a graph that streams its messages, and gets arguments that broke off. */
  async function planOf(fields: ChatOpenAIFields): Promise<unknown> {
    const cut = toolCalls([{ name: "plan", args: '{"goal": "return", "steps": ["find", "ta' }], { finish: "length" });
    const server = await playOpenAI(expectCall({ schema: "plan" }).answer(cut));
    const options = { name: "plan", method: "functionCalling", includeRaw: true } as const;
    const model = clientOf(server, fields).withStructuredOutput(Plan, options);
    const graph = new StateGraph(new StateSchema({ plan: z.unknown() }))
      .addNode("planner", async () => ({ plan: (await model.invoke("hello")).parsed }))
      .addEdge(START, "planner")
      .compile();
    const values: unknown[] = [];
    for await (const [mode, value] of await graph.stream({}, { streamMode: ["messages", "values"] })) {
      if (mode === "values") values.push(value);
    }
    return values.at(-1);
  }

  it("output that broke off passes for whole", async () => {
    expect(await planOf({})).toEqual({ plan: { goal: "return", steps: ["find", "ta"] } });
  });

  it("not so when the client never streams", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    expect(await planOf({ streaming: false })).toEqual({ plan: null });
    warn.mockRestore();
  });
});
