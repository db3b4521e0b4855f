/** Row G3: a program builds the graph with its own parts, and LangGraph's ways of calling it behave as its users expect. */
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import type { BaseMessage } from "@langchain/core/messages";
import { Command, END, isInterrupted, MemorySaver, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { ChatOpenAI } from "@langchain/openai";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import {
  type Action,
  createHoldpoint,
  type Holdpoint,
  type HoldpointOptions,
  type Playbook,
  type PlaybookPlan,
  type ProgressEvent,
  type Question,
  type ReadAction,
  type WriteAction,
} from "../src/index.ts";
import { openPostgresDialect } from "./support/ledger.ts";
import { createNotebook } from "./support/notebook.ts";
import { expectCall, json, playOpenAI } from "./support/openai-server.ts";
import { tempDir } from "./support/temp.ts";

const step = (id: string, more: Partial<PlaybookPlan["steps"][number]> = {}) => ({
  id,
  title: `Step ${id}`,
  action: "note",
  args: { text: id },
  ...more,
});
const PLANS: Record<string, PlaybookPlan> = {
  one: { steps: [step("a")] },
  three: { steps: [step("a"), step("b"), step("n", { action: "count_notes", args: {}, dependsOn: ["b"] })] },
  count: { steps: [step("n", { action: "count_notes", args: {} }), step("m", { action: "count_notes", args: {} })] },
  failing: { steps: [step("a"), step("refuse")] },
};

async function open(options: HoldpointOptions = {}) {
  const home = options.home ?? tempDir();
  const notebook = createNotebook(tempDir());
  const holdpoint = await createHoldpoint({
    home,
    actions: notebook.actions,
    playbooks: (request) => PLANS[request],
    ...options,
  });
  onTestFinished(() => holdpoint.close());
  return { holdpoint, notebook, home };
}

const on = (thread: string, principal = "alice", tenant = "acme") => ({
  configurable: { thread_id: thread },
  context: { tenant, principal },
});

const lastPercentOf = (events: readonly ProgressEvent[], phase: ProgressEvent["phase"]) =>
  events.findLast((event) => event.phase === phase)?.percent;

type Asked = { id: string; value: Question };

/** What the result of a call asks. */
function asked(result: unknown): Asked {
  if (!isInterrupted<Question>(result)) throw new Error("nothing is asked");
  return result.__interrupt__[0] as Asked;
}

const yes = ({ id, value }: Asked) =>
  new Command({ resume: { [id]: { decisions: value.actions.map(() => ({ type: "approve" })) } } });

async function streamed(
  holdpoint: Holdpoint,
  request: string,
  streamMode: "values" | "updates" | "custom" | "messages",
) {
  const chunks: unknown[] = [];
  for await (const chunk of await holdpoint.stream({ request }, { ...on(`s-${request}`), streamMode }))
    chunks.push(chunk);
  return chunks;
}

describe("a program", () => {
  it("invokes, is interrupted, and resumes by the interrupt's id", async () => {
    const { holdpoint, notebook } = await open();
    const question = asked(await holdpoint.invoke({ request: "one" }, on("t")));
    expect(question.value).toMatchObject({ request: "one", requester: "alice", actions: [{ args: { text: "a" } }] });
    expect(notebook.lines()).toEqual([]);
    const done = await holdpoint.invoke(yes(question), on("t", "bob"));
    expect(done.answer).toMatchObject({ status: "success", text: 'Noted "a".' });
    expect(isInterrupted(done)).toBe(false);
    await expect(holdpoint.invoke(yes(question), on("t", "bob"))).rejects.toThrow("Unknown or already-consumed");
    expect(notebook.lines().map((line) => line.text)).toEqual(["a"]);
  });

  it("streams values: the state after each node", async () => {
    const { holdpoint } = await open();
    const values = (await streamed(holdpoint, "count", "values")) as { outcome: string }[];
    expect(values.map((value) => value.outcome)).toEqual([
      ...["", "request allowed", "planned", "plan allowed", "nothing left", "done"],
    ]);
  });

  it("streams updates: each node by its name, and the interrupt", async () => {
    const { holdpoint } = await open();
    const updates = (await streamed(holdpoint, "one", "updates")) as object[];
    expect(updates.flatMap((update) => Object.keys(update))).toEqual([
      ...["guardrail", "planner", "guardrail", "executor", "stager", "guardrail", "reviewer", "__interrupt__"],
    ]);
  });

  it("streams its progress as custom events, by weight, with what has changed", async () => {
    const { holdpoint } = await open();
    const events = (await streamed(holdpoint, "three", "custom")) as ProgressEvent[];
    expect([...new Set(events.map(({ phase }) => phase))]).toEqual(["planning", "staging", "reviewing", "waiting"]);
    const state = await holdpoint.graph.getState(on("s-three"));
    const question = state.tasks[0]?.interrupts[0] as Asked;
    const committed: ProgressEvent[] = [];
    const stream = await holdpoint.stream(yes(question) as never, { ...on("s-three", "bob"), streamMode: "custom" });
    for await (const event of stream) committed.push(event as ProgressEvent);
    const [first, last] = [committed[0], committed.at(-1)];
    expect(first).toMatchObject({ type: "progress", phase: "committing", percent: 0, done: 0, total: 3, revision: 1 });
    expect(first?.steps.map(({ id, title, dependsOn }) => [id, title, dependsOn])).toEqual([
      ["a", "Step a", []],
      ["b", "Step b", []],
      ["n", "Step n", ["b"]],
    ]);
    expect(lastPercentOf(committed, "committing")).toBe(66);
    expect(lastPercentOf(committed, "reading")).toBe(99);
    expect(last).toMatchObject({ phase: "ended", percent: 100, done: 3, running: 0, current: [], expectedMs: 0 });
    const told = committed.flatMap(({ steps }) => steps).filter(({ status }) => status === "completed");
    expect(told.map(({ id }) => id)).toEqual(["a", "b", "n"]);
    expect(new Set(committed.map((event) => event.runId)).size).toBe(1);
  });

  it("streams what is rolled back, too", async () => {
    const { holdpoint } = await open();
    const question = asked(await holdpoint.invoke({ request: "failing" }, on("t")));
    const events: ProgressEvent[] = [];
    const stream = await holdpoint.stream(yes(question) as never, { ...on("t", "bob"), streamMode: "custom" });
    for await (const event of stream) events.push(event as ProgressEvent);
    expect(events.map(({ phase }) => phase)).toEqual(
      expect.arrayContaining(["committing", "undoing", "reflecting", "ended"]),
    );
    const steps = new Map(events.flatMap((event) => event.steps).map(({ id, status }) => [id, status]));
    expect(steps).toEqual(
      new Map([
        ["a", "failed"],
        ["refuse", "failed"],
      ]),
    );
    expect(events.at(-1)?.percent).toBe(100);
  });

  it("streams messages: what is said to the customer, and nothing of what models say among themselves", async () => {
    const plan = {
      outcome: "plan",
      message: "",
      goal: "Counted.",
      steps: [{ ...step("n"), action: "count_notes", args: {}, dependsOn: [], criteria: "they are counted" }],
    };
    const server = await playOpenAI(
      expectCall({ model: "own", user: /How many notes/, streaming: false }).answer(json(plan)),
      expectCall({ model: "own", streaming: false }).answer(
        json({ met: true, missing: [], next: "done", advice: "", answer: "There are none." }),
      ),
    );
    const model = new ChatOpenAI({ model: "own", apiKey: server.apiKey, configuration: { baseURL: server.url } });
    const { holdpoint } = await open({ model });
    const chunks = (await streamed(holdpoint, "How many notes are there?", "messages")) as [BaseMessage, object][];
    expect(chunks.map(([message]) => [message.getType(), message.text])).toEqual([
      ["human", "How many notes are there?"],
      ["ai", "There are none."],
    ]);
  });

  it("keeps tenants apart, whoever knows the thread", async () => {
    const { holdpoint, notebook } = await open();
    const question = asked(await holdpoint.invoke({ request: "one" }, on("t")));
    await expect(holdpoint.invoke(yes(question), on("t", "mallory", "evil"))).rejects.toThrow("There is no thread");
    await expect(holdpoint.stream({ request: "one" }, on("t", "mallory", "evil"))).rejects.toThrow(
      "There is no thread",
    );
    await expect(holdpoint.invoke({ request: "one" }, on("t", "mallory", "evil"))).rejects.toThrow(
      "There is no thread",
    );
    expect(notebook.lines()).toEqual([]);
    await holdpoint.invoke(yes(question), on("t", "bob"));
    expect(notebook.lines()).toHaveLength(1);
  });

  it("edits, from a chat page's format too", async () => {
    const { holdpoint, notebook } = await open();
    const question = asked(await holdpoint.invoke({ request: "one" }, on("t")));
    const edit = { type: "edit", edited_action: { name: "note", args: { text: "better" } } };
    const again = await holdpoint.invoke(
      new Command({ resume: { [question.id]: { decisions: [edit] } } }),
      on("t", "bob"),
    );
    await holdpoint.invoke(yes(asked(again)), on("t", "bob"));
    expect(notebook.lines().map((line) => line.text)).toEqual(["better"]);
  });

  it("is told that a request cannot be planned, where nothing knows it", async () => {
    const { holdpoint } = await open();
    const { answer } = await holdpoint.invoke({ request: "sing" }, on("t"));
    expect(answer).toEqual({
      status: "unsupported_intent",
      text: "No playbook knows this request, and there is no model. Nothing was changed.",
      details: [],
    });
  });

  it("is asked for a thread", async () => {
    const { holdpoint } = await open();
    await expect(holdpoint.invoke({ request: "one" }, {})).rejects.toThrow("The graph needs a thread.");
  });
});

describe("the parts of a program", () => {
  it("may be its own checkpointer, which stays open, and its own databases", async () => {
    const checkpointer = new MemorySaver();
    const ledger = join(tempDir(), "deep", "l.db");
    const { holdpoint, home } = await open({ checkpointer, databases: { ledger } });
    const question = asked(await holdpoint.invoke({ request: "one" }, on("t")));
    await holdpoint.close();
    expect(existsSync(ledger)).toBe(true);
    expect(readdirSync(home)).toEqual([]);
    const { holdpoint: second } = await open({ checkpointer, databases: { ledger } });
    const done = await second.invoke(yes(question), on("t", "bob"));
    expect(done.answer?.status).toBe("success");
  });

  it("may be in memory", async () => {
    const databases = { ledger: ":memory:", checkpoints: ":memory:", store: ":memory:" };
    const { holdpoint, home } = await open({ databases, exampleStore: true, actions: [] });
    const question = asked(await holdpoint.invoke({ request: "Buy 1 Moon" }, on("t")));
    expect((await holdpoint.invoke(yes(question), on("t"))).answer?.text).toContain("Moon");
    expect(readdirSync(home)).toEqual([]);
  });

  it("may be a ledger in Postgres, which is closed with it", async (context) => {
    const { dialect, pool } = await openPostgresDialect(context);
    const { holdpoint, notebook, home } = await open({ databases: { ledger: dialect } });
    const question = asked(await holdpoint.invoke({ request: "three" }, on("t")));
    const done = await holdpoint.invoke(yes(question), on("t", "bob"));
    expect(done.answer?.status).toBe("success");
    expect(notebook.lines().map((line) => line.text)).toEqual(["a", "b"]);
    expect(readdirSync(home).filter((name) => name.startsWith("ledger"))).toEqual([]);
    await holdpoint.close();
    expect(pool.ended).toBe(true);
  });

  it("may be any chat model that can call tools, one for each role", async () => {
    const plan = { outcome: "plan", message: "", goal: "g", steps: [{ ...step("a"), dependsOn: [] }] };
    const server = await playOpenAI(expectCall({ model: "inner", user: /something new/ }).answer(json(plan)));
    const inner = new ChatOpenAI({ model: "inner", apiKey: server.apiKey, configuration: { baseURL: server.url } });
    const { holdpoint } = await open({ model: { planner: new OwnModel(inner) } });
    const question = asked(await holdpoint.invoke({ request: "something new" }, on("t")));
    expect(question.value.review).toMatchObject({ verdict: "unavailable" });
    expect(question.value.actions).toMatchObject([{ step: "a" }]);
  });

  it("may be the example store beside own actions and playbooks", async () => {
    const { holdpoint, notebook } = await open({ exampleStore: true });
    const question = asked(await holdpoint.invoke({ request: "Buy 1 Moon" }, on("t")));
    expect(question.value.actions).toMatchObject([{ action: "sell" }]);
    const own = asked(await holdpoint.invoke({ request: "one" }, on("t2")));
    await holdpoint.invoke(yes(own), on("t2"));
    expect(notebook.lines()).toHaveLength(1);
  });

  it("may be a policy, or its options", async () => {
    const { holdpoint, notebook } = await open({ policy: { approval: "never" } });
    const done = await holdpoint.invoke({ request: "one" }, on("t"));
    expect(done.answer?.status).toBe("success");
    expect(notebook.lines()).toHaveLength(1);
  });

  it("leave nothing open once it is closed, and nothing behind when they do not fit", async () => {
    const home = tempDir();
    const opened = () =>
      readdirSync("/proc/self/fd").filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(home);
        } catch {
          return false;
        }
      });
    const { holdpoint } = await open({ home, exampleStore: true });
    await holdpoint.invoke({ request: "one" }, on("t"));
    expect(opened().length).toBeGreaterThan(0);
    await holdpoint.close();
    await holdpoint.close();
    expect(opened()).toEqual([]);
    const { actions } = createNotebook(tempDir());
    await expect(
      createHoldpoint({ home, actions: [...actions, ...actions], playbooks: () => undefined }),
    ).rejects.toThrow('Two actions are called "note"');
    expect(opened()).toEqual([]);
  });

  it("let a transaction come to its end when they are closed, and cut off everything else", async () => {
    const notebook = createNotebook(tempDir());
    const [write, read] = notebook.actions as [WriteAction, ReadAction];
    const begun = Promise.withResolvers<void>();
    const slowly = async <T>(work: () => Promise<T>): Promise<T> => {
      begun.resolve();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return await work();
    };
    const actions: Action[] = [
      {
        ...write,
        run: (args, context) =>
          slowly(async () => {
            context.signal.throwIfAborted(); // as a call does that honours its signal
            return await write.run(args, context);
          }),
      },
      read,
    ];
    const home = tempDir();
    const { holdpoint } = await open({ home, actions });
    const question = asked(await holdpoint.invoke({ request: "three" }, on("t")));
    const call = holdpoint.invoke(yes(question), on("t", "bob"));
    const ended = expect(call).rejects.toMatchObject({ code: "usage", message: expect.stringContaining("was closed") });
    await begun.promise;
    await holdpoint.close();
    await ended;
    expect(notebook.lines().map((line) => line.text)).toEqual(["a", "b"]);
    const { holdpoint: second } = await open({ home, actions });
    const done = await second.invoke(null, on("t", "bob"));
    expect(done.answer?.status).toBe("success");
    expect(notebook.lines().map((line) => line.text)).toEqual(["a", "b"]);
  });

  it("cancel a run of theirs while they carry it out, for its own tenant only", async () => {
    const notebook = createNotebook(tempDir());
    const [write, read] = notebook.actions as [WriteAction, ReadAction];
    const begun = Promise.withResolvers<void>();
    const run: WriteAction["run"] = async (args, context) => {
      begun.resolve();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return await write.run(args, context);
    };
    const { holdpoint } = await open({ actions: [{ ...write, run }, read] });
    const question = asked(await holdpoint.invoke({ request: "three" }, on("t")));
    const call = holdpoint.invoke(yes(question), on("t", "bob"));
    await begun.promise;
    const foreign = holdpoint.cancel({ threadId: "t" }, { tenant: "evil", principal: "mallory" });
    await expect(foreign).rejects.toMatchObject({ code: "unknown_thread" });
    const cancelled = await holdpoint.cancel(
      { threadId: "t", reason: "too late", rollback: true },
      { tenant: "acme", principal: "carol" },
    );
    const text = expect.stringContaining("carol cancelled it: too late.");
    expect(cancelled.answer).toMatchObject({ status: "cancelled", text });
    expect((await call).answer).toMatchObject({ status: "cancelled", text });
    expect(notebook.lines().map(({ did, text: said }) => `${did} ${said}`)).toEqual(["write a", "undo a"]);
  });

  it("let a rollback come to its end when they are closed, and begin none after that", async () => {
    const notebook = createNotebook(tempDir());
    const [write, read] = notebook.actions as [WriteAction, ReadAction];
    const begun = Promise.withResolvers<void>();
    const undo: WriteAction["undo"] = async (effect, context) => {
      begun.resolve();
      await new Promise((resolve) => setTimeout(resolve, 200));
      return (await write.undo?.(effect, context)) ?? "";
    };
    const { holdpoint } = await open({ actions: [{ ...write, undo }, read] });
    await holdpoint.invoke(yes(asked(await holdpoint.invoke({ request: "one" }, on("t")))), on("t", "bob"));
    const context = { tenant: "acme", principal: "bob" };
    const rollback = holdpoint.rollback({ threadId: "t" }, context);
    await begun.promise;
    await holdpoint.close();
    expect(await rollback).toMatchObject({ effects: [{ step: "a", status: "undone" }] });
    await expect(holdpoint.rollback({ threadId: "t" }, context)).rejects.toMatchObject({ code: "usage" });
    expect(notebook.lines().map((line) => line.did)).toEqual(["write", "undo"]);
  });

  it("are a part of another graph, which asks and answers for them", async () => {
    const { holdpoint, notebook } = await open({ checkpointer: new MemorySaver() });
    const parent = new StateGraph(new StateSchema({ request: z.string(), answer: z.any() }))
      .addNode("holdpoint", async ({ request }, config) => {
        const { answer } = await holdpoint.graph.invoke({ request }, config as never);
        return { answer };
      })
      .addEdge(START, "holdpoint")
      .addEdge("holdpoint", END)
      .compile({ checkpointer: new MemorySaver() });
    const question = asked(await parent.invoke({ request: "one" }, on("t")));
    expect(question.value.actions).toMatchObject([{ step: "a" }]);
    expect(notebook.lines()).toEqual([]);
    const done = await parent.invoke(yes(question) as never, on("t", "bob"));
    expect(done.answer).toMatchObject({ status: "success" });
    expect(notebook.lines()).toHaveLength(1);
  });

  it("are several in one process, each with its own data", async () => {
    const [one, two] = [await open(), await open()];
    const question = asked(await one.holdpoint.invoke({ request: "one" }, on("t")));
    await expect(two.holdpoint.invoke(yes(question), on("t"))).rejects.toThrow();
    await one.holdpoint.invoke(yes(question), on("t"));
    expect([one.notebook.lines().length, two.notebook.lines().length]).toEqual([1, 0]);
  });
});

describe("parts that do not fit are refused, and say what would", () => {
  const { actions } = createNotebook("/nonexistent");
  const playbooks = () => undefined;
  const cases: [string, HoldpointOptions, string][] = [
    ["no actions", { playbooks }, "has no actions"],
    ["nothing that plans", { actions }, "neither a model nor a playbook"],
    ["a model that cannot call tools", { actions, model: new BlindModel({}) }, "cannot call tools"],
    ["a timeout that is none", { actions, playbooks, modelTimeoutMs: -1 }, "modelTimeoutMs does not fit"],
    ["a misspelt safeguard", { actions, playbooks, policy: { separateAprover: true } as never }, "separateAprover"],
    ["a safeguard that is none", { actions, playbooks, policy: { approval: "sometimes" } as never }, "approval"],
    ["a rule that does not fit", { actions, playbooks, policy: { rules: [{ wen: "x" }] } } as never, "rules[0].wen"],
    [
      "a rule about an action that there is not",
      {
        ...{ actions, playbooks },
        policy: { rules: [{ name: "r", match: { action: "sel" }, effect: "deny", reason: "r" }] },
      },
      'there is no action "sel" that writes; there are note',
    ],
    [
      "a playbook that does not fit",
      { actions, playbooks: [{ name: "P" }] as never },
      "playbooks[0].name: a name is a small",
    ],
    ["a playbook that is none", { actions, playbooks: [7] as never }, "expected a path, a playbook or a function"],
    ["no file of playbooks", { actions, playbooks: "/nowhere.yaml" }, "/nowhere.yaml does not exist"],
    [
      "no file of rules",
      { actions, playbooks, policy: { rulesFile: "/nowhere.yaml" } },
      "/nowhere.yaml does not exist",
    ],
    [
      "a blocked pattern that can be slow",
      { actions, playbooks, policy: { blockedPatterns: [{ name: "p", pattern: /(?=a)/ }] } },
      "cannot run in linear time",
    ],
    [
      "a blocked pattern that is none",
      { actions, playbooks, policy: { blockedPatterns: ["rm"] } as never },
      "blockedPatterns",
    ],
    ["half a policy", { actions, playbooks, policy: { checkPlan: () => [] } as never }, "policy does not fit"],
    ["a misspelt option", { actions, playbooks, chekpointer: {} } as never, "chekpointer"],
    ["a checkpointer that is none", { actions, playbooks, checkpointer: {} as never }, "checkpointer does not fit"],
    ["a model's name", { actions, model: "gpt-5" as never }, "model does not fit"],
    ["no path", { actions, playbooks, databases: { ledger: " " } }, "databases.ledger does not fit"],
    ["null", null as never, "does not fit"],
    [
      "two places for checkpoints",
      { actions, playbooks, checkpointer: new MemorySaver(), databases: { checkpoints: "x.db" } },
      "exclude each other",
    ],
    ["a store that nobody asked for", { actions, playbooks, databases: { store: "x.db" } }, "is not asked for"],
    ["a folder that is a file", { actions, playbooks, home: "/proc/version/x" }, "/proc/version"],
    ["a ledger that is none", { actions, playbooks, databases: { ledger: "/proc/version" } }, "/proc/version"],
  ];

  it.each(cases)("%s", async (_what, options, message) => {
    const given = options && { home: tempDir(), ...options };
    await expect(createHoldpoint(given)).rejects.toMatchObject({
      name: expect.stringMatching(/^HoldpointError \[\w+\]$/),
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ["a word", "rd", "has no fitting name"],
    ["nothing", {}, "has no fitting name"],
    ["no way to run", { ...actions[0], run: undefined }, '"note" has no fitting run'],
    ["no such reversibility", { ...actions[0], reversibility: "maybe" }, '"note" has no fitting reversibility'],
    ["no version", { ...actions[0], version: 0 }, '"note" has no fitting version'],
  ])("an action that is none: %s", async (_what, action, message) => {
    const given = [action] as never;
    await expect(createHoldpoint({ home: tempDir(), playbooks, actions: given })).rejects.toThrow(message);
  });

  it("a caller without a name", async () => {
    const { holdpoint } = await open();
    const call = holdpoint.invoke({ request: "one" }, on("t", "alice", ""));
    await expect(call).rejects.toMatchObject({ code: "usage", message: expect.stringContaining("context.tenant") });
  });

  it("a call after the end", async () => {
    const { holdpoint } = await open();
    await holdpoint.close();
    await expect(holdpoint.invoke({ request: "one" }, on("t"))).rejects.toMatchObject({ code: "usage" });
  });

  it("a goal is cut between characters", async () => {
    const { holdpoint } = await open({
      playbooks: () => ({ steps: [step("n", { action: "count_notes", args: {} })] }),
    });
    const done = await holdpoint.invoke({ request: `${"y".repeat(499)}\u{1f600}` }, on("t"));
    expect(done.answer?.status).toBe("success");
  });

  it("playbooks may be written down, and functions beside them", async () => {
    const written = {
      name: "remember",
      title: "Remember",
      parameters: { what: { type: "text" } },
      match: { examples: ["Remember {what}"] },
      steps: [{ id: "s1", title: "Note {what}", action: "note", args: { text: "{what}" } }],
    } satisfies Playbook;
    const { holdpoint } = await open({ playbooks: [(request) => PLANS[request], written] });
    const asked = await holdpoint.invoke({ request: "Remember the milk" }, on("t"));
    expect(asked.plan).toMatchObject({ source: { name: "remember" }, steps: [{ args: { text: "the milk" } }] });
    expect((await holdpoint.invoke({ request: "count" }, on("u"))).plan?.source).toEqual({
      kind: "playbook",
      name: "own",
    });
    const none = await holdpoint.invoke({ request: "Remember" }, on("v"));
    expect(none.answer?.text).toContain('something is missing after "Remember"');
  });

  it("a playbook's plan that is none", async () => {
    const { holdpoint } = await open({ playbooks: () => ({ steps: [] }) });
    await expect(holdpoint.invoke({ request: "x" }, on("t"))).rejects.toThrow(
      "The playbook's plan does not fit: steps",
    );
  });
});

/** Somebody's own chat model, around another one. LangChain does not force such a one to call the tool. */
class OwnModel extends BaseChatModel {
  readonly inner: ChatOpenAI;

  constructor(inner: ChatOpenAI) {
    super({});
    this.inner = inner;
  }

  override _llmType(): string {
    return "own";
  }

  override bindTools(...[tools, options]: Parameters<NonNullable<BaseChatModel["bindTools"]>>) {
    return this.inner.bindTools(tools, options as never);
  }

  override async _generate(...args: Parameters<ChatOpenAI["_generate"]>) {
    return await this.inner._generate(...args);
  }
}

class BlindModel extends BaseChatModel {
  override _llmType(): string {
    return "blind";
  }

  override async _generate(): Promise<never> {
    throw new Error("Nobody asks it.");
  }
}
