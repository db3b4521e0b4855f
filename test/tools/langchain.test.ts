/** LangChain tools as actions: real ones of the community, and ones that go wrong. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NodeFileStore } from "@langchain/classic/stores/file/node";
import {
  JsonGetValueTool,
  JsonListKeysTool,
  JsonSpec,
  ReadFileTool,
  RequestsGetTool,
  WriteFileTool,
} from "@langchain/classic/tools";
import { tool } from "@langchain/core/tools";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { z as z3 } from "zod/v3";
import { jsonSchemaOf } from "../../src/domain/json-schema.ts";
import { ActionFailure } from "../../src/errors.ts";
import type { AnyWrite } from "../../src/tools/action.ts";
import { checkContract } from "../../src/tools/contract.ts";
import { fromLangChainTool } from "../../src/tools/langchain.ts";
import { answerThread } from "../../src/work/answer.ts";
import { rollBackThread, startRequest } from "../../src/work/threads.ts";
import { alice, approveAll, bob, openTestRuntime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";
import { context, outcomeOf } from "./mcp/support.ts";

const answers = (said: string) => async () => said;

/** The tool that writes files, with everything declared that it cannot say. */
function fileActions(folder: string) {
  const store = new NodeFileStore(folder);
  const text = (path: string) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), "utf8") : null);
  const row = (path: string) => (text(path) === null ? null : { text: text(path) });
  const write = fromLangChainTool(new WriteFileTool({ store }), {
    reversibility: "reversible",
    idempotent: true,
    untrustedOutput: false,
    preview: async ({ file_path, text: after }) => [
      { table: "file", key: file_path, before: row(file_path), after: { text: after } },
    ],
    captureUndo: async ({ file_path }) => ({ text: text(file_path) }),
    undo: async ({ args, undoData }) => {
      const path = join(folder, String(args.file_path));
      const { text: before } = undoData as { text: string | null };
      if (before === null) rmSync(path, { force: true });
      else writeFileSync(path, before);
      return "It is as it was.";
    },
    summarize: ({ file_path }) => `Wrote ${file_path}.`,
  });
  return { write, read: fromLangChainTool(new ReadFileTool({ store }), { kind: "read" }) };
}

describe("tools of the community", () => {
  it("are previewed, approved, run and undone end to end", async () => {
    const folder = tempDir();
    writeFileSync(join(folder, "b.txt"), "what was read");
    const { write, read } = fileActions(folder);
    const runtime = await openTestRuntime({
      actions: [write, read],
      plans: {
        go: [
          { id: "read", action: "read_file", args: { file_path: "b.txt" } },
          {
            id: "write",
            action: "write_file",
            args: { file_path: "a.txt", text: { $ref: "read.text" } },
            dependsOn: ["read"],
          },
        ],
      },
    });
    const asked = await startRequest(runtime, alice, { request: "go" });
    expect(asked.question?.actions).toMatchObject([
      {
        ...{ action: "write_file", reversibility: "reversible", untrusted: ["text"] },
        changes: [{ key: "a.txt", before: null, after: { text: "what was read" } }],
      },
    ]);
    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(done.run.answer).toMatchObject({ status: "success" });
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("what was read");
    await rollBackThread(runtime, bob, { threadId: asked.threadId });
    expect(existsSync(join(folder, "a.txt"))).toBe(false);
  });

  it("keep the contract", async () => {
    const folder = tempDir();
    writeFileSync(join(folder, "a.txt"), "before");
    const snapshot = () => readFileSync(join(folder, "a.txt"), "utf8");
    const { write, read } = fileActions(folder);
    for (const [action, args] of [
      [write, { file_path: "a.txt", text: "x" }],
      [read, { file_path: "a.txt" }],
    ] as const) {
      const report = await checkContract(action, { args, snapshot });
      expect(report.checks.filter(({ outcome }) => outcome === "broken")).toEqual([]);
    }
  });

  it("may take one text", async () => {
    const spec = new JsonSpec({ people: [{ name: "Ada" }] });
    const keys = fromLangChainTool(new JsonListKeysTool(spec), { kind: "read" });
    const value = fromLangChainTool(new JsonGetValueTool(spec), { kind: "read" });
    expect(keys).toMatchObject({ kind: "read", name: "json_list_keys", untrustedOutput: true });
    expect(await outcomeOf(keys, { input: "" })).toEqual({ output: { text: "people" } });
    expect(await outcomeOf(value, { input: "/people/0/name" })).toEqual({ output: { text: "Ada" } });
    const get = fromLangChainTool(new RequestsGetTool(), { kind: "read" });
    expect(jsonSchemaOf(get.input, "input")).toMatchObject({
      type: "object",
      properties: { input: { type: "string" } },
    });
  });
});

describe("a tool of which nothing is declared", () => {
  it.each([
    ["zod 4", z.object({ to: z.email(), times: z.number().int().default(1) })],
    ["zod 3", z3.object({ to: z3.string().email(), times: z3.number().int().default(1) })],
    [
      "JSON Schema",
      {
        type: "object",
        properties: { to: { type: "string", format: "email" }, times: { type: "integer" } },
        required: ["to"],
      },
    ],
  ])("is a write that cannot be undone (%s)", async (_what, schema) => {
    const ping = tool(answers("pong"), { name: "ping", description: "Pings.", schema: schema as z.ZodObject });
    const action = fromLangChainTool(ping) as AnyWrite;
    expect(action).toMatchObject({
      ...{ kind: "write", reversibility: "irreversible", idempotent: false, untrustedOutput: true },
    });
    expect(await action.preview({ to: "a@example.com" }, { ...context(), staged: [] })).toEqual([
      { table: "tool", key: "ping", before: null, after: { to: "a@example.com" } },
    ]);
    expect(action.input.safeParse({ to: "nobody" }).error?.issues[0]?.path).toEqual(["to"]);
    expect(action.input.safeParse("text").success).toBe(false);
    expect(await outcomeOf(action, { to: "a@example.com" })).toEqual({ output: { text: "pong" } });
  });
});

const anything = z.object({ id: z.string().refine((id) => id !== "bad", "is bad") });

describe("a call of a tool", () => {
  it("is unknown when the tool throws, unless it is declared that nothing happened", async () => {
    const broken = tool(() => Promise.reject(new Error("503 try later")), { name: "broken", schema: anything });
    expect(await outcomeOf(fromLangChainTool(broken), { id: "1" })).toEqual({ unknown: "503 try later" });
    const declared = fromLangChainTool(broken, { nothingHappened: (error) => String(error).includes("503") });
    expect(await outcomeOf(declared, { id: "1" })).toEqual({ failed: expect.stringContaining("503 try later") });
  });

  it("that its own schema refuses did not happen; what it throws of another tool's is unknown", async () => {
    let calls = 0;
    const inner = tool(answers("x"), { name: "inner", schema: z.object({ n: z.number() }) });
    const outer = tool(
      async () => {
        calls++;
        return await inner.invoke({ n: "no number" } as never);
      },
      { name: "outer", schema: anything },
    );
    const action = fromLangChainTool(outer) as AnyWrite;
    expect(await outcomeOf(action, { id: "bad" })).toEqual({ failed: '"outer" does not take id: is bad.' });
    await expect(action.preview({ id: "bad" }, { ...context(), staged: [] })).rejects.toThrow("is bad");
    expect(calls).toBe(0);
    expect(await outcomeOf(action, { id: "good" })).toEqual({ unknown: expect.stringContaining("did not match") });
  });

  it("ends with its signal, and did not happen when that was before", async () => {
    let calls = 0;
    const slow = tool(
      async (_args, { signal }) => {
        calls++;
        await new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
        return "never";
      },
      { name: "slow", schema: anything },
    );
    const action = fromLangChainTool(slow);
    expect(await outcomeOf(action, { id: "1" }, AbortSignal.abort(new Error("stop")))).toEqual({
      failed: expect.stringContaining("stop"),
    });
    expect(calls).toBe(0);
    expect(await outcomeOf(action, { id: "1" }, AbortSignal.timeout(50))).toEqual({ unknown: expect.any(String) });
    expect(calls).toBe(1);
  });

  it("gives content and artifact, and is called with what is declared", async () => {
    const find = tool(async ({ id, key }) => [`Found ${id}.`, { id, key }], {
      ...{ name: "find", responseFormat: "content_and_artifact" },
      schema: z.object({ id: z.string(), key: z.string() }),
    });
    const plain = fromLangChainTool(find);
    expect(await outcomeOf(plain, { id: "7", key: "k" })).toEqual({
      output: { text: "Found 7.", artifact: { id: "7", key: "k" } },
    });
    const Found = z.strictObject({ found: z.string() });
    const declared = fromLangChainTool(find, {
      ...{ output: Found, idempotent: true, reversibility: "compensatable" },
      call: (args, { idempotencyKey }) => ({ ...args, key: idempotencyKey }),
      result: ({ artifact }) => ({ found: (artifact as { key: string }).key }),
      changes: (_args, { found }) => [{ table: "found", key: found, before: null, after: { found } }],
      undo: async () => "Lost again.",
    });
    expect(await outcomeOf(declared, { id: "7", key: "k" })).toEqual({ output: { found: "key_1" } });
    const misfit = fromLangChainTool(find, { output: Found as never });
    expect(await outcomeOf(misfit, { id: "7", key: "k" })).toEqual({
      unknown: expect.stringContaining("unrecognized"),
    });
  });

  it("that puts out too much failed when it was a read, and is unknown otherwise", async () => {
    for (const given of ["x".repeat(1_000_001), ["short", { long: "x".repeat(1_000_000) }]]) {
      const responseFormat = typeof given === "string" ? "content" : "content_and_artifact";
      const big = tool(async () => given, { name: "big", responseFormat, schema: anything });
      const why = expect.stringContaining("at most 1000000 are taken");
      expect(await outcomeOf(fromLangChainTool(big, { kind: "read" }), { id: "1" })).toEqual({ failed: why });
      expect(await outcomeOf(fromLangChainTool(big), { id: "1" })).toEqual({ unknown: why });
    }
  });

  it("that is repeated says of itself alone that it did not happen", async () => {
    const made = new Set<string>();
    const make = tool(
      async ({ id }) => {
        made.add(id);
        throw new Error("socket hang up");
      },
      { name: "make", description: "Makes it.", schema: anything },
    );
    const action = fromLangChainTool(make, {
      idempotent: true,
      preview: async ({ id }) => {
        if (made.has(id)) throw new ActionFailure("invalid_request", "It exists already.");
        return [{ table: "thing", key: id, before: null, after: { id } }];
      },
    });
    const runtime = await openTestRuntime({
      actions: [action],
      plans: { go: [{ id: "s", action: "make", args: { id: "1" } }] },
    });
    const asked = await startRequest(runtime, alice, { request: "go" });
    const done = await answerThread(runtime, alice, asked.threadId, approveAll);
    expect([...made]).toEqual(["1"]);
    expect(done.effects).toMatchObject([{ status: "uncertain" }]);
  });
});
