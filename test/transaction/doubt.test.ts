/** Invariant 4 where receivers fail in every way, at every attempt: time limits, repeats, and what is passed off as known. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Effect } from "../../src/domain/proposal.ts";
import { ActionFailure } from "../../src/errors.ts";
import type { Ledger } from "../../src/ledger/database.ts";
import { withLease } from "../../src/ledger/leases.ts";
import { startRun } from "../../src/ledger/start-run.ts";
import { type AnyWrite, defineAction } from "../../src/tools/action.ts";
import { type CommitContext, runEffect, undoEffect } from "../../src/transaction/run-effect.ts";
import { openTestLedger, proposedAction, stamp } from "../support/ledger.ts";

const KINDS = ["done", "fails before", "fails after", "refuses", "cannot reach", "hangs", "late"] as const;
type Kind = (typeof KINDS)[number];
type LookUp = "none" | "truthful" | "down";

interface Receiver {
  readonly action: AnyWrite;
  readonly calls: string[];
  /** How often it has the effect, whatever the caller knows. */
  effects(): number;
  /** Comes to the end of what was given up on. */
  catchUp(): void;
}

/** A receiver that does at each call what the list says, the last of it over and over. */
function createReceiver(kinds: readonly Kind[], idempotent: boolean, look: LookUp, attempts = 4): Receiver {
  const calls: string[] = [];
  const keys: string[] = [];
  const late: string[] = [];
  const happen = (key: string) => {
    if (!idempotent || !keys.includes(key)) keys.push(key);
  };
  const result = { output: { text: "a" }, changes: [] };
  const answers: Record<Kind, (key: string) => Promise<typeof result>> = {
    done: async (key) => {
      happen(key);
      return result;
    },
    "fails before": async () => {
      throw new Error("No route.");
    },
    "fails after": async (key) => {
      happen(key);
      throw new Error("No answer.");
    },
    // A receiver that knows a repeat answers what it has done.
    refuses: async (key) => {
      if (keys.includes(key)) return result;
      throw new ActionFailure("invalid_request", "No.");
    },
    "cannot reach": async () => {
      throw new ActionFailure("failed", "Nobody is there.");
    },
    hangs: () => new Promise(() => undefined),
    late: (key) => {
      late.push(key);
      return new Promise(() => undefined);
    },
  };
  const lookup = async (key: string) => {
    if (look === "down") throw new Error("The archive is down.");
    return keys.includes(key) ? result : undefined;
  };
  const action = defineAction({
    ...{ kind: "write", name: "send", version: 1, title: "Send", description: "Sends.", timeoutMs: 1, idempotent },
    ...{ retry: { attempts, pauseMs: 1, maxPauseMs: 2 }, breaker: false as const, reversibility: "reversible" },
    input: z.strictObject({ text: z.string() }),
    output: z.object({ text: z.string() }),
    preview: async () => [],
    run: async (_args, { idempotencyKey: key }) => {
      const kind = kinds[Math.min(calls.length, kinds.length - 1)] ?? "done";
      calls.push(key);
      return await answers[kind](key);
    },
    ...(look === "none" ? {} : { lookup }),
    undo: async () => "Taken back.",
    summarize: () => "Sent.",
  });
  return { action, calls, effects: () => keys.length, catchUp: () => late.splice(0).forEach(happen) };
}

let runs = 0;

/** Runs the write as a transaction does, `times` over, as whoever goes on with it does. */
async function send(ledger: Ledger, { action }: Receiver, more: Partial<CommitContext> = {}, times = 1) {
  const runId = `run_${++runs}`;
  await startRun(ledger, stamp(), { id: runId, threadId: runId, request: "send" });
  return await withLease(ledger, { tenant: "acme", runId }, async (lease) => {
    const context = contextOf(ledger, lease, more);
    const plan = { action, proposed: proposedAction("a"), args: { text: "a" }, position: 0, proposalId: "p", runId };
    let effect: Effect | undefined;
    for (let n = 0; n < times; n++) effect = await runEffect(context, { ...plan, byHand: false });
    if (!effect) throw new Error("It never ran.");
    return { effect, undo: () => undoEffect(context, action, effect) };
  });
}

const contextOf = (ledger: Ledger, lease: CommitContext["lease"], more: Partial<CommitContext>): CommitContext => ({
  ...{ ledger, lease, identity: { tenant: "acme", principal: "bob" }, requester: "alice" },
  ...{ signal: new AbortController().signal, stopped: () => false, onEffect: () => undefined },
  now: () => "2026-11-01T10:00:00.000Z",
  ...more,
});

const anyKinds = fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 4 });
const anyLookUp = fc.constantFrom<LookUp>("none", "truthful", "down");

describe("whatever a receiver does", () => {
  it("one that does not know a repeat is called once, however often it is gone on with", async () => {
    const ledger = await openTestLedger();
    await fc.assert(
      fc.asyncProperty(anyKinds, anyLookUp, fc.integer({ min: 1, max: 10 }), async (kinds, look, attempts) => {
        const receiver = createReceiver(kinds, false, look, attempts);
        await send(ledger, receiver, {}, 2);
        expect(receiver.calls).toHaveLength(1);
      }),
      { numRuns: 20 },
    );
  });

  it("one that does is called under one key, as often as the action says", async () => {
    const ledger = await openTestLedger();
    await fc.assert(
      fc.asyncProperty(anyKinds, anyLookUp, fc.integer({ min: 1, max: 4 }), async (kinds, look, attempts) => {
        const receiver = createReceiver(kinds, true, look, attempts);
        await send(ledger, receiver, {}, 2);
        expect(receiver.calls.length).toBeLessThanOrEqual(attempts);
        expect(new Set(receiver.calls).size).toBe(1);
      }),
      { numRuns: 12 },
    );
  });

  it("nothing is said to have happened, or not to have, that turns out otherwise, also later", async () => {
    const ledger = await openTestLedger();
    await fc.assert(
      fc.asyncProperty(anyKinds, fc.boolean(), anyLookUp, async (kinds, idempotent, look) => {
        const receiver = createReceiver(kinds, idempotent, look);
        const { status } = (await send(ledger, receiver)).effect;
        receiver.catchUp();
        expect(["succeeded", "failed", "uncertain"]).toContain(status);
        if (status === "succeeded") expect(receiver.effects()).toBe(1);
        if (status === "failed") expect(receiver.effects()).toBe(0);
      }),
      // A refusal of what is still under way under the same key says nothing.
      { numRuns: 30, examples: [[["late", "refuses"], true, "none"]] },
    );
  });
});

describe("a write that does not end in time", () => {
  it.each<[LookUp, string, string]>([
    ["none", "uncertain", '"send" did not answer within 1 ms. Nobody can tell whether it happened.'],
    ["truthful", "uncertain", '"send" did not answer within 1 ms. It was not found, but may still be under way.'],
  ])("with a look-up that is %s is %s", async (look, status, note) => {
    const { effect } = await send(await openTestLedger(), createReceiver(["late"], false, look));
    expect(effect).toMatchObject({ status, note, attempts: 1 });
  });

  it("is repeated with the same key where the receiver knows a repeat, each time in its row", async () => {
    const receiver = createReceiver(["hangs", "fails before", "done"], true, "none");
    const { effect } = await send(await openTestLedger(), receiver);
    expect(effect).toMatchObject({ status: "succeeded", attempts: 3 });
    expect(receiver.calls).toEqual(Array(3).fill(effect.key));
  });
});

describe("a write that is repeated", () => {
  it("is not said to have failed because the receiver could not be reached the second time", async () => {
    const { effect } = await send(
      await openTestLedger(),
      createReceiver(["fails after", "cannot reach"], true, "none"),
    );
    expect(effect).toMatchObject({ status: "uncertain", attempts: 4 });
  });

  it("is said to have failed when the receiver then refuses it, and nothing is under way", async () => {
    const { effect } = await send(await openTestLedger(), createReceiver(["fails before", "refuses"], true, "none"));
    expect(effect).toMatchObject({ status: "failed", attempts: 2, output: "invalid_request" });
  });

  it("stops between two attempts when it is asked to, and goes on where it was", async () => {
    const ledger = await openTestLedger();
    const receiver = createReceiver(["fails before", "done"], true, "none");
    let stopped = true;
    const more = { stopped: () => stopped };
    const runId = `run_${runs + 1}`;
    expect((await send(ledger, receiver, more)).effect).toMatchObject({ status: "executing", attempts: 1 });
    stopped = false;
    await withLease(ledger, { tenant: "acme", runId }, async (lease) => {
      const plan = { proposed: proposedAction("a"), args: { text: "a" }, position: 0, proposalId: "p", runId };
      const context = contextOf(ledger, lease, more);
      const effect = await runEffect(context, { ...plan, action: receiver.action, byHand: false });
      expect(effect).toMatchObject({ status: "succeeded", attempts: 2 });
    });
    expect(new Set(receiver.calls).size).toBe(1);
  });
});

describe("an undo that fails without knowing why", () => {
  it.each([
    [true, 3, "undone", "Taken back."],
    [false, 1, "undo_failed", "No route."],
  ])("of a receiver that knows a repeat (%s) is called %i times", async (idempotent, times, status, note) => {
    const receiver = createReceiver(["done"], idempotent, "truthful");
    const keys: string[] = [];
    const undo: AnyWrite["undo"] = async (_effect, context) => {
      keys.push(context.idempotencyKey);
      if (keys.length < 3) throw new Error("No route.");
      return "Taken back.";
    };
    const sent = await send(await openTestLedger(), { ...receiver, action: { ...receiver.action, undo } });
    expect(await sent.undo()).toMatchObject({ status, note, attempts: 1 + times });
    expect(keys).toEqual(Array(times).fill(`${sent.effect.key}:undo`));
  });

  it("is said to be perhaps under way when it does not end in time", async () => {
    const receiver = createReceiver(["done"], false, "truthful");
    const undo = () => new Promise<string>(() => undefined);
    const sent = await send(await openTestLedger(), { ...receiver, action: { ...receiver.action, undo } });
    const note = '"send" did not answer within 1 ms. It may still be under way.';
    expect(await sent.undo()).toMatchObject({ status: "undo_failed", note });
  });
});
