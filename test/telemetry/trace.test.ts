/** Traces: connected from the call down to reads, writes and model calls, with no text of anybody's in them. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { context, trace } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createModels } from "../../src/models/roles.ts";
import { createRuntime } from "../../src/runtime.ts";
import { type Say, traced } from "../../src/telemetry/trace.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest } from "../../src/work/threads.ts";
import { spawnScript } from "../support/child.ts";
import { createNotebook } from "../support/notebook.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { alice, approveAll, bob, openTestRuntime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const exporter = new InMemorySpanExporter();

/** All that ended, once whatever tells of an end in the background has. */
const spansOf = async (root: string, count: number): Promise<ReadableSpan[]> => {
  await vi.waitFor(() => expect(exporter.getFinishedSpans().filter(({ name }) => name === root)).toHaveLength(count));
  return exporter.getFinishedSpans();
};

/** From the outermost to the span itself. */
function pathOf(span: ReadableSpan, all: readonly ReadableSpan[]): string[] {
  const above = all.find((one) => one.spanContext().spanId === span.parentSpanContext?.spanId);
  return [...(above ? pathOf(above, all) : []), span.name];
}
const ROOT = "invoke_agent holdpoint";

describe("without an SDK", () => {
  it("nothing is made, or even asked what it would be called", async () => {
    const what = vi.fn(() => ({ name: "x", attributes: {} }));
    const work = async (say: Say) => {
      say({ a: 1 });
      return 2;
    };
    expect(await traced(what, work)).toBe(2);
    await expect(traced(what, async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(what).not.toHaveBeenCalled();
  });
});

describe("with an SDK", () => {
  let sdk: NodeSDK;
  beforeAll(() => {
    sdk = new NodeSDK({ serviceName: "test", spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    sdk.start();
  });
  afterAll(async () => {
    await sdk.shutdown();
    trace.disable();
    context.disable();
  });
  beforeEach(() => exporter.reset());

  const plans = {
    go: [
      { id: "n", title: "Count for Zebulon", action: "count_notes", args: {} },
      { id: "a", title: "Write to Zebulon", args: { text: "secret words" } },
      { id: "b", title: "Fail", args: { text: "refuse" } },
    ],
  };

  it("a run is one tree for each call: the call, its nodes, and in them reads, writes and undos", async () => {
    const home = tempDir();
    const runtime = await openTestRuntime({ home, actions: createNotebook(home).actions, plans });
    const { threadId, run } = await startRequest(runtime, alice, { request: "go" });
    await answerThread(runtime, bob, threadId, approveAll);
    const spans = await spansOf(ROOT, 2);
    const paths = spans.map((span) => pathOf(span, spans).join(" > "));
    expect(paths).toContain(ROOT);
    expect(paths).toContain(`${ROOT} > node executor > execute_tool count_notes`);
    expect(paths).toContain(`${ROOT} > node committer > execute_tool note`);
    expect(paths).toContain(`${ROOT} > node committer > undo_tool note`);
    expect(paths.filter((path) => !path.startsWith(ROOT))).toEqual([]);
    const traces = new Set(spans.map((span) => span.spanContext().traceId));
    expect(traces.size).toBe(2); // the request, and the answer to it
    const read = spans.find(({ name }) => name === "execute_tool count_notes");
    expect(read?.attributes).toEqual({
      ...{ "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "count_notes" },
      ...{ "holdpoint.action.kind": "read", "holdpoint.run.id": run.id, "holdpoint.step": "n" },
      "holdpoint.status": "succeeded",
    });
    const written = spans.filter(({ name }) => name === "execute_tool note").map(({ attributes }) => attributes);
    expect(written.map((attributes) => attributes["holdpoint.status"])).toEqual(["succeeded", "failed"]);
    const failed = spans.filter(({ status }) => status.code === 2);
    expect(failed).toEqual([]); // to wait for a person is no failure
    const call = spans.find(({ name }) => name === ROOT);
    expect(call?.attributes).toMatchObject({ "holdpoint.tenant": "acme", "gen_ai.conversation.id": threadId });
    const told = JSON.stringify(
      spans.map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
    );
    expect(told).not.toMatch(/Zebulon|secret words|refuse|alice|bob/);
  });

  it("a call of a model says which one, and how many tokens it took", async () => {
    const server = await playOpenAI(
      expectCall({ model: "planner-model" }).answer(
        json({ outcome: "unsupported", message: "No way", goal: "", steps: [] }),
      ),
    );
    const roles = { planner: "planner-model", reviewer: "reviewer-model", reflector: "reflector-model" };
    const models = { apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000, ...roles };
    const home = tempDir();
    const { planner } = createModels(models);
    const runtime = await createRuntime(
      { home },
      {
        models: planner ? { planner } : {},
        actions: createNotebook(home).actions,
        planning: "model",
        planningMode: "steps",
      },
    );
    onTestFinished(() => runtime.close());
    await startRequest(runtime, alice, { request: "Call Zebulon" });
    const spans = await spansOf(ROOT, 1);
    const [asked] = spans.filter(({ name }) => name === "chat planner-model");
    expect(asked && pathOf(asked, spans)).toEqual([ROOT, "node planner", "chat planner-model"]);
    expect(asked).toMatchObject({
      kind: 2,
      attributes: {
        ...{
          "gen_ai.operation.name": "chat",
          "gen_ai.provider.name": "openai",
          "gen_ai.request.model": "planner-model",
        },
        ...{ "gen_ai.usage.input_tokens": expect.any(Number), "gen_ai.usage.output_tokens": expect.any(Number) },
        ...{ "holdpoint.role": "planner", "holdpoint.model.calls": 1 },
      },
    });
    expect(JSON.stringify(asked?.attributes)).not.toContain("Zebulon");
  });

  it("a stream that is read elsewhere is one tree, too; below whatever the caller is at", async () => {
    const home = tempDir();
    const runtime = await openTestRuntime({ home, actions: createNotebook(home).actions, plans });
    const options = { configurable: { thread_id: "t" }, context: alice.identity, streamMode: "custom" as const };
    const stream = await trace.getTracer("caller").startActiveSpan("caller", async (span) => {
      const opened = await runtime.graph.stream({ request: "go" }, options);
      span.end();
      return opened;
    });
    for await (const _event of stream);
    const spans = await spansOf(ROOT, 1);
    const paths = spans.map((span) => pathOf(span, spans).join(" > "));
    expect(paths).toContain(`caller > ${ROOT} > node executor > execute_tool count_notes`);
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
  });

  it("says of what was thrown its kind, and not its words", async () => {
    const failing = traced(
      () => ({ name: "x", attributes: {} }),
      async () => Promise.reject(Object.assign(new TypeError("Zebulon"), { code: "E_X" })),
    );
    await expect(failing).rejects.toThrow("Zebulon");
    const [span] = exporter.getFinishedSpans();
    expect(span).toMatchObject({ attributes: { "error.type": "E_X" }, status: { code: 2 }, events: [] });
  });
});

describe("the command line", () => {
  const env = (home: string, more: Record<string, string>) => ({ HOLDPOINT_HOME: home, ...more });
  const run = ["src/cli/main.js", ["run", "Return 1 Classic", "--thread", "t"]] as const;

  async function openCollector() {
    const bodies: unknown[] = [];
    const paths: (string | undefined)[] = [];
    const server = createServer(async (request, response) => {
      paths.push(request.url);
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const whole = Buffer.concat(chunks);
      bodies.push(JSON.parse((request.headers["content-encoding"] === "gzip" ? gunzipSync(whole) : whole).toString()));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, paths };
  }

  it("sends its traces where OTEL_ variables say, and nothing else", async () => {
    const { url, bodies, paths } = await openCollector();
    const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" };
    const ended = await spawnScript(...run, { env: env(tempDir(), variables) }).ended;
    expect(ended.stderr).not.toMatch(/no traces/);
    expect(new Set(paths)).toEqual(new Set(["/v1/traces"]));
    const told = JSON.stringify(bodies);
    expect(told).toContain(`"${ROOT}"`);
    expect(told).toContain('"node stager"');
    expect(told).toContain('{"key":"service.name","value":{"stringValue":"holdpoint"}}');
    expect(told).not.toMatch(/Return 1 Classic|process\.(command|owner)/);
  });

  it("does its work where nobody takes them", async () => {
    const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
    const { status, stdout, stderr } = await spawnScript(...run, { env: env(tempDir(), variables) }).ended;
    expect([status, stdout.includes("Staged changes")]).toEqual([3, true]);
    expect(stderr).toMatch(/^The last traces may be lost: their receiver did not/m);
  });

  it("says what to install where the SDK is not there", async () => {
    const variables = {
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" },
      NODE_OPTIONS: `--import ${join(process.cwd(), "test/support/scripts/without-sdk.mjs")}`,
    };
    const { stderr } = await spawnScript("src/cli/main.js", ["list"], { env: env(tempDir(), variables) }).ended;
    expect(stderr).toContain("@opentelemetry/sdk-node is not installed: npm install @opentelemetry/sdk-node");
  });

  it("leaves LangSmith its runs: it is switched on by its own variables, and gets inputs unless those hide them", async () => {
    const { url, bodies } = await openCollectorOfAnything();
    const traces = await openCollectorOfAnything();
    const variables = {
      ...{ LANGSMITH_TRACING: "true", LANGSMITH_ENDPOINT: url, LANGSMITH_API_KEY: "lsv2_test" },
      ...{ LANGCHAIN_CALLBACKS_BACKGROUND: "false", OTEL_EXPORTER_OTLP_ENDPOINT: traces.url },
    };
    const shown = await spawnScript(...run, { env: env(tempDir(), variables) }).ended;
    expect(shown.status).toBe(3);
    expect(bodies.join("")).toContain("Return 1 Classic");
    bodies.length = 0;
    const hiding = { ...variables, LANGSMITH_HIDE_INPUTS: "true", LANGSMITH_HIDE_OUTPUTS: "true" };
    expect((await spawnScript(...run, { env: env(tempDir(), hiding) }).ended).status).toBe(3);
    const parts = bodies.join("").split(/^--.*$/m);
    const telling = parts.filter((part) => part.includes("Return 1 Classic")).map((part) => /\.(\w+)"/.exec(part)?.[1]);
    expect(parts.length).toBeGreaterThan(10);
    // What a person is asked is thrown, and so an error to LangSmith, of which nothing is hidden: docs/telemetry.md says so.
    expect([...new Set(telling)]).toEqual(["error"]);
  });

  async function openCollectorOfAnything() {
    const bodies: string[] = [];
    const server = createServer(async (request, response) => {
      bodies.push(await text(request));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
  }
});
