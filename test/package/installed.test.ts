/** Row G3: the package, packed and installed into an empty project, is what the README says that it is. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, type TestContext } from "vitest";
import { installPackage, type Project } from "../support/installed-package.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { readmeExample } from "../support/readme.ts";
import { serveProcess } from "../support/server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "holdpoint-package-"));
let installed: Project | string = "";

beforeAll(async () => {
  installed = await installPackage(folder);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }), 300_000);

function project(context: TestContext): Project {
  if (typeof installed === "string") context.skip(installed);
  return installed as Project;
}

it("holds what it needs to run, its types and its documents, and nothing else", (context) => {
  const { files } = project(context);
  const others = files.filter((path) => !/^package\/(dist|docs)\/[^.]/.test(path));
  expect(others.toSorted()).toEqual(
    ["CHANGELOG.md", "LICENSE", "README.md", "package.json"].map((name) => `package/${name}`),
  );
  expect(files).toEqual(expect.arrayContaining(["package/dist/index.js", "package/dist/index.d.ts"]));
  expect(files.filter((path) => /\.ts$/.test(path) && !path.endsWith(".d.ts"))).toEqual([]);
});

it("brings one SQLite driver, which nobody has to compile", async (context) => {
  const { stdout } = await project(context).npm("ls", "better-sqlite3", "--all", "--parseable", "--long");
  expect(stdout.trim().split("\n")).toEqual([expect.stringMatching(/better-sqlite3@13\./)]);
});

it("compiles the README's examples, and its own types stand without skipLibCheck", async (context) => {
  const app = project(context);
  app.write("program.ts", readmeExample("program"));
  app.write("action.ts", readmeExample("action"));
  app.write("parse.ts", readmeExample("parse"));
  app.write("progress.ts", readmeExample("progress", { file: "docs/measures.md" }));
  app.write("rules.ts", readmeExample("rules", { file: "docs/policy.md" }));
  app.write("blocked.ts", readmeExample("blocked", { file: "docs/policy.md" }));
  app.write("client.ts", readmeExample("client", { file: "docs/client.md" }));
  const { status, stdout } = await app.compile();
  expect(stdout).toBe("");
  expect(status).toBe(0);
  const strict = await app.compile({ skipLibCheck: false });
  expect(strict.stdout.split("\n").filter((line) => line.startsWith("node_modules/holdpoint/"))).toEqual([]);
}, 120_000);

it("runs the README's program, which ends by itself once it is closed", async (context) => {
  const app = project(context);
  const { status, stdout, stderr } = await app.run(["program.js"]);
  expect(stderr).toBe("");
  expect(stdout).toContain("alice asked: Return 2 Aviator sunglasses I bought last week.");
  expect(stdout).toContain("inventory SG001: quantity_in_stock 23 -> 25");
  expect(stdout).toContain("25 in stock now");
  expect(status).toBe(0);
}, 60_000);

it("reads a model's answer as the README says", async (context) => {
  const { status, stdout } = await project(context).run(["parse.js"]);
  expect(stdout).toContain("update_inventory { item: 'SG001', change: -2 } 0.8 because two were sold");
  expect(stdout).toContain('line 3: "update_inventory", field "change": "change" was given "a few": expected number');
  expect(status).toBe(0);
}, 60_000);

it("runs the README's own action, planned by the program's own model, and asks for a second person", async (context) => {
  const app = project(context);
  const plan = {
    outcome: "plan",
    message: "",
    goal: "T-1 is closed.",
    steps: [{ id: "s1", title: "Close T-1", action: "close_ticket", args: { ticket: "T-1" }, dependsOn: [] }],
  };
  const review = {
    ...{ needed: "yes", consequences: "none", order: "safe", saferWay: "" },
    actions: [{ step: "s1", verdict: "allow", reason: "asked for" }],
    ...{ verdict: "allow", reasons: ["It was asked for."] },
  };
  const server = await playOpenAI(
    expectCall({ model: "gpt-5-mini", user: /Please close T-1/ }).answer(json(plan)),
    expectCall({ model: "gpt-5-mini", user: /proposed_actions/ }).answer(json(review)),
  );
  app.write(
    "use-action.js",
    `import { Command } from "@langchain/langgraph";
     import { holdpoint } from "./action.js";
     const by = (principal) => ({ configurable: { thread_id: "t" }, context: { tenant: "acme", principal } });
     const asked = await holdpoint.invoke({ request: "Please close T-1, she says it works." }, by("alice"));
     const [{ id, value }] = asked.__interrupt__;
     const yes = new Command({ resume: { [id]: { decisions: [{ type: "approve" }] } } });
     const own = await holdpoint.invoke(yes, by("alice"));
     const [again] = own.__interrupt__;
     const resume = { [again.id]: { decisions: [{ type: "approve" }] } };
     const done = await holdpoint.invoke(new Command({ resume }), by("bob"));
     console.log(JSON.stringify({ actions: value.actions, notices: again.value.notices, answer: done.answer }));
     await holdpoint.close();`,
  );
  const env = { OPENAI_API_KEY: server.apiKey, OPENAI_BASE_URL: server.url };
  const { status, stdout, stderr } = await app.run(["use-action.js"], env);
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toMatchObject({
    actions: [{ action: "close_ticket", changes: [{ before: { status: "open" }, after: { status: "closed" } }] }],
    notices: [expect.stringContaining('"alice" asked for this and may not decide it')],
    answer: { status: "success", text: "Ticket T-1 is closed." },
  });
  expect(status).toBe(0);
}, 60_000);

it("calls a server as docs/client.md says, and so does its command line", async (context) => {
  const app = project(context);
  const server = await serveProcess(join(folder, "served"));
  try {
    const env = { HOLDPOINT_URL: server.url };
    const { status, stdout, stderr } = await app.run(["client.js"], env);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("It ended: success.");
    const listed = await app.run(["node_modules/holdpoint/dist/cli/main.js", "list"], env);
    expect(listed.stdout).toContain("Return 2 Aviator sunglasses");
  } finally {
    await server.end("SIGTERM");
  }
}, 60_000);

it("has the command line, which names itself as it was called", async (context) => {
  const app = project(context);
  const asked = await app.npm("exec", "--", "holdpoint", "Return 2 Aviator sunglasses I bought last week.");
  expect(asked.stdout).toContain("npx holdpoint resume t-");
  expect(asked.status).toBe(3);
  const [, thread = ""] = /npx holdpoint resume (t-\w+)/.exec(asked.stdout) ?? [];
  const done = await app.npm("exec", "--", "holdpoint", "resume", thread, "--approve");
  expect(done).toMatchObject({ status: 0, stdout: expect.stringContaining("in stock now") });
}, 60_000);
