/** Invariants 3, 4 and 6 where actions misbehave, and where a process dies between a person's word and the rest. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findDecision, takeDecision } from "../../src/ledger/decisions.ts";
import { listProposals } from "../../src/ledger/proposals.ts";
import { endRun } from "../../src/ledger/runs.ts";
import type { AnyRead, AnyWrite } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { recoverRuns } from "../../src/work/recover.ts";
import { rollBackThread, startRequest } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, openTestRuntime, type PlannedStep } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const plans: Record<string, PlannedStep[]> = {
  two: [{ id: "a" }, { id: "b" }],
  doubt: [{ id: "a" }, { id: "b", args: { text: "half" } }, { id: "c" }],
  reading: [
    { id: "n", action: "count_notes", args: {} },
    { id: "a", dependsOn: ["n"] },
  ],
};

async function asked(request: string, change: (write: AnyWrite) => Partial<AnyWrite> = () => ({}), canLookUp = true) {
  const home = tempDir();
  const notebook = createNotebook(home, { canLookUp });
  const [write, read] = notebook.actions as [AnyWrite, AnyRead];
  const actions = [{ ...write, ...change(write) }, read];
  const open = () => openTestRuntime({ home, actions, plans });
  const runtime = await open();
  const { threadId, run } = await startRequest(runtime, alice, { request });
  const lines = () => notebook.lines().map(({ did, text }) => `${did} ${text}`);
  return { home, runtime, threadId, runId: run.id, lines, open, read, actions };
}

describe("a person's word on an outcome", () => {
  it.each(["happened", "not_happened"] as const)(
    "(%s) is followed to the end, also without checkpoints",
    async (type) => {
      const { home, runtime, threadId, runId, lines, open } = await asked("doubt", () => ({}), false);
      await answerThread(runtime, bob, threadId, approveAll);
      const word = ({ proposalId }: { proposalId: string }) => ({ proposalId, decisions: [{ type, step: "b" }] });
      await answerThread(runtime, bob, threadId, word);
      // As a crash leaves it that came right after the word was settled: nothing of what follows was done.
      const { ledger } = runtime;
      const happened = type === "happened";
      await ledger.deleteFrom("effects").where("step", "=", "c").execute();
      await ledger.updateTable("effects").set({ status: "succeeded" }).where("step", "=", "a").execute();
      await ledger
        .updateTable("proposals")
        .set({ status: "approved", failure: null })
        .where("kind", "=", "transaction")
        .execute();
      await ledger.updateTable("runs").set({ status: "running", answer: null }).execute();
      await runtime.close();
      for (const end of ["", "-wal", "-shm"]) rmSync(join(home, `checkpoints.db${end}`), { force: true });
      const second = await open();
      const [recovered] = await recoverRuns(second, bob);
      expect(recovered?.run.answer?.status).toBe(happened ? "success" : "failed");
      expect(lines().at(-1)).toBe(happened ? "write c" : "undo a");
      expect(await listProposals(second.ledger, "acme", runId)).toHaveLength(2);
    },
  );
});

describe("an action that misbehaves", () => {
  it("when it is to say what its undo needs: nothing of it happens, and what was done is undone", async () => {
    const captureUndo = async ({ text }: { text: string }) => {
      if (text === "b") throw new Error("No snapshot.");
      return null;
    };
    const { runtime, threadId, lines } = await asked("two", () => ({ captureUndo }));
    const { run } = await answerThread(runtime, bob, threadId, approveAll);
    expect(run.answer).toMatchObject({ status: "failed", text: expect.stringContaining("No snapshot.") });
    expect(lines()).toEqual(["write a", "undo a"]);
  });

  it.each([
    ["nothing", undefined],
    ["changes that are none", { output: { text: "a" }, changes: [{ table: 1 }] }],
    ["no output", { output: undefined, changes: [] }],
    ["an output that cannot be stored", { output: { text: "a\u0000" }, changes: [] }],
  ])("when it gives back %s: it did happen, and the run goes on", async (_what, result) => {
    const change = (write: AnyWrite): Partial<AnyWrite> => ({
      run: async (...call) => {
        await write.run(...call);
        return result as never;
      },
    });
    const { runtime, threadId, lines } = await asked("two", change);
    const done = await answerThread(runtime, bob, threadId, approveAll);
    expect(done.run.answer?.status).toBe("success");
    expect(done.effects).toMatchObject([
      { status: "succeeded", note: expect.stringMatching(/does not fit|cannot be stored/) },
      {},
    ]);
    expect(lines()).toEqual(["write a", "write b"]);
  });

  it("when its undo fails after it took effect: it is looked up, and not undone twice", async () => {
    let fail = true;
    const change = (write: AnyWrite): Partial<AnyWrite> => ({
      lookup: async () => undefined,
      undo: async (...call) => {
        const said = (await write.undo?.(...call)) ?? "";
        if (fail) throw new Error("No answer.");
        return said;
      },
    });
    const { runtime, threadId, lines } = await asked("two", change);
    await answerThread(runtime, bob, threadId, approveAll);
    await rollBackThread(runtime, bob, { threadId });
    fail = false;
    const report = await rollBackThread(runtime, bob, { threadId });
    expect(report).toMatchObject({ effects: [{ status: "undone", note: "It is not there any more." }, {}] });
    expect(lines().filter((line) => line.startsWith("undo"))).toHaveLength(2);
  });
});

it("a rollback that is asked for again looks at what others changed of what is left, too", async () => {
  let moved: string[] = [];
  const undo = async (): Promise<string> => {
    throw new Error("The eraser is gone.");
  };
  const { runtime, threadId } = await asked("two", () => ({ undo, movedOn: async () => moved }));
  await answerThread(runtime, bob, threadId, approveAll);
  await rollBackThread(runtime, bob, { threadId });
  moved = ["It was read."];
  expect(await rollBackThread(runtime, bob, { threadId })).toMatchObject({ kind: "moved_on" });
});

it("an approval that can no longer run is no success, whatever the plan has read", async () => {
  const { home, runtime, threadId, read } = await asked("reading");
  await runtime.close();
  const without = await openTestRuntime({ home, actions: [read], plans });
  const { run } = await answerThread(without, bob, threadId, approveAll);
  expect(run.answer).toMatchObject({ status: "failed", text: expect.stringContaining("no write action") });
});

it.each([
  ["its run has ended", true, "has ended"],
  ["its time is over, by the clock at that moment", false, "too late to decide"],
])("a decision is not taken once %s", async (_what, ended, message) => {
  const { runtime, runId } = await asked("two");
  const stamp = { ...bob.identity, at: runtime.now() };
  const [proposal] = await listProposals(runtime.ledger, "acme", runId);
  if (!proposal) throw new Error("nothing was proposed");
  if (ended) await endRun(runtime.ledger, stamp, runId, { status: "cancelled", text: "No.", details: [] });
  const until = ended ? null : "2026-11-01T10:00:00.000Z";
  const late = takeDecision(runtime.ledger, stamp, {
    ...{ proposalId: proposal.id, digest: proposal.digest, decider: "person", verdict: "approved", reason: null },
    actions: proposal.actions.map(({ step }) => ({ step, verdict: "approved", reason: null })),
    separateApprover: false,
    deadline: { until, now: () => "2026-11-01T10:00:00.000Z" },
  });
  await expect(late).rejects.toMatchObject({ message: expect.stringContaining(message) });
  expect(await findDecision(runtime.ledger, "acme", proposal.id)).toBeUndefined();
});
