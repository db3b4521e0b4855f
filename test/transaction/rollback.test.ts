/** Row E7, invariant 6: what a run did is taken back on demand, and nothing is said that is not so. */
import { describe, expect, it } from "vitest";
import { HoldpointError } from "../../src/errors.ts";
import { listAudit } from "../../src/ledger/audit.ts";
import { listEffects } from "../../src/ledger/effects.ts";
import type { AnyWrite } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { recoverRuns } from "../../src/work/recover.ts";
import { rollBackThread, startRequest, viewThread } from "../../src/work/threads.ts";
import { holdpoint } from "../support/child.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, mallory, openTestRuntime, rejectAll } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const plans = {
  go: [{ id: "a" }, { id: "b", dependsOn: ["a"] }],
  read: [{ id: "n", action: "count_notes", args: {} }],
};

async function done(change: Partial<AnyWrite> = {}, options: Parameters<typeof createNotebook>[1] = {}) {
  const notebook = createNotebook(tempDir(), options);
  const [write, read] = notebook.actions as [AnyWrite, AnyWrite];
  const runtime = await openTestRuntime({ actions: [{ ...write, ...change }, read], plans });
  const { threadId, run } = await startRequest(runtime, alice, { request: "go" });
  await answerThread(runtime, bob, threadId, approveAll);
  const lines = () => notebook.lines().map(({ did, text }) => `${did} ${text}`);
  return { runtime, threadId, runId: run.id, lines };
}

describe("a run that has ended", () => {
  it("is taken back, last first, and the audit says who asked and why", async () => {
    const { runtime, threadId, runId, lines } = await done();
    const report = await rollBackThread(runtime, bob, { threadId, reason: "wrong notebook" });
    expect(report).toEqual({
      kind: "rolled_back",
      effects: [
        { step: "b", action: "note", status: "undone", note: 'Erased "b".' },
        { step: "a", action: "note", status: "undone", note: 'Erased "a".' },
      ],
    });
    expect(lines()).toEqual(["write a", "write b", "undo b", "undo a"]);
    const audit = await listAudit(runtime.ledger, "acme", runId);
    const asked = audit.find((entry) => entry.event === "rollback.asked");
    expect(asked).toMatchObject({ principal: "bob", data: { reason: "wrong notebook", anyway: false } });
    expect((await viewThread(runtime, alice.identity, threadId)).run.answer?.status).toBe("success");
  });

  it("is taken back once: there is nothing left to undo", async () => {
    const { runtime, threadId, lines } = await done();
    await rollBackThread(runtime, bob, { threadId });
    await expect(rollBackThread(runtime, bob, { threadId })).rejects.toMatchObject({ code: "not_paused" });
    expect(lines().filter((line) => line.startsWith("undo"))).toHaveLength(2);
  });

  it("is taken back by one of two who ask at once", async () => {
    const { runtime, threadId, lines } = await done();
    const results = await Promise.allSettled([1, 2].map(() => rollBackThread(runtime, bob, { threadId })));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(lines().filter((line) => line.startsWith("undo"))).toHaveLength(2);
  });

  it("goes on past an undo that fails, and past what cannot be undone, and says so", async () => {
    const { runtime, threadId, runId } = await done({}, { stuck: true });
    const report = await rollBackThread(runtime, bob, { threadId });
    expect(report).toMatchObject({
      effects: [
        { step: "b", status: "undo_failed", note: "The eraser is gone." },
        { step: "a", status: "undo_failed", note: "The eraser is gone." },
      ],
    });
    const statuses = (await listEffects(runtime.ledger, "acme", runId)).map(({ status }) => status);
    expect(statuses).toEqual(["undo_failed", "undo_failed"]);
    const { runtime: other, threadId: thread } = await done({ reversibility: "irreversible" });
    const kept = await rollBackThread(other, bob, { threadId: thread });
    expect(kept).toMatchObject({ effects: [{ status: "kept", note: '"note" cannot be undone.' }, { status: "kept" }] });
  });

  it("goes on to its end when it died in an undo, which is no change that others made", async () => {
    let dies = true;
    const changed: string[] = [];
    const { runtime, threadId, lines } = await done({
      movedOn: async () => changed,
      undo: async ({ args }) => {
        changed.push(`"${String(args.text)}" is gone.`);
        if (dies) throw new HoldpointError("busy", "It died.");
        return "Gone.";
      },
    });
    await expect(rollBackThread(runtime, bob, { threadId })).rejects.toThrow("It died.");
    dies = false;
    expect(await recoverRuns(runtime, bob)).toMatchObject([{ outcome: "rolled_back", problem: null }]);
    expect(await recoverRuns(runtime, bob)).toEqual([]);
    // The receiver says that b is still there, so its undo is called once more.
    expect(changed).toEqual(['"b" is gone.', '"b" is gone.', '"a" is gone.']);
    expect(lines()).toEqual(["write a", "write b"]);
  });

  it("is closed when it died after the last undo, and says what could not be undone", async () => {
    const through = await done();
    await rollBackThread(through.runtime, bob, { threadId: through.threadId });
    const rollback = JSON.stringify({ by: "bob", reason: null, anyway: false });
    await through.runtime.ledger.updateTable("runs").set({ rollback }).execute();
    expect(await recoverRuns(through.runtime, bob)).toMatchObject([{ outcome: "rolled_back", problem: null }]);
    expect(await recoverRuns(through.runtime, bob)).toEqual([]);
    const stuck = await done({}, { stuck: true });
    await stuck.runtime.ledger.updateTable("runs").set({ rollback }).execute();
    const problem = expect.stringContaining("Not undone: b. The eraser is gone.");
    expect(await recoverRuns(stuck.runtime, bob)).toMatchObject([{ outcome: "rolled_back", problem }]);
  });

  it("goes on where it was cut off", async () => {
    const { runtime, threadId, lines } = await done();
    await rollBackThread(runtime, bob, { threadId });
    // As a crash leaves it: b is undone, of a it was only intended.
    await runtime.ledger.updateTable("effects").set({ status: "undoing" }).where("step", "=", "a").execute();
    const report = await rollBackThread(runtime, bob, { threadId });
    expect(report).toMatchObject({ effects: [{ step: "a", status: "undone" }] });
    expect(lines().slice(4)).toEqual(["undo a"]);
  });

  it("is left as it is where an undo of which nobody can tell failed, and outside an action's undo window", async () => {
    const { runtime, threadId } = await done({}, { canLookUp: false, stuck: true });
    await rollBackThread(runtime, bob, { threadId });
    const again = await rollBackThread(runtime, bob, { threadId });
    expect(again).toMatchObject({
      effects: [{ status: "kept", note: expect.stringContaining("may not be repeated") }, {}],
    });
    const late = await done({ undoWindowMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 10));
    const report = await rollBackThread(late.runtime, bob, { threadId: late.threadId });
    expect(report).toMatchObject({ effects: [{ status: "kept", note: expect.stringContaining("for 1 ms only") }, {}] });
    expect(late.lines()).toEqual(["write a", "write b"]);
  });

  it("is not overwritten where the world has moved on, unless that is asked for", async () => {
    const { runtime, threadId, lines } = await done({ movedOn: async ({ args }) => [`${args.text} was read.`] });
    expect(await rollBackThread(runtime, bob, { threadId })).toEqual({
      kind: "moved_on",
      since: ["a was read.", "b was read."],
    });
    expect(lines()).toEqual(["write a", "write b"]);
    expect(await rollBackThread(runtime, bob, { threadId, anyway: true })).toMatchObject({ kind: "rolled_back" });
    expect(lines()).toHaveLength(4);
  });

  it("is nobody else's, and not taken back while it waits or where it did nothing", async () => {
    const { runtime, threadId } = await done();
    await expect(rollBackThread(runtime, mallory, { threadId })).rejects.toMatchObject({ code: "unknown_thread" });
    const { threadId: waiting } = await startRequest(runtime, alice, { request: "go" });
    await expect(rollBackThread(runtime, bob, { threadId: waiting })).rejects.toMatchObject({ code: "not_paused" });
    await answerThread(runtime, bob, waiting, rejectAll);
    await expect(rollBackThread(runtime, bob, { threadId: waiting })).rejects.toMatchObject({ code: "not_paused" });
  });
});

describe("rollback on the command line", () => {
  const sell = async (home: string, request: string) => {
    const { threadId } = JSON.parse((await holdpoint(home, request, "--json")).stdout);
    await holdpoint(home, "resume", threadId, "--approve");
    return threadId as string;
  };
  const stock = async (home: string) =>
    /(\d+) in stock/.exec((await holdpoint(home, "Do you have Aviator sunglasses?")).stdout)?.[1];

  it("gives the store back what was sold", async () => {
    const home = tempDir();
    const threadId = await sell(home, "Buy 3 Aviator");
    expect(await stock(home)).toBe("20");
    const report = await holdpoint(home, "rollback", threadId, "--reason", "wrong customer", "--as", "kim");
    expect(report).toMatchObject({ status: 0, stderr: "", stdout: expect.stringContaining("undone") });
    expect(await stock(home)).toBe("23");
    expect((await holdpoint(home, "show", threadId)).stdout).toContain("rollback.asked");
    expect((await holdpoint(home, "rollback", threadId)).status).toBe(6);
  });

  it("says what others have changed since, and undoes it only when told to", async () => {
    const home = tempDir();
    const threadId = await sell(home, "Buy 3 Aviator");
    await sell(home, "Buy 1 Aviator");
    const report = await holdpoint(home, "rollback", threadId);
    expect(report).toMatchObject({
      status: 6,
      stdout: expect.stringContaining("had 20 in stock after it, and has 19 now"),
    });
    expect(await stock(home)).toBe("19");
    const done = JSON.parse((await holdpoint(home, "rollback", threadId, "--anyway", "--json")).stdout);
    expect(done).toMatchObject({ kind: "rolled_back", exitStatus: 0 });
    expect(await stock(home)).toBe("22");
  });
});
