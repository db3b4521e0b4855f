/** A transaction that is asked to stop while it waits to try something again: it ends there, and goes on later. */
import { describe, expect, it } from "vitest";
import { takeDecision } from "../../src/ledger/decisions.ts";
import { listEffects } from "../../src/ledger/effects.ts";
import { listProposals } from "../../src/ledger/proposals.ts";
import type { AnyRead, AnyWrite } from "../../src/tools/action.ts";
import { commitApproved } from "../../src/transaction/commit.ts";
import { startRequest } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, bob, openTestRuntime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

/** Its pause is an hour: waited for, these tests would never end. */
const retry = { attempts: 4, pauseMs: 3_600_000, maxPauseMs: 3_600_000 };
const plans = { one: [{ id: "a" }], refused: [{ id: "a" }, { id: "b", args: { text: "refuse" } }] };

/** An approved transaction of notes whose first run, or undo, fails once. */
async function approved(request: keyof typeof plans, fails: "run" | "undo") {
  const notebook = createNotebook(tempDir(), { canLookUp: false });
  const [note, read] = notebook.actions as [AnyWrite, AnyRead];
  let hasFailed = false;
  const once =
    <Input, Output>(call: (...input: Input[]) => Promise<Output>) =>
    async (...input: Input[]) => {
      if (hasFailed) return await call(...input);
      hasFailed = true;
      throw new Error("No route.");
    };
  const flaky = fails === "run" ? { run: once(note.run as never) } : { undo: once(note.undo as never) };
  const runtime = await openTestRuntime({
    actions: [{ ...note, ...flaky, idempotent: true, retry } as AnyWrite, read],
    plans,
  });
  const { run } = await startRequest(runtime, alice, { request });
  const [proposal] = await listProposals(runtime.ledger, "acme", run.id);
  if (!proposal) throw new Error("Nothing was proposed.");
  await takeDecision(
    runtime.ledger,
    { ...bob.identity, at: runtime.now() },
    {
      ...{ proposalId: proposal.id, digest: proposal.digest, decider: "person", verdict: "approved", reason: null },
      ...{ actions: proposal.actions.map(({ step }) => ({ step, verdict: "approved", reason: null })) },
      separateApprover: false,
    },
  );
  const { signal } = new AbortController();
  const commit = (stopped: () => boolean) => commitApproved(runtime, { identity: bob.identity, run, signal, stopped });
  return {
    stopAfterFailure: () => commit(() => hasFailed),
    goOn: () => commit(() => false),
    effects: async () =>
      (await listEffects(runtime.ledger, "acme", run.id)).map(({ step, status }) => `${step} ${status}`),
    lines: () => notebook.lines().map(({ did, text }) => `${did} ${text}`),
  };
}

describe("a transaction that is asked to stop in a pause", () => {
  it("before it repeats a write leaves it open, and repeats it when it goes on", async () => {
    const { stopAfterFailure, goOn, effects, lines } = await approved("one", "run");
    expect(await stopAfterFailure()).toEqual({ kind: "drained" });
    expect(await effects()).toEqual(["a executing"]);
    expect(await goOn()).toEqual({ kind: "committed" });
    expect(lines()).toEqual(["write a"]);
  });

  it("before it repeats an undo leaves it open, and undoes it when it goes on", async () => {
    const { stopAfterFailure, goOn, effects, lines } = await approved("refused", "undo");
    expect(await stopAfterFailure()).toEqual({ kind: "drained" });
    expect(await effects()).toEqual(["a undoing", "b failed"]);
    expect(await goOn()).toMatchObject({ kind: "rolled_back", failure: { message: "The notebook refused." } });
    expect(await effects()).toEqual(["a undone", "b failed"]);
    expect(lines()).toEqual(["write a", "undo a"]);
  });
});
