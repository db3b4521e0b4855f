/** Row G2: what is cut off, by a client or by the end of the server, goes on later; nothing is lost and nothing doubled. */
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { AgentServer, useAgentServer } from "../support/agent-server.ts";
import { approveAll } from "../support/runtime.ts";

const server = useAgentServer();
const trial = join(server.home, "trial");
const LONG_MS = 240_000;

/** Closes the gate that slow actions wait at. */
function closeGate(): void {
  for (const name of ["begun", "end"]) rmSync(join(trial, name), { force: true });
}

const openGate = () => writeFileSync(join(trial, "end"), "");

async function whenBegun(): Promise<void> {
  while (!existsSync(join(trial, "begun"))) await sleep(20);
}

it("a read that is cancelled goes on when the thread is run again without input", async () => {
  closeGate();
  const { thread_id: threadId } = await server.client.threads.create();
  const { run_id } = await server.client.runs.create(threadId, "trial", { input: { request: "count slowly" } });
  await whenBegun();
  await server.client.runs.cancel(threadId, run_id, true);
  expect(await server.client.runs.get(threadId, run_id)).toMatchObject({ status: "interrupted" });
  expect((await server.state(threadId)).next).toEqual(["executor"]);
  openGate();
  const { answer } = await server.run(threadId, { input: null });
  expect(answer).toMatchObject({ status: "success", text: expect.stringContaining("notes") });
});

it("a read that is cancelled is not taken for done when the thread is forked before it", async () => {
  closeGate();
  const { thread_id: threadId } = await server.client.threads.create();
  const { run_id } = await server.client.runs.create(threadId, "trial", { input: { request: "count slowly" } });
  await whenBegun();
  await server.client.runs.cancel(threadId, run_id, true);
  openGate();
  const history = await server.client.threads.getHistory(threadId);
  const planned = history.find(({ metadata, next }) => metadata?.step === 2 && next[0] === "guardrail");
  const { answer } = await server.run(threadId, { input: null, checkpointId: planned?.checkpoint.checkpoint_id ?? "" });
  expect(answer).toMatchObject({ status: "success", text: expect.stringContaining("notes") });
});

it("a write that is cancelled while it runs is carried out once, and then reported", async () => {
  closeGate();
  const { threadId, asked } = await server.ask("write slowly cancelled");
  const command = { resume: { [asked.id]: approveAll(asked.value) } };
  const { run_id } = await server.client.runs.create(threadId, "trial", { command });
  await whenBegun();
  await server.client.runs.cancel(threadId, run_id, true);
  await expect(server.run(threadId, { input: null })).rejects.toThrow("is being advanced by another process");
  openGate();
  await expect.poll(() => server.written("cancelled"), { timeout: 10_000 }).toEqual([1]);
  await expect
    .poll(async () => (await server.run(threadId, { input: null }).catch(() => undefined))?.answer, { timeout: 15_000 })
    .toMatchObject({ status: "success", text: 'Noted "cancelled".' });
  expect(server.written("cancelled")).toEqual([1]);
}, 60_000);

it("another request that cuts a write off is not taken, and the write is carried out once", async () => {
  closeGate();
  const { threadId, asked } = await server.ask("write slowly outlasting");
  const command = { resume: { [asked.id]: approveAll(asked.value) } };
  await server.client.runs.create(threadId, "trial", { command });
  await whenBegun();
  const other = server.run(threadId, { input: { request: "write other" }, multitaskStrategy: "interrupt" });
  await expect(other).rejects.toThrow("is being advanced by another process");
  openGate();
  await expect
    .poll(async () => (await server.run(threadId, { input: null }).catch(() => undefined))?.answer, { timeout: 15_000 })
    .toMatchObject({ status: "success", text: 'Noted "outlasting".' });
  expect((await server.state(threadId)).values.notices.join()).toContain('"write other" was not taken');
  expect(server.written("outlasting", "other")).toEqual([1, 0]);
}, 60_000);

it(
  "a server that ends keeps its threads, closes its databases, and lets what was cut off go on afterwards",
  async () => {
    closeGate();
    const { threadId: waiting } = await server.ask("write kept");
    const { thread_id: cutOff } = await server.client.threads.create();
    await server.client.runs.create(cutOff, "trial", { input: { request: "count slowly" } });
    await whenBegun();
    expect(await server.stop()).toBe(130);
    const left = [...readdirSync(server.home), ...readdirSync(trial)].filter((name) => /-(wal|shm)$/.test(name));
    expect(left).toEqual([]);

    await server.start();
    expect(server.log).toContain(`Thread ${cutOff} was cut off`);
    expect(await server.waiting()).toContain(waiting);
    const asked = await server.asked(waiting);
    const command = { resume: { [asked?.id ?? ""]: asked && approveAll(asked.value) } };
    expect((await server.run(waiting, { command })).answer?.status).toBe("success");
    expect(server.written("kept")).toEqual([1]);
    openGate();
    expect((await server.run(cutOff, { input: null })).answer?.status).toBe("success");
  },
  LONG_MS,
);

it(
  "a server that is started for other graphs does not offer those that are gone",
  async () => {
    await server.ask("write forgotten");
    await server.stop();
    await server.start({ agent: "src/graph/index.ts" });
    expect(server.log).toContain('it held threads of a graph that is gone, "trial"');
    const assistants = await server.client.assistants.search();
    expect(assistants.map((assistant) => assistant.graph_id)).toEqual(["agent"]);
    expect(await server.client.threads.search()).toEqual([]);
  },
  LONG_MS,
);

it(
  "a server starts and works without a network, without a file .env, and asks no other machine for anything",
  async () => {
    const called: string[] = [];
    const proxy = createServer((socket) => {
      socket.on("data", (data) => called.push(data.toString().split("\r\n")[0] ?? "")).on("error", () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void proxy.close());
    const address = proxy.address();
    const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
    const isolated = new AgentServer({
      NODE_USE_ENV_PROXY: "1",
      HTTP_PROXY: url,
      HTTPS_PROXY: url,
      NO_PROXY: "127.0.0.1,localhost",
    });
    onTestFinished(() => isolated.remove());
    await isolated.start();
    await isolated.ask("write alone");
    expect(isolated.log).toContain('Env file ".env" not found. Continuing without it.');
    await isolated.stop();
    expect(called).toEqual([]);
  },
  LONG_MS,
);
