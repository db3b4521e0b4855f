import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineAction } from "../../src/tools/action.ts";
import { openTestRuntime } from "../support/runtime.ts";
import { BUY, openServer, type TestServer } from "../support/server.ts";

interface Told {
  readonly event: string;
  readonly id: number | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any form
  readonly data: any;
}

/** Reads a run's events until one of a kind has come, or the stream ends, and goes away. */
async function listen(
  server: TestServer,
  run: string,
  until: (told: Told) => boolean,
  { after, as = "acme/alice" }: { after?: number; as?: "acme/alice" | "acme/viewer" } = {},
) {
  const headers = after === undefined ? {} : { "last-event-id": String(after) };
  const response = await server.fetch(`GET /api/v1/runs/${run}/events`, { headers, as });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const told: Told[] = [];
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const whole = text.split("\n\n");
    text = whole.pop() ?? "";
    for (const block of whole) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)));
      if (!fields.event) continue;
      const one = { event: fields.event, id: fields.id && Number(fields.id), data: JSON.parse(fields.data) };
      told.push(one);
      if (until(one)) return told; // which cancels the body, and so goes away
    }
  }
  return told;
}

const isWaiting = ({ event, data }: Told) => event === "run" && data.status === "waiting";
const entries = (told: readonly Told[]) => told.filter(({ event }) => event === "entry");

async function asked(parts: { heartbeatMs?: number } = {}) {
  const server = await openServer(await openTestRuntime(), parts);
  const { body } = await server.send("POST /api/v1/runs", { body: { request: BUY } });
  return { server, run: body.run.id as string, proposalId: body.question.proposalId as string };
}

describe("a run's events", () => {
  it("are all that was recorded, in order, and go on with what is decided until the run has ended", async () => {
    const { server, run, proposalId } = await asked();
    const whole = listen(server, run, () => false);
    await expect.poll(async () => (await server.send("GET /api/v1/actions/approvals")).body.items.length).toBe(1);
    await server.send(`POST /api/v1/actions/executions/${proposalId}:s1/approve`);
    const told = await whole;
    const names = entries(told).map(({ data }) => data.event);
    expect(names.slice(0, 2)).toEqual(["run.started", "plan.recorded"]);
    expect(names).toContain("decision.approved");
    expect(names.at(-1)).toBe("run.ended");
    const ids = entries(told).map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => Number(a) - Number(b)));
    expect(new Set(ids).size).toBe(ids.length);
    expect(told.at(-1)).toMatchObject({ event: "end", data: { status: "success" } });
  });

  it("go on after the last one that was heard, without a gap and without a repeat", async () => {
    const { server, run, proposalId } = await asked();
    const first = await listen(server, run, isWaiting);
    const last = entries(first).at(-1)?.id ?? 0;
    await server.send(`POST /api/v1/actions/executions/${proposalId}:s1/approve`);
    const second = await listen(server, run, () => false, { after: last });
    const all = await listen(server, run, () => false);
    expect([...entries(first), ...entries(second)]).toEqual(entries(all));
    expect(second.at(-1)?.event).toBe("end");
  });

  it("tell of progress in between", async () => {
    const gate = Promise.withResolvers<void>();
    const look = defineAction({
      ...{ kind: "read", name: "look", version: 1, title: "Look", description: "Looks.", input: z.object({}) },
      ...{ output: z.object({}), run: () => gate.promise.then(() => ({})), summarize: () => "Looked." },
    });
    const plans = { look: [{ id: "a", action: "look", args: {} }] };
    const server = await openServer(await openTestRuntime({ actions: [look], plans }));
    const headers = { prefer: "respond-async" };
    const { body } = await server.send("POST /api/v1/runs", { body: { request: "look" }, headers });
    const whole = listen(server, body.run.id, () => false);
    setTimeout(gate.resolve, 400);
    const told = await whole;
    expect(told.filter(({ event }) => event === "progress").at(-1)?.data).toMatchObject({
      phase: "ended",
      percent: 100,
    });
  });

  it("end for a reader whose key is revoked, and for nobody else", async () => {
    const { server, run, proposalId } = await asked({ heartbeatMs: 20 });
    const others = listen(server, run, () => false);
    const open = listen(server, run, () => false, { as: "acme/viewer" });
    const { body } = await server.send("GET /api/v1/keys");
    const key = body.keys.find((one: { principal: string }) => one.principal === "viewer");
    expect((await server.send(`DELETE /api/v1/keys/${key.id}`)).status).toBe(200);
    expect((await open).at(-1)).toMatchObject({ event: "run", data: { status: "waiting" } });
    await server.send(`POST /api/v1/actions/executions/${proposalId}:s1/approve`);
    expect((await others).at(-1)?.event).toBe("end");
    expect(server.logged).toEqual([]);
  });

  it("end where the server does, and nothing listens any more where the reader went away", async () => {
    const { server, run } = await asked();
    await listen(server, run, isWaiting);
    const open = listen(server, run, () => false);
    await expect.poll(async () => (await server.send(`GET /api/v1/runs/${run}`)).status).toBe(200);
    await server.stop();
    expect((await open).at(-1)).toMatchObject({ event: "run", data: { status: "waiting" } });
    expect(server.logged).toEqual([]);
  });
});
