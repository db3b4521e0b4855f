/** What bounds a run: each budget has a clear ending, in whichever process, and nothing that was done or waits is lost. */
import { describe, expect, it } from "vitest";
import { workedMs } from "../../src/domain/run.ts";
import { claimRun, createSigns } from "../../src/ledger/liveness.ts";
import { listModelCalls } from "../../src/ledger/model-calls.ts";
import { findRun } from "../../src/ledger/runs.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { createModels } from "../../src/models/roles.ts";
import type { TenantSettings } from "../../src/policy/settings.ts";
import type { AnyRead, AnyWrite } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { continueThread, startRequest } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { expectCall, json, playOpenAI, text } from "../support/openai-server.ts";
import { alice, approveAll, bob, openTestRuntime, type PlannedStep } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";
import { composing, made, openThinking, worker } from "../support/thinking.ts";

type Server = Awaited<ReturnType<typeof playOpenAI>>;
const MINUTE = 60_000;
const BEGIN = Date.parse("2030-01-01T00:00:00.000Z");

/** A runtime whose clock only moves when it is told to. */
async function open(
  server: Server | null,
  settings: Partial<TenantSettings>,
  options: { home?: string; plans?: Record<string, PlannedStep[]>; takes?: number } = {},
) {
  const home = options.home ?? tempDir();
  const clock = { now: BEGIN };
  const notebook = createNotebook(home);
  const [write, read] = notebook.actions as [AnyWrite, AnyRead];
  const slow: AnyRead = {
    ...read,
    name: "look_long",
    run: async () => {
      clock.now += options.takes ?? 0;
      return { count: 1, label: "n1" };
    },
  };
  const names = { planner: "planner-model", reviewer: "reviewer-model", reflector: "reflector-model" };
  const models = server
    ? createModels({ apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000, ...names })
    : {};
  const runtime = await openTestRuntime({
    ...{ home, actions: [write, read, slow], models, now: () => new Date(clock.now).toISOString() },
    ...(options.plans ? { plans: options.plans } : {}),
  });
  await changeSettings(runtime.ledger, { ...bob.identity, at: runtime.now() }, settings);
  return { home, clock, runtime, lines: () => notebook.lines().map(({ did, text: said }) => `${did} ${said}`) };
}

const plan = (...steps: PlannedStep[]) =>
  json({
    ...{ outcome: "plan", goal: "The notes are written." },
    steps: steps.map((step) => ({ title: `Note ${step.id}`, action: "note", args: { text: step.id }, ...step })),
  });
const planner = () => expectCall({ model: "planner-model" });
const reviewer = () => expectCall({ model: "reviewer-model" });
const reflector = () => expectCall({ model: "reflector-model" });
const replan = json({ missing: [], next: "replan", advice: "", answer: "No." });
const review = (...steps: string[]) =>
  json({
    ...{ needed: "yes", consequences: "none", order: "safe", saferWay: "", verdict: "escalate", reasons: [] },
    actions: steps.map((step) => ({ step, verdict: "escalate", reason: "look" })),
  });
const start = (runtime: Awaited<ReturnType<typeof open>>["runtime"], request = "Write the notes") =>
  startRequest(runtime, alice, { request, threadId: "t" });
const said = (text: string) => expect.stringContaining(text);

describe("a short request", () => {
  it("takes one call of a model: its action's own words are the answer", async () => {
    const server = await playOpenAI(planner().answer(plan({ id: "n", action: "count_notes", args: {} })));
    const { runtime } = await open(server, {});
    const { run } = await start(runtime);
    expect(run.answer).toEqual({ status: "success", text: "There are 0 notes.", details: [] });
    expect(server.calls).toHaveLength(1);
  });
});

describe("calls of models", () => {
  it("that are used up leave the question to the person, and the answer to the record", async () => {
    const server = await playOpenAI(planner().answer(plan({ id: "a" }, { id: "b" })));
    const { runtime, lines } = await open(server, { maxModelCalls: 1 });
    const { question } = await start(runtime);
    expect(question?.review?.reasons).toEqual([
      said("could not review this: The run has used up a budget: 1 of 1 call"),
    ]);
    const { run } = await answerThread(runtime, bob, "t", approveAll);
    expect(run.answer).toEqual({
      ...{ status: "success", text: 'Noted "a". Noted "b".' },
      details: [
        "The run has used up a budget: 1 of 1 call of a model. To go on, raise the setting maxModelCalls, and ask again.",
      ],
    });
    expect(lines()).toEqual(["write a", "write b"]);
  });

  it("that are used up end planning again with what the first plan came to", async () => {
    const server = await playOpenAI(
      planner().answer(plan({ id: "a" }, { id: "n", action: "count_notes", args: { fail: true }, dependsOn: ["a"] })),
      reviewer().answer(review("a")),
      reflector().answer(replan),
    );
    const { runtime } = await open(server, { maxModelCalls: 3 });
    await start(runtime);
    const { run } = await answerThread(runtime, bob, "t", approveAll);
    expect(run.answer).toMatchObject({
      text: said('What was done before stays: Noted "a".'),
      details: [
        said("No other plan came of it: No plan was made. The run has used up a budget: 3 of 3 calls of models."),
      ],
    });
  });

  it("count for each attempt: a model that answers with nonsense gets no more of them", async () => {
    const server = await playOpenAI(planner().answer(text("no")).repeat(2));
    const { runtime } = await open(server, { maxModelCalls: 2 });
    const { run } = await start(runtime);
    expect(run.answer).toMatchObject({ status: "failed", text: said("no usable answer in 2 attempts") });
  });

  it("count in another process, too, and can be raised there", async () => {
    const server = await playOpenAI(
      planner().answer(
        plan(
          { id: "a" },
          { id: "n", action: "count_notes", args: {}, dependsOn: ["a"] },
          { id: "b", dependsOn: ["n"] },
        ),
      ),
      reviewer().answer(review("a")),
      reviewer().answer(review("b")),
    );
    const first = await open(server, { maxModelCalls: 2 });
    await start(first.runtime);
    await first.runtime.close();
    const second = await open(server, {}, { home: first.home });
    const unreviewed = await answerThread(second.runtime, bob, "t", approveAll);
    expect(unreviewed.question?.review?.reasons).toEqual([said("2 of 2 calls of models")]);
    await second.runtime.close();
    const third = await open(server, { maxModelCalls: null }, { home: first.home });
    expect(await listModelCalls(third.runtime.ledger, "acme", unreviewed.run.id)).toHaveLength(2);
    await answerThread(third.runtime, bob, "t", ({ proposalId, actions }) => ({
      proposalId,
      decisions: actions.map(({ step }) => ({ step, type: "edit", editedAction: { args: { text: "edited" } } })),
    }));
    expect(await listModelCalls(third.runtime.ledger, "acme", unreviewed.run.id)).toHaveLength(3);
  });
});

describe("a step that thinks", () => {
  it("uses of the same calls, and fails with the budget's name once they are used up", async () => {
    const server = await playOpenAI(worker().answer(made("One.")));
    const go = [composing({}), composing({}, { id: "s2", dependsOn: ["s1"] })];
    const runtime = await openThinking(server, { plans: { go } });
    await changeSettings(runtime.ledger, { ...bob.identity, at: runtime.now() }, { maxModelCalls: 1 });
    const { run } = await startRequest(runtime, alice, { request: "go" });
    expect(run.answer).toMatchObject({ status: "failed", text: said("1 of 1 call of a model. To go on, raise the") });
  });
});

describe("tokens", () => {
  it("that are used up end the run before it has a plan", async () => {
    const server = await playOpenAI(planner().answer(text("no", { usage: { input: 900, output: 200 } })));
    const { runtime } = await open(server, { maxTokens: 1000 });
    const { run } = await start(runtime);
    expect(run.answer).toMatchObject({ status: "failed", text: said("no usable answer in one attempt") });
  });

  it("leave the rest to people and to the record, and say how many were used", async () => {
    const server = await playOpenAI(planner().answer(plan({ id: "a" }, { id: "b" })));
    const { runtime } = await open(server, { maxTokens: 100 });
    await start(runtime);
    const { run } = await answerThread(runtime, bob, "t", approveAll);
    expect(run.answer).toMatchObject({ status: "success", details: [said("120 of 100 tokens.")] });
  });
});

describe("time at work", () => {
  const plans = {
    long: [
      { id: "a" },
      { id: "l", action: "look_long", args: {}, dependsOn: ["a"] },
      { id: "n", action: "count_notes", args: {}, dependsOn: ["l"] },
      { id: "b", dependsOn: ["n"] },
    ],
  };

  it("does not count what a run waits for people; when it is over, nothing new starts, in another process either", async () => {
    const asked = await open(null, { maxMinutes: 30 }, { plans });
    await start(asked.runtime, "long");
    await asked.runtime.close();
    const { runtime, clock, lines } = await open(null, {}, { plans, home: asked.home, takes: 31 * MINUTE });
    clock.now += 1000 * MINUTE;
    const { run } = await answerThread(runtime, bob, "t", approveAll);
    expect(run.answer).toEqual({
      status: "failed",
      text:
        "The run has used up a budget: 31 of 30 minutes of work. To go on, raise the setting maxMinutes, and ask again. " +
        'What was done before stays: Noted "a". Not done: Step n. Not done: Step b.',
      details: [],
    });
    expect(lines()).toEqual(["write a"]);
    expect(workedMs(run, new Date(clock.now + 5 * MINUTE).toISOString())).toBe(31 * MINUTE);
  });

  it("that is over takes nothing from what waits: it can still be approved, and is carried out", async () => {
    const steps = [
      { id: "l", action: "look_long", args: {} },
      { id: "a", dependsOn: ["l"] },
    ];
    const { runtime, lines } = await open(null, { maxMinutes: 30 }, { plans: { go: steps }, takes: 29.5 * MINUTE });
    await start(runtime, "go");
    await changeSettings(runtime.ledger, { ...bob.identity, at: runtime.now() }, { maxMinutes: 1 });
    const { run } = await answerThread(runtime, bob, "t", approveAll);
    expect(run.answer).toMatchObject({ status: "success", text: 'Noted "a".' });
    expect(lines()).toEqual(["write a"]);
  });

  it("does not count a pause, nor the time in which no process was at the run", async () => {
    const later = new Date(BEGIN + 90 * MINUTE).toISOString();
    const go = [{ id: "n", action: "count_notes", args: {}, notBefore: later }];
    const { runtime, clock } = await open(null, { maxMinutes: 30 }, { plans: { go } });
    const { run } = await start(runtime, "go");
    clock.now += 100 * MINUTE;
    expect((await continueThread(runtime, bob, "t")).run.answer?.status).toBe("success");
    const crashed = await open(null, {}, { plans: { go: [{ id: "a" }] } });
    const left = (await start(crashed.runtime, "go")).run;
    const lastSeen = new Date(Date.now() - 600 * MINUTE).toISOString();
    const died = { status: "running", idleSince: null, aliveUntil: lastSeen };
    const die = () => crashed.runtime.ledger.updateTable("runs").set(died).where("id", "=", left.id).execute();
    const idle = async () =>
      Math.floor(((await findRun(crashed.runtime.ledger, "acme", left.id))?.idleMs ?? 0) / MINUTE);
    await die();
    expect(await claimRun(crashed.runtime.ledger, "acme", left.id)).toBe(true);
    expect(await idle()).toBe(600);
    expect(await claimRun(crashed.runtime.ledger, "acme", left.id)).toBe(false);
    await die();
    const signs = createSigns(crashed.runtime.ledger);
    await Promise.all([signs.give("acme", left.id), createSigns(crashed.runtime.ledger).give("acme", left.id)]);
    expect(await idle()).toBe(1200);
    expect(run.status).toBe("paused");
  });
});
