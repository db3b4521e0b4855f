/** Row E9, invariant 5: what nobody decided in time can no longer be decided, and says so. */
import { Command } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { findDecision } from "../../src/ledger/decisions.ts";
import { createPolicy } from "../../src/policy/policy.ts";
import { answerThread } from "../../src/work/answer.ts";
import { recoverRuns } from "../../src/work/recover.ts";
import { continueThread, startRequest, viewThread } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, openTestRuntime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const START = Date.parse("2026-11-01T10:00:00.000Z");
const HOUR = 3_600_000;

async function waiting(approvalExpiresMs: number | null = HOUR) {
  let time = START;
  const notebook = createNotebook(tempDir());
  const policy = createPolicy(approvalExpiresMs === null ? {} : { approvalExpiresMs });
  const now = () => new Date(time).toISOString();
  const runtime = await openTestRuntime({ actions: notebook.actions, policy, now, plans: { go: [{ id: "a" }] } });
  const { threadId, question, run } = await startRequest(runtime, alice, { request: "go" });
  const pass = (milliseconds: number) => {
    time += milliseconds;
  };
  return { runtime, threadId, question, runId: run.id, pass, lines: () => notebook.lines() };
}

const EXPIRED = { status: "expired", text: "Nobody decided until 2026-11-01T11:00:00.000Z. Nothing was changed." };

describe("a proposal that has its time", () => {
  it("says until when, and can be decided until then", async () => {
    const { runtime, threadId, question, pass, lines } = await waiting();
    expect(question?.expiresAt).toBe("2026-11-01T11:00:00.000Z");
    pass(HOUR - 1);
    await answerThread(runtime, bob, threadId, approveAll);
    expect(lines()).toHaveLength(1);
  });

  it("cannot be approved when that is over: whoever comes then is told, and the system has decided, once", async () => {
    const { runtime, threadId, question, pass, lines } = await waiting();
    pass(HOUR);
    const late = answerThread(runtime, bob, threadId, approveAll);
    await expect(late).rejects.toMatchObject({
      code: "not_paused",
      message: expect.stringContaining("ended (expired): Nobody decided until"),
    });
    expect(lines()).toEqual([]);
    expect(await findDecision(runtime.ledger, "acme", question?.proposalId ?? "")).toMatchObject({
      ...{ decider: "system", principal: "system", verdict: "expired" },
    });
    expect((await viewThread(runtime, bob.identity, threadId)).run.answer).toMatchObject(EXPIRED);
    const again = await startRequest(runtime, alice, { request: "go", threadId });
    expect(again.question?.actions).toHaveLength(1);
  });

  it("cannot be approved by a page that answers late, either", async () => {
    const { runtime, threadId, question, pass, lines } = await waiting();
    const config = { configurable: { thread_id: threadId }, context: bob.identity };
    const id = (await runtime.graph.getState(config)).tasks[0]?.interrupts[0]?.id ?? "";
    pass(HOUR);
    const answer = approveAll(question ?? { proposalId: "", actions: [] });
    const { answer: end } = await runtime.graph.invoke(new Command({ resume: { [id]: answer } }), config);
    expect(end).toMatchObject(EXPIRED);
    expect(lines()).toEqual([]);
  });

  it("ends when runs are recovered, or when somebody looks", async () => {
    const one = await waiting();
    expect(await recoverRuns(one.runtime, alice)).toEqual([]);
    one.pass(HOUR);
    const [recovered] = await recoverRuns(one.runtime, alice);
    expect(recovered).toMatchObject({ outcome: "ended", run: { answer: EXPIRED } });
    const two = await waiting();
    two.pass(HOUR);
    expect((await continueThread(two.runtime, bob, two.threadId)).run.answer).toMatchObject(EXPIRED);
  });

  it("has for ever where policy sets none", async () => {
    const { runtime, threadId, question, pass, lines } = await waiting(null);
    expect(question?.expiresAt).toBeNull();
    pass(1000 * HOUR);
    await answerThread(runtime, bob, threadId, approveAll);
    expect(lines()).toHaveLength(1);
  });
});
