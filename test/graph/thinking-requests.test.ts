/** Whole requests with steps that think, planned, reviewed, worked on and worded by models. Rows A1, A2, P1, P6. */
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import type { JsonObject } from "../../src/domain/json.ts";
import { listModelCalls } from "../../src/ledger/model-calls.ts";
import { createRuntime } from "../../src/runtime.ts";
import { type Action, defineAction } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import type { OpenAIServer } from "../support/openai/server.ts";
import { expectCall, json, playOpenAI, textOf, toolCalls } from "../support/openai-server.ts";
import { alice, approveAll, bob } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";
import { made, worker } from "../support/thinking.ts";

async function open(server: OpenAIServer, actions: readonly Action[] = []) {
  const names = {
    planner: "planner-model",
    reviewer: "reviewer-model",
    reflector: "reflector-model",
    worker: "worker-model",
  };
  const models = { apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000, ...names };
  const runtime = await createRuntime({ home: tempDir(), models }, { actions });
  onTestFinished(() => runtime.close());
  return runtime;
}

interface Planned {
  id: string;
  title: string;
  action: string;
  args: JsonObject;
}
const planned = (goal: string, steps: Planned[]) =>
  json({ outcome: "plan", message: "", goal, steps: steps.map((step) => ({ dependsOn: [], ...step })) });
const compose = (id: string, title: string, instruction: string, context: JsonObject = {}): Planned => ({
  ...{ id, title, action: "compose", args: { instruction, context } },
});
const planner = () => expectCall({ model: "planner-model" });
const reflector = (user: RegExp) => expectCall({ model: "reflector-model", user });
const met = (answer: string) => json({ met: true, missing: [], next: "done", advice: "", answer });

const ANALYSIS = `Working from home saves the way to work and leaves time to think.

It costs the talk in passing, and makes it harder to begin in a team.

${"On balance it suits work that needs quiet. ".repeat(100).trim()}`;

describe("Analyze the pros and cons of remote work", () => {
  it("is planned in steps that write side by side, and ends in an answer that holds the whole analysis", async () => {
    const seen: number[] = [];
    const server = await playOpenAI(
      planner().answer(
        planned("The pros and cons are weighed.", [
          compose("pros", "List the advantages of remote work", "List advantages of remote work."),
          compose("cons", "List the drawbacks of remote work", "List drawbacks of remote work."),
          compose("summary", "Weigh advantages against drawbacks", "Weigh them in an analysis.", {
            pros: { $ref: "pros.text" },
            cons: { $ref: "cons.text" },
          }),
        ]),
      ),
      worker({ user: /vantages|drawbacks/ })
        .after(200)
        .answer(() => {
          seen.push(server.calls.length);
          return made("No commute, or: less talk.");
        })
        .repeat(2),
      worker({ user: "Weigh them" }).answer(made(ANALYSIS)),
      reflector(/Stands whole below your answer/).answer(met("Here is the analysis that you asked for.")),
    );
    const runtime = await open(server);
    const view = await startRequest(runtime, alice, { request: "Analyze the pros and cons of remote work" });
    expect(view.run.answer?.status).toBe("success");
    expect(view.run.answer?.text).toBe(`Here is the analysis that you asked for.\n\n${ANALYSIS}`);
    expect(seen).toEqual([3, 3]); // both were under way before either was answered
    const [third, last] = server.calls.slice(3);
    if (!third || !last) throw new Error("calls are missing");
    expect(textOf(third, "user")).toContain("No commute, or: less talk.");
    expect(textOf(last, "user").length).toBeLessThan(3000);
    const roles = (await listModelCalls(runtime.ledger, "acme", view.run.id)).map(({ role }) => role);
    expect(roles.toSorted()).toEqual(["planner", "reflector", "worker", "worker", "worker"]);
  });

  it("is answered whole without a reflector, too, by the last text alone", async () => {
    const server = await playOpenAI(
      planner().answer(
        planned("Weighed.", [
          compose("pros", "List the advantages of remote work", "List advantages."),
          compose("summary", "Weigh the advantages of remote work", "Weigh them.", { pros: { $ref: "pros.text" } }),
        ]),
      ),
      worker().answer(made("Quiet.")),
      worker().answer(made(ANALYSIS)),
      expectCall({ model: "reflector-model" }).fail(400),
    );
    const runtime = await open(server);
    const view = await startRequest(runtime, alice, { request: "Analyze the pros of remote work" });
    expect(view.run.answer).toEqual({ status: "success", text: ANALYSIS, details: ["Recorded: Quiet."] });
  });
});

describe("Onboard new software engineer Sarah Chen", () => {
  const directory = defineAction({
    ...{ kind: "read", name: "find_person", version: 1, title: "Find a person", description: "Looks a person up." },
    input: z.strictObject({ name: z.string() }),
    output: z.object({ name: z.string(), team: z.string(), mail: z.string() }),
    run: async ({ name }) => ({ name, team: "Platform", mail: "sarah.chen@example.com" }),
    summarize: (_args, { name, team }) => `${name} is in ${team}.`,
  });

  it("finds out, writes, and puts what it wrote before a person before anything of it happens", async () => {
    const notebook = createNotebook(tempDir());
    const server = await playOpenAI(
      planner().answer(
        planned("Sarah Chen can start.", [
          {
            id: "who",
            title: "Find out Sarah's team",
            action: "investigate",
            args: { question: "Which team is Sarah Chen in?" },
          },
          compose("welcome", "Write a welcome to Sarah Chen", "Welcome Sarah Chen to her team.", {
            team: { $ref: "who.answer" },
          }),
          {
            id: "note",
            title: "Note the welcome to Sarah Chen",
            action: "note",
            args: { text: { $ref: "welcome.text" } },
          },
        ]),
      ),
      worker({ user: "Which team" }).answer(toolCalls([{ name: "find_person", args: { name: "Sarah Chen" } }])),
      worker({ toolResult: "Platform" }).answer(
        toolCalls([
          { name: "answer", args: { found: true, answer: "She is in Platform.", evidence: [1], confidence: 1 } },
        ]),
      ),
      worker({ user: "She is in Platform" }).answer(made("Welcome to Platform, Sarah!")),
      expectCall({ model: "reviewer-model", user: "Welcome to Platform, Sarah!" }).answer(
        json({
          ...{ needed: "yes", consequences: "none", order: "safe", saferWay: "", verdict: "allow", reasons: [] },
          actions: [{ step: "note", verdict: "allow", reason: "" }],
        }),
      ),
      reflector(/Noted/).answer(met("Sarah's welcome is noted.")),
    );
    const runtime = await open(server, [directory, ...notebook.actions]);
    const asked = await startRequest(runtime, alice, { request: "Onboard new software engineer Sarah Chen" });
    expect(asked.question?.actions).toMatchObject([
      { args: { text: "Welcome to Platform, Sarah!" }, untrusted: ["text"] },
    ]);
    expect(notebook.lines()).toEqual([]);
    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    // The welcome has arrived in the notebook, and is not told once more.
    expect(done.run.answer).toMatchObject({ status: "success", text: "Sarah's welcome is noted." });
    expect(notebook.lines().map(({ text }) => text)).toEqual(["Welcome to Platform, Sarah!"]);
    const calls = await listModelCalls(runtime.ledger, "acme", done.run.id);
    expect(
      calls
        .filter(({ role }) => role === "worker")
        .map(({ prompt }) => prompt)
        .toSorted(),
    ).toEqual(["compose-v1", "investigate-v1", "investigate-v1"]);
  });
});
