/** Playbook, steps or program: the cheapest that fits, and why. */
import { describe, expect, it } from "vitest";
import { createHoldpoint } from "../../src/index.ts";
import { listRevisions } from "../../src/ledger/revisions.ts";
import { createRuntime } from "../../src/runtime.ts";
import { startRequest } from "../../src/work/threads.ts";
import { clientOf } from "../support/openai/client.ts";
import { expectCall, json, playOpenAI, text } from "../support/openai-server.ts";
import { approve, ask, openPrograms, program, programmer } from "../support/programs.ts";
import { alice } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const steps = json({
  ...{ outcome: "plan", goal: "One Aviator is sold." },
  steps: [{ id: "s1", title: "Sell one Aviator", action: "sell", args: { item: "SG001", quantity: 1 } }],
});
const leaves = json({ outcome: "program", message: "Prices have to be compared first.", steps: [] });
const CHEAPEST = program(`
const { products } = await find_products({ inStock: true });
const [cheapest] = products.sort((one, other) => one.price - other.price);
await sell({ item: cheapest.id, quantity: 1 });
return { status: "success", answer: "One " + cheapest.name + " is sold." };`);

const planner = () => expectCall({ user: /<actions>/ });

describe("auto", () => {
  it("takes a playbook where one fits, and asks no model", async () => {
    const server = await playOpenAI();
    const runtime = await createRuntime(
      { home: tempDir(), planningMode: "auto" },
      { models: { planner: clientOf(server) } },
    );
    const { run, state } = await startRequest(runtime, alice, {
      request: "Purchase 3 Wayfarer sunglasses for customer Alice.",
    });
    await runtime.close();
    expect(run.status).toBe("waiting");
    expect(state.plan?.source).toMatchObject({ kind: "playbook" });
    expect(server.calls).toEqual([]);
  });

  it("takes steps where they do: one call", async () => {
    const server = await playOpenAI(planner().answer(steps));
    const runtime = await openPrograms(server, { mode: "auto" });
    const view = await ask(runtime, "Sell one Aviator.");
    expect(view.state.plan?.source.kind).toBe("model");
    expect(view.question?.program).toBeNull();
    expect(server.calls[0]?.body.messages[0]?.content).toContain("program, no steps; message says why");
  });

  it("takes a program where the planner says why steps do not: two calls, and the reason is kept and shown", async () => {
    const server = await playOpenAI(planner().answer(leaves), programmer().answer(CHEAPEST));
    const runtime = await openPrograms(server, { mode: "auto" });
    const view = await ask(runtime, "Sell me the cheapest.");
    expect(view.question?.program).toMatchObject({ number: 1, why: "Prices have to be compared first." });
    const [revision] = await listRevisions(runtime.ledger, "acme", view.run.id);
    expect(revision?.plan.source).toEqual({ kind: "program", program: 1, why: "Prices have to be compared first." });
    expect((await approve(runtime, view)).run.answer?.text).toBe("One Classic is sold.");
  });

  it("does not believe a planner that leaves the work to a program and says not why", async () => {
    const server = await playOpenAI(
      planner().answer(json({ outcome: "program", message: "", steps: [] })),
      planner().answer(steps),
    );
    const runtime = await openPrograms(server, { mode: "auto" });
    expect((await ask(runtime, "Sell one Aviator.")).state.plan?.source.kind).toBe("model");
  });
});

describe("steps", () => {
  it("offers no program, and takes none", async () => {
    const server = await playOpenAI(planner().answer(leaves), planner().answer(steps));
    const runtime = await openPrograms(server, { mode: "steps" });
    expect((await ask(runtime, "Sell one Aviator.")).state.plan?.source.kind).toBe("model");
    expect(JSON.stringify(server.calls[0]?.body)).not.toContain("program");
  });
});

describe("program", () => {
  it("is written at once, whatever a playbook would do", async () => {
    const server = await playOpenAI(programmer().answer(CHEAPEST));
    const runtime = await createRuntime(
      { home: tempDir(), planningMode: "program" },
      { models: { planner: clientOf(server) } },
    );
    const { question, state } = await startRequest(runtime, alice, {
      request: "Purchase 1 Classic sunglasses for customer Alice.",
    });
    await runtime.close();
    expect(state.plan?.source).toMatchObject({ kind: "program", why: "Programs are what is set." });
    expect(question?.program?.number).toBe(1);
  });

  it("leaves requests to playbooks where there is no model", async () => {
    const runtime = await createRuntime({ home: tempDir(), planningMode: "program" });
    const { state } = await startRequest(runtime, alice, {
      request: "Purchase 3 Wayfarer sunglasses for customer Alice.",
    });
    await runtime.close();
    expect(state.plan?.source.kind).toBe("playbook");
  });

  it("may come as a block of code among words, from a model that calls nothing", async () => {
    const words = 'Here you are:\n```js\nreturn { status: "success", answer: "Hello." };\n```\nThat is all.';
    const server = await playOpenAI(programmer().answer(text(words)));
    const runtime = await openPrograms(server);
    expect((await ask(runtime, "Say hello.")).run.answer?.text).toBe("Hello.");
  });

  it("is an option of createHoldpoint, which refuses another word", async () => {
    const given = { home: tempDir(), planning: { mode: "code" } } as unknown as Parameters<typeof createHoldpoint>[0];
    await expect(createHoldpoint(given)).rejects.toThrow(/planning\.mode does not fit/);
  });
});
