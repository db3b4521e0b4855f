/** Invariants 5 and 9: a decision is taken once, by somebody who may take it, and the thread stays answerable. */
import { Command } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { findDecision } from "../../src/ledger/decisions.ts";
import { createPolicy } from "../../src/policy/policy.ts";
import type { Runtime } from "../../src/runtime.ts";
import { answerThread } from "../../src/work/answer.ts";
import { cancelThread } from "../../src/work/cancel.ts";
import { startRequest, type ThreadView, viewThread } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, mallory, openTestRuntime, rejectAll } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const plans = { go: [{ id: "a" }, { id: "b", dependsOn: ["a"] }, { id: "c" }] };

async function paused(policy = createPolicy()) {
  const notebook = createNotebook(tempDir());
  const runtime = await openTestRuntime({ actions: notebook.actions, policy, plans });
  const asked = await startRequest(runtime, alice, { request: "go" });
  return { runtime, notebook, asked, threadId: asked.threadId };
}

async function stillAnswerable(runtime: Runtime, asked: ThreadView): Promise<ThreadView> {
  const view = await viewThread(runtime, alice.identity, asked.threadId);
  expect(view.question?.proposalId).toBe(asked.question?.proposalId);
  return await answerThread(runtime, bob, asked.threadId, approveAll);
}

describe("an answer that does not fit", () => {
  const cases: [string, (asked: ThreadView) => unknown, string][] = [
    ["is no object", () => "yes", "expected form"],
    [
      "is for another proposal",
      () => ({ proposalId: "prop_x", decisions: [{ type: "approve" }] }),
      'for proposal "prop_x"',
    ],
    [
      "decides too few actions",
      (asked) => ({ proposalId: asked.question?.proposalId, decisions: [{ type: "approve" }] }),
      "b, c",
    ],
    [
      "decides one action twice",
      (asked) => ({
        proposalId: asked.question?.proposalId,
        decisions: ["a", "a", "b"].map((step) => ({ type: "approve", step })),
      }),
      "exactly one decision",
    ],
    [
      "decides an action that is not there",
      (asked) => ({
        proposalId: asked.question?.proposalId,
        decisions: ["a", "b", "x"].map((step) => ({ type: "approve", step })),
      }),
      'no action "x"',
    ],
    [
      "claims to be from somebody else",
      (asked) => ({ ...approveAll(asked.question ?? { proposalId: "", actions: [] }), by: "carol" }),
      'from "carol", but "bob" sent it',
    ],
  ];

  it.each(cases)("is refused and asked again when it %s", async (_what, answer, problem) => {
    const { runtime, notebook, asked } = await paused();
    const config = { configurable: { thread_id: asked.threadId }, context: bob.identity };
    const [task] = (await runtime.graph.getState(config)).tasks;
    const id = task?.interrupts[0]?.id ?? "";
    await runtime.graph.invoke(new Command({ resume: { [id]: answer(asked) } }), config);
    const view = await viewThread(runtime, alice.identity, asked.threadId);
    expect(view.question?.notices.join()).toContain(problem);
    expect(notebook.lines()).toEqual([]);
    expect((await stillAnswerable(runtime, asked)).run.answer?.status).toBe("success");
  });

  it("is refused with its reason through the handle, and changes nothing", async () => {
    const { runtime, notebook, asked, threadId } = await paused();
    const partial = (question: { proposalId: string }) => ({
      proposalId: question.proposalId,
      decisions: [{ type: "approve" as const }],
    });
    await expect(answerThread(runtime, bob, threadId, partial)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("b, c"),
    });
    expect(notebook.lines()).toEqual([]);
    await stillAnswerable(runtime, asked);
  });
});

describe("who decides", () => {
  it("is not a foreign tenant, which is told that there is no such thread", async () => {
    const { runtime, notebook, asked, threadId } = await paused();
    await expect(answerThread(runtime, mallory, threadId, approveAll)).rejects.toMatchObject({
      code: "unknown_thread",
    });
    const config = { configurable: { thread_id: threadId }, context: mallory.identity };
    const [task] = (await runtime.graph.getState(config)).tasks;
    const answer = approveAll(asked.question ?? { proposalId: "", actions: [] });
    const forged = runtime.graph.invoke(new Command({ resume: { [task?.interrupts[0]?.id ?? ""]: answer } }), config);
    await expect(forged).rejects.toThrow("There is no run");
    await expect(startRequest(runtime, mallory, { request: "go", threadId })).rejects.toMatchObject({
      code: "unknown_thread",
    });
    expect(notebook.lines()).toEqual([]);
    const rejected = await answerThread(runtime, bob, threadId, rejectAll);
    expect(rejected.run.answer?.status).toBe("rejected");
    expect(notebook.lines()).toEqual([]);
  });

  it("is not the requester where policy asks for a second pair of eyes", async () => {
    const { runtime, notebook, asked, threadId } = await paused(createPolicy({ separateApprover: true }));
    const own = answerThread(runtime, alice, threadId, approveAll);
    await expect(own).rejects.toMatchObject({
      message: expect.stringContaining('"alice" asked for this and may not decide it'),
    });
    expect(notebook.lines()).toEqual([]);
    await stillAnswerable(runtime, asked);
    expect(notebook.lines()).toHaveLength(3);
  });
});

describe("a decision", () => {
  it("takes the dependants of a rejected action with it, and the person is told before", async () => {
    const { runtime, notebook, asked, threadId } = await paused();
    expect(asked.question?.actions.map((action) => action.takesWith)).toEqual([["b"], [], []]);
    const done = await answerThread(runtime, bob, threadId, ({ proposalId }) => ({
      proposalId,
      decisions: [{ type: "reject", message: "no" }, { type: "approve" }, { type: "approve" }],
    }));
    expect(notebook.lines().map((line) => line.text)).toEqual(["c"]);
    const decision = await findDecision(runtime.ledger, "acme", asked.question?.proposalId ?? "");
    expect(decision?.verdict).toBe("partly_approved");
    expect(decision?.actions.map((action) => action.verdict)).toEqual(["rejected", "rejected", "approved"]);
    expect(done.run.answer?.text).toContain('It depends on "a", which was rejected.');
  });

  it("that comes second changes nothing and names the first", async () => {
    const { runtime, notebook, threadId } = await paused();
    await answerThread(runtime, bob, threadId, rejectAll);
    await expect(answerThread(runtime, alice, threadId, approveAll)).rejects.toMatchObject({
      code: "decision_taken",
      message: expect.stringContaining("rejected by bob"),
    });
    expect(notebook.lines()).toEqual([]);
  });

  it("is one when approvals and rejections come at once, whichever wins, and the outcome is its own", async () => {
    for (let round = 0; round < 10; round++) {
      const { runtime, notebook, asked, threadId } = await paused();
      const results = await Promise.allSettled([
        answerThread(runtime, alice, threadId, approveAll),
        answerThread(runtime, bob, threadId, rejectAll),
        answerThread(runtime, { identity: { tenant: "acme", principal: "carol" } }, threadId, rejectAll),
      ]);
      const decision = await findDecision(runtime.ledger, "acme", asked.question?.proposalId ?? "");
      const written = notebook.lines().map((line) => line.text);
      expect(written).toEqual(decision?.verdict === "approved" ? ["a", "b", "c"] : []);
      expect(results.filter((result) => result.status === "fulfilled").length).toBeLessThanOrEqual(1);
      const view = await viewThread(runtime, alice.identity, threadId);
      expect(view.run.answer?.status).toBe(decision?.verdict === "approved" ? "success" : "rejected");
    }
  });

  it("to cancel ends the thread, and nothing that waited runs", async () => {
    const { runtime, notebook, threadId } = await paused();
    const view = await cancelThread(runtime, bob, { threadId, reason: "changed my mind" });
    expect(view.run.answer).toMatchObject({
      status: "cancelled",
      text: "bob cancelled it: changed my mind. Nothing was changed.",
    });
    await expect(answerThread(runtime, alice, threadId, approveAll)).rejects.toMatchObject({ code: "decision_taken" });
    await expect(cancelThread(runtime, bob, { threadId, reason: null })).rejects.toMatchObject({ code: "not_paused" });
    expect(notebook.lines()).toEqual([]);
  });
});
