/** Row G4: each answer that docs/review-pages.md shows is given to a run that waits, and ends as the page says. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "@langchain/langgraph";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Question } from "../../src/nodes/question.ts";
import { createRuntime, type StoreRuntime } from "../../src/runtime.ts";
import { createNotebook, type Notebook } from "../support/notebook.ts";
import { readDocument } from "../support/readme.ts";
import { startServer, type TestServer } from "../support/server.ts";

const EXAMPLE = /<!-- (asked|rest): (.+?); then: (.+?) -->\n\n```json\n(.*?)```/gs;
const examples = [...readDocument("docs/review-pages.md").matchAll(EXAMPLE)].map(
  ([, how = "", request = "", outcome = "", json = ""], index) => ({ how, request, outcome, json, index }),
);

let home: string;
let notebook: Notebook;
let runtime: StoreRuntime;
let server: TestServer;

/** A step for each word. */
const planFor = (request: string) => ({
  kind: "plan" as const,
  playbook: "test",
  plan: {
    goal: request,
    source: { kind: "playbook" as const, name: "test" },
    steps: request
      .split(" ")
      .slice(1)
      .map((id) => ({ id, title: `Note ${id}`, action: "note", args: { text: id }, dependsOn: [] })),
  },
});

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "holdpoint-pages-"));
  notebook = createNotebook(home);
  const options = { actions: notebook.actions, matchRequest: planFor, policy: { planReview: "never" as const } };
  runtime = await createRuntime({ home }, options);
  server = await startServer(runtime);
});

afterAll(async () => {
  await server.stop();
  await runtime.close();
  rmSync(home, { recursive: true, force: true });
});

interface Waits {
  readonly id: string;
  readonly value: Question;
}

it("has an answer in each block of JSON", () => {
  const blocks = readDocument("docs/review-pages.md").match(/```json/g) ?? [];
  expect(examples).toHaveLength(blocks.length);
  expect(examples.length).toBeGreaterThan(20);
});

it.each(examples)("$index: $how of $request is $outcome", async ({ how, request, outcome, json, index }) => {
  const config = { configurable: { thread_id: `page-${index}` }, context: { tenant: "acme", principal: "root" } };
  const { __interrupt__: [asked] = [] } = (await runtime.graph.invoke({ request }, config)) as {
    __interrupt__?: Waits[];
  };
  if (!asked) throw new Error(`${request} did not ask`);
  const answer = JSON.parse(json.replaceAll("<proposal>", asked.value.proposalId).replaceAll("<interrupt>", asked.id));
  const before = notebook.lines().length;
  const after = how === "rest" ? await decide(asked.value.proposalId, answer) : await resume(config, answer);
  const written = notebook.lines().slice(before);
  const words = request.split(" ").slice(1);
  const { text: entries } = await server.send(`GET /api/v1/audit?run=${asked.value.runId}`, { as: "acme/root" });
  const found = entries.includes("after lunch")
    ? "waits on"
    : outcomeOf(asked.value, after, written.length, words.length);
  expect({ outcome: found }).toEqual({ outcome });
  const shown = after.question?.actions.map(({ args }) => args.text);
  if (outcome === "asked again") expect(shown).toContain("you");
  if (outcome === "refused" || outcome === "waits on") expect(shown).toEqual(words);
});

interface After {
  readonly question: Question | undefined;
  readonly status: string | undefined;
}

type Config = { configurable: { thread_id: string }; context: { tenant: string; principal: string } };

async function resume(config: Config, answer: unknown): Promise<After> {
  const state = await runtime.graph.invoke(new Command({ resume: answer }), config);
  const { __interrupt__: [again] = [] } = state as { __interrupt__?: Waits[] };
  return { question: again?.value, status: state.answer?.status };
}

async function decide(proposal: string, body: unknown): Promise<After> {
  const line = `POST /api/v1/actions/approvals/${proposal}/decide`;
  const { body: answered } = await server.send(line, { as: "acme/root", body });
  return { question: answered.question ?? undefined, status: answered.run?.answer?.status };
}

/** What became of it, in the document's words. */
function outcomeOf(before: Question, { question, status }: After, written: number, all: number): string {
  if (question) return question.proposalId === before.proposalId ? "refused" : "asked again";
  if (written === all) return "approved";
  return written > 0 ? "partly approved" : (status ?? "");
}
