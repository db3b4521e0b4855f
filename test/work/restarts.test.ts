/** Invariants 2 and 3: the same outcome straight through, and with another process after every node. */
import { Command, GraphDrained, RunControl } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import type { ActionAnswer } from "../../src/domain/answer-formats.ts";
import { listEffects } from "../../src/ledger/effects.ts";
import { listReads } from "../../src/ledger/reads.ts";
import { createModels } from "../../src/models/roles.ts";
import type { Question } from "../../src/nodes/question.ts";
import type { Runtime } from "../../src/runtime.ts";
import { viewThread } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { alice, bob, openTestRuntime, type PlannedStep } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const count = (id: string, dependsOn: string[] = []): PlannedStep => ({
  id,
  action: "count_notes",
  args: {},
  dependsOn,
});
const note = (id: string, text = id, dependsOn: string[] = []): PlannedStep => ({ id, args: { text }, dependsOn });

const later = (id: string, dependsOn: string[]): PlannedStep => ({
  ...{ id, action: "expand", args: { goal: "Say more" }, dependsOn },
});

const plans = {
  "one read": [count("n")],
  "two stages": [count("r"), note("a", "a ${r.label}"), count("n", ["a"]), note("b", "b ${n.label}")],
  "a rollback": [note("a"), note("b"), note("c", "refuse")],
  "a doubt": [note("a"), note("b", "half"), note("c")],
  "an impossibility": [note("a"), note("b", "impossible")],
  "a step planned later": [note("a"), later("x", ["a"]), note("z", "z", ["x"])],
  "another plan": [note("a"), count("n", ["a"]), note("b", "refuse", ["n"])],
};

/** A model that plans again, once, by other names. */
async function openModels() {
  const done = { met: true, missing: [], next: "done", advice: "", answer: "It is written." };
  const steps = [
    { id: "x", title: "x", action: "note", args: { text: "a" }, dependsOn: [] },
    { id: "y", title: "y", action: "note", args: { text: "b ${x.text}" }, dependsOn: [] },
  ];
  const server = await playOpenAI(
    expectCall({ user: /The notebook refused/ }).answer(json({ ...done, met: false, next: "replan" })),
    expectCall({ user: /done_steps/ }).answer(json({ outcome: "plan", message: "", goal: "Written.", steps })),
    expectCall({ user: /recorded_outcomes/ }).answer(json(done)),
  );
  const names = { planner: "m", reviewer: "m", reflector: "m" };
  const { planner, reflector } = createModels({
    apiKey: server.apiKey,
    baseUrl: server.url,
    timeoutMs: 10_000,
    ...names,
  });
  return { ...(planner ? { planner } : {}), ...(reflector ? { reflector } : {}) };
}

/** A model that plans what is left to be planned, and is asked for it once. */
async function openPlanner() {
  const steps = [{ id: "b", title: "b", action: "note", args: { text: "b ${a.text}" }, dependsOn: [] }];
  const server = await playOpenAI(
    expectCall({ user: /to_expand/ }).answer(json({ outcome: "plan", message: "", goal: "", steps })),
  );
  const roles = { planner: "m", reviewer: "m", reflector: "m" };
  const { planner } = createModels({ apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000, ...roles });
  return planner ? { planner } : {};
}

/** What a person answers to each question in turn. */
type Answers = ((question: Question) => ActionAnswer[])[];
const approve = ({ actions }: Question): ActionAnswer[] => actions.map(({ step }) => ({ type: "approve", step }));
const scenarios: [keyof typeof plans, string, Answers][] = [
  ["one read", "nobody is asked", []],
  ["two stages", "both approved", [approve, approve]],
  [
    "two stages",
    "the second rejected",
    [approve, ({ actions }) => actions.map(({ step }) => ({ type: "reject", step }))],
  ],
  [
    "two stages",
    "the first edited",
    [() => [{ type: "edit", step: "a", editedAction: { args: { text: "edited" } } }], approve, approve],
  ],
  ["a rollback", "approved", [approve]],
  ["a rollback", "partly approved", [() => [{ type: "approve" }, { type: "reject" }, { type: "approve" }]]],
  ["a doubt", "it happened", [approve, () => [{ type: "happened" }]]],
  ["a doubt", "it did not happen", [approve, () => [{ type: "not_happened" }]]],
  ["an impossibility", "nobody is asked", []],
  ["a step planned later", "all approved", [approve, approve]],
  ["another plan", "all approved", [approve, approve, approve]],
];

type Input = { request: string } | Command | null;

async function play(request: keyof typeof plans, answers: Answers, restarts: boolean) {
  const home = tempDir();
  const notebook = createNotebook(home, { canLookUp: false });
  const models =
    request === "another plan" ? await openModels() : request === "a step planned later" ? await openPlanner() : {};
  const open = () => openTestRuntime({ home, actions: notebook.actions, plans, models });
  let runtime = await open();
  let boundaries = 0;
  const go = async (input: Input, caller: typeof alice): Promise<void> => {
    let next: Input = input;
    while (!(await advance(runtime, next, caller, restarts))) {
      boundaries++;
      await runtime.close();
      runtime = await open();
      next = null;
    }
  };
  await go({ request }, alice);
  for (const answer of answers) {
    const { question } = await viewThread(runtime, alice.identity, "t");
    if (!question) throw new Error("Nothing is asked.");
    await go(new Command({ resume: { proposalId: question.proposalId, decisions: answer(question) } }), bob);
  }
  const { run, state } = await viewThread(runtime, alice.identity, "t");
  const effects = await listEffects(runtime.ledger, "acme", run.id);
  return {
    boundaries,
    outcome: {
      answer: run.answer,
      steps: state.steps,
      written: notebook.lines().map(({ did, text }) => `${did} ${text}`),
      effects: effects.map(({ step, status, attempts }) => [step, status, attempts]),
      reads: (await listReads(runtime.ledger, "acme", run.id)).map(({ step, summary }) => [step, summary]),
    },
  };
}

/** One node, or as far as it goes. @returns whether the run has ended or waits */
async function advance(runtime: Runtime, input: Input, caller: typeof alice, oneNode: boolean): Promise<boolean> {
  const control = new RunControl();
  const config = {
    configurable: { thread_id: "t" },
    context: caller.identity,
    control,
    streamMode: "updates" as const,
  };
  try {
    for await (const _update of await runtime.graph.stream(input as null, config)) if (oneNode) control.requestDrain();
    return true;
  } catch (error) {
    if (error instanceof GraphDrained) return false;
    throw error;
  }
}

describe("a restart after every node changes nothing", () => {
  it.each(scenarios)("of %s, %s", async (request, _what, answers) => {
    const straight = await play(request, answers, false);
    const restarted = await play(request, answers, true);
    expect(straight.boundaries).toBe(0);
    expect(restarted.boundaries).toBeGreaterThan(2);
    expect(restarted.outcome).toEqual(straight.outcome);
    expect(straight.outcome.answer).not.toBeNull();
  });
});
