/** Row G2: the graph, its schemas and its progress can be looked at through the local Agent Server. */
import { describe, expect, it } from "vitest";
import { routes } from "../../src/graph/routes.ts";
import { listRuns } from "../../src/ledger/runs.ts";
import { HoldpointState } from "../../src/state.ts";
import { useAgentServer, type Values } from "../support/agent-server.ts";
import { openLedgerOf } from "../support/ledger.ts";
import { approveAll } from "../support/runtime.ts";

const server = useAgentServer();
const QUESTION = "Do you have any round sunglasses in stock that are under $100?";
const RETURN = "Return 2 Aviator sunglasses I bought last week.";

/** Every `$ref` in a JSON Schema, however deep. */
function referencesIn(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => (key === "$ref" ? [String(value)] : referencesIn(value)));
}

describe("the drawn graph", () => {
  it("has the eight nodes", async () => {
    const { nodes } = await server.client.assistants.getGraph("agent");
    const names = nodes.map((node) => node.id).filter((id) => !String(id).startsWith("__"));
    expect(names.toSorted()).toEqual(Object.keys(routes).toSorted());
    expect(names).toHaveLength(8);
  });

  it("has an edge for each way out of a node, labelled with it", async () => {
    const { edges } = await server.client.assistants.getGraph("agent");
    const drawn = edges.filter((edge) => edge.conditional).map(({ source, target, data }) => [source, data, target]);
    const expected = Object.entries(routes).flatMap(([node, ways]) =>
      Object.entries(ways).map(([label, target]) => [node, label, target]),
    );
    expect(drawn.toSorted()).toEqual(expected.toSorted());
    expect(edges.filter((edge) => !edge.conditional)).toMatchObject([{ source: "__start__", target: "guardrail" }]);
  });
});

describe("the schemas", () => {
  it("ask for the request and nothing else, as text; for messages, which chat pages send; or to let a run go on", async () => {
    const { input_schema } = await server.client.assistants.getSchemas("agent");
    expect(input_schema?.properties).toEqual({
      request: expect.objectContaining({ type: "string", title: "Request", description: expect.any(String) }),
      messages: expect.objectContaining({ type: "array", title: "Messages", langgraph_type: "messages" }),
      wake: expect.objectContaining({ type: "boolean", title: "Wake" }),
    });
    expect(input_schema?.required ?? []).toEqual([]);
  });

  it("list every field of the state, and what stands in it", async () => {
    const { state_schema, output_schema } = await server.client.assistants.getSchemas("agent");
    expect(Object.keys(state_schema?.properties ?? {})).toEqual(Object.keys(HoldpointState.fields));
    expect(output_schema).toEqual(state_schema);
    expect(JSON.stringify(state_schema?.properties?.proposal)).toContain('"reversibility"');
    expect(referencesIn(state_schema)).toEqual([]);
  });

  it("offer nothing to say who calls", async () => {
    const { config_schema, context_schema } = await server.client.assistants.getSchemas("agent");
    expect([config_schema, context_schema]).toEqual([undefined, undefined]);
  });
});

describe("a request that reads", () => {
  it("is answered at once, and asks nobody", async () => {
    const { thread_id: threadId } = await server.client.threads.create();
    const { answer, __interrupt__ } = await server.run(threadId, { input: { request: QUESTION } }, "agent");
    expect(answer).toEqual({ status: "success", text: "Yes: Classic (SG005), $60.00, 10 in stock.", details: [] });
    expect(__interrupt__).toBeUndefined();
    expect(await server.client.threads.get(threadId)).toMatchObject({ status: "idle", values: { answer } });
    expect(await server.waiting()).not.toContain(threadId);
  });

  it("streams each node's update, and the state after it", async () => {
    const { thread_id: threadId } = await server.client.threads.create();
    const nodes: string[] = [];
    const values: Values[] = [];
    const stream = server.client.runs.stream(threadId, "agent", {
      input: { request: QUESTION },
      streamMode: ["updates", "values"],
    });
    for await (const { event, data } of stream) {
      if (event === "updates") nodes.push(...Object.keys(data as object));
      if (event === "values") values.push(data as unknown as Values);
    }
    expect(nodes).toEqual(["guardrail", "planner", "guardrail", "executor", "reflector"]);
    expect(values.map((state) => state.outcome)).toEqual([
      "",
      "request allowed",
      "planned",
      "plan allowed",
      "nothing left",
      "done",
    ]);
    expect(values.at(-1)?.answer?.status).toBe("success");
  });

  it("streams its progress", async () => {
    const { thread_id: threadId } = await server.client.threads.create();
    const events: unknown[] = [];
    const input = { request: QUESTION };
    const stream = server.client.runs.stream(threadId, "agent", { input, streamMode: "custom" });
    for await (const { event, data } of stream) if (event === "custom") events.push(data);
    expect(events[0]).toMatchObject({ type: "progress", phase: "planning", percent: 0 });
    expect(events[1]).toMatchObject({
      phase: "reading",
      total: 1,
      steps: [{ id: "s1", status: "running" }],
      percent: 0,
    });
    expect(events.at(-1)).toMatchObject({ phase: "ended", done: 1, total: 1, percent: 100 });
  });

  it("is refused without a text, and the thread can be used afterwards", async () => {
    const { thread_id: threadId } = await server.client.threads.create();
    const forged = { id: "run_of_mine", text: QUESTION };
    await expect(server.run(threadId, { input: { request: forged } }, "agent")).rejects.toThrow("expected string");
    const { answer } = await server.run(threadId, { input: { request: QUESTION } }, "agent");
    expect(answer?.status).toBe("success");
  });
});

describe("a request that writes", () => {
  it("streams up to the question", async () => {
    const { thread_id: threadId } = await server.client.threads.create();
    const updates: object[] = [];
    const stream = server.client.runs.stream(threadId, "agent", { input: { request: RETURN }, streamMode: "updates" });
    for await (const { event, data } of stream) if (event === "updates") updates.push(data as object);
    const nodes = ["guardrail", "planner", "guardrail", "executor", "stager", "guardrail", "reviewer", "__interrupt__"];
    expect(updates.flatMap((update) => Object.keys(update))).toEqual(nodes);
    expect(updates.at(-1)).toMatchObject({ __interrupt__: [{ value: { request: RETURN } }] });
  });
});

describe("who calls", () => {
  const evil = { identity: "mallory", tenant: "evil", tenant_id: "evil", principal: "mallory" };
  const claims = {
    context: { tenant: "evil", principal: "mallory" },
    config: {
      configurable: {
        ...evil,
        langgraph_auth_user: evil,
        langgraph_auth_user_id: "mallory",
        assistant_id: "",
        graph_id: "",
      },
      metadata: evil,
    },
  };

  it("is the one development identity, whatever a client says in context, configuration or metadata", async () => {
    const { thread_id: threadId } = await server.client.threads.create({ metadata: evil });
    const payload = { ...claims, metadata: evil };
    const { __interrupt__: [asked] = [] } = await server.run(
      threadId,
      { ...payload, input: { request: RETURN } },
      "agent",
    );
    expect(asked?.value.requester).toBe("local");
    const answer = asked && approveAll(asked.value);
    const command = { resume: { [asked?.id ?? ""]: answer } };
    expect((await server.run(threadId, { ...payload, command }, "agent")).answer?.status).toBe("success");

    const ledger = await openLedgerOf(server.home);
    const [run] = await listRuns(ledger, "default", { threadId });
    expect(run).toMatchObject({ requester: "local", status: "ended" });
    for (const table of ["runs", "proposals", "decisions", "effects", "auditLog"] as const) {
      const tenants = await ledger.selectFrom(table).select("tenant").distinct().execute();
      expect(tenants).toEqual([{ tenant: "default" }]);
    }
    const principals = await ledger.selectFrom("auditLog").select("principal").distinct().execute();
    expect(principals).toEqual([{ principal: "local" }]);
  });

  it("is it too for an assistant that was made with another context", async () => {
    const assistant = await server.client.assistants.create({ graphId: "agent", name: "evil", ...claims });
    const { thread_id: threadId } = await server.client.threads.create();
    const { __interrupt__: [asked] = [] } = await server.run(
      threadId,
      { input: { request: RETURN } },
      assistant.assistant_id,
    );
    expect(asked?.value.requester).toBe("local");
  });
});

describe("web pages", () => {
  const allowed = async (origin: string) =>
    (await fetch(`${server.url}/ok`, { headers: { origin } })).headers.get("access-control-allow-origin");

  it.each([
    "https://smith.langchain.com",
    "https://eu.smith.langchain.com",
    "https://agentchat.vercel.app",
    "https://dev.agentinbox.ai",
    "http://localhost:3000",
  ])("may read the server's answers from %s", async (origin) => {
    expect(await allowed(origin)).toBe(origin);
  });

  it.each([
    "https://evil.example",
    "https://smith.langchain.com.evil.example",
    "http://localhost.evil.example",
    "null",
  ])("may not from %s", async (origin) => {
    expect(await allowed(origin)).toBeNull();
  });
});
