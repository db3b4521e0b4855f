/** Plans that a model gets wrong, or means ill, when it plans again: nothing vanishes, nothing is passed off as done. */
import { describe, expect, it } from "vitest";
import { createModels } from "../../src/models/roles.ts";
import { createPolicy, type PolicyOptions } from "../../src/policy/policy.ts";
import type { Action, AnyRead, AnyWrite } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { cancelThread } from "../../src/work/cancel.ts";
import { continueThread, startRequest, type ThreadView } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { alice, approveAll, bob, openTestRuntime, type PlannedStep } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

type Server = Awaited<ReturnType<typeof playOpenAI>>;
const HALF = "half \ud83d";

async function open(
  server: Server,
  options: { policy?: PolicyOptions; change?: Partial<AnyWrite>; actions?: Action[]; reviews?: boolean } = {},
) {
  const home = tempDir();
  const notebook = createNotebook(home);
  const [write, read] = notebook.actions as [AnyWrite, AnyRead];
  const names = { planner: "planner-model", reviewer: "reviewer-model", reflector: "reflector-model" };
  const models = createModels({ apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000, ...names });
  const { reviewer, ...others } = models;
  const runtime = await openTestRuntime({
    home,
    actions: [{ ...write, ...options.change }, read, ...(options.actions ?? [])],
    models: options.reviews ? models : others,
    ...(options.policy ? { policy: createPolicy(options.policy) } : {}),
  });
  return { home, write, read, runtime, lines: () => notebook.lines().map(({ did, text }) => `${did} ${text}`) };
}

const plan = (...steps: (PlannedStep & { repeat?: boolean; title?: string })[]) =>
  json({
    ...{ outcome: "plan", message: "", goal: "The notes are written." },
    steps: steps.map((step) => ({
      ...{ title: `Note ${step.id}`, action: "note", args: { text: step.id }, dependsOn: [] },
      ...step,
    })),
  });
const count = (id: string, dependsOn: string[] = [], args = {}): PlannedStep => ({
  ...{ id, action: "count_notes", args, dependsOn },
});
const inTwoStages = () => plan({ id: "a" }, count("n", ["a"]), { id: "b", args: { text: "refuse" }, dependsOn: ["n"] });
const planner = () => expectCall({ model: "planner-model" });
const reflector = () => expectCall({ model: "reflector-model" });
const says = (next: string, more: object = {}) =>
  json({ met: next === "done", missing: [], next, advice: "", answer: "It is written.", ...more });
const start = (runtime: Awaited<ReturnType<typeof open>>["runtime"]) =>
  startRequest(runtime, alice, { request: "Write the notes" });
const asked = ({ question }: ThreadView) => question?.actions.map(({ step, args }) => [step, args.text]);

describe("a second plan", () => {
  it("with two steps of one name is sent back", async () => {
    const server = await playOpenAI(
      planner().answer(inTwoStages()),
      reflector().answer(says("replan")),
      planner().answer(plan({ id: "x", args: { text: "a" } }, { id: "x", args: { text: "IMPORTANT" } }, { id: "c" })),
      expectCall({ model: "planner-model", user: /Two steps are called/ }).answer(
        plan({ id: "x", args: { text: "IMPORTANT" } }),
      ),
    );
    const { runtime } = await open(server);
    const { threadId } = await start(runtime);
    await answerThread(runtime, bob, threadId, approveAll);
    expect(asked(await answerThread(runtime, bob, threadId, approveAll))).toEqual([["s1", "IMPORTANT"]]);
  });

  it("that uses the name of a done step for something else means its own", async () => {
    const server = await playOpenAI(
      planner().answer(
        plan({ id: "a" }, { id: "b", args: { text: "${a.text}!" } }, count("n", ["b"]), {
          ...{ id: "c", args: { text: "refuse" }, dependsOn: ["n"] },
        }),
      ),
      reflector().answer(says("replan")),
      planner().answer(plan({ id: "b", args: { text: "${a.text}!" } }, { id: "a", args: { text: "A2" } })),
    );
    const { runtime } = await open(server);
    const { threadId } = await start(runtime);
    await answerThread(runtime, bob, threadId, approveAll);
    const third = await answerThread(runtime, bob, threadId, approveAll);
    expect(third.question?.actions.map(({ args }) => args.text)).toEqual(["A2", "${s2.text}!"]);
  });

  it("that looks again does look again", async () => {
    const server = await playOpenAI(
      planner().answer(plan(count("n"), { id: "a" }, count("m", ["a"], { fail: true }))),
      reflector().answer(says("replan")),
      planner().answer(plan(count("r"), { id: "d", args: { text: "there are ${r.count}" }, dependsOn: ["r"] })),
    );
    const { runtime } = await open(server);
    const { threadId } = await start(runtime);
    expect(asked(await answerThread(runtime, bob, threadId, approveAll))).toEqual([["d", "there are 1"]]);
  });

  it("that would bring the whole over what a plan may hold is sent back, and ends with the answer of the first", async () => {
    const many = (count: number) =>
      plan(...Array.from({ length: count }, (_, n) => ({ id: `k${n}`, args: { text: `k${n}` } })));
    const server = await playOpenAI(
      planner().answer(inTwoStages()),
      reflector().answer(says("replan")),
      planner().answer(many(998)),
      expectCall({ model: "planner-model", user: /has 1000 steps; at most 50/ }).answer(many(49)),
      expectCall({ model: "planner-model", user: /has 51 steps; at most 50/ }).answer(many(50)),
    );
    const { runtime } = await open(server);
    const { threadId } = await start(runtime);
    await answerThread(runtime, bob, threadId, approveAll);
    const { run } = await answerThread(runtime, bob, threadId, approveAll);
    expect(run.answer).toMatchObject({ status: "failed", text: expect.stringContaining("The notebook refused.") });
    expect(run.answer?.details.join()).toContain("at most 50 are taken (setting maxSteps)");
  });

  it("that hangs on what a person rejected is not passed off as done", async () => {
    const server = await playOpenAI(
      planner().answer(plan(count("n"), { id: "r" }, { id: "c", args: { text: "refuse" } })),
      reflector().answer(says("replan")),
      planner().answer(plan({ id: "d", dependsOn: ["r"] })),
      reflector().answer(says("stop")),
    );
    const { runtime, lines } = await open(server);
    const { threadId } = await start(runtime);
    const { run } = await answerThread(runtime, bob, threadId, ({ proposalId }) => ({
      ...{ proposalId, decisions: [{ type: "reject" }, { type: "approve" }] },
    }));
    expect(run.answer).toMatchObject({ status: "failed", text: expect.stringContaining("Not done: Note d") });
    expect(lines()).toEqual([]);
  });

  it("can be had after a transaction of which a part was rejected and the rest undone", async () => {
    const server = await playOpenAI(
      planner().answer(
        plan({ id: "a" }, { id: "r", args: { text: "r ${a.text}" } }, { id: "c", args: { text: "refuse" } }),
      ),
      reflector().answer(says("replan")),
      planner().answer(plan({ id: "z" })),
    );
    const { runtime } = await open(server);
    const { threadId } = await start(runtime);
    const second = await answerThread(runtime, bob, threadId, ({ proposalId }) => ({
      ...{ proposalId, decisions: [{ type: "approve" }, { type: "reject" }, { type: "approve" }] },
    }));
    expect(asked(second)).toEqual([["z", "z"]]);
  });
});

describe("what a reflection is told", () => {
  it("is that what was undone or failed was not done", async () => {
    const server = await playOpenAI(
      planner().answer(plan({ id: "a" }, { id: "b", args: { text: "refuse" } })),
      reflector().answer(says("replan")),
      planner().answer(plan({ id: "c" })),
      reflector().answer(says("done")),
    );
    const { runtime } = await open(server);
    const { threadId } = await start(runtime);
    await answerThread(runtime, bob, threadId, approveAll);
    const { run } = await answerThread(runtime, bob, threadId, approveAll);
    expect(run.answer?.details).toEqual(['Recorded: Noted "c".']);
    const last = JSON.stringify(server.calls.at(-1)?.body);
    expect(last).toContain("Erased");
    expect(last).not.toContain('Noted \\\\\\"refuse');
  });
});

describe("a step", () => {
  it('may be called "constructor": it is asked for and done like any other', async () => {
    const server = await playOpenAI(planner().answer(plan({ id: "a" }, { id: "constructor", args: { text: "also" } })));
    const { runtime } = await open(server);
    expect(asked(await start(runtime))).toEqual([
      ["a", "a"],
      ["constructor", "also"],
    ]);
  });

  it("that calls what only another version has is not dropped: the run waits for that version", async () => {
    const server = await playOpenAI(
      planner().answer(plan({ id: "a" }, count("n", ["a"]), { id: "x", action: "newer", dependsOn: ["n"] })),
    );
    const { home, runtime, write, read, lines } = await open(server, {
      actions: [{ ...(createNotebook(tempDir()).actions[0] as AnyWrite), name: "newer" }],
    });
    const { threadId } = await start(runtime);
    const older = await openTestRuntime({ home, actions: [write, read] });
    const lost = answerThread(older, bob, threadId, approveAll);
    await expect(lost).rejects.toMatchObject({ message: 'Step "x" calls "newer", which is no action here.' });
    expect(lines()).toEqual(["write a"]);
    expect(asked(await continueThread(runtime, bob, threadId))).toEqual([["x", "x"]]);
  });

  it("that somebody changed in state after it was done is another one, and asked for", async () => {
    const server = await playOpenAI(planner().answer(inTwoStages()));
    const { runtime } = await open(server);
    const { threadId } = await start(runtime);
    const { state } = await answerThread(runtime, bob, threadId, approveAll);
    const steps = (state.plan?.steps ?? []).map((step) =>
      step.id === "a" ? { ...step, args: { text: "OTHER" } } : step,
    );
    const config = { configurable: { thread_id: threadId }, context: alice.identity };
    const edited = { ...state.plan, steps } as typeof state.plan;
    await runtime.graph.updateState(config, { plan: edited, outcome: "committed" }, "committer");
    await runtime.graph.invoke(null, config);
    const view = await continueThread(runtime, bob, threadId);
    expect(asked(view)?.map(([step]) => step)).toContain("a");
    expect(view.question?.actions.find(({ step }) => step === "a")?.args).toEqual({ text: "OTHER" });
  });
});

describe("text that no database takes", () => {
  it("in an undo's error stops no rollback", async () => {
    const server = await playOpenAI(
      planner().answer(plan({ id: "a" }, { id: "b" }, { id: "c", args: { text: "refuse" } })),
    );
    const notebook = createNotebook(tempDir()).actions[0] as AnyWrite;
    const undone: string[] = [];
    const undo: AnyWrite["undo"] = async (effect) => {
      if (effect.step === "b") throw new Error(HALF);
      undone.push(effect.step);
      return `${HALF}\u0000`;
    };
    const { runtime } = await open(server, { change: { ...notebook, undo } });
    const { threadId } = await start(runtime);
    const { run } = await answerThread(runtime, bob, threadId, approveAll);
    expect(undone).toEqual(["a"]);
    expect(run.answer?.text).toContain("could NOT be undone: note (half \ufffd)");
  });

  it("in a model's answer is a malformed answer", async () => {
    const server = await playOpenAI(
      planner().answer(plan({ id: "a", title: HALF })),
      expectCall({ model: "planner-model", user: /half a surrogate pair/ }).answer(plan({ id: "a" }, { id: "b" })),
      reflector()
        .answer(says("done", { answer: HALF }))
        .repeat(3),
    );
    const { runtime } = await open(server);
    const { threadId } = await start(runtime);
    const { run } = await answerThread(runtime, bob, threadId, approveAll);
    expect(run.answer).toMatchObject({ status: "success", text: 'Noted "a". Noted "b".' });
  });

  it("and a title that is too long are asked for again", async () => {
    const server = await playOpenAI(
      planner().answer(plan({ id: "a", title: "t".repeat(201) })),
      planner().answer(plan({ id: "a" })),
    );
    const { runtime } = await open(server);
    expect(asked(await start(runtime))).toEqual([["a", "a"]]);
  });
});

describe("a cancellation", () => {
  it("that comes while the reflector asks its model still counts", async () => {
    const server = await playOpenAI(
      planner().answer(plan({ id: "a" }, { id: "b" })),
      reflector().after(1000).answer(says("done")),
    );
    const { runtime, lines } = await open(server);
    const { threadId } = await start(runtime);
    const live = answerThread(runtime, bob, threadId, approveAll);
    await expect.poll(() => server.calls.length).toBe(2);
    const { run } = await cancelThread(runtime, bob, { threadId, reason: "wrong", rollback: true });
    expect(run.answer).toMatchObject({
      status: "cancelled",
      text: expect.stringContaining("bob cancelled it: wrong."),
    });
    await live;
    expect(lines()).toEqual(["write a", "write b", "undo b", "undo a"]);
  });
});
