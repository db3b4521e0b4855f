/** Invariants 1, 3 and 5 on a thread whose checkpoint another version of the program wrote. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Annotation, Command, interrupt, isInterrupted, RunControl, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { afterAll, describe, expect, it } from "vitest";
import { openCheckpoints } from "../../src/checkpoints.ts";
import { verifyAudit } from "../../src/ledger/audit-check.ts";
import { takeDecision } from "../../src/ledger/decisions.ts";
import { getProposal } from "../../src/ledger/proposals.ts";
import { listRuns } from "../../src/ledger/runs.ts";
import type { Question } from "../../src/nodes/question.ts";
import type { Runtime } from "../../src/runtime.ts";
import type { Action } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { cancelThread } from "../../src/work/cancel.ts";
import { recoverRuns } from "../../src/work/recover.ts";
import { continueThread, startRequest, viewThread } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { renameNode, rewriteQuestion, rewriteValues, type Values } from "../support/old-checkpoints.ts";
import { alice, approveAll, bob, openTestRuntime, type PlannedStep, rejectAll } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const plans: Record<string, PlannedStep[]> = {
  go: [{ id: "a" }, { id: "n", action: "count_notes", args: {}, dependsOn: ["a"] }, { id: "b", dependsOn: ["n"] }],
  other: [{ id: "z" }],
};

const without = (values: Values, ...keys: string[]) =>
  Object.fromEntries(Object.entries(values).filter(([key]) => !keys.includes(key)));
const all = (value: unknown) => (values: Values) => Object.fromEntries(Object.keys(values).map((key) => [key, value]));

type Rewrite = (saver: BaseCheckpointSaver, threadId: string, node: string) => Promise<void>;
const values =
  (rewrite: (values: Values) => Values): Rewrite =>
  (saver, threadId) =>
    rewriteValues(saver, threadId, rewrite);

/** What another version may have left, each in place of what today's left. */
const SHAPES: Record<string, Rewrite> = {
  "no plan": values((state) => without(state, "plan")),
  "no run": values((state) => without(state, "run")),
  "no proposal": values((state) => without(state, "proposal")),
  "nothing of what was heard": values((state) => without(state, "heard")),
  "the request only": values(({ request }) => ({ request })),
  "the run only": values(({ run }) => ({ run })),
  "the messages only": values(({ messages }) => ({ messages })),
  "no state at all": values(() => ({})),
  "more than today's": values((state) => ({ ...state, mood: "good", todo: [{ text: "rest" }] })),
  "a plan that is a list": values((state) => ({ ...state, plan: ["write a", "write b"] })),
  "a plan with other steps": values((state) => ({
    ...state,
    plan: { goal: "go", steps: [{ name: "a", tool: "note" }] },
  })),
  "steps that are a text": values((state) => ({ ...state, steps: "a: done" })),
  "a proposal of another shape": values((state) => ({ ...state, proposal: { writes: [{ call: "note" }], ok: true } })),
  "a run that is its id": values((state) => ({ ...state, run: (state.run as { id: string }).id })),
  "a request that is a text": values((state) => ({ ...state, request: "go" })),
  "a run and a request of another shape": values((state) => ({ ...state, run: "go", request: ["go"] })),
  "an outcome that there is no more": values((state) => ({ ...state, outcome: "sent to the board" })),
  "an outcome that is no text": values((state) => ({ ...state, outcome: { kind: "asked" } })),
  "notices that are null": values((state) => ({ ...state, notices: null })),
  "messages that are a text": values((state) => ({ ...state, messages: "go" })),
  "messages of another kind": values((state) => ({ ...state, messages: [{ from: "alice", body: "go" }] })),
  "findings and a failure of another shape": values((state) => ({ ...state, findings: "fine", failure: "none" })),
  "an answer that is a text": values((state) => ({ ...state, answer: "done" })),
  "null everywhere": values(all(null)),
  "numbers everywhere": values(all(7)),
  "texts everywhere": values(all("x")),
  "lists everywhere": values(all([{ id: "x" }])),
  "a question of another shape": (saver, threadId) => rewriteQuestion(saver, threadId, () => ({ text: "May I?" })),
  "a question that says less": (saver, threadId) =>
    rewriteQuestion(saver, threadId, ({ proposalId }) => ({ proposalId, question: "May I?" })),
  "a question that is a text": (saver, threadId) => rewriteQuestion(saver, threadId, () => "May I?"),
  "a node of another name": (saver, threadId, node) => renameNode(saver, threadId, node, "former"),
  "a node of another name, and nothing else": async (saver, threadId, node) => {
    await renameNode(saver, threadId, node, "former");
    await rewriteValues(saver, threadId, () => ({}));
  },
};
const shapes = Object.keys(SHAPES);
/** One of each sort, for what does not depend on the shape itself. */
const some = ["no plan", "no state at all", "a run that is its id", "texts everywhere", "a node of another name"];

/** Where a run waits or was cut off: how it got there, the node that comes next, and what had been written by then. */
interface Pause {
  node: string;
  written: string[];
  reach(runtime: Runtime, threadId: string): Promise<void>;
}

const PAUSES: Record<string, Pause> = {
  "waiting for a decision": { node: "human", written: [], reach: async () => undefined },
  "decided, the answer not passed on": { node: "human", written: [], reach: decide },
  "decided, not carried out": {
    node: "committer",
    written: [],
    reach: async (runtime, threadId) => {
      await decide(runtime, threadId);
      await goOnUntil(runtime, threadId, "human");
    },
  },
  "carried out, the next stage not begun": {
    node: "executor",
    written: ["a"],
    reach: async (runtime, threadId) => {
      await decide(runtime, threadId);
      await goOnUntil(runtime, threadId, "committer");
    },
  },
  "the next stage read, not staged": {
    node: "stager",
    written: ["a"],
    reach: async (runtime, threadId) => {
      await decide(runtime, threadId);
      await goOnUntil(runtime, threadId, "executor");
    },
  },
  "the next stage waiting for a decision": {
    node: "human",
    written: ["a"],
    reach: async (runtime, threadId) => {
      await answerThread(runtime, bob, threadId, approveAll);
    },
  },
};
const pauses = Object.keys(PAUSES);

/** An approval is recorded, and nothing more is done about it. */
async function decide(runtime: Runtime, threadId: string): Promise<void> {
  const { question } = await viewThread(runtime, bob.identity, threadId);
  const proposal = await getProposal(runtime.ledger, "acme", question?.proposalId ?? "");
  const stamp = { ...bob.identity, at: new Date().toISOString() };
  await takeDecision(runtime.ledger, stamp, {
    ...{ proposalId: proposal.id, digest: proposal.digest, decider: "person", verdict: "approved", reason: null },
    actions: proposal.actions.map(({ step }) => ({ step, verdict: "approved", reason: null })),
    separateApprover: false,
  });
}

/** Goes on, and stops after a node. */
async function goOnUntil(runtime: Runtime, threadId: string, node: string): Promise<void> {
  const control = new RunControl();
  const config = { configurable: { thread_id: threadId }, context: bob.identity, control };
  const stream = await runtime.graph.stream(null, { ...config, streamMode: "updates" });
  const stopped = async () => {
    for await (const update of stream) if (node in update) control.requestDrain();
  };
  await expect(stopped()).rejects.toThrow();
}

/** A thread of today's program, really paused, in files that are closed. */
interface Paused {
  home: string;
  threadId: string;
  runId: string;
  asked: { id?: string; value?: unknown } | undefined;
}

const folder = mkdtempSync(join(tmpdir(), "holdpoint-paused-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Each pause is reached once; what is made of it, is made of a copy. */
const reached = new Map<Pause, Promise<Paused>>();

function reach(pause: Pause): Promise<Paused> {
  const known = reached.get(pause) ?? reachNow(pause);
  reached.set(pause, known);
  return known;
}

async function reachNow(pause: Pause): Promise<Paused> {
  const home = mkdtempSync(join(folder, "home-"));
  const first = await openTestRuntime({ home, actions: createNotebook(home).actions, plans });
  const { threadId, run } = await startRequest(first, alice, { request: "go" });
  await pause.reach(first, threadId);
  const { next, tasks } = await first.graph.getState({ configurable: { thread_id: threadId } });
  expect(next).toEqual([pause.node]);
  await first.close();
  return { home, threadId, runId: run.id, asked: tasks.flatMap((task) => task.interrupts)[0] };
}

/** The thread, opened again after its checkpoint was rewritten. */
async function reopened(pause: Pause, rewrite: Rewrite, changed: (action: Action) => Action = (action) => action) {
  const { threadId, runId, asked, ...paused } = await reach(pause);
  const home = tempDir();
  cpSync(paused.home, home, { recursive: true });
  const notebook = createNotebook(home);
  const { saver, file } = openCheckpoints(join(home, "checkpoints.db"));
  await rewrite(saver, threadId, pause.node);
  file.close();
  const written = () => notebook.lines().map((line) => line.text);
  expect(written()).toEqual(pause.written);
  const runtime = await openTestRuntime({ home, actions: notebook.actions.map(changed), plans });
  const config = { configurable: { thread_id: threadId }, context: bob.identity };
  return { runtime, threadId, runId, config, written, asked };
}

/** Approves whatever is asked, to the end. @returns the steps that were asked for */
async function approveToTheEnd(runtime: Runtime, threadId: string): Promise<string[]> {
  const asked: string[] = [];
  let view = await continueThread(runtime, bob, threadId);
  while (view.run.status !== "ended") {
    asked.push(...(view.question?.actions ?? []).map(({ step }) => step));
    view = await answerThread(runtime, bob, threadId, approveAll);
  }
  expect(view.run.answer?.status).toBe("success");
  return asked;
}

/** What is left to ask a person for at each pause: never what was approved, and never what is done. */
const LEFT: Record<string, string[]> = {
  "waiting for a decision": ["a", "b"],
  "decided, the answer not passed on": ["b"],
  "decided, not carried out": ["b"],
  "carried out, the next stage not begun": ["b"],
  "the next stage read, not staged": ["b"],
  "the next stage waiting for a decision": ["b"],
};

describe.each(pauses)("a thread that was left by another version (%s)", (name) => {
  const pause = PAUSES[name] as Pause;
  const isDecided = name.includes("decided");

  it.each(name === pauses[0] ? shapes : some)(
    "with %s: asks for what is left, and does everything once",
    async (shape) => {
      const { runtime, threadId, runId, written } = await reopened(pause, SHAPES[shape] as Rewrite);
      const looked = await viewThread(runtime, bob.identity, threadId);
      expect(looked.run.id).toBe(runId);
      expect(written()).toEqual(pause.written);
      const asked = await continueThread(runtime, bob, threadId);
      expect(asked.question).toMatchObject({
        request: "go",
        requester: "alice",
        plan: [{ step: "a" }, { step: "n" }, { step: "b" }],
      });
      expect(written()).toEqual(isDecided ? ["a"] : pause.written);
      expect(await approveToTheEnd(runtime, threadId)).toEqual(LEFT[name]);
      expect(written()).toEqual(["a", "b"]);
      expect(await listRuns(runtime.ledger, "acme", { threadId })).toMatchObject([{ id: runId, status: "ended" }]);
      expect(await verifyAudit(runtime.ledger, "acme")).toBeGreaterThan(0);
    },
  );
});

const waiting = pauses.filter((name) => name.includes("waiting"));
/** Where nothing waits any more: the node that asked is gone. */
const isGone = (shape: string) => shape.includes("a node of");
/** Where it is lost what the person was shown. */
const isLost = (shape: string) => /no proposal|only|no state|a proposal of|everywhere/.test(shape);
const cases = (which: (shape: string) => boolean) =>
  waiting.flatMap((name) =>
    (name === pauses[0] ? shapes : some).filter(which).map((shape): [string, string] => [name, shape]),
  );

describe("a program's resume of a thread that was left by another version", () => {
  async function resumed(name: string, shape: string) {
    const pause = PAUSES[name] as Pause;
    const thread = await reopened(pause, SHAPES[shape] as Rewrite);
    const shown = thread.asked?.value as Question;
    const resume = { [thread.asked?.id ?? ""]: approveAll(shown) };
    const result = await thread.runtime.graph.invoke(new Command({ resume }), thread.config);
    return { ...thread, before: pause.written, shown, result };
  }

  it.each(cases((shape) => !isGone(shape) && !isLost(shape)))("(%s, with %s) is taken", async (name, shape) => {
    const { shown, written } = await resumed(name, shape);
    expect(written()).toEqual(shown.actions[0]?.step === "a" ? ["a"] : ["a", "b"]);
  });

  it.each(cases(isLost))("(%s, with %s) runs nothing, and is asked again and told why", async (name, shape) => {
    const { runtime, threadId, shown, result, written, before } = await resumed(name, shape);
    expect(written()).toEqual(before);
    expect(isInterrupted<Question>(result) && result.__interrupt__[0]?.value).toMatchObject({
      proposalId: shown.proposalId,
      notices: [expect.stringContaining("The answer was not taken")],
    });
    expect(await approveToTheEnd(runtime, threadId)).toEqual(LEFT[name]);
    expect(written()).toEqual(["a", "b"]);
  });

  it.each(cases(isGone))("(%s, with %s) runs nothing, and loses nothing", async (name, shape) => {
    const { runtime, threadId, result, written, before } = await resumed(name, shape);
    expect(isInterrupted(result)).toBe(false);
    expect(written()).toEqual(before);
    expect(await approveToTheEnd(runtime, threadId)).toEqual(LEFT[name]);
    expect(written()).toEqual(["a", "b"]);
  });
});

describe("a thread that was left by another version, and waits", () => {
  it.each(some)("with %s: can be rejected, cancelled, and asked something else", async (shape) => {
    const pause = PAUSES["waiting for a decision"] as Pause;
    const rejecting = await reopened(pause, SHAPES[shape] as Rewrite);
    const rejected = await answerThread(rejecting.runtime, bob, rejecting.threadId, rejectAll);
    expect(rejected.run.answer?.status).toBe("rejected");
    const { runtime, threadId, written } = await reopened(pause, SHAPES[shape] as Rewrite);
    const other = await startRequest(runtime, alice, { request: "other", threadId });
    expect(other.question?.actions).toMatchObject([{ step: "z" }]);
    const cancelled = await cancelThread(runtime, bob, { threadId, reason: null });
    expect(cancelled.run.answer?.status).toBe("cancelled");
    expect([...written(), ...rejecting.written()]).toEqual([]);
  });

  it.each(some)("with %s: is put before a person again when runs are recovered", async (shape) => {
    const { runtime, threadId, config, written } = await reopened(
      PAUSES["the next stage waiting for a decision"] as Pause,
      SHAPES[shape] as Rewrite,
    );
    await recoverRuns(runtime, alice);
    const { question } = await viewThread(runtime, alice.identity, threadId);
    expect(question?.actions).toMatchObject([{ step: "b" }]);
    const [asked] = (await runtime.graph.getState(config)).tasks.flatMap((task) => task.interrupts);
    expect(asked?.value).toEqual(question);
    expect(written()).toEqual(["a"]);
  });
});

describe("an approval that was given before state and action changed", () => {
  const decided = ["decided, the answer not passed on", "decided, not carried out"];
  const both = decided.flatMap((name) => some.map((shape): [string, string] => [name, shape]));

  it.each(both)("(%s, with %s) is asked for again, naming the action", async (name, shape) => {
    const changed = (action: Action): Action => (action.kind === "write" ? { ...action, idempotent: true } : action);
    const { runtime, threadId, written } = await reopened(PAUSES[name] as Pause, SHAPES[shape] as Rewrite, changed);
    const { question } = await continueThread(runtime, bob, threadId);
    expect(question?.actions).toMatchObject([{ step: "a" }]);
    expect(question?.notices.join()).toContain('Action "note" changed since it was approved');
    expect(written()).toEqual([]);
    expect(await approveToTheEnd(runtime, threadId)).toEqual(["a", "b"]);
    expect(written()).toEqual(["a", "b"]);
  });
});

describe("a chat thread that was left by another version", () => {
  it.each(["nothing of what was heard", "the messages only", "no state at all"])(
    "with %s: does not take what was said for another request",
    async (shape) => {
      const home = tempDir();
      const notebook = createNotebook(home);
      const runtime = await openTestRuntime({ home, actions: notebook.actions, plans });
      const config = { configurable: { thread_id: "chat" }, context: alice.identity };
      await runtime.graph.invoke({ messages: [{ type: "human", content: "go", id: "m1" }] }, config);
      await answerThread(runtime, bob, "chat", approveAll);
      await runtime.close();
      const { saver, file } = openCheckpoints(join(home, "checkpoints.db"));
      await (SHAPES[shape] as Rewrite)(saver, "chat", "human");
      file.close();
      const later = await openTestRuntime({ home, actions: notebook.actions, plans });
      await later.graph.invoke(new Command({ goto: "guardrail" }), config);
      expect(await approveToTheEnd(later, "chat")).toEqual(["b"]);
      expect(await listRuns(later.ledger, "acme", { threadId: "chat" })).toHaveLength(1);
      expect(notebook.lines().map((line) => line.text)).toEqual(["a", "b"]);
    },
  );
});

describe("a thread of a program that was another graph", () => {
  /** Waits in a node that there is no more, with state of another shape, on the thread that the ledger knows. */
  async function takeOver(saver: BaseCheckpointSaver, threadId: string, request: unknown): Promise<void> {
    const Old = Annotation.Root({
      request: Annotation<unknown>(),
      todo: Annotation<string[]>(),
      plan: Annotation<string>,
    });
    const graph = new StateGraph(Old)
      .addNode("ask", () => ({ todo: [String(interrupt({ question: "May I?" }))] }))
      .addEdge(START, "ask")
      .compile({ checkpointer: saver });
    await graph.invoke({ request, plan: "write a, then b" }, { configurable: { thread_id: threadId } });
  }

  it.each([["a text"], ["of today's shape"]])("(its request %s) is asked for from the ledger", async (kind) => {
    const { runtime, threadId, config, written } = await reopened(
      PAUSES["the next stage waiting for a decision"] as Pause,
      async (saver, thread) => {
        const tuple = await saver.getTuple({ configurable: { thread_id: thread, checkpoint_ns: "" } });
        await takeOver(saver, thread, kind === "a text" ? "go" : tuple?.checkpoint.channel_values.request);
      },
    );
    const resumed = runtime.graph.invoke(new Command({ resume: "yes" }), config);
    await resumed.catch(() => undefined);
    expect(written()).toEqual(["a"]);
    expect(await approveToTheEnd(runtime, threadId)).toEqual(["b"]);
    expect(written()).toEqual(["a", "b"]);
  });
});
