/** Invariants 1 and 3: an action that changed under its version, between what was approved and what would run. */
import { randomUUID } from "node:crypto";
import { RunControl } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { verifyAudit } from "../../src/ledger/audit-check.ts";
import { takeDecision } from "../../src/ledger/decisions.ts";
import { getProposal, listProposals } from "../../src/ledger/proposals.ts";
import type { Runtime } from "../../src/runtime.ts";
import type { AnyWrite } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { continueThread, startRequest, viewThread } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, openTestRuntime, type PlannedStep, rejectAll } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const NOTICE = 'It has to be approved again: Action "note" changed since it was approved';

const input = (text: z.ZodType<string>) => z.strictObject({ text, after: z.unknown().optional() });
const CHANGES: [string, Partial<AnyWrite>][] = [
  ["takes one argument more", { input: input(z.string()).extend({ colour: z.string().optional() }) }],
  ["says something else of an argument", { input: input(z.string().describe("For all to read.")) }],
  ["takes shorter texts only", { input: input(z.string().max(100)) }],
  ["can only be compensated for", { reversibility: "compensatable" }],
  ["can no longer be undone", { reversibility: "irreversible" }],
  ["does something else, where that is written down", { definition: { url: "https://elsewhere.example.com" } }],
  ["has a receiver that knows a repeat", { idempotent: true }],
];
const CHANGED: Partial<AnyWrite> = { idempotent: true };

const plans: Record<string, PlannedStep[]> = {
  one: [{ id: "a" }],
  two: [{ id: "a" }, { id: "b" }],
  stages: [{ id: "a" }, { id: "n", action: "count_notes", args: {}, dependsOn: ["a"] }, { id: "b", dependsOn: ["n"] }],
};

/** A program whose action `note` can be exchanged: `open` closes the one before, as a new deployment does. */
function createDeployments() {
  const home = tempDir();
  const notebook = createNotebook(home);
  let open: Runtime | undefined;
  const deploy = async (change: Partial<AnyWrite> = {}): Promise<Runtime> => {
    await open?.close();
    const actions = notebook.actions.map((action) =>
      action.name === "note" ? ({ ...action, ...change } as AnyWrite) : action,
    );
    open = await openTestRuntime({ home, actions, plans });
    return open;
  };
  return { deploy, did: () => notebook.lines().map(({ did, text }) => `${did} ${text}`) };
}

/** The approval is recorded, and whoever recorded it did nothing more. */
async function decideOnly({ ledger }: Runtime, proposalId: string): Promise<void> {
  const { digest, actions } = await getProposal(ledger, "acme", proposalId);
  await takeDecision(
    ledger,
    { ...bob.identity, at: new Date().toISOString() },
    {
      proposalId,
      digest,
      decider: "person",
      verdict: "approved",
      actions: actions.map(({ step }) => ({ step, verdict: "approved", reason: null })),
      reason: null,
      separateApprover: false,
    },
  );
}

describe("an action that changed while it was proposed, under the same version", () => {
  it.each(CHANGES)("%s: is not run, but put before a person again, and then run once", async (_what, change) => {
    const { deploy, did } = createDeployments();
    const { threadId, question } = await startRequest(await deploy(), alice, { request: "one" });
    const later = await deploy(change);
    const again = await answerThread(later, bob, threadId, approveAll);
    expect(did()).toEqual([]);
    expect(again.question?.proposalId).not.toBe(question?.proposalId);
    expect(again.question?.notices.join()).toContain(NOTICE);
    const done = await answerThread(later, bob, threadId, approveAll);
    expect(done.run.answer?.status).toBe("success");
    expect(did()).toEqual(["write a"]);
    expect(await verifyAudit(later.ledger, "acme")).toBeGreaterThan(0);
  });

  it("is put before a person again also when it was approved before it changed", async () => {
    const { deploy, did } = createDeployments();
    const first = await deploy();
    const { threadId, question } = await startRequest(first, alice, { request: "one" });
    await decideOnly(first, question?.proposalId ?? "");
    const later = await deploy(CHANGED);
    const again = await continueThread(later, alice, threadId);
    expect(again.question?.notices.join()).toContain(NOTICE);
    expect(did()).toEqual([]);
    await answerThread(later, bob, threadId, rejectAll);
    expect(did()).toEqual([]);
  });

  it("and does not take the arguments any more: the answer says so, and the thread goes on to be used", async () => {
    const { deploy, did } = createDeployments();
    const { threadId } = await startRequest(await deploy(), alice, { request: "one" });
    const later = await deploy({ input: input(z.string().min(5)) });
    const { run } = await answerThread(later, bob, threadId, approveAll);
    expect(run.answer?.status).toBe("invalid_request");
    expect(run.answer?.text).toMatch(/^Step "a" \(note\): text: Too small.* Nothing was changed\.$/);
    expect(did()).toEqual([]);
    const proposals = await listProposals(later.ledger, "acme", run.id);
    expect(proposals.map(({ status }) => status)).toEqual(["stale"]);
    expect(await verifyAudit(later.ledger, "acme")).toBeGreaterThan(0);
    const mended = await deploy();
    await startRequest(mended, alice, { request: "one", threadId });
    await answerThread(mended, bob, threadId, approveAll);
    expect(did()).toEqual(["write a"]);
  });
});

describe("what was done before the action changed", () => {
  it.each(["pending", "not yet staged"])("is neither done nor proposed again (next stage %s)", async (next) => {
    const { deploy, did } = createDeployments();
    const first = await deploy();
    const { threadId } = await startRequest(first, alice, { request: "stages" });
    const control = new RunControl();
    if (next === "pending") await answerThread(first, bob, threadId, approveAll);
    else {
      const stopping = { ...bob, control };
      const config = { configurable: { thread_id: threadId }, context: bob.identity, control };
      const { question } = await viewThread(first, bob.identity, threadId);
      await decideOnly(first, question?.proposalId ?? "");
      const stream = await first.graph.stream(null, { ...config, streamMode: "updates" });
      const stopped = async () => {
        for await (const update of stream) if ("committer" in update) control.requestDrain();
      };
      await expect(stopped()).rejects.toThrow();
      expect(stopping.control.drainRequested).toBe(true);
    }
    expect(did()).toEqual(["write a"]);
    const later = await deploy(CHANGED);
    let asked = await continueThread(later, bob, threadId);
    if (next === "pending") asked = await answerThread(later, bob, threadId, approveAll);
    expect(asked.question?.actions.map(({ step }) => step)).toEqual(["b"]);
    const done = await answerThread(later, bob, threadId, approveAll);
    expect(done.run.answer?.status).toBe("success");
    expect(did()).toEqual(["write a", "write b"]);
  });

  it("stays when only the end of its transaction was not recorded", async () => {
    const { deploy, did } = createDeployments();
    const first = await deploy();
    const { threadId } = await startRequest(first, alice, { request: "two" });
    await answerThread(first, bob, threadId, approveAll);
    await first.ledger.updateTable("proposals").set({ status: "approved" }).execute();
    await first.ledger.updateTable("runs").set({ status: "running", answer: null }).execute();
    const { run } = await continueThread(await deploy(CHANGED), bob, threadId);
    expect(run.answer?.status).toBe("success");
    expect(did()).toEqual(["write a", "write b"]);
  });

  it("is undone when the rest of its transaction can no longer run as approved", async () => {
    const { deploy, did } = createDeployments();
    const control = new RunControl();
    const stopping: Partial<AnyWrite> = {
      captureUndo: async ({ text }: { text: string }) => {
        if (text === "a") control.requestDrain();
        return null;
      },
    };
    const first = await deploy(stopping);
    const { threadId } = await startRequest(first, alice, { request: "two" });
    await expect(answerThread(first, { ...bob, control }, threadId, approveAll)).rejects.toThrow("was stopped");
    expect(did()).toEqual(["write a"]);
    const { run } = await continueThread(await deploy(CHANGED), bob, threadId);
    expect(run.answer?.text).toMatch(/^Action "note" changed since it was approved.*Erased "a"/);
    expect(did()).toEqual(["write a", "undo a"]);
  });
});

describe("an action that did not change", () => {
  it("is run as approved by a later deployment, also with a default that is made anew each time", async () => {
    const { deploy, did } = createDeployments();
    const definition = () => ({
      input: z.strictObject({ text: z.string(), after: z.string().default(() => randomUUID()) }),
    });
    const { threadId } = await startRequest(await deploy(definition()), alice, { request: "one" });
    const { run } = await answerThread(await deploy(definition()), bob, threadId, approveAll);
    expect(run.answer?.status).toBe("success");
    expect(did()).toEqual(["write a"]);
  });

  it("is run also when it was proposed by a version that kept no definition", async () => {
    const { deploy, did } = createDeployments();
    const first = await deploy();
    const { threadId } = await startRequest(first, alice, { request: "one" });
    const { actions } = await first.ledger.selectFrom("proposals").select("actions").executeTakeFirstOrThrow();
    const older = JSON.stringify(
      JSON.parse(actions).map(({ fingerprint: _new, ...action }: AnyWrite & { fingerprint: string }) => action),
    );
    expect(older).not.toBe(actions);
    await first.ledger.updateTable("proposals").set({ actions: older }).execute();
    const { run } = await answerThread(await deploy(CHANGED), bob, threadId, approveAll);
    expect(run.answer?.status).toBe("success");
    expect(did()).toEqual(["write a"]);
  });
});
