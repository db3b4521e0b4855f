/** A request that takes many steps, from the model's first plan to the last write: "Onboard new software engineer Sarah Chen". */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createModels } from "../../src/models/roles.ts";
import { type Action, defineAction } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest } from "../../src/work/threads.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { alice, approveAll, bob, openTestRuntime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

/** An office whose effects are lines in a file. */
function createOffice(home: string): { actions: Action[]; lines: () => string[] } {
  const file = join(home, "office.txt");
  const write = <Shape extends z.ZodRawShape>(
    name: string,
    shape: Shape,
    say: (args: z.infer<z.ZodObject<Shape>>) => string,
  ) =>
    defineAction<z.infer<z.ZodObject<Shape>>, { id: string }>({
      ...{ kind: "write", name, version: 1, title: name, description: `Does ${name}.`, reversibility: "reversible" },
      input: z.strictObject(shape) as unknown as z.ZodType<z.infer<z.ZodObject<Shape>>>,
      output: z.object({ id: z.string() }),
      preview: async (args) => [{ table: name, key: "new", before: null, after: { what: say(args) } }],
      run: async (args) => {
        appendFileSync(file, `${say(args)}\n`);
        return { output: { id: `${name}-1` }, changes: [] };
      },
      undo: async () => "It was taken back.",
      summarize: (args) => `${say(args)}.`,
    });
  const find = (name: string, output: Record<string, string[]>) =>
    defineAction({
      ...{ kind: "read", name, version: 1, title: name, description: `Does ${name}.` },
      input: z.strictObject({ team: z.string() }),
      output: z.object(Object.fromEntries(Object.keys(output).map((key) => [key, z.array(z.string())]))),
      run: async () => output,
      summarize: () => `Found ${Object.values(output).flat().join(", ")}.`,
    });
  return {
    lines: () => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []),
    actions: [
      find("find_people", { mentors: ["Ann Lee", "Bo Ek"] }),
      find("find_free_times", { slots: ["2030-01-07T09:00:00Z"] }),
      write(
        "create_account",
        { name: z.string(), role: z.string() },
        ({ name, role }) => `account for ${name} as ${role}`,
      ),
      write("order_laptop", { account: z.string() }, ({ account }) => `laptop for ${account}`),
      write(
        "create_meeting",
        { start: z.string(), with: z.string() },
        (args) => `meeting at ${args.start} with ${args.with}`,
      ),
      write("send_mail", { to: z.string(), text: z.string() }, ({ to, text }) => `mail to ${to}: ${text}`),
    ] as Action[],
  };
}

const PLAN = {
  outcome: "plan",
  message: "",
  goal: "Sarah Chen has an account, a laptop, a mentor and a first meeting, and knows of it.",
  assumptions: ["Sarah joins the platform team."],
  steps: [
    {
      id: "s1",
      title: "Find mentors of the platform team",
      action: "find_people",
      args: { team: "platform" },
      dependsOn: [],
    },
    {
      id: "s2",
      title: "Find free times of the team",
      action: "find_free_times",
      args: { team: "platform" },
      dependsOn: [],
      check: "output.slots.size() > 0",
    },
    {
      id: "s3",
      title: "Create Sarah Chen's account as engineer",
      action: "create_account",
      args: { name: "Sarah Chen", role: "engineer" },
      dependsOn: [],
      confidence: 1,
    },
    {
      id: "s4",
      title: "Order a laptop for the account",
      action: "order_laptop",
      args: { account: { $ref: "s3.id" } },
      dependsOn: [],
      confidence: 0.9,
    },
    {
      id: "s5",
      title: "Meet the mentor",
      action: "create_meeting",
      args: { start: { $ref: "s2.slots.0" }, with: { $ref: "s1.mentors.0" } },
      dependsOn: [],
      when: "s1.mentors.size() > 0",
      confidence: 0.8,
    },
    {
      id: "s6",
      title: "Welcome Sarah Chen by mail",
      action: "send_mail",
      args: { to: "sarah.chen@example.com", text: "Welcome! Your mentor is ${s1.mentors.0}." },
      dependsOn: ["s3"],
      confidence: 0.8,
    },
    {
      id: "s7",
      title: "Find a mentor of the night shift",
      action: "find_people",
      args: { team: "night" },
      dependsOn: [],
      when: "s2.slots.size() == 0",
    },
  ],
};

describe("Onboard new software engineer Sarah Chen", () => {
  it("is a plan of many steps: reads at once, writes asked for together, what is not needed skipped", async () => {
    const server = await playOpenAI(
      expectCall({ user: /Sarah Chen/ }).answer(json(PLAN)),
      expectCall({ user: /Sarah|recorded_outcomes/ }).answer(
        json({ met: true, missing: [], next: "done", advice: "", answer: "Sarah Chen is all set." }),
      ),
    );
    const config = { apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000 };
    const { planner, reflector } = createModels({ ...config, planner: "p", reviewer: "r", reflector: "f" });
    const home = tempDir();
    const office = createOffice(home);
    const models = { ...(planner ? { planner } : {}), ...(reflector ? { reflector } : {}) };
    const runtime = await openTestRuntime({ home, actions: office.actions, models, policy: {} });
    const asked = await startRequest(runtime, alice, { request: "Onboard new software engineer Sarah Chen" });
    expect(asked.question).toMatchObject({ kind: "transaction" });
    expect(asked.question?.actions.map(({ step, args }) => [step, args])).toEqual([
      ["s3", { name: "Sarah Chen", role: "engineer" }],
      ["s4", { account: { $ref: "s3.id" } }],
      ["s5", { start: "2030-01-07T09:00:00Z", with: "Ann Lee" }],
      ["s6", { to: "sarah.chen@example.com", text: "Welcome! Your mentor is Ann Lee." }],
    ]);
    expect(asked.state.steps.s7).toMatchObject({ status: "skipped" });
    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(done.run.answer).toMatchObject({ status: "success", text: "Sarah Chen is all set." });
    expect(office.lines()).toEqual([
      "account for Sarah Chen as engineer",
      "laptop for create_account-1",
      "meeting at 2030-01-07T09:00:00Z with Ann Lee",
      "mail to sarah.chen@example.com: Welcome! Your mentor is Ann Lee.",
    ]);
    expect(done.state.steps).toMatchObject({ s1: { status: "completed" }, s6: { status: "completed" } });
  });
});
