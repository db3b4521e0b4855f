/** A plan before a person: when one is asked, and what they can make of it (invariants 1, 5 and 11). */
import { Command } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import type { ProposalAnswer } from "../../src/domain/answer-formats.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { listDecisions } from "../../src/ledger/decisions.ts";
import { listReads } from "../../src/ledger/reads.ts";
import { listRevisions } from "../../src/ledger/revisions.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { createModels } from "../../src/models/roles.ts";
import type { Question } from "../../src/nodes/question.ts";
import type { PolicyOptions } from "../../src/policy/policy.ts";
import { answerThread } from "../../src/work/answer.ts";
import { cancelThread } from "../../src/work/cancel.ts";
import { continueThread, startRequest } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { alice, approveAll, bob, openTestRuntime, rejectAll } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const read = { action: "count_notes", args: {} };
const plans = {
  one: [{ id: "a" }],
  together: [
    { id: "n", ...read },
    { id: "a", dependsOn: ["n"] },
    { id: "b", dependsOn: ["a"] },
  ],
  stages: [{ id: "a" }, { id: "n", ...read, dependsOn: ["a"] }, { id: "z", dependsOn: ["n"] }],
  conditional: [{ id: "a" }, { id: "z", when: 'a.text == "a"' }],
};

async function ask(request: keyof typeof plans, policy: PolicyOptions = {}) {
  const home = tempDir();
  const notebook = createNotebook(home);
  const runtime = await openTestRuntime({ home, actions: notebook.actions, policy, plans });
  const asked = await startRequest(runtime, alice, { request });
  const question = asked.question as Question;
  const { threadId, run } = asked;
  const texts = () => notebook.lines().map(({ text }) => text);
  return { home, runtime, texts, asked, question, threadId, run, tenant: run.tenant };
}

const answer =
  (decision: Partial<ProposalAnswer["decisions"][number]>) =>
  ({ proposalId }: Question): ProposalAnswer => ({
    proposalId,
    decisions: [{ step: "Plan", type: "approve", ...decision }],
  });
type PlanArgs = JsonObject & { steps: (JsonObject & { id: string })[] };
const planIn = (question: Question | null) => question?.actions[0]?.args as PlanArgs;
const edited = (question: Question | null, change: (steps: PlanArgs["steps"]) => JsonObject[]) =>
  answer({ type: "edit", editedAction: { args: { ...planIn(question), steps: change(planIn(question).steps) } } });

describe("a person is asked about a plan", () => {
  it("before anything of it runs, and about each of its transactions as ever", async () => {
    const { runtime, question, threadId, run, texts, tenant } = await ask("stages");
    expect(question).toMatchObject({
      kind: "plan",
      impact: { level: "low" },
      reasons: [expect.stringMatching(/proposed in 2 transactions/)],
      actions: [{ step: "Plan", action: "plan", args: { steps: [{ id: "a" }, { id: "n" }, { id: "z" }] } }],
    });
    expect(await listReads(runtime.ledger, tenant, run.id)).toEqual([]);
    const first = await answerThread(runtime, bob, threadId, approveAll);
    expect(first.question).toMatchObject({ kind: "transaction", actions: [{ step: "a" }] });
    const second = await answerThread(runtime, bob, threadId, approveAll);
    expect(second.question).toMatchObject({ kind: "transaction", actions: [{ step: "z" }] });
    const done = await answerThread(runtime, bob, threadId, approveAll);
    expect(done.run.answer?.status).toBe("success");
    expect(texts()).toEqual(["a", "z"]);
    const verdicts = (await listDecisions(runtime.ledger, tenant, run.id)).map(({ verdict, principal }) => [
      verdict,
      principal,
    ]);
    expect(verdicts).toEqual([
      ["approved", "bob"],
      ["approved", "bob"],
      ["approved", "bob"],
    ]);
  });

  it.each([
    ["together", {}, "transaction"],
    ["together", { planReview: "always" }, "plan"],
    ["one", { planReview: "always" }, "plan"],
    ["one", {}, "transaction"],
    ["stages", { planReview: "never" }, "transaction"],
    ["conditional", {}, "plan"],
  ] as const)("as policy says: %s with %o is asked about the %s", async (request, policy, kind) => {
    expect((await ask(request, policy)).question.kind).toBe(kind);
  });

  it("as the tenant's settings say", async () => {
    const home = tempDir();
    const { actions } = createNotebook(home);
    const runtime = await openTestRuntime({ home, actions, policy: {}, plans });
    const stamp = { tenant: "acme", principal: "alice", at: runtime.now() };
    await changeSettings(runtime.ledger, stamp, { planReview: "always" });
    expect((await startRequest(runtime, alice, { request: "one" })).question?.kind).toBe("plan");
    await changeSettings(runtime.ledger, stamp, { planReview: "never" });
    expect((await startRequest(runtime, alice, { request: "stages" })).question?.kind).toBe("transaction");
  });

  it("whatever somebody who reaches the thread says", async () => {
    const { runtime, threadId, run, texts, tenant } = await ask("stages");
    const config = { configurable: { thread_id: threadId }, context: alice.identity };
    for (const goto of ["executor", "stager", "committer", "reflector", "reviewer", "planner"] as const) {
      await runtime.graph.invoke(new Command({ goto }), config);
    }
    expect(await listReads(runtime.ledger, tenant, run.id)).toEqual([]);
    expect(texts()).toEqual([]);
    const { question } = await continueThread(runtime, alice, threadId);
    expect(question?.kind).toBe("plan");
  });

  it("once, whoever carries the run on", async () => {
    const { runtime, question, threadId } = await ask("stages");
    const again = await continueThread(runtime, alice, threadId);
    expect(again.question?.proposalId).toBe(question.proposalId);
  });
});

describe("a plan that a person does not want", () => {
  it("ends the run when it is rejected, and nothing has run", async () => {
    const { runtime, threadId, run, texts, tenant } = await ask("stages");
    const done = await answerThread(runtime, bob, threadId, (question) => rejectAll(question, "not today"));
    expect(done.run.answer).toMatchObject({
      status: "rejected",
      text: expect.stringContaining("bob rejected it: not today"),
    });
    expect(texts()).toEqual([]);
    expect(await listReads(runtime.ledger, tenant, run.id)).toEqual([]);
  });

  it("can be withdrawn, and superseded", async () => {
    const { runtime, threadId } = await ask("stages");
    const next = await startRequest(runtime, alice, { request: "one", threadId });
    expect(next.question?.kind).toBe("transaction");
    const other = await ask("stages");
    const view = await cancelThread(other.runtime, alice, { threadId: other.threadId, reason: "no" });
    expect(view.run.answer?.status).toBe("cancelled");
  });

  it("expires as low impact does", async () => {
    const home = tempDir();
    const { actions } = createNotebook(home);
    let now = "2030-01-01T00:00:00.000Z";
    const runtime = await openTestRuntime({ home, actions, policy: {}, plans, now: () => now });
    const approvals = { low: { role: "operator", people: 1, requesterMay: true, expiresMinutes: 5 } } as const;
    await changeSettings(runtime.ledger, { tenant: "acme", principal: "alice", at: now }, { approvals });
    const { threadId, question } = await startRequest(runtime, alice, { request: "stages" });
    expect(question?.expiresAt).toBe("2030-01-01T00:05:00.000Z");
    now = "2030-01-01T00:06:00.000Z";
    const late = await continueThread(runtime, alice, threadId);
    expect(late.run.answer).toMatchObject({ status: "expired" });
  });

  it("is not sent back where there is no model to make another", async () => {
    const { runtime, threadId } = await ask("stages");
    const back = answerThread(runtime, bob, threadId, answer({ type: "send_back", message: "otherwise" }));
    await expect(back).rejects.toThrow("There is no model to make another plan");
  });

  it("is sent back only with words, and a transaction not at all", async () => {
    const { runtime, threadId } = await ask("stages");
    await expect(answerThread(runtime, bob, threadId, answer({ type: "send_back" }))).rejects.toThrow(
      "Say in a message",
    );
    const one = await ask("one");
    const back = answer({ type: "send_back", step: "a", message: "otherwise" });
    await expect(answerThread(one.runtime, bob, one.threadId, back)).rejects.toThrow('"send_back" is no answer here');
  });
});

describe("a person changes a plan", () => {
  it("by adding, removing, changing and reordering steps; it is checked, and shown again", async () => {
    const { runtime, question, threadId, run, texts, tenant } = await ask("stages");
    const more = { id: "m", title: "One more note", action: "note", args: { text: "more" }, dependsOn: [] };
    const again = await answerThread(
      runtime,
      bob,
      threadId,
      edited(question, ([a, n]) => [more, { ...a, args: { text: "first" } } as JsonObject, n as JsonObject]),
    );
    expect(again.question).toMatchObject({
      kind: "plan",
      reasons: expect.arrayContaining([expect.stringContaining("bob changed the plan")]),
      actions: [{ edited: { by: ["bob"], before: { steps: [{ id: "a" }, { id: "n" }, { id: "z" }] } } }],
    });
    expect(planIn(again.question).steps.map(({ id }) => id)).toEqual(["m", "a", "n"]);
    expect(texts()).toEqual([]);
    const writes = await answerThread(runtime, alice, threadId, approveAll);
    expect(writes.question?.actions.map(({ args }) => args.text)).toEqual(["more", "first"]);
    await answerThread(runtime, alice, threadId, approveAll);
    expect(texts()).toEqual(["more", "first"]);
    const revisions = await listRevisions(runtime.ledger, tenant, run.id);
    expect(revisions.map(({ plan, verdict }) => [plan.source.kind, verdict])).toEqual([
      ["playbook", "escalate"],
      ["edited", "allow"],
    ]);
  });

  const step = (more: object) => ({
    id: "x",
    title: "Another note",
    action: "note",
    args: { text: "x" },
    dependsOn: [],
    ...more,
  });
  it.each<[string, object, string]>([
    ["an action that does not exist", step({ action: "format_disk" }), '"format_disk", which is no action'],
    ["arguments that do not fit", step({ args: { text: 5 } }), '"text"'],
    ["a circle", step({ dependsOn: ["x"] }), "wait for each other"],
    ["a step that says nothing", step({ title: "TODO" }), "is vague"],
    ["a text that policy blocks", step({ args: { text: "sudo rm -rf /" } }), "is blocked"],
    ["a step without an action", { id: "x", title: "x" }, "action"],
    ["what no step has", step({ unless: "x" }), "unless"],
  ])("but not to one with %s: it stays as it was", async (_what, added, problem) => {
    const { runtime, question, threadId, run, tenant } = await ask("stages");
    const change = edited(question, (steps) => [...steps, added as JsonObject]);
    await expect(answerThread(runtime, bob, threadId, change)).rejects.toThrow(problem);
    expect(await listRevisions(runtime.ledger, tenant, run.id)).toHaveLength(1);
    await answerThread(runtime, bob, threadId, approveAll);
  });

  it("but not to the same plan", async () => {
    const { runtime, question, threadId } = await ask("stages");
    const same = edited(question, (steps) => steps);
    await expect(answerThread(runtime, bob, threadId, same)).rejects.toThrow("The edit changes nothing");
  });

  it("with the values that pages send as text", async () => {
    const { runtime, question, threadId } = await ask("stages");
    const { steps, goal } = planIn(question);
    const args = { goal, steps: JSON.stringify(steps.slice(0, 1)) } as unknown as JsonObject;
    const again = await answerThread(runtime, bob, threadId, answer({ type: "edit", editedAction: { args } }));
    expect(planIn(again.question).steps).toHaveLength(1);
  });

  it("and may not approve it where a second pair of eyes is wanted", async () => {
    const { runtime, question, threadId } = await ask("stages", { separateApprover: true });
    await answerThread(
      runtime,
      bob,
      threadId,
      edited(question, (steps) => steps.slice(0, 1)),
    );
    await expect(answerThread(runtime, bob, threadId, approveAll)).rejects.toThrow("edited this and may not approve");
    await expect(answerThread(runtime, alice, threadId, approveAll)).rejects.toThrow("asked for this");
  });

  it("at the same time as another: one counts, and the other is told", async () => {
    const { runtime, question, threadId } = await ask("stages");
    await answerThread(
      runtime,
      bob,
      threadId,
      edited(question, (steps) => steps.slice(0, 1)),
    );
    const late = answerThread(runtime, alice, threadId, () => approveAll(question));
    await expect(late).rejects.toThrow(/already decided: edited by bob|is for proposal/);
  });
});

describe("with a model", () => {
  const planned = (risks: string[], ...steps: object[]) =>
    json({ outcome: "plan", message: "", goal: "It is noted.", steps, risks });
  const note = (id: string) => ({ id, title: `Note ${id}`, action: "note", args: { text: id }, dependsOn: [] });
  const risk = ["The notebook may be full."];
  const reflected = (next: string) => json({ met: next === "done", missing: [], next, advice: "", answer: "Noted." });

  async function open(...script: Parameters<typeof playOpenAI>) {
    const server = await playOpenAI(...script);
    const config = { apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000 };
    const { planner, reflector } = createModels({ ...config, planner: "p", reviewer: "r", reflector: "f" });
    const home = tempDir();
    const notebook = createNotebook(home);
    const models = { ...(planner ? { planner } : {}), ...(reflector ? { reflector } : {}) };
    const runtime = await openTestRuntime({ home, actions: notebook.actions, policy: {}, models });
    return { runtime, texts: () => notebook.lines().map(({ text }) => text) };
  }

  it("a plan that is sent back is made anew with the words of the person, as often as they like", async () => {
    const words = [1, 2, 3, 4].map((number) => `Say ${number} instead`);
    const { runtime, texts } = await open(
      expectCall({ user: /Write/ }).answer(planned(risk, note("n0"))),
      ...words.map((text, index) =>
        expectCall({ user: new RegExp(`bob sent the plan back: ${text}`) }).answer(
          planned(risk, note(`n${index + 1}`)),
        ),
      ),
    );
    const { threadId, question, run } = await startRequest(runtime, alice, { request: "Write it" });
    expect(question?.reasons).toEqual(["The plan names a risk: The notebook may be full."]);
    let view = { question };
    for (const message of words) {
      view = await answerThread(runtime, bob, threadId, answer({ type: "send_back", message }));
      expect(view.question?.kind).toBe("plan");
    }
    expect(planIn(view.question).steps.map(({ id }) => id)).toEqual(["n4"]);
    await answerThread(runtime, bob, threadId, approveAll);
    await answerThread(runtime, bob, threadId, approveAll);
    expect(texts()).toEqual(["n4"]);
    const verdicts = (await listRevisions(runtime.ledger, "acme", run.id)).map(({ verdict }) => verdict);
    expect(verdicts).toEqual(["deny", "deny", "deny", "deny", "allow"]);
  });

  it("the words of Agent Inbox send back, too", async () => {
    const { runtime } = await open(
      expectCall().answer(planned(risk, note("a"))),
      expectCall({ user: /alice sent the plan back: rather b/ }).answer(planned(risk, note("b"))),
    );
    const { threadId } = await startRequest(runtime, alice, { request: "Write it" });
    const config = { configurable: { thread_id: threadId }, context: alice.identity };
    const state = await runtime.graph.invoke(new Command({ resume: [{ type: "response", args: "rather b" }] }), config);
    expect(state.plan?.steps.map(({ id }) => id)).toEqual(["b"]);
  });

  it("a person who rejects the plan after a failed one ends the run with what came of that", async () => {
    const { runtime, texts } = await open(
      expectCall().answer(planned([], { ...note("a"), args: { text: "refuse" } })),
      expectCall({ user: /The notebook refused/ }).answer(reflected("replan")),
      expectCall({ user: /not_done_steps/ }).answer(planned(risk, note("b"))),
    );
    const { threadId } = await startRequest(runtime, alice, { request: "Write it" });
    const second = await answerThread(runtime, bob, threadId, approveAll);
    expect(second.question).toMatchObject({ kind: "plan", actions: [{ args: { steps: [{ id: "b" }] } }] });
    const done = await answerThread(runtime, bob, threadId, (question) => rejectAll(question, "enough"));
    expect(done.run.answer).toMatchObject({ status: "failed", text: expect.stringContaining("The notebook refused") });
    expect(done.run.answer?.details.join()).toContain("bob rejected it: enough");
    expect(texts()).toEqual([]);
  });
});
