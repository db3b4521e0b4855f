/** What cannot be undone runs as late as dependencies allow, and the person sees from where on nothing is undone whole. */
import { expect, it } from "vitest";
import type { AnyWrite } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, openTestRuntime, type PlannedStep } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const post = (id: string, dependsOn: string[] = [], text = id): PlannedStep => ({
  ...{ id, action: "post", args: { text }, dependsOn },
});
const note = (id: string, dependsOn: string[] = []): PlannedStep => ({ id, args: { text: id }, dependsOn });

async function asked(steps: PlannedStep[]) {
  const notebook = createNotebook(tempDir());
  const [write, read] = notebook.actions as [AnyWrite, AnyWrite];
  const actions = [write, read, { ...write, name: "post", reversibility: "irreversible" as const }];
  const runtime = await openTestRuntime({ actions, plans: { go: steps } });
  const { threadId, question } = await startRequest(runtime, alice, { request: "go" });
  const order = question?.actions.map(({ step }) => step);
  const lines = () => notebook.lines().map(({ did, text }) => `${did} ${text}`);
  return { runtime, threadId, question, order, lines };
}

it.each<[string, PlannedStep[], string[], string | null]>([
  ["nothing is irreversible", [note("a"), note("b")], ["a", "b"], null],
  ["what cannot be undone comes first in the plan", [post("p"), note("a"), note("b")], ["a", "b", "p"], "p"],
  ["something waits for it", [post("p"), note("a", ["p"]), note("b")], ["b", "p", "a"], "p"],
  ["there are two", [post("p"), note("a"), post("q", ["a"])], ["a", "p", "q"], "p"],
])("the order is safe where %s", async (_what, steps, order, pointOfNoReturn) => {
  const { question, order: proposed } = await asked(steps);
  expect(proposed).toEqual(order);
  expect(question?.pointOfNoReturn).toBe(pointOfNoReturn);
  const warns = question?.description.includes("FROM HERE ON, a failure can no longer be undone whole");
  expect(warns).toBe(pointOfNoReturn !== null);
});

it("a failure before that point undoes everything, and one after it says what it could not undo", async () => {
  const before = await asked([post("p", [], "refuse"), note("a")]);
  await answerThread(before.runtime, bob, before.threadId, approveAll);
  expect(before.lines()).toEqual(["write a", "undo a"]);
  const after = await asked([post("p"), { ...note("a", ["p"]), args: { text: "refuse" } }, note("b")]);
  const { run } = await answerThread(after.runtime, bob, after.threadId, approveAll);
  expect(after.lines()).toEqual(["write b", "write p", "undo b"]);
  expect(run.answer?.text).toContain('could NOT be undone: post ("post" cannot be undone.)');
});
