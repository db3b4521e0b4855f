/** Playbooks of one's own through the graph: matched by words, or chosen by the model. Row E15; invariant 1. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { listProposals } from "../../src/ledger/proposals.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { replySchemaWithPlaybooks } from "../../src/models/prompts/offered-playbooks.ts";
import { createModels } from "../../src/models/roles.ts";
import { choiceFaults } from "../../src/nodes/offered-playbooks.ts";
import type { PlaybookInput } from "../../src/planning/own-playbooks/declaration.ts";
import { openPlaybooks } from "../../src/planning/own-playbooks/index.ts";
import type { PlaybookSource } from "../../src/planning/own-playbooks/load.ts";
import { createRuntime, playbookActions } from "../../src/runtime.ts";
import { createRegistry } from "../../src/tools/registry.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest } from "../../src/work/threads.ts";
import { createCompany } from "../support/company.ts";
import { expectCall, json, playOpenAI, textOf } from "../support/openai-server.ts";
import { readmeExample } from "../support/readme.ts";
import { alice, approveAll, bob } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

type Server = Awaited<ReturnType<typeof playOpenAI>>;

async function open(options: { server?: Server; playbooks?: PlaybookSource[]; planning?: "model" } = {}) {
  const home = tempDir();
  const path = join(home, "playbooks.yaml");
  writeFileSync(path, readmeExample("onboarding", { file: "docs/playbooks.md", language: "yaml" }));
  const company = createCompany(home);
  const { server, planning, playbooks = [path] } = options;
  const names = { planner: "planner-model", reviewer: "reviewer-model", reflector: "reflector-model" };
  const config = server && { apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000, ...names };
  const { planner } = config ? createModels(config) : {};
  const runtime = await createRuntime(
    { home, ...(config ? { models: config } : {}), ...(planning ? { planning } : {}) },
    { models: planner ? { planner } : {}, actions: company.actions, playbooks },
  );
  onTestFinished(() => runtime.close());
  return { runtime, company };
}

const ofDocument = () => {
  const path = join(tempDir(), "playbooks.yaml");
  writeFileSync(path, readmeExample("onboarding", { file: "docs/playbooks.md", language: "yaml" }));
  return openPlaybooks([path], playbookActions(createRegistry(createCompany("/nowhere").actions)));
};

const REQUEST = "Onboard new software engineer Sarah Chen";

describe("a request that the words of a playbook take", () => {
  it("runs as its plan of several steps, once a person has approved", async () => {
    const { runtime, company } = await open();
    const asked = await startRequest(runtime, alice, { request: REQUEST });
    expect(asked.state.plan).toMatchObject({ source: { kind: "playbook", name: "onboard-engineer" }, goal: REQUEST });
    expect(asked.question?.actions.map(({ title }) => title)).toEqual([
      "Create an account for Sarah Chen",
      "Have a laptop ready for Sarah Chen",
      "Invite Sarah Chen to meet the software team",
      "Welcome Sarah Chen by mail",
    ]);
    expect(company.log()).toEqual([]);
    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(done.run.answer?.status).toBe("success");
    expect(company.log()).toEqual([
      'create_account {"name":"Sarah Chen","groups":["engineering","software"]}',
      'create_task {"text":"Laptop for Sarah Chen (sarah.chen@example.org)","assignee":"it"}',
      'schedule_meeting {"title":"Welcome, Sarah Chen","with":"sarah.chen@example.org"}',
      'send_mail {"to":"sarah.chen@example.org","text":"Welcome to the software team, Sarah Chen!"}',
    ]);
  });

  it("has its lists as steps and its times as times", async () => {
    const { runtime } = await open();
    const request = "Welcome our new data engineer Ana at 2090-01-31 09:00 UTC with Bob and Carl Smith";
    const asked = await startRequest(runtime, alice, { request });
    expect(asked.state.plan?.steps.map(({ id, notBefore }) => [id, notBefore])).toEqual([
      ["account", undefined],
      ["laptop", undefined],
      ["meeting", undefined],
      ["buddy_1", undefined],
      ["buddy_2", undefined],
      ["mail", "2090-01-30T09:00:00.000Z"],
    ]);
  });

  it("that is not wholly understood is refused with the words that are left, and does nothing", async () => {
    const { runtime, company } = await open();
    const { run } = await startRequest(runtime, alice, { request: `${REQUEST} and delete all accounts` });
    expect(run.answer).toMatchObject({ status: "unsupported_intent" });
    expect(run.answer?.text).toContain('"and delete all accounts" was not understood');
    expect(run.answer?.details.join()).toContain('Onboard an engineer: "Onboard new software engineer {name}"');
    expect(company.log()).toEqual([]);
  });

  it("that is understood with a value that cannot be is refused with the value", async () => {
    const { runtime } = await open();
    const many = "Ana, Bob, Carl, Dana, Emil and Fritz";
    const { run } = await startRequest(runtime, alice, { request: `Onboard a data engineer Zoe with ${many}` });
    expect(run.answer).toMatchObject({ status: "invalid_request" });
    expect(run.answer?.text).toContain("{buddies}: expected a list of 1 to 5");
  });

  it("comes before the example store's playbooks, which still take the rest", async () => {
    const moons: PlaybookInput = {
      name: "moons",
      title: "Moons",
      parameters: { n: { type: "integer", min: 1, max: 9 } },
      match: { examples: ["Buy {n} Moon"] },
      steps: [
        { id: "s1", title: "Ask for {n} moons", action: "create_task", args: { text: "{n} moons", assignee: "x" } },
      ],
    };
    const { runtime } = await open({ playbooks: [moons] });
    const own = await startRequest(runtime, alice, { request: "Buy 2 Moon" });
    expect(own.question?.actions.map(({ action }) => action)).toEqual(["create_task"]);
    const ofStore = await startRequest(runtime, alice, { request: "Buy 2 Aviators" });
    expect(ofStore.question?.actions.map(({ action }) => action)).toEqual(["sell"]);
  });
});

describe("a model", () => {
  const choose = (parameters: object, more: object = {}) =>
    json({
      ...{ outcome: "playbook", message: "", goal: "", steps: [] },
      playbook: { name: "onboard-engineer", parameters, ...more },
    });
  const WORDS = "Sarah Chen starts with us as a data engineer. Get everything ready.";
  const planner = (user: RegExp = /Sarah Chen starts/) => expectCall({ model: "planner-model", user });

  it("is offered the playbooks, and may choose one with values for its parameters", async () => {
    const server = await playOpenAI(
      planner().answer(choose({ name: "Sarah Chen", team: "data" }, { confidence: 0.7 })),
    );
    const { runtime, company } = await open({ server });
    const asked = await startRequest(runtime, alice, { request: WORDS });
    const source = { kind: "playbook", name: "onboard-engineer", chosenBy: "model" };
    expect(asked.state.plan).toMatchObject({ source, goal: WORDS });
    expect(asked.question?.actions.map(({ title }) => title)).toContain("Invite Sarah Chen to meet the data team");
    await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(company.log()).toHaveLength(4);
    const sent = JSON.stringify(server.calls[0]);
    expect(sent).toContain("Account, first tasks, a meeting with the team");
    expect(sent).toContain("Who shows them around.");
    expect(sent).not.toContain("Have a laptop ready");
  });

  it("is as sure as it says, where words that fit are sure", async () => {
    const server = await playOpenAI(
      planner().answer(choose({ name: "Sarah Chen" }, { confidence: 0.4 })),
      planner().answer(choose({ name: "Sarah Chen" })),
    );
    const { runtime } = await open({ server });
    const sure = async (request: string) => {
      const asked = await startRequest(runtime, alice, { request });
      const [proposal] = await listProposals(runtime.ledger, "acme", asked.run.id);
      return [...new Set(proposal?.actions.map(({ confidence }) => confidence))];
    };
    expect(await sure(WORDS)).toEqual([0.4]);
    expect(await sure(WORDS)).toEqual([undefined]);
    expect(await sure(REQUEST)).toEqual([1]);
  });

  it("does nothing by itself with a playbook that it is not sure of, where words that fit would", async () => {
    const server = await playOpenAI(planner().answer(choose({ name: "Sarah Chen" }, { confidence: 0.4 })));
    const simple: PlaybookInput = {
      ...{ name: "onboard-engineer", title: "Onboard", parameters: { name: { type: "name" } } },
      match: { examples: ["Onboard {name}"] },
      steps: [{ id: "t", title: "Task", action: "create_task", args: { text: "{name}", assignee: "it" } }],
    };
    const { runtime, company } = await open({ server, playbooks: [simple] });
    const stamp = { ...alice.identity, at: new Date().toISOString() };
    await changeSettings(runtime.ledger, stamp, {
      ...{ automation: true, approvalRequired: false, canaryShare: 1, safetyMode: "permissive" },
    });
    const asked = await startRequest(runtime, alice, { request: WORDS });
    expect(asked.question?.reasons.join()).toMatch(/sure/);
    const other = await startRequest(runtime, alice, { request: "Onboard Bob" });
    expect(other.question?.reasons.join() ?? "").not.toMatch(/sure/);
    expect(company.log().join()).not.toContain("Sarah");
  });

  it.each<[string, object, RegExp]>([
    [
      "an unknown playbook",
      { name: "offboard", parameters: {} },
      /there is no playbook "offboard"; there are onboard-engineer/,
    ],
    [
      "an unknown parameter",
      { name: "onboard-engineer", parameters: { name: "S", boss: "B" } },
      /playbook.parameters.boss: there is no parameter "boss"/,
    ],
    [
      "nothing for what is needed",
      { name: "onboard-engineer", parameters: {} },
      /playbook.parameters.name: expected a name .*; it is missing/,
    ],
    [
      "a value of another type",
      { name: "onboard-engineer", parameters: { name: "S", start: "tomorrow" } },
      /playbook.parameters.start: expected a time with its offset/,
    ],
    ["a reference", { name: "onboard-engineer", parameters: { name: "${account.mail}" } }, /reference to a step/],
    [
      "an object",
      { name: "onboard-engineer", parameters: { name: { $ref: "account.mail" } } },
      /playbook.parameters.name: expected a name/,
    ],
    ["no playbook at all", {}, /playbook/],
  ])("that names %s is told the fault", (_what, playbook, fault) => {
    const reply = {
      outcome: "playbook",
      message: "",
      goal: "",
      steps: [],
      ...("name" in playbook ? { playbook } : {}),
    };
    const checked = replySchemaWithPlaybooks((...choice) => choiceFaults(ofDocument(), ...choice)).safeParse(reply);
    const told = checked.error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
    expect(told.join("\n")).toMatch(fault);
  });

  it("whose values do not fit gets the fault back, and may mend it", async () => {
    const server = await playOpenAI(
      planner().answer(choose({ name: "Sarah Chen", start: "tomorrow" })),
      planner(/playbook.parameters.start: expected a time with its offset/).answer(choose({ name: "Sarah Chen" })),
    );
    const { runtime } = await open({ server });
    const asked = await startRequest(runtime, alice, { request: WORDS });
    expect(asked.question?.actions).toHaveLength(4);
  });

  it("that never names a fitting one ends in a clear answer, and nothing is done", async () => {
    const server = await playOpenAI(
      planner()
        .answer(choose({ name: "" }))
        .repeat(3),
    );
    const { runtime, company } = await open({ server });
    const { run } = await startRequest(runtime, alice, { request: WORDS });
    expect(run.answer).toMatchObject({ status: "failed" });
    expect(run.answer?.text).toContain("No plan was made");
    expect(company.log()).toEqual([]);
  });

  it("may plan with the actions instead, or is not asked where words fit", async () => {
    const step = {
      id: "s1",
      title: "Ask y for x",
      action: "create_task",
      args: { text: "x", assignee: "y" },
      dependsOn: [],
    };
    const server = await playOpenAI(planner().answer(json({ outcome: "plan", message: "", goal: "g", steps: [step] })));
    const { runtime } = await open({ server });
    const asked = await startRequest(runtime, alice, { request: WORDS });
    expect(asked.state.plan?.source).toEqual({ kind: "model" });
    expect((await startRequest(runtime, alice, { request: REQUEST })).question).not.toBeNull();
  });

  it("alone may choose them where nothing is matched", async () => {
    const server = await playOpenAI(planner(/Onboard new/).answer(choose({ name: "Sarah Chen" })));
    const { runtime } = await open({ server, planning: "model" });
    const asked = await startRequest(runtime, alice, { request: REQUEST });
    expect(asked.state.plan?.source).toMatchObject({ chosenBy: "model" });
  });

  it("is told nothing of playbooks where there are none", async () => {
    const server = await playOpenAI(
      planner().answer(json({ outcome: "question", message: "Who?", goal: "", steps: [] })),
    );
    const { runtime } = await open({ server, playbooks: [] });
    await startRequest(runtime, alice, { request: WORDS });
    expect(JSON.stringify(server.calls[0])).not.toMatch(/playbook/i);
  });

  it("is offered only so many, those that share most words with the request", async () => {
    const many = (count: number, length: number) =>
      Array.from(
        { length: count },
        (_, index): PlaybookInput => ({
          ...{ name: `p${index}`, title: index === count - 1 ? "Get an engineer ready" : `Plan ${index}` },
          description: "d".repeat(length),
          parameters: { n: { type: "integer" } },
          steps: [{ id: "s1", title: "T", action: "create_task", args: { text: "{n} x", assignee: "y" } }],
        }),
      );
    const offered = async (playbooks: PlaybookInput[]) => {
      const question = json({ outcome: "question", message: "Who?", goal: "", steps: [] });
      const server = await playOpenAI(planner().answer(question));
      const { runtime } = await open({ server, playbooks });
      await startRequest(runtime, alice, { request: WORDS });
      const prompt = server.calls.map((call) => textOf(call, "user")).join();
      return JSON.parse(/<playbooks>\n(.*?)\n<\/playbooks>/s.exec(prompt)?.[1] ?? "[]") as { name: string }[];
    };
    const twenty = await offered(many(100, 1));
    expect(twenty).toHaveLength(20);
    expect(twenty[0]?.name).toBe("p99");
    const long = await offered(many(50, 300));
    expect(JSON.stringify(long, null, 1).length).toBeLessThanOrEqual(8_200);
    expect(long[0]?.name).toBe("p49");
  });
});
