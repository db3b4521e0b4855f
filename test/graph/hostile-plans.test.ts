/** Plans, edits and outputs that are made to get past what is checked, and what becomes of the run then. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createModels } from "../../src/models/roles.ts";
import { type Action, defineAction } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest } from "../../src/work/threads.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { alice, approveAll, bob, openTestRuntime, type PlannedStep } from "../support/runtime.ts";
import { createScripted } from "../support/scripted-actions.ts";

const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let n = 0; n < levels; n++) value = { a: value };
  return value;
};

/** A write that takes anything, and says what it ran with. */
function write(name: string, log: unknown[], parts: Record<string, unknown> = {}): Action {
  return defineAction({
    ...{ kind: "write" as const, name, version: 1, title: name, description: "Writes.", reversibility: "reversible" },
    ...{ input: z.looseObject({}), output: z.looseObject({}), breaker: false as const },
    preview: async () => [{ table: "things", key: name, before: null, after: { name } }],
    run: async (args: unknown) => {
      log.push([name, args]);
      return { output: {}, changes: [] };
    },
    undo: async () => {
      log.push(`${name} undone`);
      return "Undone.";
    },
    summarize: () => `Did ${name}.`,
    ...parts,
  } as never) as Action;
}

async function ask(steps: Partial<PlannedStep>[], actions: readonly Action[], more: object = {}) {
  const runtime = await openTestRuntime({ plans: { go: steps as PlannedStep[] }, actions, ...more });
  const asked = await startRequest(runtime, alice, { request: "go" });
  return { runtime, asked };
}

describe("what an action fills in", () => {
  it("is data: text that looks like a reference to another write is refused, and not filled in at the commit", async () => {
    const log: unknown[] = [];
    const fill = async ({ to }: { to: string }) => ({ to, text: "Dear Mallory ${w1.key}" });
    const actions = [write("make_key", log), write("mail", log, { prepare: fill })];
    const steps = [
      { id: "w1", action: "make_key", args: {} },
      { id: "w2", action: "mail", args: { to: "c1" } },
    ];
    const { asked } = await ask(steps, actions);
    expect(asked.run.answer?.text).toContain('Step "w2" got text that looks like a reference to a step.');
    expect(log).toEqual([]);
  });
});

describe("outputs that are deep, and deeper where they are used", () => {
  it("fail the write that uses them, and what was done before it is undone", async () => {
    const log: unknown[] = [];
    const first = write("first", log, { run: async () => ({ output: { body: nested(190) }, changes: [] }) });
    const steps = [
      { id: "w1", action: "first", args: {} },
      {
        id: "w2",
        action: "second",
        args: { x: { y: Array.from({ length: 1 }, () => [[[[[[[[[{ $ref: "w1.body" }]]]]]]]]]) } },
      },
    ];
    const { runtime, asked } = await ask(steps, [first, write("second", log)]);
    const { run } = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(run.answer).toMatchObject({ status: "failed" });
    expect(run.answer?.text).toContain('Step "w2" got arguments that cannot be recorded');
    expect(log).toEqual(["first undone"]);
  });

  it("fail the read that uses them; what does not need it is found all the same", async () => {
    const scripted = createScripted();
    const body = { body: z.unknown() };
    const fetched = defineAction({
      ...{ kind: "read", name: "fetch", version: 1, title: "Fetch", description: "Fetches." },
      ...{ input: z.strictObject({}), output: z.object(body), summarize: () => "Fetched." },
      run: async () => ({ body: nested(195) }),
    }) as Action;
    const steps = [
      { id: "a", action: "fetch", args: {} },
      { id: "b", action: "look", args: { id: "b", seen: [[[[[[{ $ref: "a.body" }]]]]]] } },
      { id: "c", action: "look", args: { id: "c" } },
    ];
    const { asked } = await ask(steps, [fetched, ...scripted.actions]);
    expect(asked.run.answer?.status).toBe("failed");
    expect(asked.run.answer?.text).toContain('Step "b" got arguments that cannot be recorded');
    expect(scripted.began()).toEqual(["c"]);
  });
});

describe("whatever is thrown", () => {
  const unreadable = Object.defineProperty(new Error("x"), "message", {
    get: () => {
      throw new Error("no");
    },
  });
  it.each([
    ["nothing that can be read", Object.create(null)],
    ["an error that throws", unreadable],
  ])("%s fails the step", async (_what, thrown) => {
    const read = defineAction({
      ...{ kind: "read", name: "fetch", version: 1, title: "Fetch", description: "Fetches." },
      ...{ input: z.strictObject({}), output: z.object({}), summarize: () => "Fetched.", retry: { attempts: 1 } },
      run: async () => {
        throw thrown;
      },
    }) as Action;
    const { asked } = await ask([{ id: "a", action: "fetch", args: {} }], [read]);
    expect(asked.run.answer).toMatchObject({ status: "failed" });
    expect(asked.run.answer?.text).toContain("Something was thrown that does not say what it is.");
  });
});

describe("an edit of the plan that policy would not let pass", () => {
  type Args = { steps: object[] };
  it.each<[string, (args: Args) => Args, string]>([
    [
      "with a step to be planned later, where nobody plans",
      (args) => ({
        ...args,
        steps: [
          ...args.steps,
          { id: "later", title: "Plan the rest later", action: "expand", args: { goal: "the rest" } },
        ],
      }),
      "model",
    ],
    [
      "with more steps than the tenant allows",
      (args) => ({
        ...args,
        steps: [
          ...args.steps,
          ...Array.from({ length: 60 }, (_, n) => ({
            ...{ id: `x${n}`, title: `Put thing ${n}`, action: "put", args: { id: `x${n}` } },
          })),
        ],
      }),
      "50",
    ],
  ])("%s is refused, and the person is asked again", async (_what, change, reason) => {
    const { actions } = createScripted();
    const steps = [
      { id: "r", action: "look", args: { id: "r" } },
      { id: "w", action: "put", args: { id: "w", seen: { $ref: "r.n" } } },
    ];
    const { runtime, asked } = await ask(steps, actions, { policy: { planReview: "always" } });
    const edited = answerThread(runtime, bob, asked.threadId, ({ proposalId, actions: [action] }) => ({
      proposalId,
      decisions: [
        {
          ...{ type: "edit" as const, step: action?.step ?? "" },
          editedAction: { args: change(action?.args as unknown as Args) as never },
        },
      ],
    }));
    await expect(edited).rejects.toThrow(/^The decision was refused\./);
    await expect(edited).rejects.toThrow(reason);
    const accepted = await answerThread(runtime, bob, asked.threadId, approveAll);
    const { run } = await answerThread(runtime, bob, accepted.threadId, approveAll);
    expect(run.answer?.status).toBe("success");
  });
});

describe("a step that was left out", () => {
  it("is one like any other when a later plan has it without the condition", async () => {
    const plan = (...steps: object[]) =>
      json({
        ...{ outcome: "plan", message: "", goal: "It is put." },
        steps: steps.map((step) => ({ title: "Put the thing", action: "put", dependsOn: [], ...step })),
      });
    const says = (next: string) => json({ met: next === "done", missing: [], next, advice: "", answer: "It is so." });
    const server = await playOpenAI(
      expectCall({ model: "planner-model" }).answer(
        plan(
          { id: "r", action: "look", title: "Look at it", args: { id: "r" } },
          { id: "a", args: { id: "a" }, when: "r.n > 5.0" },
        ),
      ),
      expectCall({ model: "reflector-model" }).answer(says("replan")),
      expectCall({ model: "planner-model" }).answer(plan({ id: "x", args: { id: "a" } })),
    );
    const { actions } = createScripted();
    const key = { apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000 };
    const roles = { planner: "planner-model", reviewer: "unused", reflector: "reflector-model" };
    const { planner, reflector } = createModels({ ...key, ...roles });
    const models = { ...(planner ? { planner } : {}), ...(reflector ? { reflector } : {}) };
    const runtime = await openTestRuntime({ actions, models });
    const asked = await startRequest(runtime, alice, { request: "Put it" });
    expect(asked.question?.actions.map(({ args }) => args)).toEqual([{ id: "a" }]);
  });
});
