/** Invariants 3 and 11: a later plan keeps what is done, under whatever name, and proposes only what is new. */
import { describe, expect, it } from "vitest";
import { renderRevisions } from "../../src/cli/revisions.ts";
import { listAudit } from "../../src/ledger/audit.ts";
import { takeDecision } from "../../src/ledger/decisions.ts";
import { listEffects } from "../../src/ledger/effects.ts";
import { listReflections } from "../../src/ledger/reflections.ts";
import { listRevisions } from "../../src/ledger/revisions.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { createModels } from "../../src/models/roles.ts";
import { createPolicy, type PolicyOptions } from "../../src/policy/policy.ts";
import type { AnyRead, AnyWrite } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { showThread } from "../../src/work/look.ts";
import { startRequest, type ThreadView, viewThread } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { alice, approveAll, bob, openTestRuntime, type PlannedStep } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const AT = new Date().toISOString();
type Server = Awaited<ReturnType<typeof playOpenAI>>;

async function open(server: Server, options: { policy?: PolicyOptions; change?: Partial<AnyWrite> } = {}) {
  const home = tempDir();
  const notebook = createNotebook(home);
  const [write, read] = notebook.actions as [AnyWrite, AnyRead];
  const config = { apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000 };
  const names = { planner: "planner-model", reviewer: "unused", reflector: "reflector-model" };
  const { planner, reflector } = createModels({ ...config, ...names });
  const runtime = await openTestRuntime({
    home,
    actions: [{ ...write, ...options.change }, read],
    models: { ...(planner ? { planner } : {}), ...(reflector ? { reflector } : {}) },
    ...(options.policy ? { policy: createPolicy(options.policy) } : {}),
  });
  return { runtime, lines: () => notebook.lines().map(({ did, text }) => `${did} ${text}`) };
}

const plan = (...steps: (PlannedStep & { repeat?: boolean })[]) => ({
  outcome: "plan",
  message: "",
  goal: "The notes are written.",
  steps: steps.map((step) => ({
    ...{ title: `Note ${step.id}`, action: "note", args: { text: step.id }, dependsOn: [] },
    ...step,
  })),
});
/** Writes "a", and then what depends on a look at it. */
const inTwoStages = (text: string, round = 0) =>
  plan(
    { id: "a", args: { text: round === 0 ? "a" : `a${round}` } },
    { id: "n", action: "count_notes", args: {}, dependsOn: ["a"] },
    { id: "b", args: round === 0 ? { text } : { text, after: round }, dependsOn: ["n"] },
  );
const planner = (user: RegExp = /Write/) => expectCall({ model: "planner-model", user });
const reflector = (user: RegExp = /./) => expectCall({ model: "reflector-model", user });
const says = (next: string, more: object = {}) =>
  json({ met: next === "done", missing: [], next, advice: "", answer: "It is written.", ...more });

const asked = ({ question }: ThreadView) => question?.actions.map(({ step, args }) => [step, args.text]);

describe("a plan that failed in part", () => {
  it("is followed by a better one, which keeps what is done, whatever it calls it", async () => {
    const server = await playOpenAI(
      planner().answer(json(inTwoStages("refuse"))),
      reflector(/The notebook refused/).answer(says("replan", { advice: "Write b instead." })),
      planner(/done_steps.*Noted.*not_done_steps.*The notebook refused.*Write b instead/s).answer(
        json(
          plan(
            { id: "first", args: { text: "a" } },
            { id: "b", args: { text: "b after ${first.text}" }, dependsOn: [] },
          ),
        ),
      ),
      reflector().answer(says("done")),
    );
    const { runtime, lines } = await open(server);
    const { threadId, run } = await startRequest(runtime, alice, { request: "Write the notes" });
    const second = await answerThread(runtime, bob, threadId, approveAll);
    expect(asked(second)).toEqual([["b", "refuse"]]);
    const third = await answerThread(runtime, bob, threadId, approveAll);
    // Only what is new is asked, under an id that no earlier step has; its reference leads to the step that is kept.
    expect(asked(third)).toEqual([["s1", "b after a"]]);
    expect(third.state.plan?.steps.map(({ id }) => id)).toEqual(["a", "n", "s1"]);
    const done = await answerThread(runtime, bob, threadId, approveAll);
    expect(done.run.answer).toMatchObject({ status: "success", text: "It is written." });
    expect(lines()).toEqual(["write a", "write b after a"]);
    expect(await listRevisions(runtime.ledger, "acme", run.id)).toHaveLength(2);
  });

  it("is not asked for again in other words: what the action calls the same work is done once", async () => {
    const server = await playOpenAI(
      planner().answer(json(inTwoStages("refuse"))),
      reflector().answer(says("replan")),
      planner().answer(json(plan({ id: "x", args: { text: " A " } }, { id: "y", args: { text: "${x.text}!" } }))),
      reflector().answer(says("done")),
    );
    const { runtime, lines } = await open(server, {
      change: { dedupeKey: ({ text }: { text: string }) => text.trim().toLowerCase() },
    });
    const { threadId, run } = await startRequest(runtime, alice, { request: "Write the notes" });
    await answerThread(runtime, bob, threadId, approveAll);
    const third = await answerThread(runtime, bob, threadId, approveAll);
    expect(asked(third)).toEqual([["y", "a!"]]);
    expect(third.state.steps.x).toMatchObject({ status: "completed" });
    const done = await answerThread(runtime, bob, threadId, approveAll);
    expect(done.run.answer?.status).toBe("success");
    expect(lines()).toEqual(["write a", "write a!"]);
    expect((await listAudit(runtime.ledger, "acme", run.id)).map(({ event }) => event)).toContain("step.kept");
  });

  it("does something again only where that is marked, and the person sees it", async () => {
    const server = await playOpenAI(
      planner().answer(json(inTwoStages("refuse"))),
      reflector().answer(says("replan")),
      planner().answer(json(plan({ id: "again", args: { text: "a" }, repeat: true }))),
      reflector().answer(says("done")),
    );
    const { runtime, lines } = await open(server);
    const { threadId } = await startRequest(runtime, alice, { request: "Write the notes" });
    await answerThread(runtime, bob, threadId, approveAll);
    const third = await answerThread(runtime, bob, threadId, approveAll);
    expect(third.question?.actions).toMatchObject([{ step: "again", repeats: "a", args: { text: "a" } }]);
    expect(third.question?.description ?? JSON.stringify(third.question)).toContain("once more what step a does");
    await answerThread(runtime, bob, threadId, approveAll);
    expect(lines()).toEqual(["write a", "write a"]);
  });

  it("may do again what was undone: it is asked for anew", async () => {
    const server = await playOpenAI(
      planner().answer(json(plan({ id: "a" }, { id: "b", args: { text: "refuse" } }))),
      reflector().answer(says("replan")),
      planner().answer(json(plan({ id: "a" }, { id: "b" }))),
      reflector().answer(says("done")),
    );
    const { runtime, lines } = await open(server);
    const { threadId, run } = await startRequest(runtime, alice, { request: "Write the notes" });
    const again = await answerThread(runtime, bob, threadId, approveAll);
    expect(lines()).toEqual(["write a", "undo a"]);
    expect(asked(again)).toEqual([
      ["s1", "a"],
      ["s2", "b"],
    ]);
    expect((await answerThread(runtime, bob, threadId, approveAll)).run.answer?.status).toBe("success");
    expect(lines()).toEqual(["write a", "undo a", "write a", "write b"]);
    const effects = await listEffects(runtime.ledger, "acme", run.id);
    expect(new Set(effects.map(({ key }) => key)).size).toBe(effects.length);
  });

  it("that a person rejected is not planned again", async () => {
    const server = await playOpenAI(
      planner().answer(json(plan({ id: "a" }, { id: "b" }))),
      reflector().answer(says("replan", { missing: ["b"] })),
      planner(/A person does not want it/).answer(json(plan({ id: "z", args: { text: "b" } }, { id: "c" }))),
      reflector().answer(says("done")),
    );
    const { runtime, lines } = await open(server);
    const { threadId } = await startRequest(runtime, alice, { request: "Write the notes" });
    const next = await answerThread(runtime, bob, threadId, ({ proposalId }) => ({
      proposalId,
      decisions: [{ type: "approve" }, { type: "reject", message: "not b" }],
    }));
    expect(asked(next)).toEqual([["c", "c"]]);
    await answerThread(runtime, bob, threadId, approveAll);
    expect(lines()).toEqual(["write a", "write c"]);
  });
});

describe("a plan that did not do all", () => {
  it("is completed, once the reflection finds what is missing", async () => {
    const server = await playOpenAI(
      planner().answer(json(plan({ id: "a" }, { id: "b" }))),
      reflector().answer(says("replan", { went_well: "Two are there.", missing: ["The note c."] })),
      planner(/The note c\./).answer(json(plan({ id: "c" }))),
      reflector().answer(says("done")),
    );
    const { runtime, lines } = await open(server);
    const { threadId, run } = await startRequest(runtime, alice, { request: "Write the notes a, b and c" });
    const again = await answerThread(runtime, bob, threadId, approveAll);
    // Its transaction holds nothing but what is new.
    expect(asked(again)).toEqual([["c", "c"]]);
    expect(again.state.plan?.steps.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect((await answerThread(runtime, bob, threadId, approveAll)).run.answer?.status).toBe("success");
    expect(lines()).toEqual(["write a", "write b", "write c"]);
    expect(await listReflections(runtime.ledger, "acme", run.id)).toMatchObject([
      { revision: 1, verdict: "replan", wentWell: "Two are there.", missing: ["The note c."] },
      { revision: 2, verdict: "done" },
    ]);
    const { details } = await showThread(runtime, alice.identity, threadId);
    const shown = renderRevisions(details).split("\n");
    expect(shown.map((line) => line.trim())).toEqual([
      "Plans",
      expect.stringMatching(/^1\. 2 step\(s\) .*model; allow/),
      "Went well: Two are there.",
      "Missing: The note c.",
      "Then another plan was wanted.",
      expect.stringMatching(/^2\. 3 step\(s\)/),
      "New: c (Note c).",
      "Kept, and settled: a (Note a), b (Note b).",
      "Then it was done.",
    ]);
  });
});

const containing = (text: string) => expect.stringContaining(text);

describe("planning again ends", () => {
  const failing = () => planner().answer(json(plan({ id: "a", args: { text: "refuse" } })));
  const refused = { status: "failed", text: expect.stringContaining("The notebook refused.") };

  it.each([
    [
      "the same plan",
      plan({ id: "other", args: { text: "refuse" } }),
      "The next plan was what had been tried already.",
    ],
    [
      "that there is no other way",
      { outcome: "unsupported", message: "There is no other pen.", goal: "", steps: [] },
      "There is no other pen.",
    ],
  ])("when it gives %s, with the answer that the first plan came to", async (_what, second, why) => {
    const server = await playOpenAI(failing(), reflector().answer(says("replan")), planner().answer(json(second)));
    const { runtime } = await open(server);
    const { threadId } = await startRequest(runtime, alice, { request: "Write the notes" });
    const { run } = await answerThread(runtime, bob, threadId, approveAll);
    expect(run.answer).toMatchObject({ ...refused, details: [`No other plan came of it: ${why}`].map(containing) });
  });

  it("when three plans one after the other were not allowed", async () => {
    const wrong = json(plan({ id: "z", action: "launch_rocket" }));
    const server = await playOpenAI(
      failing(),
      reflector().answer(says("replan")),
      planner().answer(wrong),
      planner(/done_steps.*launch_rocket/s).answer(wrong),
      planner().answer(wrong),
    );
    const { runtime } = await open(server);
    const { threadId } = await startRequest(runtime, alice, { request: "Write the notes" });
    const { run } = await answerThread(runtime, bob, threadId, approveAll);
    expect(run.answer).toMatchObject({ ...refused, details: [containing("launch_rocket")] });
  });

  it.each([
    [0, 0, []],
    [1, 1, [containing("1 of 1 time that it was planned again. To go on, raise the setting maxReplans, and ask")]],
    [undefined, 2, [containing("2 of 2 times that it was planned again.")]],
  ])("after as many times as the settings say (%s)", async (maxReplans, replans, details) => {
    const rounds = Array.from({ length: replans }, (_, n) => [
      reflector().answer(says("replan")),
      planner().answer(json(inTwoStages("refuse", n + 1))),
    ]);
    const server = await playOpenAI(planner().answer(json(inTwoStages("refuse"))), ...rounds.flat());
    const { runtime } = await open(server);
    if (maxReplans !== undefined) await changeSettings(runtime.ledger, { ...bob.identity, at: AT }, { maxReplans });
    const { threadId, run } = await startRequest(runtime, alice, { request: "Write the notes" });
    for (let round = 0; round <= replans; round++) {
      await answerThread(runtime, bob, threadId, approveAll);
      await answerThread(runtime, bob, threadId, approveAll);
    }
    const { answer } = (await viewThread(runtime, alice.identity, threadId)).run;
    expect(answer).toMatchObject({ ...refused, details });
    expect(await listRevisions(runtime.ledger, "acme", run.id)).toHaveLength(replans + 1);
  });

  it("when of two plans in a row nothing got done", async () => {
    const server = await playOpenAI(
      failing(),
      reflector().answer(says("replan")),
      planner().answer(json(plan({ id: "b", args: { text: "refuse", after: 1 } }))),
    );
    const { runtime } = await open(server);
    await changeSettings(runtime.ledger, { ...bob.identity, at: AT }, { maxReplans: 20 });
    const { threadId } = await startRequest(runtime, alice, { request: "Write the notes" });
    await answerThread(runtime, bob, threadId, approveAll);
    const { run } = await answerThread(runtime, bob, threadId, approveAll);
    expect(run.answer).toMatchObject({ ...refused, details: [containing("of the last two plans, no step got done")] });
  });

  it("when a look at the same is all that gets done", async () => {
    const look = (text: string) =>
      json(plan({ id: "n", action: "count_notes", args: {} }, { id: "b", args: { text, after: 1 }, dependsOn: ["n"] }));
    const server = await playOpenAI(
      planner().answer(look("refuse")),
      ...["impossible", "refuse"].flatMap((text) => [reflector().answer(says("replan")), planner().answer(look(text))]),
    );
    const { runtime } = await open(server);
    await changeSettings(runtime.ledger, { ...bob.identity, at: AT }, { maxReplans: 20 });
    const { threadId } = await startRequest(runtime, alice, { request: "Write the notes" });
    await answerThread(runtime, bob, threadId, approveAll);
    const { run } = await answerThread(runtime, bob, threadId, approveAll);
    expect(run.answer).toMatchObject({ ...refused, details: [containing("of the last two plans, no step got done")] });
  });

  it("when it gives by turns what was tried before, in other words and another order", async () => {
    const failing = [
      { id: "x", args: { text: "refuse" } },
      { id: "y", title: "And again", args: { text: "${x.text} again" } },
    ];
    const renamed = [
      { id: "first", title: "Once more, otherwise", args: { text: "${other.text} again" } },
      { id: "other", title: "In other words", args: { text: "refuse" } },
    ];
    const look = { id: "n", action: "count_notes", args: {}, dependsOn: ["a"] };
    const server = await playOpenAI(
      planner().answer(json(plan({ id: "a" }, look, ...failing.map((step) => ({ ...step, dependsOn: ["n"] }))))),
      reflector().answer(says("replan")),
      planner().answer(json(plan({ id: "c", args: { text: "refuse", after: 2 } }))),
      reflector().answer(says("replan")),
      planner().answer(json(plan(...renamed))),
    );
    const { runtime } = await open(server);
    await changeSettings(runtime.ledger, { ...bob.identity, at: AT }, { maxReplans: 20 });
    const { threadId } = await startRequest(runtime, alice, { request: "Write the notes" });
    await answerThread(runtime, bob, threadId, approveAll);
    await answerThread(runtime, bob, threadId, approveAll);
    const { run } = await answerThread(runtime, bob, threadId, approveAll);
    expect(run.answer).toMatchObject({ ...refused, details: [containing("what had been tried already")] });
  });

  it("where an undo failed: somebody has to look first", async () => {
    const server = await playOpenAI(planner().answer(json(plan({ id: "a" }, { id: "b", args: { text: "refuse" } }))));
    const undo = async () => {
      throw new Error("The eraser is gone.");
    };
    const { runtime } = await open(server, { change: { undo } });
    const { threadId } = await startRequest(runtime, alice, { request: "Write the notes" });
    const { run } = await answerThread(runtime, bob, threadId, approveAll);
    expect(run.answer?.text).toContain("could NOT be undone");
  });
});

describe("a plan that somebody edits in state", () => {
  it("does not do again what is done, under whatever name", async () => {
    const server = await playOpenAI(planner().answer(json(inTwoStages("b"))), reflector().answer(says("done")));
    const { runtime, lines } = await open(server);
    const { threadId } = await startRequest(runtime, alice, { request: "Write the notes" });
    const { state } = await answerThread(runtime, bob, threadId, approveAll);
    const renamed = { id: "forged", title: "Forged", action: "note", args: { text: "a" }, dependsOn: [] };
    const edited = { ...state.plan, steps: [renamed, ...(state.plan?.steps.slice(1) ?? [])] } as typeof state.plan;
    const config = { configurable: { thread_id: threadId }, context: alice.identity };
    edited?.steps.forEach((step) => {
      if (step.id === "n") step.dependsOn = ["forged"];
    });
    await runtime.graph.updateState(config, { plan: edited, outcome: "committed" }, "committer");
    await runtime.graph.invoke(null, config);
    const view = await viewThread(runtime, bob.identity, threadId);
    expect(asked(view)).toEqual([["b", "b"]]);
    await answerThread(runtime, bob, threadId, approveAll);
    expect(lines()).toEqual(["write a", "write b"]);
  });

  it("does not end by a plan that leaves nothing to do, and that the guardrail has not seen", async () => {
    const server = await playOpenAI(planner().answer(json(inTwoStages("b"))));
    const { runtime, lines } = await open(server);
    const { threadId, run, state, question } = await startRequest(runtime, alice, { request: "Write the notes" });
    const { proposalId = "", digest = "" } = question ?? {};
    const actions = [{ step: "a", verdict: "approved" as const, reason: null }];
    const decision = { proposalId, digest, decider: "person", verdict: "approved", actions, reason: null } as const;
    const stamp = { ...bob.identity, at: runtime.now() };
    await takeDecision(runtime.ledger, stamp, { ...decision, actions: [...actions], separateApprover: false });
    const shorter = { ...state.plan, steps: state.plan?.steps.slice(0, 1) } as typeof state.plan;
    const config = { configurable: { thread_id: threadId }, context: alice.identity };
    await runtime.graph.updateState(config, { plan: shorter, outcome: "approved" }, "human");
    await runtime.graph.invoke(null, config);
    expect(lines()).toEqual(["write a"]);
    const revisions = await listRevisions(runtime.ledger, "acme", run.id);
    expect(revisions.map(({ plan, verdict }) => [plan.steps.length, verdict])).toEqual([
      [3, "allow"],
      [1, "allow"],
    ]);
  });
});
