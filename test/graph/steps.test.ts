/** Whole runs of plans of which a part fails, waits, or is not wanted: what people are asked, and what they are told. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { renderQuestion } from "../../src/cli/render.ts";
import { checkAudit } from "../../src/ledger/audit-check.ts";
import { listReads, readKey, recordReads } from "../../src/ledger/reads.ts";
import { createModels } from "../../src/models/roles.ts";
import { answerThread } from "../../src/work/answer.ts";
import { cancelThread } from "../../src/work/cancel.ts";
import { continueThread, startRequest, type ThreadView } from "../../src/work/threads.ts";
import { mailActions, openFlakyReceiver } from "../support/flaky-receiver.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { alice, approveAll, bob, openTestRuntime, type PlannedStep, rejectAll } from "../support/runtime.ts";
import { createScripted, type Script } from "../support/scripted-actions.ts";

const step =
  (action: string) =>
  (id: string, more: Partial<PlannedStep> = {}) => ({
    ...{ id, title: `Step ${id}`, action, ...more },
    args: { id, ...more.args },
  });
const [look, put] = [step("look"), step("put")];

type Options = Partial<Parameters<typeof openTestRuntime>[0]> & { scripts?: Record<string, Script> };

async function open(steps: PlannedStep[], { scripts = {}, ...options }: Options = {}) {
  const scripted = createScripted();
  scripted.play(scripts);
  const actions = [...scripted.actions, ...(options.actions ?? [])];
  const runtime = await openTestRuntime({ plans: { go: steps }, ...options, actions });
  const ask = () => startRequest(runtime, alice, { request: "go" });
  const approve = ({ threadId }: ThreadView) => answerThread(runtime, bob, threadId, approveAll);
  return { ...scripted, runtime, ask, approve };
}

describe("whoever is asked about the rest of a plan", () => {
  const steps = [look("a"), put("b", { dependsOn: ["a"] }), put("c"), look("d", { dependsOn: ["c"] })];

  it("is told which step failed, and what is not done because of it; and so is the requester", async () => {
    const { ask, approve } = await open(steps, { scripts: { a: { fails: 9 } } });
    const asked = await ask();
    expect(asked.question?.actions.map(({ step: id }) => id)).toEqual(["c"]);
    const notices = ['"Step a" failed: a did not want to.', 'Not done because of what it waits for: "Step b".'];
    expect(asked.question?.notices).toEqual(notices);
    expect(asked.question && renderQuestion(asked.question)).toContain(notices[0]);
    expect(asked.question?.action_requests[0]?.description).toContain(`NOTE: ${notices[1]}`);
    const { run } = await approve(asked);
    expect(run.answer).toEqual({
      status: "failed",
      text: 'a did not want to. What was done before stays: Did c. Not done: Step b ("a" did not complete). Did d.',
      details: [],
    });
  });

  it("hears of it also after an answer that was not taken", async () => {
    const { ask, runtime } = await open(steps, { scripts: { a: { fails: 9 } } });
    const { threadId } = await ask();
    const wrong = answerThread(runtime, bob, threadId, ({ proposalId }) => ({ proposalId, decisions: [] }));
    await expect(wrong).rejects.toThrow(/^The decision was refused\. (?!"Step a")/);
    const again = await continueThread(runtime, bob, threadId);
    expect(again.question?.notices[0]).toBe('"Step a" failed: a did not want to.');
    const { run } = await answerThread(runtime, bob, threadId, (question) => rejectAll(question));
    expect(run.answer).toMatchObject({ status: "rejected", text: "bob rejected it: no. Nothing was changed." });
  });

  it("sees which action the others go on without, and the requester what became of it", async () => {
    const optional = [put("a", { onFailure: "skip" }), put("b"), put("c", { dependsOn: ["a"] })];
    const { ask, approve } = await open(optional, { scripts: { a: { fails: 9 } } });
    const asked = await ask();
    expect(asked.question?.actions.map(({ optional: may }) => may)).toEqual([true, undefined, undefined]);
    expect(asked.question && renderQuestion(asked.question)).toContain("Where it fails, the others go on without it.");
    const text = 'Did b. Not done: Step a (it failed: a did not want to.). Not done: Step c ("a" was skipped).';
    expect((await approve(asked)).run.answer).toEqual({ status: "success", text, details: [] });
  });
});

describe("the answer", () => {
  it("names what was skipped because of a condition, and is no failure", async () => {
    const { ask } = await open([look("a"), put("b", { when: "a.n > 5.0" }), look("c", { dependsOn: ["b"] })]);
    const text = 'Did a. Not done: Step b (its condition is false: a.n > 5.0). Not done: Step c ("b" was skipped).';
    expect((await ask()).run.answer).toEqual({ status: "success", text, details: [] });
  });

  it("says what was done, and that its check is not met", async () => {
    const { ask, approve } = await open([put("a", { success: { check: "output.n == 2.0" } })]);
    const text = 'Did a. But of "Step a", its check is false: output.n == 2.0.';
    expect((await approve(await ask())).run.answer).toMatchObject({ status: "success", text });
  });

  it("is that nothing was done where the plan goes on without all that it had", async () => {
    const { ask } = await open([look("a", { onFailure: "skip" })], { scripts: { a: { fails: 9 } } });
    const text = "Nothing was done. Not done: Step a (it failed: a did not want to.).";
    expect((await ask()).run.answer).toMatchObject({ status: "failed", text });
  });

  it("names every failure, and what was found all the same", async () => {
    const scripts = { a: { fails: 9 }, b: { fails: 9 } };
    const { ask } = await open([look("a"), look("b"), look("c"), look("d", { dependsOn: ["a"] })], { scripts });
    const text = "a did not want to. b did not want to. Nothing was changed. Did c.";
    expect((await ask()).run.answer).toMatchObject({ status: "failed", text });
  });
});

describe("planning again after a failure", () => {
  async function openModels(onFailure: "stop" | "replan", ...script: Parameters<typeof playOpenAI>) {
    const server = await playOpenAI(...script);
    const { planner, reflector } = createModels({
      ...{ apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000 },
      ...{ planner: "planner-model", reviewer: "unused", reflector: "reflector-model" },
    });
    const models = { ...(planner ? { planner } : {}), ...(reflector ? { reflector } : {}) };
    return await open([look("a", { onFailure }), put("b")], { scripts: { a: { fails: 9 } }, models });
  }

  it("is never wanted where the plan says `stop`: no model is asked, and nothing else was begun", async () => {
    const { ask, began } = await openModels("stop");
    const { run, question } = await ask();
    expect(question).toBeNull();
    expect(run.answer).toMatchObject({ status: "failed", text: "a did not want to. Nothing was changed." });
    expect(began()).toEqual(["a"]);
  });

  it("is thought of elsewhere, once what does not hang on it is done", async () => {
    const says = { met: false, missing: ["a"], next: "stop", advice: "", answer: "b is done, a is not." };
    const { ask, approve } = await openModels("replan", expectCall({ model: "reflector-model" }).answer(json(says)));
    const { run } = await approve(await ask());
    expect(run.answer).toMatchObject({ status: "failed", text: expect.stringContaining("a did not want to.") });
  });
});

describe("a plan of which something waits", () => {
  it("for its time does everything else first, and says what has failed by then", async () => {
    const clock = { now: "2030-01-01T00:00:00.000Z" };
    const at = (day: number) => `2030-01-0${day}T00:00:00.000Z`;
    const steps = [
      look("a"),
      put("b", { notBefore: at(3) }),
      look("c", { notBefore: at(2), dependsOn: ["d"] }),
      look("d"),
      put("e", { dependsOn: ["c"] }),
      look("f", { when: "d.n > 5.0", notBefore: at(4) }),
    ];
    const { ask, approve, runtime, began } = await open(steps, { scripts: { a: { fails: 9 } }, now: () => clock.now });
    const { run, threadId } = await ask();
    const until = (day: number, what: string) => `"Step ${what}" is not to begin before ${at(day)}. a did not want to.`;
    expect(run.pause).toEqual({ why: "time", reason: until(2, "c"), until: at(2) });
    clock.now = at(2);
    const asked = await continueThread(runtime, bob, threadId);
    expect(asked.question?.actions.map(({ step: id }) => id)).toEqual(["e"]);
    expect((await approve(asked)).run.pause).toEqual({ why: "time", reason: until(3, "b"), until: at(3) });
    clock.now = at(3);
    const ended = await approve(await continueThread(runtime, bob, threadId));
    expect(ended.run.answer).toMatchObject({ status: "failed", text: expect.stringContaining("Did e. Did b.") });
    expect(began().toSorted()).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("for a receiver that is left alone does everything else first", async () => {
    const receiver = await openFlakyReceiver();
    receiver.mood = "down";
    let time = Date.parse("2026-11-01T10:00:00.000Z");
    const now = () => new Date(time).toISOString();
    const call = { retry: { attempts: 1 }, breaker: { failures: 1 } };
    const count = { id: "m", action: "count_mails", args: {}, onFailure: "retry" as const };
    const steps = [count, look("after", { dependsOn: ["m"] }), put("b"), look("c", { dependsOn: ["b"] })];
    const { ask, approve, runtime, began } = await open(steps, { actions: mailActions(receiver, call), now });
    const paused = await approve(await ask());
    expect(paused.run.pause).toMatchObject({ why: "receiver", until: "2026-11-01T10:02:00.000Z" });
    expect(began()).toEqual(["b", "c"]);
    expect(receiver.asked).toHaveLength(1);
    receiver.mood = "up";
    time += 120_000;
    const { run } = await continueThread(runtime, bob, paused.threadId);
    expect(run.answer?.status).toBe("success");
    expect([began(), receiver.asked.length]).toEqual([["b", "c", "after"], 2]);
  });
});

describe("a run that is cancelled in the middle of its reads", () => {
  it("starts none more, keeps what is found, and asks nobody about the rest", async () => {
    const ids = Array.from({ length: 30 }, (_, n) => `s${n}`);
    const gate = Promise.withResolvers<void>();
    const scripts = Object.fromEntries(ids.slice(3).map((id) => [id, { meanwhile: () => gate.promise }]));
    const { ask, runtime, began } = await open([...ids.map((id) => look(id)), put("w")], {
      scripts,
      policy: { planReview: "never" },
    });
    const running = ask();
    while (began().length < 8 + 3) await sleep(5);
    const runs = await runtime.ledger.selectFrom("runs").select("threadId").execute();
    const cancelled = cancelThread(runtime, bob, { threadId: runs[0]?.threadId ?? "", reason: null });
    await sleep(50);
    gate.resolve();
    const { run } = await cancelled.then(
      () => running,
      () => running,
    );
    expect(run.answer).toMatchObject({ status: "cancelled", text: "bob cancelled it. Nothing was changed." });
    expect(began()).toHaveLength(8 + 3);
  });
});

describe("a read that another process has recorded meanwhile, with another outcome", () => {
  it("counts as it is on record: what began with the other outcome is not recorded, and is read again", async () => {
    const elsewhere = { step: "a", action: "look", version: 1, args: { id: "a" } };
    const recordElsewhere = async () => {
      const [run] = await runtime.ledger.selectFrom("runs").select("id").execute();
      const runId = run?.id ?? "";
      const done = { status: "succeeded" as const, output: { id: "a", n: 7 }, summary: "Did a elsewhere." };
      const stamp = { ...alice.identity, at: new Date().toISOString() };
      await recordReads(runtime.ledger, stamp, runId, [{ ...elsewhere, ...done, key: readKey(runId, elsewhere) }]);
    };
    const steps = [
      look("a"),
      look("b", { args: { seen: { $ref: "a.n" } } }),
      look("c", { args: { seen: { $ref: "b.n" } } }),
    ];
    const { ask, runtime, began } = await open(steps, { scripts: { a: { meanwhile: recordElsewhere } } });
    const { run } = await ask();
    expect(run.answer).toMatchObject({ status: "success", text: "Did a elsewhere. Did b. Did c." });
    const reads = await listReads(runtime.ledger, alice.identity.tenant, run.id);
    expect(reads.map(({ step: id, args }) => [id, args.seen])).toEqual([
      ["a", undefined],
      ["b", 7],
      ["c", 1],
    ]);
    expect(began().filter((id) => id === "a")).toHaveLength(1);
    expect(began().filter((id) => id === "b")).toHaveLength(2);
    expect((await checkAudit(runtime.ledger, alice.identity.tenant)).fault).toBeNull();
  });
});
