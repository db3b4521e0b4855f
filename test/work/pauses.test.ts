/** Row E14, and "not before" of row E15: what cannot go on now says why, loses nothing, and goes on when it can. */
import { Command } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { listAudit } from "../../src/ledger/audit.ts";
import { setMember } from "../../src/ledger/members.ts";
import { endPause, getRun } from "../../src/ledger/runs.ts";
import { createModels } from "../../src/models/roles.ts";
import { answerThread } from "../../src/work/answer.ts";
import { cancelThread } from "../../src/work/cancel.ts";
import { maintainOnce } from "../../src/work/maintain.ts";
import { recoverOnStart, recoverRuns } from "../../src/work/recover.ts";
import { continueThread, startRequest, viewThread } from "../../src/work/threads.ts";
import { holdpoint } from "../support/child.ts";
import { createNotebook } from "../support/notebook.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { alice, approveAll, bob, openTestRuntime, type PlannedStep } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const NOON = "2030-01-31T12:00:00.000Z";

async function open(steps: PlannedStep[] = [], ...script: Parameters<typeof playOpenAI>) {
  const notebook = createNotebook(tempDir());
  const server = await playOpenAI(...script);
  const clock = { now: "2030-01-31T10:00:00.000Z" };
  const { planner } = createModels({
    ...{ apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000 },
    ...{ planner: "planner-model", reviewer: "unused", reflector: "unused" },
  });
  const runtime = await openTestRuntime({
    actions: notebook.actions,
    now: () => clock.now,
    ...(planner ? { models: { planner } } : {}),
    plans: { go: steps },
  });
  return { runtime, clock, lines: () => notebook.lines().map(({ text }) => text) };
}

const events = async (runtime: Awaited<ReturnType<typeof open>>["runtime"], runId: string) =>
  (await listAudit(runtime.ledger, "acme", runId)).map(({ event }) => event);
const modelPlan = json({
  ...{ outcome: "plan", message: "", goal: "The note is written." },
  steps: [{ id: "a", title: "Note a", action: "note", args: { text: "a" }, dependsOn: [] }],
});
const downThenUp = () => [expectCall().fail(401), expectCall().answer(modelPlan)];

describe("a run whose model is down", () => {
  it("is paused with the reason, and asks once the model is back", async () => {
    const { runtime, lines } = await open([], ...downThenUp());
    const { threadId, run, state } = await startRequest(runtime, alice, { request: "Write a" });
    expect(run).toMatchObject({ status: "paused", answer: null, pause: { why: "model", until: null } });
    expect(state.pause).toEqual(run.pause);
    expect(state.messages.at(-1)?.text).toBe(run.pause?.reason);
    await expect(answerThread(runtime, bob, threadId, approveAll)).rejects.toThrow("is paused");
    const { question, state: after } = await continueThread(runtime, bob, threadId);
    expect([question?.actions[0]?.step, after.pause]).toEqual(["a", null]);
    expect((await answerThread(runtime, bob, threadId, approveAll)).run.answer?.status).toBe("success");
    expect(lines()).toEqual(["a"]);
    expect(await events(runtime, run.id)).toEqual(expect.arrayContaining(["run.paused", "run.resumed", "run.ended"]));
  });

  it("goes on by `wake` in a graph call, too", async () => {
    const { runtime } = await open([], ...downThenUp());
    const { threadId } = await startRequest(runtime, alice, { request: "Write a" });
    await runtime.graph.invoke({ wake: true }, { configurable: { thread_id: threadId }, context: bob.identity });
    expect((await viewThread(runtime, alice.identity, threadId)).run).toMatchObject({ status: "waiting", pause: null });
  });

  it("does not go on for somebody whose role does not allow it", async () => {
    const { runtime } = await open([], expectCall().fail(401));
    const { threadId, run } = await startRequest(runtime, alice, { request: "Write a" });
    const stamp = { ...alice.identity, at: runtime.now() };
    await setMember(runtime.ledger, stamp, "root", "admin");
    await setMember(runtime.ledger, { ...stamp, principal: "root" }, "bob", "viewer");
    const config = { configurable: { thread_id: threadId }, context: bob.identity };
    await expect(runtime.graph.invoke({ wake: true }, config)).rejects.toThrow("takes the role operator");
    expect((await getRun(runtime.ledger, "acme", run.id)).status).toBe("paused");
  });

  it("goes on for one of those who let it at once", async () => {
    const { runtime } = await open([], expectCall().fail(401));
    const { run } = await startRequest(runtime, alice, { request: "Write a" });
    const stamp = { ...bob.identity, at: runtime.now() };
    const going = await Promise.all([1, 2, 3].map(() => endPause(runtime.ledger, stamp, run.id)));
    expect(going.toSorted()).toEqual([false, false, true]);
    expect((await events(runtime, run.id)).filter((event) => event === "run.resumed")).toHaveLength(1);
  });

  it("goes on after a crash of whoever let it", async () => {
    const { runtime } = await open([], ...downThenUp());
    const { run } = await startRequest(runtime, alice, { request: "Write a" });
    expect(await recoverOnStart(runtime)).toEqual([]); // by itself it does not
    await endPause(runtime.ledger, { ...alice.identity, at: runtime.now() }, run.id);
    await runtime.ledger.updateTable("runs").set({ aliveUntil: null }).execute();
    expect(await recoverOnStart(runtime)).toMatchObject([{ outcome: "waiting" }]);
  });

  it("can be cancelled, and superseded by another request", async () => {
    const { runtime } = await open([{ id: "b" }], expectCall().fail(401), expectCall().fail(401));
    const first = await startRequest(runtime, alice, { request: "Write a" });
    const cancelled = await cancelThread(runtime, bob, { threadId: first.threadId, reason: null });
    expect(cancelled.run).toMatchObject({ status: "ended", pause: null, answer: { status: "cancelled" } });
    const { threadId, run } = await startRequest(runtime, alice, { request: "Write a" });
    const second = await startRequest(runtime, alice, { request: "go", threadId });
    expect(second.question?.actions.map(({ step }) => step)).toEqual(["b"]);
    expect(await getRun(runtime.ledger, "acme", run.id)).toMatchObject({
      pause: null,
      answer: { status: "superseded" },
    });
  });

  it("is shown on the command line with the way on, with a status of its own", async () => {
    const server = await playOpenAI(
      expectCall().fail(401),
      expectCall().fail(401),
      expectCall().answer(
        json({
          ...{ outcome: "question", message: "Which glasses?", goal: "", steps: [] },
        }),
      ),
    );
    const environment = { OPENAI_API_KEY: server.apiKey, OPENAI_BASE_URL: server.url };
    const place = { home: tempDir(), environment };
    const asked = await holdpoint(place, "Write something nice");
    expect(asked).toMatchObject({
      status: 8,
      stdout: expect.stringMatching(/Paused.*OPENAI_API_KEY.*To try again: .*resume t-/s),
    });
    const { threadId } = JSON.parse((await holdpoint(place, "list", "--json")).stdout).runs[0];
    expect((await holdpoint(place, "list")).stdout).toContain("paused");
    expect((await holdpoint(place, "show", threadId)).stdout).toContain("OPENAI_API_KEY");
    expect((await holdpoint(place, "resume", threadId)).status).toBe(8);
    expect(await holdpoint(place, "resume", threadId)).toMatchObject({
      status: 4,
      stdout: expect.stringContaining("Which glasses?"),
    });
  });
});

describe("a step that is not to begin before a time", () => {
  const later = { id: "b", notBefore: "2030-01-31T13:00:00+01:00" }; // noon UTC

  it("is asked for then, and what does not wait is done before", async () => {
    const { runtime, clock, lines } = await open([{ id: "a" }, later, { id: "c", dependsOn: ["b"] }]);
    const { threadId, question } = await startRequest(runtime, alice, { request: "go" });
    expect(question?.actions.map(({ step }) => step)).toEqual(["a"]);
    const { run } = await answerThread(runtime, bob, threadId, approveAll);
    expect(run).toMatchObject({ status: "paused", pause: { why: "time", until: NOON } });
    expect(lines()).toEqual(["a"]);
    expect((await continueThread(runtime, bob, threadId)).run.status).toBe("paused");
    expect(await recoverRuns(runtime, alice)).toEqual([]);
    clock.now = NOON;
    expect(await recoverRuns(runtime, alice)).toMatchObject([{ threadId, outcome: "waiting" }]);
    const asked = await viewThread(runtime, bob.identity, threadId);
    expect(asked.question?.actions.map(({ step }) => step)).toEqual(["b", "c"]);
    expect((await answerThread(runtime, bob, threadId, approveAll)).run.answer?.status).toBe("success");
    expect(lines()).toEqual(["a", "b", "c"]);
  });

  it("does not begin earlier, whoever wakes the run", async () => {
    const { runtime, clock, lines } = await open([later]);
    const { threadId, run } = await startRequest(runtime, alice, { request: "go" });
    const config = { configurable: { thread_id: threadId }, context: bob.identity };
    for (const input of [{ wake: true }, new Command({ goto: "stager" }), new Command({ goto: "reflector" })]) {
      await runtime.graph.invoke(input as { wake: boolean }, config);
      expect((await getRun(runtime.ledger, "acme", run.id)).status).toBe("paused");
    }
    expect(lines()).toEqual([]);
    clock.now = NOON;
    await runtime.graph.invoke({ wake: true }, config);
    expect((await viewThread(runtime, bob.identity, threadId)).question?.actions).toHaveLength(1);
  });

  it("holds a read back, too, and maintenance lets it go on", async () => {
    const { runtime, clock } = await open([{ ...later, action: "count_notes", args: {} }]);
    const { threadId, run } = await startRequest(runtime, alice, { request: "go" });
    expect(run.status).toBe("paused");
    clock.now = NOON;
    const { done, failures } = await maintainOnce(runtime);
    expect([done, failures]).toMatchObject([[{ job: "recover", subject: threadId, what: "ended: success" }], []]);
  });

  it("can only be cancelled, not overtaken, once something was done", async () => {
    const { runtime, lines } = await open([{ id: "a" }, { ...later, dependsOn: ["a"] }]);
    const { threadId } = await startRequest(runtime, alice, { request: "go" });
    await answerThread(runtime, bob, threadId, approveAll);
    await expect(startRequest(runtime, alice, { request: "go", threadId })).rejects.toThrow("was not taken");
    expect((await viewThread(runtime, alice.identity, threadId)).run.status).toBe("paused");
    const { run } = await cancelThread(runtime, bob, { threadId, reason: null, rollback: true });
    expect(run.answer?.text).toContain("undone");
    expect(lines()).toEqual(["a", "a"]); // written, and taken back
  });
});
