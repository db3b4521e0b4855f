/** The guardrail inside the graph: what it stops, what it resets, and what it does not take. */
import { describe, expect, it } from "vitest";
import { listAudit } from "../../src/ledger/audit.ts";
import { getProposal } from "../../src/ledger/proposals.ts";
import { listReads } from "../../src/ledger/reads.ts";
import { findThreadRun, listRuns } from "../../src/ledger/runs.ts";
import { createPolicy } from "../../src/policy/policy.ts";
import { answerThread } from "../../src/work/answer.ts";
import { continueThread, startRequest, viewThread } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, openTestRuntime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

it("a request that is longer than what is taken in is refused, whatever length policy allows", async () => {
  const policy = createPolicy({ maxRequestLength: 1_000_000 });
  const runtime = await openTestRuntime({ policy, plans: {} });
  const request = `${"y".repeat(30_000)} and do NOT touch the stock`;
  const { run } = await startRequest(runtime, alice, { request });
  expect(run.answer).toMatchObject({ status: "invalid_request", text: expect.stringContaining("At most 20000") });
});

describe("the guardrail", () => {
  it.each([
    ["", "The request is empty. Nothing was changed.", "invalid_request"],
    ["sudo reboot", '"sudo r" is blocked: it looks like privilege escalation. Nothing was changed.', "denied"],
    ["half \ud800 pair", "half a surrogate pair", "invalid_request"],
    ["x".repeat(30_000), "characters are taken", "invalid_request"],
  ])("denies a bad request that reaches the graph itself (%#)", async (request, text, status) => {
    const runtime = await openTestRuntime();
    await runtime.graph.invoke({ request }, { configurable: { thread_id: "t1" }, context: alice.identity });
    const run = await findThreadRun(runtime.ledger, "acme", "t1");
    expect(run?.answer).toMatchObject({ status, text: expect.stringContaining(text) });
    expect(run?.request.length).toBeLessThanOrEqual(200);
  });

  it.each([
    ["calls an unknown action", [{ id: "a", action: "rm" }], '"rm", which is no action'],
    ["has blocked text in an argument", [{ id: "a", args: { text: "drop table notes" } }], '"drop table" is blocked'],
    ["has too many steps", Array.from({ length: 51 }, (_, n) => ({ id: `s${n}` })), "at most 50 are taken"],
  ])("denies a plan that %s, before anything of it is read or proposed", async (_what, steps, reason) => {
    const notebook = createNotebook(tempDir());
    const plans = { go: [{ id: "r", action: "count_notes", args: {} }, ...steps] };
    const runtime = await openTestRuntime({ actions: notebook.actions, plans });
    const view = await startRequest(runtime, alice, { request: "go" });
    expect(view.run.answer).toMatchObject({ status: "denied", text: expect.stringContaining(reason) });
    expect(await listReads(runtime.ledger, "acme", view.run.id)).toEqual([]);
  });

  it("denies an edited plan before any of its reads runs", async () => {
    const notebook = createNotebook(tempDir());
    const runtime = await openTestRuntime({ actions: notebook.actions, plans: { go: [{ id: "a" }] } });
    const { threadId, state, run } = await startRequest(runtime, alice, { request: "go" });
    const config = { configurable: { thread_id: threadId }, context: alice.identity };
    const step = { id: "r", title: "r", action: "find_products", args: { text: "drop table x" }, dependsOn: [] };
    const plan = state.plan && { ...state.plan, steps: [step] };
    await runtime.graph.updateState(config, { plan, outcome: "plan allowed" }, "guardrail");
    await continueThread(runtime, alice, threadId).catch(() => undefined);
    await runtime.graph.invoke(null, config);
    expect(await listReads(runtime.ledger, "acme", run.id)).toEqual([]);
  });

  it("denies a transaction that policy forbids by then, and says so", async () => {
    const notebook = createNotebook(tempDir());
    const base = createPolicy();
    const reason = "Not on Sundays.";
    const policy = {
      ...base,
      checkTransaction: () => [{ rule: "sunday", verdict: "deny" as const, reason }],
    };
    const runtime = await openTestRuntime({ actions: notebook.actions, policy, plans: { go: [{ id: "a" }] } });
    const view = await startRequest(runtime, alice, { request: "go" });
    expect(view.run.answer).toMatchObject({ status: "denied", text: `${reason} Nothing was changed.` });
    expect(view.state.proposal).not.toBeNull();
    expect((await getProposal(runtime.ledger, "acme", view.state.proposal?.id ?? "")).status).toBe("denied");
  });

  it("resets what the last run left in the state", async () => {
    const notebook = createNotebook(tempDir());
    const plans = { go: [{ id: "a", args: { text: "refuse" } }], look: [{ id: "r", action: "count_notes", args: {} }] };
    const runtime = await openTestRuntime({ actions: notebook.actions, plans });
    const { threadId } = await startRequest(runtime, alice, { request: "go" });
    await answerThread(runtime, bob, threadId, approveAll);
    const view = await startRequest(runtime, alice, { request: "look", threadId });
    expect(view.run.answer).toMatchObject({ status: "success", text: "There are 0 notes." });
    expect(view.state).toMatchObject({
      failure: null,
      proposal: null,
      notices: [],
      steps: { r: { status: "completed" } },
    });
    expect(view.state.steps).not.toHaveProperty("a");
  });

  it("finishes an approved transaction before it takes another request on the thread, and says so", async () => {
    const notebook = createNotebook(tempDir());
    const plans = { go: [{ id: "a" }], other: [{ id: "z" }] };
    const runtime = await openTestRuntime({ actions: notebook.actions, plans });
    const { threadId, run } = await startRequest(runtime, alice, { request: "go" });
    // Another process holds the lease, so the approved transaction cannot be carried out yet.
    const far = new Date(Date.now() + 60_000).toISOString();
    await runtime.ledger.updateTable("runs").set({ leaseUntil: far }).execute();
    await expect(answerThread(runtime, bob, threadId, approveAll)).rejects.toMatchObject({ code: "busy" });
    await runtime.ledger.updateTable("runs").set({ leaseUntil: null }).execute();
    // Whoever says no now must not set off what was approved.
    await expect(answerThread(runtime, alice, threadId, approveAll)).rejects.toMatchObject({
      code: "decision_taken",
      hint: expect.stringContaining("not carried out yet"),
    });
    expect(notebook.lines()).toEqual([]);
    const other = startRequest(runtime, alice, { request: "other", threadId });
    await expect(other).rejects.toMatchObject({
      code: "busy",
      message: expect.stringContaining('"other" was not taken'),
    });
    const view = await viewThread(runtime, alice.identity, threadId);
    expect(view.run).toMatchObject({ id: run.id, answer: { status: "success" } });
    expect(notebook.lines().map((line) => line.text)).toEqual(["a"]);
    expect(await listRuns(runtime.ledger, "acme", { threadId })).toHaveLength(1);
  });
});

describe("a run that was cut off after its commit and before its answer", () => {
  it("is not superseded: it gets the answer that is true", async () => {
    const notebook = createNotebook(tempDir());
    const plans = { go: [{ id: "a" }], other: [{ id: "z" }] };
    const runtime = await openTestRuntime({ actions: notebook.actions, plans });
    const { threadId, run } = await startRequest(runtime, alice, { request: "go" });
    await answerThread(runtime, bob, threadId, approveAll);
    await runtime.ledger.updateTable("runs").set({ status: "running", answer: null }).execute();
    await expect(startRequest(runtime, alice, { request: "other", threadId })).rejects.toMatchObject({ code: "busy" });
    const view = await viewThread(runtime, alice.identity, threadId);
    expect(view.run).toMatchObject({ id: run.id, answer: { status: "success", text: 'Noted "a".' } });
  });
});

describe("the audit trail", () => {
  it("holds every step of a run, with who did it", async () => {
    const notebook = createNotebook(tempDir());
    const plans = {
      go: [{ id: "r", action: "count_notes", args: {} }, { id: "a" }, { id: "b", args: { text: "refuse" } }],
    };
    const runtime = await openTestRuntime({ actions: notebook.actions, plans });
    const { threadId, run } = await startRequest(runtime, alice, { request: "go" });
    await answerThread(runtime, bob, threadId, approveAll);
    const trail = (await listAudit(runtime.ledger, "acme", run.id)).map(
      ({ principal, event }) => `${principal} ${event}`,
    );
    expect(trail).toEqual([
      "alice run.started",
      "alice plan.recorded",
      "alice plan.allow",
      "alice read.succeeded",
      "alice proposal.opened",
      "alice proposal.checked",
      "alice proposal.reviewed",
      "bob decision.approved",
      "bob effect.intended",
      "bob effect.executing",
      "bob effect.succeeded",
      "bob effect.intended",
      "bob effect.executing",
      "bob effect.failed",
      "bob effect.undoing",
      "bob effect.undone",
      "bob proposal.rolled_back",
      "bob run.ended",
    ]);
    expect((await viewThread(runtime, alice.identity, threadId)).run.status).toBe("ended");
  });
});
