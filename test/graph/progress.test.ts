/** Progress of runs under way, in the custom stream and in what is shown of a thread. Row A8. */
import { Command } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { hasEnded, type ProgressEvent, ProgressEventSchema, type StepProgress } from "../../src/domain/progress.ts";
import { listEffects } from "../../src/ledger/effects.ts";
import { listReads } from "../../src/ledger/reads.ts";
import { createModels } from "../../src/models/roles.ts";
import { Tracker } from "../../src/nodes/tracker.ts";
import type { StoreRuntime } from "../../src/runtime.ts";
import { defineAction } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { showThread } from "../../src/work/look.ts";
import { startRequest } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { alice, approveAll, bob, openTestRuntime, type PlannedStep } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

/** A read that ends when the test says so. */
function createGate() {
  const opened = Promise.withResolvers<void>();
  const action = defineAction({
    kind: "read",
    name: "wait",
    version: 1,
    title: "Wait",
    description: "Waits.",
    input: z.strictObject({ n: z.number().optional() }),
    output: z.object({ done: z.boolean() }),
    run: async () => {
      await opened.promise;
      return { done: true };
    },
    summarize: () => "Done.",
  });
  return { action, open: opened.resolve };
}

const count = (id: string, more: Partial<PlannedStep> = {}): PlannedStep => ({
  id,
  action: "count_notes",
  args: {},
  ...more,
});
const note = (id: string, text = id, dependsOn: string[] = []): PlannedStep => ({ id, args: { text }, dependsOn });

const plans: Record<string, PlannedStep[]> = {
  wide: ["a", "b", "c"].map((id, n) => ({ id, action: "wait", args: { n } })),
  mixed: [count("n"), note("a", "a ${n.label}"), note("b"), count("m", { dependsOn: ["a"] })],
  failing: [note("a"), note("b", "refuse"), note("c", "c", ["b"])],
  doubtful: [note("a"), note("b", "half")],
  later: [count("n"), count("m", { dependsOn: ["n"], notBefore: "2999-01-01T00:00:00.000Z" })],
  many: Array.from({ length: 200 }, (_, n) => count(`s${n}`)),
};

async function open(options: Parameters<typeof openTestRuntime>[0] = {}) {
  const gate = createGate();
  const { actions } = createNotebook(tempDir(), { canLookUp: false });
  const runtime = await openTestRuntime({ actions: [...actions, gate.action], plans, ...options });
  return { runtime, gate };
}

const on = (thread: string, { identity }: typeof alice) => ({ configurable: { thread_id: thread }, context: identity });

/** Calls the graph and hears every event, each of which has to fit what is documented. */
async function follow(
  runtime: StoreRuntime,
  call: { input: unknown; thread: string; by?: typeof alice; hear?: (event: ProgressEvent) => void },
): Promise<ProgressEvent[]> {
  const events: ProgressEvent[] = [];
  const options = { ...on(call.thread, call.by ?? alice), streamMode: "custom" as const };
  for await (const chunk of await runtime.graph.stream(call.input as { request: string }, options)) {
    const event = ProgressEventSchema.strict().parse(chunk);
    events.push(event);
    call.hear?.(event);
  }
  return events;
}

async function approval(runtime: StoreRuntime, thread: string, type = "approve") {
  const { tasks } = await runtime.graph.getState(on(thread, alice));
  const [asked] = tasks.flatMap(({ interrupts }) => interrupts);
  const { actions = [] } = (asked?.value ?? {}) as { actions?: { step: string }[] };
  return new Command({ resume: { [asked?.id ?? ""]: { decisions: actions.map(({ step }) => ({ type, step })) } } });
}

/** What a listener knows of the steps when it has heard these events; and what must hold of each of them. */
function stepsAfter(events: readonly ProgressEvent[]): Map<string, StepProgress> {
  let steps = new Map<string, StepProgress>();
  let before: ProgressEvent | undefined;
  for (const event of events) {
    const isNew = event.revision !== before?.revision;
    if (isNew) steps = new Map();
    for (const step of event.steps) steps.set(step.id, step);
    const all = [...steps.values()];
    expect(all).toHaveLength(event.total);
    expect(event.done).toBe(all.filter(({ status }) => hasEnded(status)).length);
    expect(event.running).toBe(all.filter(({ status }) => status === "running").length);
    if (!isNew) expect(event.percent).toBeGreaterThanOrEqual(before?.percent ?? 0);
    expect(event.percent === 100).toBe(event.phase === "ended" && event.done === event.total);
    before = event;
  }
  return steps;
}

const statuses = (steps: Map<string, StepProgress>) =>
  Object.fromEntries([...steps.values()].map(({ id, status }) => [id, status]));
const phases = (events: readonly ProgressEvent[]) =>
  events.map(({ phase }) => phase).filter((phase, place, all) => phase !== all[place - 1]);

describe("the custom stream", () => {
  it("names the reads that are under way side by side, and since when", async () => {
    const { runtime, gate } = await open();
    const events = await follow(runtime, {
      ...{ input: { request: "wide" }, thread: "t" },
      hear: ({ running }) => {
        if (running === 3) gate.open();
      },
    });
    const busy = events.find(({ running }) => running === 3);
    expect(busy).toMatchObject({ phase: "reading", percent: 0, done: 0, total: 3 });
    expect(busy?.current.map(({ id, title }) => [id, title])).toEqual(["a", "b", "c"].map((id) => [id, `Step ${id}`]));
    for (const { since } of busy?.current ?? []) expect(Date.parse(since ?? "")).toBeLessThanOrEqual(Date.now());
    expect(phases(events)).toEqual(["planning", "reading", "reflecting", "ended"]);
    const steps = stepsAfter(events);
    expect(statuses(steps)).toEqual({ a: "completed", b: "completed", c: "completed" });
    for (const { durationMs } of steps.values()) expect(durationMs).toBeGreaterThanOrEqual(0);
  });

  it("goes from reading to waiting, and over committing and reading again to the end", async () => {
    const { runtime } = await open();
    const asked = await follow(runtime, { input: { request: "mixed" }, thread: "t" });
    expect(phases(asked)).toEqual(["planning", "reading", "staging", "reviewing", "waiting"]);
    expect(statuses(stepsAfter(asked))).toEqual({ n: "completed", a: "pending", b: "pending", m: "pending" });
    expect(asked.at(-1)?.percent).toBe(25);
    const done = await follow(runtime, { input: await approval(runtime, "t"), thread: "t", by: bob });
    expect(phases(done)).toEqual(["committing", "reading", "reflecting", "ended"]);
    expect(done[0]?.percent).toBe(25);
    expect(statuses(stepsAfter(done))).toEqual({ n: "completed", a: "completed", b: "completed", m: "completed" });
    expect(done.at(-1)).toMatchObject({ percent: 100, expectedMs: 0 });
  });

  it("tells of a rollback, in which what has ended stays ended", async () => {
    const { runtime } = await open();
    await follow(runtime, { input: { request: "failing" }, thread: "t" });
    const events = await follow(runtime, { input: await approval(runtime, "t"), thread: "t", by: bob });
    expect(phases(events)).toEqual(["committing", "undoing", "reflecting", "ended"]);
    expect(statuses(stepsAfter(events))).toEqual({ a: "failed", b: "failed", c: "blocked" });
  });

  it("ends a run in which a person refuses with all steps ended", async () => {
    const { runtime } = await open();
    await follow(runtime, { input: { request: "failing" }, thread: "t" });
    const events = await follow(runtime, { input: await approval(runtime, "t", "reject"), thread: "t", by: bob });
    expect(statuses(stepsAfter(events))).toEqual({ a: "skipped", b: "skipped", c: "skipped" });
    expect(events.at(-1)).toMatchObject({ phase: "ended", percent: 100 });
  });

  it("is not through while nobody knows what happened", async () => {
    const { runtime } = await open();
    await follow(runtime, { input: { request: "doubtful" }, thread: "t" });
    const events = await follow(runtime, { input: await approval(runtime, "t"), thread: "t", by: bob });
    expect(events.at(-1)).toMatchObject({ phase: "waiting", percent: 99 });
    const told = await follow(runtime, { input: await approval(runtime, "t", "happened"), thread: "t", by: bob });
    expect(told.at(-1)).toMatchObject({ phase: "ended", percent: 100 });
    stepsAfter([...events, ...told]);
  });

  it("says that a run is paused, and how long the rest takes together with the wait", async () => {
    const { runtime } = await open({ now: () => "2998-12-31T23:59:00.000Z" });
    const events = await follow(runtime, { input: { request: "later" }, thread: "t" });
    expect(phases(events)).toEqual(["planning", "reading", "paused"]);
    expect(events.at(-1)).toMatchObject({ percent: 50, expectedMs: 60_000 });
    stepsAfter(events);
  });

  it("begins anew with another revision of the plan, in which what is done counts", async () => {
    const done = { met: true, missing: [], next: "done", advice: "", answer: "It is written." };
    const steps = [{ id: "x", title: "Write it down", action: "note", args: { text: "x" }, dependsOn: [] }];
    const server = await playOpenAI(
      expectCall({ user: /There is no notebook/ }).answer(json({ ...done, met: false, next: "replan" })),
      expectCall({ user: /done_steps/ }).answer(json({ outcome: "plan", message: "", goal: "Counted.", steps })),
    );
    const names = { planner: "m", reviewer: "m", reflector: "m" };
    const { planner, reflector } = createModels({
      apiKey: server.apiKey,
      baseUrl: server.url,
      timeoutMs: 10_000,
      ...names,
    });
    const models = { ...(planner ? { planner } : {}), ...(reflector ? { reflector } : {}) };
    const failed = count("f", { args: { fail: true }, dependsOn: ["n"] });
    const { runtime } = await open({ models, plans: { twice: [count("n"), failed] } });
    const events = await follow(runtime, { input: { request: "twice" }, thread: "t" });
    expect([...new Set(events.map(({ revision }) => revision))]).toEqual([0, 1, 2]);
    const again = ["planning", "staging", "reviewing", "waiting"];
    expect(phases(events)).toEqual(["planning", "reading", "reflecting", ...again]);
    expect(statuses(stepsAfter(events))).toEqual({ n: "completed", x: "pending" });
    expect(events.at(-1)?.percent).toBe(50);
  });

  it("names no more than 20 of many steps that are under way", async () => {
    const { runtime } = await open();
    const events = await follow(runtime, { input: { request: "many" }, thread: "t" });
    expect(stepsAfter(events).size).toBe(200);
    for (const { current, running } of events) expect(current.length).toBe(Math.min(running, 20));
  });

  it("puts together what changes within a tenth of a second, and loses nothing of it", async () => {
    const { runtime } = await open();
    await follow(runtime, { input: { request: "mixed" }, thread: "t" });
    const { values } = await runtime.graph.getState(on("t", alice));
    const heard: ProgressEvent[] = [];
    const tracker = new Tracker(runtime);
    await tracker.prepare("acme", values, (event) => void heard.push(ProgressEventSchema.parse(event)));
    const began = performance.now();
    for (let n = 0; n < 5000; n++) {
      tracker.step("a", "running", "committing");
      tracker.step("a", "pending", "committing");
    }
    tracker.step("b", "running", "committing");
    tracker.flush();
    expect(heard.length).toBeLessThanOrEqual(2 + (performance.now() - began) / 100);
    expect(statuses(stepsAfter(heard))).toEqual({ n: "completed", a: "pending", b: "running", m: "pending" });
    tracker.step("b", "completed", "committing");
    await expect.poll(() => heard.at(-1)?.done).toBe(2); // though nothing else happens
  });

  it("is not disturbed by a listener that fails", async () => {
    const { runtime } = await open();
    await follow(runtime, { input: { request: "mixed" }, thread: "t" });
    const { values } = await runtime.graph.getState(on("t", alice));
    const tracker = new Tracker(runtime);
    await tracker.prepare("acme", values, () => {
      throw new Error("gone");
    });
    tracker.step("a", "running", "committing");
    tracker.flush();
  });

  it("weighs steps as the plan says", async () => {
    const { runtime } = await open({ plans: { heavy: [{ ...count("n"), weight: 3 } as PlannedStep, note("a")] } });
    const events = await follow(runtime, { input: { request: "heavy" }, thread: "t" });
    expect(events.at(-1)).toMatchObject({ phase: "waiting", done: 1, total: 2, percent: 75 });
  });
});

describe("how long calls take", () => {
  it("is recorded of reads and writes, and tells how long the same will take for the tenant", async () => {
    const { runtime, gate } = await open();
    const first = await follow(runtime, {
      ...{ input: { request: "wide" }, thread: "t" },
      hear: ({ running }) => {
        if (running === 3) setTimeout(gate.open, 30);
      },
    });
    expect(first.find(({ phase }) => phase === "reading")?.expectedMs).toBeNull();
    const [read] = await listReads(runtime.ledger, "acme", first[0]?.runId ?? "");
    expect(read?.durationMs).toBeGreaterThanOrEqual(25);
    await runtime.ledger.updateTable("reads").set({ durationMs: 70_000 }).execute();
    const second = await follow(runtime, { input: { request: "wide" }, thread: "t2" });
    const expected = second.find(({ phase }) => phase === "reading")?.expectedMs ?? 0;
    expect(expected).toBeGreaterThan(60_000);
    expect(expected).toBeLessThanOrEqual(70_000);
    const foreign = { identity: { tenant: "evil", principal: "mallory" } };
    const other = await follow(runtime, { input: { request: "wide" }, thread: "t3", by: foreign });
    expect(other.find(({ phase }) => phase === "reading")?.expectedMs).toBeNull();
  });

  it("is what a staged write says of itself, where no call was measured", async () => {
    const { runtime } = await open({ plans: { one: [note("a")] } });
    await follow(runtime, { input: { request: "one" }, thread: "t" });
    const { progress } = (await showThread(runtime, alice.identity, "t")).details;
    const [proposal] = (await showThread(runtime, alice.identity, "t")).details.proposals;
    expect(progress.expectedMs).toBe(proposal?.actions[0]?.impact.durationMs);
    const done = await follow(runtime, { input: await approval(runtime, "t"), thread: "t", by: bob });
    const [effect] = await listEffects(runtime.ledger, "acme", done[0]?.runId ?? "");
    expect(effect?.durationMs).toBeGreaterThanOrEqual(0);
  });
});

describe("what is shown of a thread", () => {
  it("is how far it has come, what took how long, and whom it waits for", async () => {
    const { runtime } = await open();
    const { threadId } = await startRequest(runtime, alice, { request: "mixed" });
    const waiting = (await showThread(runtime, alice.identity, threadId)).details.progress;
    expect(waiting).toMatchObject({ phase: "waiting", percent: 25, done: 1, total: 4, revision: 1 });
    expect(waiting.waitsFor).toMatchObject({ what: "decision", reason: "Step a; Step b", until: null });
    const [read, ...rest] = waiting.steps;
    expect(read).toMatchObject({ id: "n", status: "completed", dependsOn: [] });
    expect(read?.durationMs).toBeGreaterThanOrEqual(0);
    expect(rest.map(({ id, status, dependsOn, durationMs }) => [id, status, dependsOn, durationMs])).toEqual([
      ["a", "pending", ["n"], null],
      ["b", "pending", [], null],
      ["m", "pending", ["a"], null],
    ]);
    await answerThread(runtime, bob, threadId, approveAll);
    const done = (await showThread(runtime, alice.identity, threadId)).details.progress;
    expect(done).toMatchObject({ phase: "ended", percent: 100, expectedMs: 0, waitsFor: null });
    expect(done.steps.every(({ durationMs }) => durationMs !== null)).toBe(true);
    expect(done.steps.find(({ id }) => id === "a")?.since).not.toBeNull();
  });

  it("does not count the time in which a person was waited for", async () => {
    let now = Date.parse("2026-11-01T10:00:00.000Z");
    const { runtime } = await open({ now: () => new Date(now).toISOString(), plans: { one: [note("a")] } });
    const elapsed = async (id: string) => (await showThread(runtime, alice.identity, id)).details.progress.elapsedMs;
    const { threadId } = await startRequest(runtime, alice, { request: "one" });
    now += 3_600_000;
    expect(await elapsed(threadId)).toBe(0);
    const events = await follow(runtime, { input: await approval(runtime, threadId), thread: threadId, by: bob });
    expect(events.at(-1)).toMatchObject({ phase: "ended", elapsedMs: 0 });
    now += 3_600_000;
    expect(await elapsed(threadId)).toBe(0);
  });

  it("says what a doubt waits for, and what a pause does", async () => {
    const { runtime } = await open();
    const doubtful = await startRequest(runtime, alice, { request: "doubtful" });
    await answerThread(runtime, bob, doubtful.threadId, approveAll);
    const { progress } = (await showThread(runtime, alice.identity, doubtful.threadId)).details;
    expect(progress).toMatchObject({ phase: "waiting", percent: 99, waitsFor: { what: "word" } });
    const paused = await startRequest(runtime, alice, { request: "later" });
    const { details } = await showThread(runtime, alice.identity, paused.threadId);
    const waitsFor = { what: "time", until: "2999-01-01T00:00:00.000Z", proposalId: null };
    expect(details.progress).toMatchObject({ phase: "paused", percent: 50, waitsFor });
  });

  it("stays where it was when a run ends early, and has no steps where nothing was planned", async () => {
    const { runtime } = await open({ plans: { bad: [count("n"), note("a", "impossible")] } });
    const failed = await startRequest(runtime, alice, { request: "bad" });
    const { progress } = (await showThread(runtime, alice.identity, failed.threadId)).details;
    expect(progress).toMatchObject({ phase: "ended", percent: 50, done: 1, total: 2 });
    const unknown = await startRequest(runtime, alice, { request: "what is this" });
    const none = (await showThread(runtime, alice.identity, unknown.threadId)).details.progress;
    expect(none).toMatchObject({ phase: "ended", percent: 100, total: 0, revision: 0, steps: [] });
  });
});
