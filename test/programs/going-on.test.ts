/** Programs in runs that do not go straight on: plans before a person, other plans after a failure, cancelled runs. */
import { RunControl } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ActionFailure } from "../../src/errors.ts";
import { listPrograms } from "../../src/ledger/programs.ts";
import { listReads } from "../../src/ledger/reads.ts";
import { defineAction } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { cancelThread } from "../../src/work/cancel.ts";
import { continueThread, startRequest } from "../../src/work/threads.ts";
import { clientOf } from "../support/openai/client.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { approve, ask, openPrograms, program, programmer } from "../support/programs.ts";
import { alice } from "../support/runtime.ts";

const sale = (quantity: number) => `
await sell({ item: "SG001", quantity: ${quantity} });
return { status: "success", answer: "${quantity} sold." };`;

describe("a plan that a program made, before a person", () => {
  it("is shown with the program, and sent back with words it is written anew", async () => {
    const server = await playOpenAI(
      programmer().answer(program(sale(2))),
      programmer(/sent the plan back: only one/).answer(program(sale(1))),
    );
    const runtime = await openPrograms(server, { policy: { planReview: "always" } });
    const view = await ask(runtime, "Sell Aviators.");
    expect(view.question).toMatchObject({ kind: "plan", program: { number: 1 } });
    const again = await answerThread(runtime, alice, view.threadId, ({ proposalId, actions }) => ({
      proposalId,
      decisions: actions.map(({ step }) => ({ type: "send_back" as const, step, message: "only one" })),
    }));
    expect(again.question).toMatchObject({ kind: "plan", program: { number: 2 } });
    const staged = await approve(runtime, again);
    expect(staged.question).toMatchObject({
      kind: "transaction",
      program: { number: 2 },
      actions: [{ args: { quantity: 1 } }],
    });
    expect((await approve(runtime, staged)).run.answer?.text).toBe("1 sold.");
  });
});

describe("another plan after a program's failed", () => {
  it("is a program again that knows what is done, and does not do it again", async () => {
    const failing = defineAction({
      kind: "write",
      name: "print_label",
      version: 1,
      title: "Print a label",
      description: "Prints a label.",
      input: z.strictObject({ printer: z.enum(["front", "back"]) }),
      output: z.strictObject({}),
      reversibility: "irreversible",
      preview: async ({ printer }) => [{ table: "printers", key: printer, before: null, after: { label: "Aviator" } }],
      run: async ({ printer }) => {
        if (printer === "front") throw new ActionFailure("failed", "The front printer is out of paper.");
        return { output: {}, changes: [] };
      },
      summarize: () => "Printed.",
    });
    const label = (printer: string) => `
await print_label({ printer: "${printer}" });
return { status: "success", answer: "The label is printed at the ${printer}." };`;
    const server = await playOpenAI(
      programmer().answer(program(label("front"))),
      expectCall({ user: /<recorded_outcomes>/ }).answer(
        json({ missing: ["No label."], next: "replan", advice: "Use the back printer.", answer: "Not printed." }),
      ),
      programmer(/<not_done_steps>[\s\S]*out of paper[\s\S]*<why_again>/).answer(program(label("back"))),
      // What failed before is part of the story, so the program's own sentence does not do.
      expectCall({ user: /<recorded_outcomes>/ }).answer(
        json({ missing: [], next: "done", advice: "", answer: "It is printed, at the back." }),
      ),
    );
    const runtime = await openPrograms(server, {
      actions: [failing],
      models: { planner: clientOf(server), reflector: clientOf(server) },
    });
    const again = await approve(runtime, await ask(runtime, "Print a label."));
    expect(again.question).toMatchObject({ program: { number: 2 }, actions: [{ args: { printer: "back" } }] });
    expect((await approve(runtime, again)).run.answer).toMatchObject({
      ...{ status: "success", text: "It is printed, at the back." },
    });
  });
});

describe("a run that is asked to stop while its program reads", () => {
  it("begins no other read, and goes on later with what was read", async () => {
    const read: number[] = [];
    const control = new RunControl();
    const look = defineAction({
      kind: "read",
      name: "look",
      version: 1,
      title: "Look",
      description: "Looks.",
      input: z.strictObject({ n: z.int() }),
      output: z.strictObject({ n: z.int() }),
      run: async ({ n }) => {
        read.push(n);
        if (n === 1) control.requestDrain();
        return { n };
      },
      summarize: () => "Looked.",
    });
    const code = `
let sum = 0;
for (let n = 0; n < 4; n++) sum += (await look({ n })).n;
return { status: "success", answer: "Together " + sum + "." };`;
    const runtime = await openPrograms(await playOpenAI(programmer().answer(program(code))), { actions: [look] });
    const stopped = startRequest(runtime, { ...alice, control }, { request: "Look four times.", threadId: "t" });
    await expect(stopped).rejects.toThrow();
    expect(read).toEqual([0, 1]);
    expect((await continueThread(runtime, alice, "t")).run.answer?.text).toBe("Together 6.");
    expect(read).toEqual([0, 1, 2, 3]);
  });
});

describe("a run that is cancelled while its program reads", () => {
  it("ends, and the program goes no further", async () => {
    let reads = 0;
    const slow = defineAction({
      kind: "read",
      name: "look",
      version: 1,
      title: "Look",
      description: "Looks.",
      input: z.strictObject({ n: z.int() }),
      output: z.strictObject({}),
      run: async (_args, context) => {
        reads += 1;
        if (reads === 2) await cancelThread(runtime, alice, { threadId: "t", reason: "enough" });
        expect(context.tenant).toBe("acme");
        return {};
      },
      summarize: () => "Looked.",
    });
    const code = `
for (let n = 0; n < 10; n++) await look({ n });
return ${JSON.stringify({ status: "success", answer: "Looked." })};`;
    const server = await playOpenAI(programmer().answer(program(code)));
    const runtime = await openPrograms(server, { actions: [slow] });
    const { run } = await ask(runtime, "Look ten times.", "t");
    expect(run.answer?.status).toBe("cancelled");
    expect(reads).toBe(2);
    expect((await listReads(runtime.ledger, "acme", run.id)).filter(({ action }) => action === "look")).toHaveLength(2);
    expect((await listPrograms(runtime.ledger, "acme", run.id))[0]?.outcome).toBeNull();
  });
});
