/** The HTTP interface inside the dev Agent Server: its runs are the server's own, for every way in. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { useAgentServer } from "../support/agent-server.ts";
import { holdpoint } from "../support/child.ts";
import { BUY } from "../support/server.ts";
import { tempDir } from "../support/temp.ts";

const server = useAgentServer();

async function send(line: string, body?: object, headers: Record<string, string> = {}) {
  const [method = "GET", path] = line.split(" ");
  const type = { "content-type": "application/json" };
  const sent = { method, headers: { ...type, ...headers }, ...(body ? { body: JSON.stringify(body) } : {}) };
  const answer = await fetch(`${server.url}${path}`, sent);
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any form
  return { status: answer.status, body: (await answer.json()) as any, headers: answer.headers };
}

describe("the HTTP interface in the Agent Server", () => {
  it("starts a run that the server's own clients see waiting, and lets it be approved", async () => {
    const started = await send("POST /api/v1/runs", { request: BUY });
    expect(started).toMatchObject({ status: 201, body: { run: { status: "waiting" } } });
    const { threadId, question } = started.body;
    expect(await server.waiting()).toContain(threadId);
    const asked = await server.asked(threadId);
    expect(asked?.value.proposalId).toBe(question.proposalId);
    const decided = await send(`POST /api/v1/actions/executions/${question.proposalId}:s1/approve`);
    expect(decided.body.run.answer).toMatchObject({ status: "success" });
    expect((await server.state(threadId)).values.answer).toMatchObject({ status: "success" });
  });

  it("decides what was asked by another page, and is told what was decided there", async () => {
    const { threadId, asked } = await server.ask(BUY, "agent");
    const shown = await send(`GET /api/v1/runs/${threadId}`);
    expect(shown.body.question.proposalId).toBe(asked.value.proposalId);
    await server.run(threadId, { command: { resume: { [asked.id]: { decisions: [{ type: "approve" }] } } } }, "agent");
    const late = await send(`POST /api/v1/actions/executions/${asked.value.proposalId}:s1/approve`);
    expect(late).toMatchObject({ status: 409, body: { code: "decision_taken" } });
    const rolled = await send(`POST /api/v1/runs/${threadId}/rollback`);
    expect(rolled.body).toMatchObject({ kind: "rolled_back" });
  });

  it("rejects, cancels, and starts again on the same thread", async () => {
    const first = (await send("POST /api/v1/runs", { request: BUY })).body;
    const rejected = await send(`POST /api/v1/actions/executions/${first.question.proposalId}:s1/reject`, {
      reason: "no",
    });
    expect(rejected.body.run.answer.status).toBe("rejected");
    const second = (await send("POST /api/v1/runs", { request: BUY, thread: first.threadId })).body;
    expect(second.threadId).toBe(first.threadId);
    const cancelled = await send(`POST /api/v1/runs/${second.run.id}/cancel`, {});
    expect(cancelled.body.run.answer.status).toBe("cancelled");
    expect(await server.waiting()).not.toContain(first.threadId);
  });

  it("sent again under the same key is the same run", async () => {
    const start = () => send("POST /api/v1/runs", { request: BUY }, { "idempotency-key": "again" });
    const [one, two] = [await start(), await start()];
    expect(two.body).toEqual(one.body);
  });

  it("tells of a run's events", async () => {
    const { run, question } = (await send("POST /api/v1/runs", { request: BUY })).body;
    await send(`POST /api/v1/actions/executions/${question.proposalId}:s1/approve`);
    const events = await (await fetch(`${server.url}/api/v1/runs/${run.id}/events`)).text();
    expect(events).toContain("event: end");
    expect(events).toContain('"event":"proposal.committed"');
  });

  it("does what the command line asks for", async () => {
    const place = { home: join(tempDir(), "unused"), environment: { HOLDPOINT_URL: server.url } };
    const type = async (...words: string[]) => await holdpoint(place, ...words);
    const asked = await type("Return 1 Classic");
    expect([asked.status, asked.stderr]).toEqual([3, ""]);
    const [, thread = ""] = /Thread ([0-9a-f-]{36})\./.exec(asked.stdout) ?? [];
    // What is asked can be seen a moment before the server is done with the thread.
    await expect.poll(() => server.waiting()).toContain(thread);
    const done = await type("resume", thread, "--approve");
    expect([done.status, done.stderr]).toEqual([0, ""]);
    expect((await server.state(thread)).values.answer).toMatchObject({ status: "success" });
    expect((await type("show", thread)).stdout).toContain("ended: success");
    expect((await type("rollback", thread)).stdout).toContain("The one step is undone.");
    expect(existsSync(place.home)).toBe(false);
  });

  it("keeps what went wrong in words, and leaves the server's own paths alone", async () => {
    const bad = await send("POST /api/v1/runs", { request: BUY, thread: "no-uuid" });
    expect(bad.status).toBeGreaterThanOrEqual(400);
    expect(bad.status).toBeLessThan(500);
    expect(bad.body.detail).not.toMatch(/Error|undefined/);
    expect(await send("GET /api/v1/nothing")).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await send("GET /ok")).toMatchObject({ status: 200, body: { ok: true } });
    expect((await send("GET /info")).headers.get("content-security-policy")).toBeNull();
  });
});
