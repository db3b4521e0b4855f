import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineAction } from "../../src/tools/action.ts";
import { createNotebook } from "../support/notebook.ts";
import { openTestRuntime } from "../support/runtime.ts";
import { BUY, openServer, type TestServer } from "../support/server.ts";
import { tempDir } from "../support/temp.ts";

async function openStoreServer(): Promise<TestServer> {
  return await openServer(await openTestRuntime());
}

/** A request that waits for a person. */
async function asked(server: TestServer, request = BUY) {
  const { body } = await server.send("POST /api/v1/runs", { body: { request } });
  const { run, question, threadId } = body;
  return { run, question, threadId, proposalId: question.proposalId as string };
}

const stock = async (server: TestServer) => {
  const { body } = await server.send("POST /api/v1/runs", { body: { request: "Do you have any aviator in stock?" } });
  return body.run.answer.text as string;
};

/** Requests of two notes, which are decided together. */
async function openNotes() {
  const home = tempDir();
  const { actions, lines } = createNotebook(home);
  const plans = { two: [{ id: "a" }, { id: "b" }], one: [{ id: "a" }] };
  const server = await openServer(await openTestRuntime({ home, actions, plans }));
  return { server, lines };
}

describe("a run over HTTP", () => {
  it("is asked for, waits, is approved by its proposal, and is rolled back", async () => {
    const server = await openStoreServer();
    const started = await server.send("POST /api/v1/runs", { body: { request: BUY } });
    expect(started.status).toBe(201);
    expect(started.headers.get("location")).toBe(`/api/v1/runs/${started.body.run.id}`);
    const { proposalId } = started.body.question;
    expect(await stock(server)).toContain("23");
    const pending = await server.send("GET /api/v1/actions/approvals");
    expect(pending.body).toMatchObject({
      items: [{ proposalId, requester: "alice", kind: "transaction" }],
      next: null,
    });
    const shown = await server.send(`GET /api/v1/actions/approvals/${proposalId}`);
    expect(shown.body).toMatchObject({ decision: null, question: { proposalId, actions: [{ action: "sell" }] } });
    const etag = shown.headers.get("etag") ?? "";
    const decisions = [{ step: "s1", type: "approve" }];
    const path = `POST /api/v1/actions/approvals/${proposalId}/decide`;
    const decided = await server.send(path, { as: "acme/bob", body: { decisions }, headers: { "if-match": etag } });
    expect(decided.status).toBe(200);
    expect(decided.body.run.answer.text).toBe("Sold 2 × Aviator (SG001) for $160.00; 21 left in stock.");
    expect(await stock(server)).toContain("21");
    const execution = await server.send(`GET /api/v1/actions/executions/${proposalId}:s1`);
    expect(execution.body).toMatchObject({ status: "succeeded", decision: { verdict: "approved", principal: "bob" } });
    const undone = await server.send(`POST /api/v1/actions/executions/${proposalId}:s1/rollback`, { body: {} });
    expect(undone.body).toMatchObject({ kind: "rolled_back", effects: [{ status: "undone" }] });
    expect(await stock(server)).toContain("23");
  });

  it("is found by its id and by its thread, with everything that is recorded of it", async () => {
    const server = await openStoreServer();
    const { run, threadId } = await asked(server);
    for (const id of [run.id, threadId]) {
      expect((await server.send(`GET /api/v1/runs/${id}`)).body.run.id).toBe(run.id);
    }
    const record = (await server.send(`GET /api/v1/runs/${run.id}/record`)).body;
    expect(record.proposals).toHaveLength(1);
    expect(record.audit.map(({ event }: { event: string }) => event)).toContain("proposal.opened");
    const plan = await server.send(`GET /api/v1/runs/${run.id}/plan`);
    expect(plan.body).toMatchObject({ number: 1, editable: false, plan: { steps: [{ action: "sell" }] } });
  });

  it("is cancelled while it waits", async () => {
    const server = await openStoreServer();
    const { run } = await asked(server);
    const cancelled = await server.send(`POST /api/v1/runs/${run.id}/cancel`, { body: { reason: "not now" } });
    expect(cancelled.body.run.answer).toMatchObject({ status: "cancelled", text: expect.stringContaining("not now") });
    expect((await server.send("GET /api/v1/actions/approvals")).body.items).toEqual([]);
  });

  it("takes an answer in the formats of other pages", async () => {
    const server = await openStoreServer();
    const formats = [{ decisions: [{ type: "approve" }] }, [{ type: "accept", args: null }]];
    for (const answer of formats) {
      const { run, proposalId } = await asked(server);
      const named = Array.isArray(answer) ? answer : { ...answer, proposalId };
      const taken = Array.isArray(answer)
        ? await server.send(`POST /api/v1/actions/approvals/${proposalId}/decide`, { body: named })
        : await server.send(`POST /api/v1/runs/${run.id}/resume`, { body: { answer: named } });
      expect(taken.body.run).toMatchObject({ answer: { status: "success" } });
    }
  });

  it("is told of at once where nobody wants to wait, and goes on", async () => {
    const gate = Promise.withResolvers<void>();
    const look = defineAction({
      ...{ kind: "read", name: "look", version: 1, title: "Look", description: "Looks.", input: z.object({}) },
      ...{ output: z.object({}), run: () => gate.promise.then(() => ({})), summarize: () => "Looked." },
    });
    const plans = { look: [{ id: "a", action: "look", args: {} }] };
    const server = await openServer(await openTestRuntime({ actions: [look], plans }));
    const headers = { prefer: "respond-async" };
    const started = await server.send("POST /api/v1/runs", { body: { request: "look" }, headers });
    expect(started).toMatchObject({ status: 202, body: { run: { status: "running" } } });
    gate.resolve();
    const status = async () => (await server.send(`GET /api/v1/runs/${started.body.run.id}`)).body.run.status;
    await expect.poll(status).toBe("ended");
  });

  it("is listed in pages, each run once, whatever comes meanwhile", async () => {
    const server = await openStoreServer();
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) ids.unshift((await asked(server)).run.id);
    const seen: string[] = [];
    let cursor = "";
    for (let page = 0; page < 3; page++) {
      const { body } = await server.send(`GET /api/v1/runs?limit=2${cursor}`);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = `&cursor=${body.next}`;
      await asked(server);
      if (body.next === null) break;
    }
    expect(seen).toEqual(ids);
  });
});

describe("executions", () => {
  it("of several actions are decided together, and never one unseen", async () => {
    const { server, lines } = await openNotes();
    const { proposalId, question } = await asked(server, "two");
    for (const verb of ["approve", "reject"]) {
      const body = verb === "reject" ? { reason: "no" } : {};
      const refused = await server.send(`POST /api/v1/actions/executions/${proposalId}:a/${verb}`, { body });
      expect(refused).toMatchObject({ status: 409, body: { code: "decide_together" } });
    }
    expect(lines()).toEqual([]);
    const decisions = [
      { step: "a", type: "approve" },
      { step: "b", type: "reject", message: "not that" },
    ];
    await server.send(`POST /api/v1/actions/approvals/${question.proposalId}/decide`, { body: { decisions } });
    expect(lines().map(({ text }) => text)).toEqual(["a"]);
    const { body } = await server.send("GET /api/v1/actions/executions");
    expect(body.items.map(({ step, status }: { step: string; status: string }) => [step, status])).toEqual([
      ["a", "succeeded"],
      ["b", "rejected"],
    ]);
    const rejected = await server.send("GET /api/v1/actions/executions?status=rejected");
    expect(rejected.body.items).toMatchObject([{ step: "b", decision: { reason: "not that" } }]);
  });

  it("of one action are approved, or rejected with a reason", async () => {
    const { server, lines } = await openNotes();
    const no = await asked(server, "one");
    const unreasoned = await server.send(`POST /api/v1/actions/executions/${no.proposalId}:a/reject`, { body: {} });
    expect(unreasoned).toMatchObject({ status: 400, body: { errors: [{ where: "body.reason" }] } });
    const rejected = await server.send(`POST /api/v1/actions/executions/${no.proposalId}:a/reject`, {
      body: { reason: "wrong" },
    });
    expect(rejected.body.run.answer.status).toBe("rejected");
    const yes = await asked(server, "one");
    const approved = await server.send(`POST /api/v1/actions/executions/${yes.proposalId}:a/approve`);
    expect(approved.body.run.answer.status).toBe("success");
    expect(lines()).toHaveLength(1);
    const again = await server.send(`POST /api/v1/actions/executions/${yes.proposalId}:a/approve`);
    expect(again).toMatchObject({ status: 409, body: { code: "decision_taken" } });
    expect(lines()).toHaveLength(1);
  });

  it("of a run that did more are undone together", async () => {
    const { server, lines } = await openNotes();
    const { proposalId } = await asked(server, "two");
    const decisions = ["a", "b"].map((step) => ({ step, type: "approve" }));
    await server.send(`POST /api/v1/actions/approvals/${proposalId}/decide`, { body: { decisions } });
    const alone = await server.send(`POST /api/v1/actions/executions/${proposalId}:a/rollback`);
    expect(alone).toMatchObject({ status: 409, body: { code: "rolls_back_together" } });
    const path = `POST /api/v1/actions/executions/${proposalId}:a/rollback`;
    const both = await server.send(path, { body: { together: true, reason: "a mistake" } });
    expect(both.body.effects.map(({ step }: { step: string }) => step)).toEqual(["b", "a"]);
    expect(lines().map(({ did }) => did)).toEqual(["write", "write", "undo", "undo"]);
  });

  it("come in pages, of which each proposal is on one", async () => {
    const { server } = await openNotes();
    for (let index = 0; index < 3; index++) await asked(server, "two");
    const first = (await server.send("GET /api/v1/actions/executions?limit=3")).body;
    expect(first.items).toHaveLength(4);
    const second = (await server.send(`GET /api/v1/actions/executions?limit=3&cursor=${first.next}`)).body;
    expect(second).toMatchObject({ items: [{}, {}], next: null });
    const ids = [...first.items, ...second.items].map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(6);
  });
});

describe("a stale view", () => {
  it("decides nothing", async () => {
    const { server, lines } = await openNotes();
    const { proposalId } = await asked(server, "one");
    const decisions = [{ step: "a", type: "approve" }];
    const path = `POST /api/v1/actions/approvals/${proposalId}/decide`;
    const stale = await server.send(path, { body: { decisions }, headers: { "if-match": '"other"' } });
    expect(stale).toMatchObject({ status: 412, body: { code: "stale" } });
    const edit = { step: "a", type: "edit", editedAction: { args: { text: "changed" } } };
    const edited = await server.send(path, { body: { decisions: [edit] } });
    expect(edited.body.question.actions[0].args).toEqual({ text: "changed" });
    expect(await server.send(path, { body: { decisions } })).toMatchObject({
      status: 409,
      body: { code: "decision_taken" },
    });
    expect(lines()).toEqual([]);
  });

  it("changes no settings, and an admin who names none is told to", async () => {
    const server = await openStoreServer();
    const path = "PATCH /api/v1/actions/settings";
    expect(await server.send(path, { body: { maxReplans: 1 } })).toMatchObject({ status: 428 });
    const first = await server.send(path, { body: { maxReplans: 1 }, headers: { "if-match": '"0"' } });
    expect(first).toMatchObject({ status: 200, body: { version: 1, settings: { maxReplans: 1 } } });
    const second = await server.send(path, { body: { maxReplans: 5 }, headers: { "if-match": '"0"' } });
    expect(second).toMatchObject({ status: 412, body: { code: "stale" } });
    const unfit = { preApprovedActions: ["launch"] };
    const unknown = await server.send(path, { body: unfit, headers: { "if-match": '"1"' } });
    expect(unknown).toMatchObject({ status: 400, body: { detail: expect.stringContaining("launch") } });
    const put = await server.send("PUT /api/v1/actions/settings", { body: {}, headers: { "if-match": '"1"' } });
    expect(put.body).toMatchObject({ version: 2, settings: { maxReplans: 2 } });
  });
});

describe("a batch", () => {
  it("decides each by what was seen of it, and one that is refused stops no other", async () => {
    const { server, lines } = await openNotes();
    const [first, second] = [await asked(server, "one"), await asked(server, "one")];
    const answer = { decisions: [{ step: "a", type: "approve" }] };
    const decisions = [
      { proposalId: first.proposalId, digest: "unseen", answer },
      { proposalId: second.proposalId, digest: second.question.digest, answer },
      { proposalId: "prop_none", digest: "x", answer },
    ];
    const { body } = await server.send("POST /api/v1/actions/approvals/batch", { body: { decisions } });
    expect(body.results.map(({ problem }: { problem: { code: string } | null }) => problem?.code ?? null)).toEqual([
      "stale",
      null,
      "unknown_thread",
    ]);
    expect(lines()).toHaveLength(1);
  });
});

describe("a request that is sent again", () => {
  it("under the same key does nothing again, and gets the same answer", async () => {
    const { server, lines } = await openNotes();
    const start = () =>
      server.send("POST /api/v1/runs", { body: { request: "one" }, headers: { "idempotency-key": "k-1" } });
    const both = await Promise.all([start(), start()]);
    const made = both.find(({ status }) => status === 201);
    const again = await start();
    expect(again.body).toEqual(made?.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect((await server.send("GET /api/v1/runs")).body.items).toHaveLength(1);
    const other = await server.send("POST /api/v1/runs", {
      body: { request: "two" },
      headers: { "idempotency-key": "k-1" },
    });
    expect(other).toMatchObject({ status: 422, body: { code: "key_reused" } });
    const others = await server.send("POST /api/v1/runs", {
      ...{ as: "evil/alice", body: { request: "one" }, headers: { "idempotency-key": "k-1" } },
    });
    expect(others.body.run.id).not.toBe(again.body.run.id);
    const { proposalId } = again.body.question;
    const approve = () =>
      server.send(`POST /api/v1/actions/executions/${proposalId}:a/approve`, { headers: { "idempotency-key": "k-2" } });
    const [one, two] = await Promise.all([approve(), approve()]);
    expect([one.status, two.status].toSorted()).not.toContain(500);
    expect((await approve()).body.run.answer.status).toBe("success");
    expect(lines()).toHaveLength(1);
  });

  it("after its answer was lost finds the run that it started", async () => {
    const home = tempDir();
    const { actions } = createNotebook(home);
    const runtime = await openTestRuntime({ home, actions, plans: { one: [{ id: "a" }] } });
    const server = await openServer(runtime);
    const sent = { body: { request: "one" }, headers: { "idempotency-key": "k-3" } };
    const first = await server.send("POST /api/v1/runs", sent);
    // As a crash between the two leaves it: the run is there, and nobody knows what was answered.
    const past = "2000-01-01T00:00:00.000Z";
    await runtime.ledger.updateTable("answeredRequests").set({ answer: null, until: past }).execute();
    const again = await server.send("POST /api/v1/runs", sent);
    expect(again).toMatchObject({ status: 201, body: { run: { id: first.body.run.id } } });
    expect((await server.send("GET /api/v1/runs")).body.items).toHaveLength(1);
  });
});
