/** Invariants 3 and 5 where a process has the ledger of a run and none of its checkpoints. */
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listRevisions } from "../../src/ledger/revisions.ts";
import { listRuns } from "../../src/ledger/runs.ts";
import type { Runtime } from "../../src/runtime.ts";
import { answerThread } from "../../src/work/answer.ts";
import { cancelThread } from "../../src/work/cancel.ts";
import { continueThread, startRequest } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, openTestRuntime, rejectAll } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const plans = {
  go: [{ id: "a" }, { id: "n", action: "count_notes", args: {}, dependsOn: ["a"] }, { id: "b", dependsOn: ["n"] }],
  other: [{ id: "z" }],
};

async function open() {
  const home = tempDir();
  const notebook = createNotebook(home);
  const reopen = () => openTestRuntime({ home, actions: notebook.actions, plans });
  const lose = async (runtime: Runtime) => {
    await runtime.close();
    rmSync(join(home, "checkpoints.db"));
    return await reopen();
  };
  return { runtime: await reopen(), home, reopen, lose, written: () => notebook.lines().map((line) => line.text) };
}

describe("a run whose checkpoints are lost", () => {
  it("asks the same question, and goes on after each stage to its end", async () => {
    const { runtime: first, lose, written } = await open();
    const { threadId, question, run } = await startRequest(first, alice, { request: "go" });
    const second = await lose(first);
    const asked = await continueThread(second, bob, threadId);
    expect(asked.question).toMatchObject({ proposalId: question?.proposalId, requester: "alice" });
    await answerThread(second, bob, threadId, approveAll);
    expect(written()).toEqual(["a"]);
    const third = await lose(second);
    const done = await answerThread(third, bob, threadId, approveAll);
    expect(done.run).toMatchObject({ id: run.id, status: "ended", answer: { status: "success" } });
    expect(written()).toEqual(["a", "b"]);
    expect(await listRuns(third.ledger, "acme", { threadId })).toHaveLength(1);
  });

  it("can be rejected and cancelled", async () => {
    const { runtime: first, lose, written } = await open();
    const [one, two] = [
      await startRequest(first, alice, { request: "go" }),
      await startRequest(first, alice, { request: "go" }),
    ];
    const second = await lose(first);
    expect((await answerThread(second, bob, one.threadId, rejectAll)).run.answer?.status).toBe("rejected");
    const cancelled = await cancelThread(second, bob, { threadId: two.threadId, reason: "lost" });
    expect(cancelled.run.answer?.status).toBe("cancelled");
    expect(written()).toEqual([]);
  });

  it("keeps the plan that a person edited", async () => {
    const { runtime: first, lose, written } = await open();
    const { threadId, state } = await startRequest(first, alice, { request: "other" });
    const plan = state.plan && {
      ...state.plan,
      steps: state.plan.steps.map((s) => ({ ...s, args: { text: "edited" } })),
    };
    const config = { configurable: { thread_id: threadId }, context: alice.identity };
    await first.graph.updateState(config, { plan, outcome: "planned" }, "planner");
    await first.graph.invoke(null, config);
    const second = await lose(first);
    await answerThread(second, bob, threadId, approveAll);
    expect(written()).toEqual(["edited"]);
    expect(await listRevisions(second.ledger, "acme", state.run?.id ?? "")).toHaveLength(2);
  });

  it("goes on from the ledger where a power cut took the newest ones", async () => {
    const { runtime: first, home, reopen, written } = await open();
    const { threadId } = await startRequest(first, alice, { request: "go" });
    await first.close();
    copyFileSync(join(home, "checkpoints.db"), join(home, "older.db"));
    const second = await reopen();
    await answerThread(second, bob, threadId, approveAll); // the first stage is written, and the second one asked
    await second.close();
    copyFileSync(join(home, "older.db"), join(home, "checkpoints.db"));
    const third = await reopen();
    expect((await continueThread(third, bob, threadId)).question?.actions).toMatchObject([{ step: "b" }]);
    const done = await answerThread(third, bob, threadId, approveAll);
    expect(done.run).toMatchObject({ status: "ended", answer: { status: "success" } });
    expect(written()).toEqual(["a", "b"]);
  });

  it("is not taken for an older one of its thread, whose checkpoints are there", async () => {
    const { runtime: first, home, reopen, written } = await open();
    const { threadId } = await startRequest(first, alice, { request: "go" });
    await first.close();
    copyFileSync(join(home, "checkpoints.db"), join(home, "older.db"));
    const second = await reopen();
    const { question } = await startRequest(second, alice, { request: "other", threadId });
    await second.close();
    copyFileSync(join(home, "older.db"), join(home, "checkpoints.db"));
    const third = await reopen();
    const asked = await continueThread(third, bob, threadId);
    expect(asked.question?.proposalId).toBe(question?.proposalId);
    const done = await answerThread(third, bob, threadId, approveAll);
    expect(done.run).toMatchObject({ request: "other", answer: { status: "success" } });
    expect(written()).toEqual(["z"]);
  });
});
