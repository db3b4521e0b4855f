/** Steps that think on the command line: what `show` tells of them, and what a killed process left. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { holdpoint, spawnScript } from "../support/child.ts";
import type { OpenAIServer } from "../support/openai/server.ts";
import { expectCall, json, playOpenAI, toolCalls } from "../support/openai-server.ts";
import { tempDir } from "../support/temp.ts";
import { made } from "../support/thinking.ts";

const REQUEST = "Tell me which sunglasses are round, and write a line for the window and one for the door.";
const compose = (id: string, instruction: string, more: object = {}) => ({
  ...{ id, title: instruction, action: "compose", dependsOn: ["look"] },
  args: { instruction, context: { $ref: "look.answer" }, ...more },
});
const look = {
  id: "look",
  title: "Find the round ones",
  action: "investigate",
  args: { question: "Which are round?" },
  dependsOn: [],
};
const planned = (...steps: object[]) =>
  expectCall({ model: "plans" }).answer(json({ outcome: "plan", message: "", goal: "Written.", steps }));
const call = (name: string, args: object) => toolCalls([{ name, args }]);
const worker = (user: string) => expectCall({ model: "works", user });
const found = { found: true, answer: "Classic and Moon.", evidence: [1], confidence: 1 };

const environmentOf = (server: OpenAIServer) => ({
  ...{ OPENAI_API_KEY: server.apiKey, OPENAI_BASE_URL: server.url, HOLDPOINT_PLANNING: "model" },
  ...{ HOLDPOINT_MODEL: "others", HOLDPOINT_PLANNER_MODEL: "plans", HOLDPOINT_WORKER_MODEL: "works" },
});

it("a killed process asks no model again for what is recorded, only for what was in flight", async () => {
  const server = await playOpenAI(
    planned(look, compose("window", "A line for the window"), compose("door", "A line for the door")),
    worker("Which are round?").answer(call("find_products", { text: "round" })),
    expectCall({ toolResult: "SG005" }).answer(call("answer", found)),
    worker("A line for the window").answer(made("Round is back.")),
    worker("A line for the door").hang(),
    worker("A line for the door").answer(made("Come in.")),
    expectCall({ model: "others" }).answer(
      json({ met: true, missing: [], next: "done", advice: "", answer: "Here they are." }),
    ),
  );
  const place = { home: tempDir(), environment: environmentOf(server) };
  const env = { HOLDPOINT_HOME: place.home, ...place.environment };
  const child = spawnScript("src/cli/main.js", [REQUEST, "--thread", "t"], { env });
  while (server.calls.length < 5) await sleep(20);
  await sleep(200); // what was answered is recorded
  child.process.kill("SIGKILL");
  await child.ended;
  const resumed = await holdpoint(place, "resume", "t");
  expect(resumed).toMatchObject({ status: 0, stdout: expect.stringContaining("Here they are.") });
  for (const text of ["Round is back.", "Come in."]) expect(resumed.stdout).toContain(text);
  const { stdout } = await holdpoint(place, "show", "t");
  expect(stdout).toMatch(
    /look: investigate, succeeded: Classic and Moon\.\n +1\. find_products \{"text":"round"\}, succeeded: Yes, 2/,
  );
  expect(stdout).toContain("worker    │ compose-v1");
  expect(stdout).toContain("investigate-v1");
}, 60_000);

it("a text that never became valid is shown with what is wrong and its last attempt", async () => {
  const answer = { met: false, missing: [], next: "stop", advice: "", answer: "It was not written." };
  const server = await playOpenAI(
    planned({
      ...compose("window", "A line for the window", { validators: { maxWords: 3 }, attempts: 2, context: null }),
      dependsOn: [],
    }),
    worker("A line").answer(made("The first is too long.")),
    worker("It has 5 words; at most 3").answer(made("Another that is too long.")),
    expectCall({ model: "others" }).answer(json(answer)),
  );
  const place = { home: tempDir(), environment: environmentOf(server) };
  const asked = await holdpoint(place, "A line for the window", "--thread", "t");
  expect(asked.status).toBe(5);
  const { stdout } = await holdpoint(place, "show", "t");
  expect(stdout).toContain("window: compose, failed: After 2 attempts what was written is invalid, and was not used.");
  expect(stdout).toContain('The last attempt was "Another that is too long.". It has 5 words; at most 3 are allowed.');
  expect(stdout).toContain("4 call(s)");
});

it("who interrupts while a model thinks is told that it is awaited, and what a second time does", async () => {
  const server = await playOpenAI(expectCall({ model: "plans" }).hang());
  const env = { ...environmentOf(server), HOLDPOINT_HOME: tempDir() };
  const { process: child, ended } = spawnScript("src/cli/main.js", [REQUEST], { env });
  const told = new Promise<void>((resolve) => {
    child.stderr?.on("data", (text) => {
      if (String(text).includes("Ctrl-C again ends it at once.")) resolve();
    });
  });
  while (server.calls.length === 0) await sleep(10);
  child.kill("SIGINT");
  await told;
  child.kill("SIGINT");
  expect((await ended).status).toBe(130);
});
