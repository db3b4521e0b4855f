/** Invariants 1, 5, 8 and 9: an answer is for what was shown, by whoever gave it, in the call that gave it. */
import { join } from "node:path";
import { Command } from "@langchain/langgraph";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import type { ProposalAnswer } from "../../src/domain/answer-formats.ts";
import { findDecision } from "../../src/ledger/decisions.ts";
import { listProposals, openProposal } from "../../src/ledger/proposals.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { createModels } from "../../src/models/roles.ts";
import type { Question } from "../../src/nodes/question.ts";
import { createPolicy, type Policy } from "../../src/policy/policy.ts";
import { createRuntime, type Runtime } from "../../src/runtime.ts";
import type { State } from "../../src/state.ts";
import { type Action, defineAction } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { continueThread, startRequest, viewThread } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { alice, approveAll, bob, mallory, openTestRuntime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const plans = {
  one: [{ id: "a" }],
  three: [{ id: "a" }, { id: "b" }, { id: "c" }],
  cycle: [{ id: "a", dependsOn: ["b"] }, { id: "b" }, { id: "c" }],
  fetched: [
    { id: "r", action: "fetch", args: {} },
    { id: "a", args: { text: "${r.subject}" } },
  ],
  written: [{ id: "a" }, { id: "b", args: { text: "${a.text}" } }],
};
const carol = { identity: { tenant: "acme", principal: "carol" } };
type Given = { request?: keyof typeof plans; policy?: Policy; actions?: Action[] };

async function paused({ request = "three", policy = createPolicy(), actions = [] }: Given = {}) {
  const home = tempDir();
  const notebook = createNotebook(home);
  const runtime = await openTestRuntime({ home, actions: [...actions, ...notebook.actions], policy, plans });
  const asked = await startRequest(runtime, alice, { request });
  const question = asked.question as Question;
  const written = () => notebook.lines().map((line) => line.text);
  return { home, runtime, notebook, question, written, threadId: asked.threadId, runId: asked.run.id };
}

const on = (threadId: string, { identity } = carol) => ({ configurable: { thread_id: threadId }, context: identity });
const edit = (step: string, text: string) => ({ type: "edit" as const, step, editedAction: { args: { text } } });
const answer =
  (...decisions: ProposalAnswer["decisions"]) =>
  ({ proposalId }: Question): ProposalAnswer => ({ proposalId, decisions });
const plainYes = (count: number) => ({ decisions: Array.from({ length: count }, () => ({ type: "approve" })) });

async function interruptId(runtime: Runtime, threadId: string): Promise<string> {
  return (await runtime.graph.getState(on(threadId))).tasks[0]?.interrupts[0]?.id ?? "";
}

/** Another process that shares the ledger and has its own checkpoints, as the Agent Server and the command line do. */
async function openOther(home: string, actions: readonly Action[]): Promise<Runtime> {
  const other = await createRuntime({ home }, { actions, checkpoints: join(home, "other.db") });
  onTestFinished(() => other.close());
  return other;
}

describe("an answer is for what was shown", () => {
  it("also by the interrupt's id: what somebody put in its place elsewhere is asked about", async () => {
    const { home, runtime, notebook, threadId, written, question } = await paused();
    const id = await interruptId(runtime, threadId);
    const other = await openOther(home, notebook.actions);
    await continueThread(other, bob, threadId);
    await answerThread(other, bob, threadId, answer(edit("b", "EVIL")));
    await runtime.graph.invoke(new Command({ resume: { [id]: plainYes(3) } }), on(threadId));
    expect(written()).toEqual([]);
    const view = await viewThread(runtime, carol.identity, threadId);
    expect(view.question?.proposalId).not.toBe(question.proposalId);
    expect(view.question?.actions[1]).toMatchObject({ args: { text: "EVIL" }, edited: { by: ["bob"] } });
    expect(view.question?.notices.join()).toContain("decided already: edited by bob. No other answer to it counts.");
    await answerThread(runtime, carol, threadId, approveAll);
    expect(written()).toEqual(["a", "EVIL", "c"]);
  });

  it("and a late plain one for none of what came later on its thread", async () => {
    const { runtime, threadId, written } = await paused({ request: "one" });
    await answerThread(runtime, bob, threadId, answer(edit("a", "EVIL")));
    await runtime.graph.invoke(new Command({ resume: plainYes(1) }), on(threadId));
    expect(written()).toEqual([]);
    expect((await viewThread(runtime, bob.identity, threadId)).question?.notices.join()).toContain("does not say what");
  });

  it("and one that came second says so, and is shown what there is now", async () => {
    const { runtime, threadId, question } = await paused({ request: "one" });
    const give = (text: string, caller: typeof carol) =>
      runtime.graph.invoke(new Command({ resume: answer(edit("a", text))(question) }), on(threadId, caller));
    const results = await Promise.all([give("bob's", bob), give("carol's", carol)]);
    const notices = results.map((state) => (state as State).notices.join());
    expect(notices.toSorted()).toEqual(["", expect.stringContaining("No other answer to it counts.")]);
    const proposals = await listProposals(
      runtime.ledger,
      "acme",
      (await viewThread(runtime, bob.identity, threadId)).run.id,
    );
    expect(proposals.map((proposal) => proposal.status)).toEqual(["edited", "pending"]);
    await runtime.graph.invoke(null, on(threadId));
    const view = await viewThread(runtime, carol.identity, threadId);
    expect(view.question?.proposalId).toBe(proposals[1]?.id);
  });
});

describe("an answer is its giver's", () => {
  it("and is used up when the giver is refused: nobody else gives it by going on", async () => {
    const { runtime, threadId, written, question } = await paused({ request: "one" });
    const foreign = runtime.graph.invoke(new Command({ resume: plainYes(1) }), on(threadId, mallory));
    await expect(foreign).rejects.toThrow("There is no run");
    await runtime.graph.invoke(null, on(threadId));
    expect(written()).toEqual([]);
    expect(await findDecision(runtime.ledger, "acme", question.proposalId)).toBeUndefined();
  });

  it("and is asked for again when it was cut off before it was recorded", async () => {
    const { runtime, threadId, written, question } = await paused();
    const ledger = runtime.ledger as { selectFrom: unknown };
    const { selectFrom } = runtime.ledger;
    ledger.selectFrom = () => {
      throw new Error("The disk is gone.");
    };
    await runtime.graph.invoke(new Command({ resume: approveAll(question) }), on(threadId, bob)).catch(() => undefined);
    ledger.selectFrom = selectFrom;
    await runtime.graph.invoke(null, on(threadId));
    expect(written()).toEqual([]);
    expect(await findDecision(runtime.ledger, "acme", question.proposalId)).toBeUndefined();
    await answerThread(runtime, bob, threadId, approveAll);
    expect(await findDecision(runtime.ledger, "acme", question.proposalId)).toMatchObject({ principal: "bob" });
  });

  it("and is not kept by LangGraph for the next caller, when a process dies with it", async () => {
    const { runtime, threadId, written, question } = await paused();
    const { config } = await runtime.graph.getState(on(threadId));
    const { tasks } = await runtime.graph.getState(on(threadId));
    const saver = runtime.graph.checkpointer as { putWrites(...args: unknown[]): Promise<void> };
    // As LangGraph stores an answer before it runs the node.
    await saver.putWrites(config, [["__resume__", [approveAll(question)]]], tasks[0]?.id);
    await runtime.graph.invoke(null, on(threadId));
    expect(written()).toEqual([]);
    const view = await viewThread(runtime, carol.identity, threadId);
    expect(view.question?.notices.join()).toContain("An earlier answer was cut off before it was recorded");
    await answerThread(runtime, bob, threadId, approveAll);
    expect(await findDecision(runtime.ledger, "acme", question.proposalId)).toMatchObject({ principal: "bob" });
  });
});

describe("what a person edited", () => {
  it("is never cleared by a reviewer, whatever policy lets it clear", async () => {
    const review = (verdict: string) => ({
      ...{ needed: "yes", consequences: "none", order: "safe", saferWay: "" },
      actions: [{ step: "a", verdict, reason: verdict }],
      ...{ verdict, reasons: [verdict] },
    });
    const server = await playOpenAI(
      expectCall({ model: "reviewer" }).answer(json(review("escalate"))),
      expectCall({ model: "reviewer" }).answer(json(review("allow"))),
    );
    const names = { planner: "p", reviewer: "reviewer", reflector: "r" };
    const { reviewer } = createModels({ apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000, ...names });
    const notebook = createNotebook(tempDir());
    const policy = createPolicy({ approval: "always", clearableImpact: "high" });
    const runtime = await openTestRuntime({
      actions: notebook.actions,
      plans,
      policy,
      models: reviewer ? { reviewer } : {},
    });
    await changeSettings(runtime.ledger, { ...alice.identity, at: runtime.now() }, { automation: true });
    const { threadId } = await startRequest(runtime, alice, { request: "one" });
    const again = await answerThread(runtime, bob, threadId, answer(edit("a", "bob's own")));
    expect(notebook.lines()).toEqual([]);
    expect(again.question?.reasons).toContain(
      'bob changed the arguments of "Write a note (edited)", so a person looks at it again.',
    );
  });

  it("is asked about where policy would let it pass: the edit alone is no approval", async () => {
    let allow = false;
    const base = createPolicy();
    const policy: Policy = {
      ...base,
      checkTransaction: (proposal) => (allow ? createPolicy({ approval: "never" }) : base).checkTransaction(proposal),
    };
    const { runtime, threadId, written } = await paused({ request: "one", policy });
    allow = true;
    const again = await answerThread(runtime, bob, threadId, answer(edit("a", "bob's own")));
    expect(written()).toEqual([]);
    expect(again.run.status).toBe("waiting");
  });

  it.each([
    ["closes a cycle", "cycle", [edit("b", "${a.text}")], "wait for each other"],
    [
      "hangs on what the same answer rejects",
      "three",
      [edit("b", "${a.text}"), { type: "reject" as const, step: "a", message: "no" }],
      "b could not be proposed any more",
    ],
  ] as const)("is not lost in silence when it %s", async (_what, request, decisions, problem) => {
    const { runtime, threadId, question } = await paused({ request });
    await expect(answerThread(runtime, bob, threadId, answer(...decisions))).rejects.toMatchObject({
      message: expect.stringContaining(problem),
    });
    expect((await viewThread(runtime, bob.identity, threadId)).question?.proposalId).toBe(question.proposalId);
  });

  it("belongs to the step as it was planned: another plan's step has its own arguments", async () => {
    const { runtime, threadId } = await paused({ request: "one" });
    await answerThread(runtime, bob, threadId, answer(edit("a", "bob's")));
    const { plan } = (await runtime.graph.getState(on(threadId))).values as State;
    const steps = plan?.steps.map((step) => ({ ...step, args: { text: "alice's new plan" } }));
    const update = { plan: { ...plan, steps }, outcome: "planned" };
    await runtime.graph.updateState(on(threadId, alice), update as never, "planner");
    await runtime.graph.invoke(null, on(threadId, alice));
    const { question } = await viewThread(runtime, alice.identity, threadId);
    expect(question?.actions).toMatchObject([{ args: { text: "alice's new plan" }, edited: null }]);
  });

  it("is not superseded by a stage that was prepared before it", async () => {
    const { runtime, threadId, runId } = await paused({ request: "one" });
    const [first] = await listProposals(runtime.ledger, "acme", runId);
    if (!first) throw new Error("no proposal");
    await answerThread(runtime, bob, threadId, answer(edit("a", "better")));
    const { actions, impact } = first;
    const late = openProposal(
      runtime.ledger,
      { ...bob.identity, at: runtime.now() },
      { runId, revision: 1, actions, impact, after: first.id },
    );
    await expect(late).rejects.toMatchObject({ code: "busy" });
    expect((await viewThread(runtime, bob.identity, threadId)).question?.actions[0]?.args.text).toBe("better");
  });

  it("passes the plan's policy too", async () => {
    const policy: Policy = {
      ...createPolicy(),
      checkPlan: ({ steps }) =>
        steps
          .filter((step) => step.args.text === "forbidden")
          .map((step) => ({ rule: "own", verdict: "deny", reason: "It is forbidden.", step: step.id })),
    };
    const { runtime, threadId } = await paused({ request: "one", policy });
    const edited = answerThread(runtime, bob, threadId, answer(edit("a", "forbidden")));
    await expect(edited).rejects.toMatchObject({ message: expect.stringContaining("It is forbidden.") });
  });
});

it("an edit that refers to what a step does not put out is refused before anything runs", async () => {
  const { runtime, threadId, written } = await paused();
  const edited = answerThread(runtime, bob, threadId, answer(edit("b", "${a.nothing}")));
  await expect(edited).rejects.toMatchObject({
    message: expect.stringContaining('Step "b" refers to "a.nothing", which "a" does not put out.'),
  });
  expect(written()).toEqual([]);
});

describe("text that came from a step", () => {
  const fetching = (subject: string) =>
    defineAction({
      ...{ kind: "read", name: "fetch", version: 1, title: "Fetch", description: "Fetches." },
      input: z.strictObject({}),
      output: z.object({ subject: z.string(), body: z.string() }),
      run: async () => ({ subject, body: "sudo rm -rf /" }),
      summarize: () => "Fetched.",
    });

  it.each(["${r.body}", "see ${r.body}", "${a.text}"])("never becomes a reference: %s", async (subject) => {
    const { runtime, notebook, threadId } = await paused({ request: "fetched", actions: [fetching(subject)] });
    const { run } = await viewThread(runtime, alice.identity, threadId);
    expect(run.answer).toMatchObject({
      status: "invalid_request",
      text: expect.stringContaining('Step "a" got text that looks like a reference to a step.'),
    });
    expect(notebook.lines()).toEqual([]);
  });

  it("passes policy where it takes the place of a reference, before anything of it runs", async () => {
    const notebook = createNotebook(tempDir());
    const [write, read] = notebook.actions;
    if (write?.kind !== "write" || !read) throw new Error("the notebook changed");
    const hostile: Action = {
      ...write,
      run: async (args, context) => ({ ...(await write.run(args, context)), output: { text: "sudo rm -rf /" } }),
    };
    const runtime = await openTestRuntime({ actions: [hostile, read], plans });
    const { threadId } = await startRequest(runtime, alice, { request: "written" });
    const done = await answerThread(runtime, bob, threadId, approveAll);
    expect(done.run.answer).toMatchObject({ status: "failed", text: expect.stringContaining("is blocked") });
    expect(notebook.lines().map(({ did, text }) => `${did} ${text}`)).toEqual(["write a", "undo a"]);
  });
});
