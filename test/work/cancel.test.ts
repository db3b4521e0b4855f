/** Whoever ends a run early: nothing more starts, and what was committed stays or is undone, as asked. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { HoldpointError } from "../../src/errors.ts";
import { listAudit } from "../../src/ledger/audit.ts";
import { listReads } from "../../src/ledger/reads.ts";
import { createPolicy } from "../../src/policy/policy.ts";
import type { AnyRead, AnyWrite } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { cancelThread } from "../../src/work/cancel.ts";
import { recoverRuns } from "../../src/work/recover.ts";
import { rollBackThread, startRequest, viewThread } from "../../src/work/threads.ts";
import { spawnScript } from "../support/child.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, mallory, openTestRuntime, type PlannedStep } from "../support/runtime.ts";
import { openStopRuntime } from "../support/stop-runtime.ts";
import { tempDir } from "../support/temp.ts";

const twoStages: PlannedStep[] = [
  { id: "a" },
  { id: "n", action: "count_notes", args: {}, dependsOn: ["a"] },
  { id: "b", args: { text: "b ${n.label}" } },
];
const plans = { go: [{ id: "a" }, { id: "b" }, { id: "c" }], stages: twoStages };

async function open(
  change: Partial<AnyWrite> = {},
  options: Parameters<typeof createNotebook>[1] = {},
  now?: () => string,
) {
  const home = tempDir();
  const notebook = createNotebook(home, options);
  const [write, read] = notebook.actions as [AnyWrite, AnyRead];
  const actions = [{ ...write, ...change }, read];
  const runtime = await openTestRuntime({ home, actions, plans, ...(now ? { now } : {}) });
  const lines = () => notebook.lines().map(({ did, text }) => `${did} ${text}`);
  return { home, runtime, lines };
}

/** A run that has committed its first stage, and asks for the second. */
async function halfDone(...given: Parameters<typeof open>) {
  const opened = await open(...given);
  const { threadId } = await startRequest(opened.runtime, alice, { request: "stages" });
  const { question } = await answerThread(opened.runtime, bob, threadId, approveAll);
  expect(question?.actions.map(({ step }) => step)).toEqual(["b"]);
  return { ...opened, threadId };
}

describe("a run that waits, cancelled", () => {
  it("keeps what it had committed", async () => {
    const { runtime, threadId, lines } = await halfDone();
    const { run } = await cancelThread(runtime, bob, { threadId, reason: "enough" });
    const text = 'bob cancelled it: enough. What was done before stays: Noted "a".';
    expect(run.answer).toEqual({ status: "cancelled", text, details: [] });
    expect(lines()).toEqual(["write a"]);
  });

  it("undoes what it had committed, where that is asked for, and says so", async () => {
    const { runtime, threadId, lines } = await halfDone();
    const { run } = await cancelThread(runtime, bob, { threadId, reason: null, rollback: true });
    expect(run.answer).toEqual({
      status: "cancelled",
      text: 'bob cancelled it. What had been done was undone. Erased "a".',
      details: [],
    });
    expect(lines()).toEqual(["write a", "undo a"]);
    const events = (await listAudit(runtime.ledger, "acme", run.id)).map(({ principal, event }) => [principal, event]);
    expect(events).toContainEqual(["bob", "run.cancel_asked"]);
    expect(events).toContainEqual(["bob", "rollback.ended"]);
  });

  it("says what could not be undone, and fails", async () => {
    const stuck = await halfDone({}, { stuck: true });
    const input = { threadId: stuck.threadId, reason: null, rollback: true };
    const { run } = await cancelThread(stuck.runtime, bob, input);
    expect(run.answer).toMatchObject({
      status: "failed",
      text: "bob cancelled it. These could NOT be undone: note (The eraser is gone.).",
    });
    const final = await halfDone({ reversibility: "irreversible" });
    const kept = await cancelThread(final.runtime, bob, { threadId: final.threadId, reason: null, rollback: true });
    expect(kept.run.answer).toEqual({
      status: "failed",
      text: 'bob cancelled it. What was done before stays: Noted "a".',
      details: ['Not undone: a. "note" cannot be undone.'],
    });
  });

  it("undoes nothing that others have changed since, and says what", async () => {
    const { runtime, threadId, lines } = await halfDone({ movedOn: async () => ["Somebody tore the page out."] });
    const { run } = await cancelThread(runtime, bob, { threadId, reason: null, rollback: true });
    expect(run.answer).toMatchObject({ status: "failed", text: expect.stringContaining("tore the page out") });
    expect(lines()).toEqual(["write a"]);
  });

  it("goes on undoing what it began, whatever that has changed, when it died in an undo", async () => {
    let dies = true;
    let gone = false;
    const { runtime, threadId, lines } = await halfDone({
      idempotent: true,
      movedOn: async () => (gone ? ["Somebody tore the page out."] : []),
      undo: async () => {
        gone = true;
        if (dies) throw new HoldpointError("busy", "It died.");
        return "Gone.";
      },
    });
    const input = { threadId, reason: null, rollback: true };
    await expect(cancelThread(runtime, bob, input)).rejects.toThrow("It died.");
    dies = false;
    await runtime.ledger.updateTable("runs").set({ leaseUntil: null, aliveUntil: null }).execute();
    const [recovered] = await recoverRuns(runtime, bob);
    expect(recovered?.run.answer).toMatchObject({
      status: "cancelled",
      text: expect.stringContaining("was undone. Gone."),
    });
    expect(lines()).toEqual(["write a"]);
  });

  it("undoes in the reverse order of the stages, whatever the clock says", async () => {
    const { runtime, threadId, lines } = await halfDone({}, {}, () => "2026-01-01T00:00:00.000Z");
    await answerThread(runtime, bob, threadId, approveAll);
    await rollBackThread(runtime, bob, { threadId });
    expect(lines()).toEqual(["write a", "write b n1", "undo b n1", "undo a"]);
  });

  it("is nothing that another tenant can do", async () => {
    const { runtime, threadId, lines } = await halfDone();
    const foreign = cancelThread(runtime, mallory, { threadId, reason: null, rollback: true });
    await expect(foreign).rejects.toMatchObject({ code: "unknown_thread" });
    expect((await viewThread(runtime, alice.identity, threadId)).run).toMatchObject({
      status: "waiting",
      cancellation: null,
    });
    expect(lines()).toEqual(["write a"]);
  });

  it("ends once, whatever comes later", async () => {
    const { runtime, threadId } = await halfDone();
    await cancelThread(runtime, bob, { threadId, reason: null });
    for (const again of [true, false]) {
      const second = cancelThread(runtime, alice, { threadId, reason: null, rollback: again });
      await expect(second).rejects.toMatchObject({ code: "not_paused" });
    }
    const late = answerThread(runtime, alice, threadId, approveAll);
    await expect(late).rejects.toMatchObject({ code: "decision_taken" });
  });
});

describe("a run that another process is at, cancelled", () => {
  async function begun(request: "read" | "write") {
    const home = tempDir();
    const { process: child, ended } = spawnScript("test/support/scripts/stop-worker.ts", [home, request]);
    onTestFinished(() => void child.kill("SIGKILL"));
    while (!existsSync(join(home, "begun"))) await sleep(10);
    const runtime = await openStopRuntime(home, async () => undefined);
    onTestFinished(() => runtime.close());
    const lines = () =>
      createNotebook(home)
        .lines()
        .map(({ did, text }) => `${did} ${text}`);
    return { home, child, ended, runtime, lines, release: () => writeFileSync(join(home, "end"), "") };
  }

  it("stops before the next action, and its transaction is undone", async () => {
    const { ended, runtime, lines, release } = await begun("write");
    const cancelled = cancelThread(runtime, bob, { threadId: "t", reason: "wrong" });
    await expect(cancelled).rejects.toMatchObject({ code: "busy", message: expect.stringContaining("is recorded") });
    expect(lines()).toEqual([]);
    release();
    await ended;
    const { run } = await viewThread(runtime, alice.identity, "t");
    expect(run.answer).toMatchObject({
      status: "cancelled",
      text: expect.stringContaining("bob cancelled it: wrong."),
    });
    expect(lines()).toEqual(["write a", "undo a"]);
  });

  it("is waited for, when it stops soon", async () => {
    const { ended, runtime, lines, release } = await begun("write");
    const cancelled = cancelThread(runtime, bob, { threadId: "t", reason: null });
    await sleep(300);
    release();
    expect((await cancelled).run.answer?.status).toBe("cancelled");
    await ended;
    expect(lines()).toEqual(["write a", "undo a"]);
  });

  it("starts no further read", async () => {
    const { ended, runtime, release } = await begun("read");
    const { run } = await cancelThread(runtime, bob, { threadId: "t", reason: null });
    expect(run.answer).toMatchObject({ status: "cancelled", text: "bob cancelled it. Nothing was changed." });
    release();
    await ended;
    const reads = await listReads(runtime.ledger, "acme", run.id);
    expect(reads.map(({ step }) => step)).toEqual(["slow"]);
    expect((await viewThread(runtime, alice.identity, "t")).run.answer?.status).toBe("cancelled");
  });

  it("is undone by whoever recovers it, when that process died", async () => {
    const { child, ended, runtime, lines } = await begun("write");
    await cancelThread(runtime, bob, { threadId: "t", reason: null }).catch(() => undefined);
    child.kill("SIGKILL");
    await ended;
    expect((await recoverRuns(runtime, bob)).map(({ outcome }) => outcome)).toEqual(["left"]);
    // Stands for waiting until it is not believed to be alive any more.
    await runtime.ledger.updateTable("runs").set({ leaseUntil: null, aliveUntil: null }).execute();
    const [recovered] = await recoverRuns(runtime, bob);
    expect(recovered).toMatchObject({ outcome: "ended", run: { answer: { status: "cancelled" } } });
    expect(lines()).toEqual([]);
  });
});

describe("a cancellation at the same moment as", () => {
  it("an approval: one of them comes first, and what is undone was done", async () => {
    for (let attempt = 0; attempt < 10; attempt++) {
      const { runtime, lines } = await open();
      const { threadId } = await startRequest(runtime, alice, { request: "go" });
      await Promise.allSettled([
        answerThread(runtime, bob, threadId, approveAll),
        cancelThread(runtime, alice, { threadId, reason: null }),
      ]);
      const { run } = await viewThread(runtime, alice.identity, threadId);
      const won = run.answer?.status === "success";
      if (!won) expect(run.answer?.status).toBe("cancelled");
      const [written, undone] = ["write", "undo"].map((did) => lines().filter((line) => line.startsWith(did)).length);
      expect(undone).toBe(won ? 0 : written);
    }
  });

  it.each([
    ["preview", []],
    ["captureUndo", ["write a", "undo a"]],
    ["run", ["write a", "undo a"]],
  ] as const)(
    "the %s of a write that policy approves by itself: it is not done, or undone",
    async (moment, written) => {
      const home = tempDir();
      const notebook = createNotebook(home);
      const [write, read] = notebook.actions as [AnyWrite, AnyRead];
      let cancelled: Promise<unknown> | undefined;
      const hooked: AnyWrite = {
        ...write,
        [moment]: async (...call: [never, never]) => {
          cancelled ??= cancelThread(runtime, bob, { threadId: "t", reason: null });
          await sleep(100);
          return await write[moment]?.(...call);
        },
      };
      const policy = createPolicy({ approval: "never" });
      const runtime = await openTestRuntime({ home, actions: [hooked, read], plans, policy });
      const { run } = await startRequest(runtime, alice, { request: "go", threadId: "t" });
      await cancelled;
      expect(run.answer?.status).toBe("cancelled");
      expect(notebook.lines().map(({ did, text }) => `${did} ${text}`)).toEqual(written);
    },
  );
});
