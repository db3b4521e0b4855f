/** Invariant 4: of what nobody can tell whether it happened, a person says so, and the transaction goes on from that. */
import { Command } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import type { ActionAnswer } from "../../src/domain/answer-formats.ts";
import { findDecision } from "../../src/ledger/decisions.ts";
import { listProposals } from "../../src/ledger/proposals.ts";
import type { Question } from "../../src/nodes/question.ts";
import { createPolicy } from "../../src/policy/policy.ts";
import type { AnyWrite } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { cancelThread } from "../../src/work/cancel.ts";
import { continueThread, startRequest, viewThread } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, openTestRuntime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const plans = {
  go: [{ id: "a" }, { id: "b", args: { text: "half" } }, { id: "c" }],
  unknown: [{ id: "b", args: { text: "explode" } }],
  referring: [
    { id: "b", args: { text: "half" } },
    { id: "c", args: { text: "after ${b.text}" } },
  ],
};

async function doubtful(request: keyof typeof plans = "go", policy = createPolicy()) {
  const notebook = createNotebook(tempDir(), { canLookUp: false });
  const [write, read] = notebook.actions as [AnyWrite, AnyWrite];
  let found: string | undefined;
  const lookup: AnyWrite["lookup"] = async () => {
    if (found === "down") throw new Error("The archive does not answer.");
    return found === "there" ? { output: { text: "half" }, changes: [] } : undefined;
  };
  const runtime = await openTestRuntime({ actions: [write, read], plans, policy });
  const { threadId } = await startRequest(runtime, alice, { request });
  const asked = await answerThread(runtime, bob, threadId, approveAll);
  const lines = () => notebook.lines().map(({ did, text }) => `${did} ${text}`);
  /** From now on there is a look-up, which finds what it is told. */
  const answerLookUps = (with_: "there" | "not there" | "down") => {
    found = with_;
    (write as { lookup?: AnyWrite["lookup"] }).lookup = lookup;
  };
  return { runtime, threadId, question: asked.question as Question, lines, answerLookUps, runId: asked.run.id };
}

const say =
  (type: ActionAnswer["type"]) =>
  (question: Question): { proposalId: string; decisions: ActionAnswer[] } => ({
    proposalId: question.proposalId,
    decisions: question.actions.map(({ step }) => ({ type, step })),
  });

describe("an outcome that nobody can tell", () => {
  it("is asked about, with what was called and why nobody can tell, and nothing more runs", async () => {
    const { question, lines, runtime, threadId } = await doubtful();
    expect(question).toMatchObject({
      kind: "reconciliation",
      actions: [{ step: "b", args: { text: "half" } }],
      reasons: ["The pen broke after writing. Nobody can tell whether it happened."],
      reviewConfigs: [{ allowedDecisions: ["approve", "reject"] }],
      config: { allow_accept: false, allow_edit: false, allow_respond: false, allow_ignore: false },
      description: expect.stringContaining("NOBODY CAN TELL whether this happened."),
    });
    expect(lines()).toEqual(["write a", "write half"]);
    expect((await continueThread(runtime, bob, threadId)).question?.proposalId).toBe(question.proposalId);
    expect(lines()).toEqual(["write a", "write half"]);
  });

  it("that happened is recorded by that word, and the transaction goes on", async () => {
    const { runtime, threadId, lines, runId } = await doubtful();
    const done = await answerThread(runtime, bob, threadId, say("happened"));
    expect(done.run.answer?.status).toBe("success");
    expect(lines()).toEqual(["write a", "write half", "write c"]);
    expect(done.effects[1]).toMatchObject({ status: "succeeded", note: "bob says that it happened." });
    const proposals = await listProposals(runtime.ledger, "acme", runId);
    expect(proposals.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      "transaction committed",
      "reconciliation committed",
    ]);
    expect(await findDecision(runtime.ledger, "acme", proposals[1]?.id ?? "")).toMatchObject({
      verdict: "reconciled",
      principal: "bob",
      actions: [{ step: "b", verdict: "happened" }],
    });
  });

  it("that did not happen fails the transaction, and what was done is undone", async () => {
    const { runtime, threadId, lines } = await doubtful();
    const done = await answerThread(runtime, bob, threadId, say("not_happened"));
    expect(done.run.answer).toMatchObject({
      status: "failed",
      text: expect.stringContaining("bob says that it did not"),
    });
    expect(lines()).toEqual(["write a", "write half", "undo a"]);
    expect(done.effects.map(({ status }) => status)).toEqual(["undone", "failed"]);
  });

  it("that is looked at again is settled by what is found", async () => {
    for (const found of ["there", "not there"] as const) {
      const { runtime, threadId, lines, answerLookUps } = await doubtful();
      answerLookUps(found);
      const done = await answerThread(runtime, bob, threadId, say("look_again"));
      expect(done.run.answer?.status).toBe(found === "there" ? "success" : "failed");
      expect(lines().at(-1)).toBe(found === "there" ? "write c" : "undo a");
    }
  });

  it("that still cannot be told is asked about again, as often as it takes, and is never repeated", async () => {
    const { runtime, threadId, lines, question, answerLookUps, runId } = await doubtful();
    const second = await answerThread(runtime, bob, threadId, say("look_again"));
    expect(second.question?.proposalId).not.toBe(question.proposalId);
    answerLookUps("down");
    const third = await answerThread(runtime, bob, threadId, say("look_again"));
    expect(third.question?.reasons).toEqual([expect.stringContaining("The archive does not answer.")]);
    expect(lines()).toEqual(["write a", "write half"]);
    await answerThread(runtime, bob, threadId, say("happened"));
    expect(lines()).toEqual(["write a", "write half", "write c"]);
    expect((await listProposals(runtime.ledger, "acme", runId)).map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  });

  it("leaves its output unknown: what needs it fails, and is told why", async () => {
    const { runtime, threadId, lines } = await doubtful("referring");
    const done = await answerThread(runtime, bob, threadId, say("happened"));
    expect(done.run.answer).toMatchObject({ status: "failed", text: expect.stringContaining("b.text") });
    expect(lines()).toEqual(["write half", "undo half"]);
  });

  it("takes no other answer", async () => {
    const { runtime, threadId, question, lines } = await doubtful();
    for (const type of ["edit"] as const) {
      const wrong = answerThread(runtime, bob, threadId, ({ proposalId }) => ({
        proposalId,
        decisions: [{ type, step: "b", editedAction: { args: { text: "x" } } }],
      }));
      await expect(wrong).rejects.toMatchObject({ message: expect.stringContaining("happened, not_happened or look") });
    }
    const on = { configurable: { thread_id: threadId }, context: bob.identity };
    for (const plain of [
      [{ type: "accept", args: null }],
      { decisions: [{ type: "approve" }] },
      [{ type: "ignore", args: null }],
    ]) {
      await runtime.graph.invoke(new Command({ resume: plain }), on);
      const view = await viewThread(runtime, bob.identity, threadId);
      expect(view.question?.notices.join()).toContain("does not say what it is for");
    }
    expect(await findDecision(runtime.ledger, "acme", question.proposalId)).toBeUndefined();
    expect(lines()).toEqual(["write a", "write half"]);
  });

  it("is no answer to whether something may run", async () => {
    const runtime = await openTestRuntime({ actions: createNotebook(tempDir()).actions, plans });
    const { threadId } = await startRequest(runtime, alice, { request: "unknown" });
    const wrong = answerThread(runtime, bob, threadId, say("happened"));
    await expect(wrong).rejects.toMatchObject({ message: expect.stringContaining('"happened" is no answer here') });
  });

  it("holds its run: a new request waits for it", async () => {
    const { runtime, threadId, lines, question } = await doubtful();
    const other = startRequest(runtime, alice, { request: "unknown", threadId });
    await expect(other).rejects.toMatchObject({ code: "busy" });
    const view = await viewThread(runtime, bob.identity, threadId);
    expect(view.question?.proposalId).toBe(question.proposalId);
    await answerThread(runtime, bob, threadId, say("happened"));
    expect(lines()).toEqual(["write a", "write half", "write c"]);
  });

  it("holds back a cancellation, which undoes the rest once somebody has told", async () => {
    const { runtime, threadId, lines, question } = await doubtful();
    const asked = await cancelThread(runtime, alice, { threadId, reason: "too much" });
    expect(asked.question?.proposalId).toBe(question.proposalId);
    expect(lines()).toEqual(["write a", "write half"]);
    const { run } = await answerThread(runtime, bob, threadId, say("happened"));
    expect(run.answer).toMatchObject({
      status: "cancelled",
      text: expect.stringContaining("alice cancelled it: too much."),
    });
    expect(lines()).toEqual(["write a", "write half", "undo half", "undo a"]);
  });

  it("is not the requester's to tell where policy asks for a second pair of eyes", async () => {
    const { runtime, threadId } = await doubtful("go", createPolicy({ separateApprover: true }));
    const own = answerThread(runtime, alice, threadId, say("happened"));
    await expect(own).rejects.toMatchObject({ message: expect.stringContaining("may not decide it") });
    expect((await answerThread(runtime, bob, threadId, say("happened"))).run.answer?.status).toBe("success");
  });

  it("goes on where it was when a process dies between the word and the rest", async () => {
    const { runtime, threadId, lines } = await doubtful();
    await answerThread(runtime, bob, threadId, say("happened"));
    const { ledger, graph } = runtime;
    // As a crash leaves it: the person's word is recorded, and nothing of what follows from it.
    await ledger.updateTable("effects").set({ status: "uncertain", note: null }).where("step", "=", "b").execute();
    await ledger.deleteFrom("effects").where("step", "=", "c").execute();
    await ledger.updateTable("proposals").set({ status: "uncertain" }).where("kind", "=", "transaction").execute();
    await ledger.updateTable("proposals").set({ status: "approved" }).where("kind", "=", "reconciliation").execute();
    await ledger.updateTable("runs").set({ status: "running", answer: null }).execute();
    await graph.updateState({ configurable: { thread_id: threadId } }, { outcome: "approved" }, "human");
    const view = await continueThread(runtime, bob, threadId);
    expect(view.run.answer?.status).toBe("success");
    // The ledger only claims that c never ran.
    expect(lines()).toEqual(["write a", "write half", "write c", "write c"]);
    expect(view.effects.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "succeeded"]);
  });
});
