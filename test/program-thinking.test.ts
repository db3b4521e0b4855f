/** Steps that think in a program: what createHoldpoint registers, and what switches it off. */
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { createHoldpoint, defineAction, type HoldpointOptions } from "../src/index.ts";
import { clientOf } from "./support/openai/client.ts";
import type { OpenAIServer } from "./support/openai/server.ts";
import { expectCall, json, playOpenAI } from "./support/openai-server.ts";
import { readmeExample } from "./support/readme.ts";
import { tempDir } from "./support/temp.ts";
import { made } from "./support/thinking.ts";

const client = (server: OpenAIServer, model = "all") => clientOf(server, { model });
const at = { configurable: { thread_id: "t" }, context: { tenant: "acme", principal: "alice" } };

async function ask(options: HoldpointOptions) {
  const holdpoint = await createHoldpoint({ home: tempDir(), ...options });
  onTestFinished(() => holdpoint.close());
  return await holdpoint.invoke({ request: "Greet Ada" }, at);
}

const greet = { id: "s1", title: "Greet Ada", action: "compose", args: { instruction: "Greet Ada." }, dependsOn: [] };
const plan = (step: object = greet) => json({ outcome: "plan", message: "", goal: "Greeted.", steps: [step] });
const unsupported = json({ outcome: "unsupported", message: "Nothing can do that.", goal: "", steps: [] });
const look = defineAction({
  ...{ kind: "read", name: "look", version: 1, title: "Look", description: "Looks." },
  input: z.strictObject({}),
  output: z.object({ seen: z.string() }),
  run: async () => ({ seen: "Ada" }),
  summarize: () => "Saw Ada.",
});
const offered = (server: OpenAIServer): string[] => {
  const block =
    /<actions>\n(.*?)\n<\/actions>/s.exec(String(server.calls[0]?.body.messages.at(-1)?.content))?.[1] ?? "[]";
  return (JSON.parse(block) as { name: string }[]).map(({ name }) => name);
};

describe("a program with a model", () => {
  it("needs no action of its own: the planner's model is the worker's, too", async () => {
    const server = await playOpenAI(
      expectCall({ model: "all", schema: /^plan_/ }).answer(plan()),
      expectCall({ model: "all", schema: "compose_v1" }).answer(made("Hello, Ada!")),
    );
    const state = await ask({ model: { planner: client(server) } });
    expect(state.answer?.text).toBe("Hello, Ada!");
    expect(offered(server)).toEqual(["compose"]); // there is nothing to read
  });

  it("may have another model for the worker, and validators of its own", async () => {
    const server = await playOpenAI(
      expectCall({ model: "all" }).answer(
        plan({ ...greet, args: { ...greet.args, validators: { custom: ["warm"] } } }),
      ),
      expectCall({ model: "works" }).answer(made("Hello.")),
      expectCall({ model: "works", user: "Name her." }).answer(made("Hello, Ada!")),
    );
    const validators = { warm: (text: string) => text.includes("Ada") || "Name her." };
    const state = await ask({
      model: { planner: client(server), worker: client(server, "works") },
      actions: [look],
      validators,
    });
    expect(state.answer?.text).toBe("Hello, Ada!");
    expect(offered(server)).toEqual(["look", "compose", "investigate"]);
    expect(JSON.stringify(server.calls[0])).toContain("warm");
  });

  it("may do without such steps", async () => {
    const server = await playOpenAI(expectCall().answer(unsupported));
    await ask({ model: { planner: client(server) }, actions: [look], thinking: false });
    expect(offered(server)).toEqual(["look"]);
    const none = { model: { planner: client(server) }, thinking: false, home: tempDir() };
    await expect(createHoldpoint(none)).rejects.toThrow("has no actions");
  });

  it("may have an action of its own in their place", async () => {
    const own = { ...look, name: "compose", description: "Writes by hand." };
    const server = await playOpenAI(expectCall().answer(plan({ ...greet, args: {} })));
    const state = await ask({ model: { planner: client(server) }, actions: [own] });
    expect(offered(server)).toEqual(["compose", "investigate"]);
    expect(state.answer?.text).toBe("Saw Ada.");
  });
});

it("the example of the README runs as it stands there", async () => {
  const server = await playOpenAI(
    expectCall({ user: /Moon/ }).answer(made("Classic looks good on you.")),
    expectCall({ user: "It does not contain: Moon" }).answer(made("Classic or Moon?")),
    expectCall({ user: "More warmth!" }).answer(made("Dear friend: Classic or Moon?")),
  );
  const steps = JSON.parse(readmeExample("thinking", { language: "json" }));
  const friendly = (text: string) => text.includes("friend") || "More warmth!";
  const options = { exampleStore: true, playbooks: () => ({ steps }), validators: { friendly } };
  const state = await ask({ ...options, model: { worker: client(server) } });
  expect(state.answer).toMatchObject({
    text: "Dear friend: Classic or Moon?",
    details: [expect.stringContaining("Recorded: Yes, 2")],
  });
});

it("without a model there are no such steps", async () => {
  const playbooks = () => ({
    steps: [{ id: "s1", title: "Greet", action: "compose", args: { instruction: "Greet." } }],
  });
  const state = await ask({ playbooks, actions: [look] });
  expect(state.answer).toMatchObject({
    status: "denied",
    text: expect.stringContaining('"compose", which is no action'),
  });
});

it.each([
  [{ thinking: "no" }, "thinking"],
  [{ validators: { warm: true } }, "validators.warm"],
  [{ validators: { "no name": () => true } }, "validators"],
  [{ model: { worker: {} } }, "model"],
])("refuses options that do not fit: %j", async (options, said) => {
  await expect(createHoldpoint({ exampleStore: true, home: tempDir(), ...options } as never)).rejects.toThrow(said);
});
