/** The client against a real server. */
import { createServer } from "node:http";
import { type AddressInfo, connect, createServer as createProxy, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createClient, type RunEvent } from "../../src/client/index.ts";
import { createRuntime, type StoreRuntime } from "../../src/runtime.ts";
import type { ServeParts } from "../../src/server/serve.ts";
import { BUY, openServer } from "../support/server.ts";
import { serveProcess } from "../support/server-process.ts";
import { tempDir } from "../support/temp.ts";

async function opened(parts: Partial<ServeParts> = {}) {
  const runtime: StoreRuntime = await createRuntime({ home: tempDir() });
  onTestFinished(() => runtime.close());
  const server = await openServer(runtime, parts);
  const key = await server.keyOf("default/alice");
  return { runtime, server, key, client: createClient({ url: server.url, key }) };
}

/** Passes bytes on to a server, and loses the first answers to what `loses` says of. */
async function flakyProxy(to: string, loses: (request: string, count: number) => boolean) {
  const { port } = new URL(to);
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  const proxy = createProxy((outer) => {
    const inner = connect(Number(port), "127.0.0.1");
    sockets.add(outer).add(inner);
    let losing = false;
    outer.on("data", (bytes) => {
      const text = bytes.toString("latin1");
      if (/^(GET|POST|PUT|PATCH|DELETE) /.test(text)) {
        requests.push(text);
        losing = loses(text, requests.length);
      }
      inner.write(bytes);
    });
    inner.on("data", (bytes) => {
      if (losing)
        outer.destroy(); // the server has done it, and nobody hears of it
      else outer.write(bytes);
    });
    for (const [one, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      one.on("close", () => other.destroy());
      one.on("error", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, requests };
}

describe("a call", () => {
  it("is typed, and answered", async () => {
    const { client } = await opened();
    const { run, question } = await client.call("startRun", { body: { request: BUY } });
    expect(run.status).toBe("waiting");
    const decision = { decisions: [{ step: question?.actions[0]?.step ?? "", type: "approve" }] };
    const done = await client.call("resumeRun", { path: { id: run.id }, body: { answer: decision } });
    expect(done.run.answer?.status).toBe("success");
    const { items } = await client.call("listRuns", { query: { status: "ended", limit: 5 } });
    expect(items.map(({ id }) => id)).toEqual([run.id]);
    let exported = "";
    for await (const piece of client.pieces("exportAudit")) exported += piece;
    expect(exported).toContain(run.id);
  });

  it("that is refused throws what the server said", async () => {
    const { server, client } = await opened();
    await expect(client.call("getRun", { path: { id: "t-none" } })).rejects.toMatchObject({
      code: "unknown_thread",
      message: 'There is no run and no thread "t-none".',
      hint: expect.stringContaining("GET /api/v1/runs"),
    });
    const stranger = createClient({ url: server.url, key: "hp_nobody" });
    await expect(stranger.call("listRuns")).rejects.toMatchObject({ code: "unauthenticated" });
    const viewer = createClient({ url: server.url, key: await server.keyOf("default/viewer") });
    await expect(viewer.call("startRun", { body: { request: BUY } })).rejects.toMatchObject({ code: "denied" });
  });

  it("whose answer is lost is done once", async () => {
    const { server, key, runtime } = await opened();
    const { url, requests } = await flakyProxy(server.url, (_, count) => count <= 2);
    const client = createClient({ url, key });
    const { run } = await client.call("startRun", { body: { request: BUY } });
    const sent = requests.map((request) => /idempotency-key: (\S+)/i.exec(request)?.[1]);
    expect(sent).toHaveLength(3);
    expect(new Set(sent).size).toBe(1);
    const all = await runtime.ledger.selectFrom("runs").select("id").execute();
    expect(all).toEqual([{ id: run.id }]);
  });

  it("to nobody says so, and to something else, too", async () => {
    const gone = createServer().listen(0);
    const address = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
    await new Promise((resolve) => gone.close(resolve));
    const nobody = createClient({ url: address, retries: 1 });
    await expect(nobody.call("listRuns")).rejects.toMatchObject({
      code: "storage",
      message: `The server at ${address} cannot be reached: ECONNREFUSED.`,
    });
    const other = createServer((_, response) => response.writeHead(404).end("nothing")).listen(0);
    onTestFinished(() => void other.close());
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await expect(createClient({ url }).call("listRuns")).rejects.toMatchObject({
      code: "usage",
      message: `What answers at ${url} is no Holdpoint server: it says 404.`,
    });
    expect(() => createClient({ url: "ftp://x" })).toThrow("The address of the server is none.");
    expect(() => createClient({ url, key: "a secret\n" })).toThrow("The key is none: it has to be one word.");
  });

  it("that was one too many waits for as long as the server says, where that is not long", async () => {
    const said = ["1", "3600"];
    const asked: number[] = [];
    const full = createServer((_, response) => {
      asked.push(performance.now());
      if (asked.length === 2)
        return response.writeHead(200, { "content-type": "application/json" }).end('{"items":[]}');
      const problem = {
        type: "about:blank",
        code: "too_many_requests",
        title: "Too many.",
        detail: "Too many.",
        status: 429,
      };
      const headers = { "content-type": "application/problem+json", "retry-after": said.shift() };
      return response.writeHead(429, headers).end(JSON.stringify(problem));
    }).listen(0);
    onTestFinished(() => void full.close());
    const client = createClient({ url: `http://127.0.0.1:${(full.address() as AddressInfo).port}` });
    expect(await client.call("listRuns")).toEqual({ items: [] });
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThan(950);
    await expect(client.call("listRuns")).rejects.toMatchObject({ message: expect.stringContaining("Too many.") });
    expect(asked).toHaveLength(3);
  });

  it("is given up by its signal", async () => {
    const { client } = await opened();
    const given = { signal: AbortSignal.abort() };
    await expect(client.call("listRuns", {}, given)).rejects.toMatchObject({ code: "stopped" });
  });
});

describe("the events of a run", () => {
  it("are told once each, over connections that break, until the run has ended", async () => {
    const { server, key } = await opened();
    let streams = 0;
    const breaks = (request: string) => request.includes("/events") && ++streams === 1;
    const { url } = await flakyProxy(server.url, breaks);
    const client = createClient({ url, key });
    const { run, question } = await client.call("startRun", { body: { request: BUY } });
    const heard: RunEvent[] = [];
    const listening = (async () => {
      for await (const event of client.events(run.id)) heard.push(event);
    })();
    const answer = { decisions: [{ step: question?.actions[0]?.step, type: "reject", message: "no" }] };
    await client.call("resumeRun", { path: { id: run.id }, body: { answer } });
    await listening;
    expect(streams).toBeGreaterThan(1);
    const entries = heard.flatMap((one) => (one.event === "entry" ? [one.data.seq] : []));
    expect(entries.length).toBeGreaterThan(3);
    expect(entries).toEqual([...new Set(entries)].toSorted((one, other) => one - other));
    expect(heard.at(-1)).toMatchObject({ event: "end", data: { status: "rejected" } });
  });
});

describe("a server that is killed and started again", () => {
  it("is listened to as before: nothing is told twice, and nothing is left out", async () => {
    const home = tempDir();
    const first = await serveProcess(home);
    const client = createClient({ url: first.url });
    const { run, question } = await client.call("startRun", { body: { request: BUY } });
    const heard: RunEvent[] = [];
    let begun = () => {};
    const hearing = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const listening = (async () => {
      for await (const event of client.events(run.id)) {
        heard.push(event);
        if (event.event === "run") begun();
      }
    })();
    await hearing;
    await first.end("SIGKILL");
    const second = await serveProcess(home, { port: Number(new URL(first.url).port) });
    onTestFinished(() => second.end("SIGKILL"));
    const answer = { decisions: [{ step: question?.actions[0]?.step, type: "approve" }] };
    const { run: ended } = await client.call("resumeRun", { path: { id: run.id }, body: { answer } });
    expect(ended.answer?.status).toBe("success");
    await listening;
    const told = heard.flatMap((one) => (one.event === "entry" ? [one.data.seq] : []));
    const { items } = await client.call("listAudit", { query: { run: run.id, limit: 200 } });
    expect(told).toEqual(items.map(({ seq }) => seq).toReversed());
  }, 30_000);
});
