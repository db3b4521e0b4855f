/** Suites: read from YAML, run with playbooks alone and with a scripted model. Rows P7, E1. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { renderResult } from "../../eval/report.ts";
import { runEval } from "../../eval/run-eval.ts";
import { runSuite } from "../../eval/run-suite.ts";
import { loadSuite } from "../../eval/suite.ts";
import { spawnScript } from "../support/child.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { readmeExample } from "../support/readme.ts";
import { tempDir } from "../support/temp.ts";

const ACTIONS = ["find_products", "sell", "take_back", "adjust_stock", "compose", "investigate"];
const STORE = fileURLToPath(new URL("../../eval/suites/store.yaml", import.meta.url));

function fileWith(text: string): string {
  const path = join(tempDir(), "suite.yaml");
  writeFileSync(path, text);
  return path;
}

const suiteOf = (text: string) => loadSuite(fileWith(text), ACTIONS);
const ONE = "scenarios:\n  - name: one\n    request: Buy 1 Moon\n    expect: { status: success }\n";

describe("a suite", () => {
  it.each<[string, string, string]>([
    ["nothing", "", "1:1: expected `scenarios:` with a list of scenarios"],
    ["no scenario", "scenarios: []\n", "1:12: "],
    ["an unknown field", `${ONE}    expects: 1\n`, '5:5: there is no field "expects"'],
    ["an unknown status", ONE.replace("success", "sucess"), "4:23: expected success, no_match,"],
    [
      "an unknown table",
      ONE.replace("status: success", "status: success, rows: { products: [] }"),
      '4:40: there is no field "products"',
    ],
    [
      "an unknown column",
      ONE.replace("status: success", "status: success, rows: { inventory: [{ stock: 1 }] }"),
      '4:54: there is no field "stock"',
    ],
    ["no request", ONE.replace("    request: Buy 1 Moon\n", ""), "2:5: "],
    ["an answer that is none", `${ONE}    answers: [yes]\n`, "5:15: expected approve, { reject: <why> } or"],
    [
      "an unknown action",
      `${ONE}    forbid: { actions: [sel] }\n`,
      '5:25: there is no action "sel"; there are find_products',
    ],
    [
      "an edit of an unknown action",
      `${ONE}    answers: [{ edit: { action: sel, args: {} } }]\n`,
      '5:33: there is no action "sel"',
    ],
    ["a name twice", `${ONE}${ONE.slice(11)}`, '5:11: another scenario is called "one"'],
    [
      "a product without an id",
      `${ONE}    data: { inventory: [{ price: "$1.00" }] }\n`,
      "5:25: a product needs its item_id",
    ],
    ["a price that is none", `${ONE}    data: { inventory: [{ item_id: SG001, price: 1 }] }\n`, "5:50: "],
  ])("is refused for %s, with the place", (_what, text, message) => {
    expect(() => suiteOf(text)).toThrow(`suite.yaml:${message}`);
  });

  it("is read; the store's has at least 25 scenarios of every kind", () => {
    expect(suiteOf(readmeExample("suite", { file: "docs/evaluation.md", language: "yaml" }))).toHaveLength(2);
    const suite = loadSuite(STORE, ACTIONS);
    expect(suite.length).toBeGreaterThanOrEqual(25);
    expect(suite.filter(({ playbooks }) => playbooks).length).toBeGreaterThanOrEqual(10);
    for (const has of [
      ({ data }: (typeof suite)[number]) => data.inventory.some(({ description }) => description),
      ({ answers }: (typeof suite)[number]) => answers.some((answer) => typeof answer === "object" && "edit" in answer),
      ({ forbid }: (typeof suite)[number]) => forbid.changes.length > 0,
    ]) {
      expect(suite.some(has)).toBe(true);
    }
  });
});

describe("playbooks alone", () => {
  it("come to the expected end in every scenario that they understand", async () => {
    const scenarios = loadSuite(STORE, ACTIONS).filter(({ playbooks }) => playbooks);
    const config = { home: tempDir(), planning: "playbooks" as const };
    const result = await runSuite(scenarios, { config, times: 1, parallel: 3 });
    expect(
      result.scenarios.flatMap(({ name, attempts }) =>
        attempts.flatMap(({ problems }) => [name, ...problems].slice(1)),
      ),
    ).toEqual([]);
    expect(result.all).toMatchObject({ runs: scenarios.length, passed: scenarios.length, passHat: [1], calls: 0 });
  });

  it("are run by the command, which says what went wrong and ends with 1", async () => {
    const wrong = `${ONE}    playbooks: true\n    answers: [{ edit: { action: sell, args: { quantity: 2 } } }]\n`;
    const path = fileWith(`${wrong}  - { name: two, request: x, expect: { status: success } }\n`);
    const args = ["--suite", path, "--planning", "playbooks"];
    const { stdout, stderr, status } = await spawnScript("eval/main.ts", args, { env: { HOLDPOINT_HOME: tempDir() } })
      .ended;
    expect(stderr).toBe("MISS one\n");
    expect(stdout).toMatch(/│ one +│ 0 of 1 +│ 0.00 +│ 1.0 +│ 0.0 +│ 0 \+ 0 +│/);
    expect(stdout).toMatch(/one, run 1: inventory was not to have .*"quantity_in_stock":8/);
    expect(stdout).not.toContain("two");
    expect(status).toBe(1);
  });

  it("print one JSON document, and end with 0 when all passed", async () => {
    const said: string[] = [];
    const path = fileWith(readmeExample("suite", { file: "docs/evaluation.md", language: "yaml" }));
    const words = ["--suite", path, "--planning", "playbooks", "--times", "2", "--parallel", "2", "--json"];
    const surroundings = {
      environment: {},
      write: (text: string) => void said.push(text),
      writeError: () => undefined,
    };
    expect(await runEval(words, surroundings)).toBe(0);
    expect(JSON.parse(said.join(""))).toMatchObject({
      times: 2,
      scenarios: [{ name: "person-takes-fewer", figures: { runs: 2, passed: 2, passHat: [1, 1] }, attempts: [{}, {}] }],
      all: { durationMs: expect.any(Number) },
    });
  });

  it.each([
    [["--suite", "/nowhere.yaml"], "/nowhere.yaml does not exist"],
    [["--times", "0"], '--times is "0"; expected a whole number from 1 to 100'],
    [["--only", "nothing"], 'has no scenario "nothing"'],
    [["--only", "in-german"], "None of these scenarios can be run without a model"],
    [["--planning", "x"], '--planning is "x"'],
    [["--what"], "unknown option"],
  ])("%j is refused with 2", async (args, message) => {
    const said: string[] = [];
    const surroundings = {
      environment: {},
      write: () => undefined,
      writeError: (text: string) => void said.push(text),
    };
    expect(await runEval(["--planning", "playbooks", ...args], surroundings)).toBe(2);
    expect(said.join("")).toContain(message);
  });
});

describe("a model", () => {
  const plan = (quantity: number) =>
    json({
      ...{ outcome: "plan", message: "", goal: "Sold." },
      steps: [
        {
          ...{ id: "s1", title: `Sell ${quantity} Sport to Maier`, action: "sell", dependsOn: [], confidence: 0.9 },
          args: { item: "Sport", quantity, customer: "Maier" },
        },
      ],
    });
  const no = json({ outcome: "unsupported", message: "That cannot be done.", goal: "", steps: [] });
  const ESCALATED = {
    ...{ needed: "yes", consequences: "none", order: "safe", saferWay: "", verdict: "escalate", reasons: [] },
  };
  const review = json({
    ...ESCALATED,
    actions: [{ step: "s1", verdict: "escalate", reason: "A person should look." }],
  });
  const planner = (user: RegExp) => expectCall({ model: "planner", user });
  const reviewer = () => expectCall({ model: "reviewer" }).answer(review);

  it("is told how often it passes, and what it takes for that", async () => {
    const german = /zwei Sport/;
    const flight = /flight/;
    const sold = (quantity: number) => [planner(german).answer(plan(quantity)), reviewer()];
    const server = await playOpenAI(
      // in-german: right, wrong, right, right; another-business: right, and once a sale that is forbidden
      ...sold(2),
      ...sold(3),
      ...sold(2),
      ...sold(2),
      planner(flight).answer(no),
      planner(flight).answer(plan(1)),
      reviewer(),
      planner(flight).answer(no).repeat(2),
    );
    const names = { planner: "planner", reviewer: "reviewer", reflector: "reflector", worker: "worker" };
    const models = { apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000, ...names };
    const [german_, flight_] = ["in-german", "another-business"].map((name) =>
      loadSuite(STORE, ACTIONS).find((scenario) => scenario.name === name),
    );
    if (!german_ || !flight_) throw new Error("the suite lacks a scenario");
    const forbidden = { ...flight_, forbid: { actions: ["sell"], changes: [] } };
    const config = { home: tempDir(), planning: "model" as const, models };
    const result = await runSuite([german_, forbidden], { config, times: 4, parallel: 1 });
    const [sales, flights] = result.scenarios;
    expect(sales?.attempts.map(({ passed }) => passed)).toEqual([true, false, true, true]);
    expect(sales?.attempts[1]?.problems.join()).toMatch(/no row of inventory is .*9.*not to have .*8/);
    expect(sales?.figures).toMatchObject({ passed: 3, passHat: [0.75, 0.5, 0.25, 0], steps: 1, calls: 2 });
    expect(sales?.figures.promptTokens).toBeGreaterThan(100);
    expect(flights?.attempts.map(({ passed }) => passed)).toEqual([true, false, true, true]);
    expect(flights?.attempts[1]).toMatchObject({ status: "rejected", steps: 0, calls: 2 });
    expect(flights?.attempts[1]?.problems.join()).toContain("it proposed sell, which is forbidden");
    expect(result.all).toMatchObject({ runs: 8, passed: 6, passHat: [0.75, 0.5, 0.25, 0] });
    const text = renderResult(result);
    expect(text).toMatch(/│ in-german +│ 3 of 4 +│ 0.75 +│ 0.00 +│ 1.0 +│ 2.0 +│/);
    expect(text).toContain("pass^1 0.750, pass^2 0.500, pass^3 0.250, pass^4 0.000");
  });

  it("may plan by programs: what the environment says of that counts", async () => {
    const code = `
const { products } = await find_products({ inStock: true });
const [cheapest] = products.sort((one, other) => one.price - other.price);
await sell({ item: cheapest.id, quantity: 1, customer: "Emil" });
return { status: "success", answer: "Emil buys one " + cheapest.name + "." };`;
    const server = await playOpenAI(
      expectCall({ model: "planner", user: /<functions>.*cheapest/s }).answer(json({ goal: "Sold.", code })),
      expectCall({ model: "reviewer" }).answer(json({ ...ESCALATED, actions: [] })),
    );
    const environment = {
      ...{ OPENAI_API_KEY: server.apiKey, OPENAI_BASE_URL: server.url, HOLDPOINT_PLANNING_MODE: "program" },
      ...{ HOLDPOINT_PLANNER_MODEL: "planner", HOLDPOINT_REVIEWER_MODEL: "reviewer" },
    };
    const path = fileWith(readmeExample("suite", { file: "docs/evaluation.md", language: "yaml" }));
    const said: string[] = [];
    const surroundings = {
      environment,
      write: (text: string) => void said.push(text),
      writeError: (text: string) => void said.push(text),
    };
    expect(await runEval(["--suite", path, "--only", "cheapest-that-is-there"], surroundings)).toBe(0);
    expect(said.join("")).toMatch(/│ cheapest-that-is-there +│ 1 of 1 +│ 1.00 +│ 1.0 +│ 2.0 +│/);
  });

  it("that cannot be reached fails the run, with the reason", async () => {
    const names = { planner: "planner", reviewer: "reviewer", reflector: "reflector", worker: "worker" };
    const models = { apiKey: "k", baseUrl: "http://127.0.0.1:9", timeoutMs: 2000, ...names };
    const config = { home: tempDir(), planning: "model" as const, models };
    const [scenario] = suiteOf(ONE);
    if (!scenario) throw new Error("there is one");
    const { scenarios } = await runSuite([scenario], { config, times: 1, parallel: 1 });
    expect(scenarios[0]?.attempts[0]).toMatchObject({
      passed: false,
      status: null,
      problems: [expect.stringContaining("it was paused: ")],
    });
  });
});
