/** What a run of 12 calls asks of models and leaves in checkpoints, and how that grows: the limits that are not of time. */
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { storedOf } from "../../bench/support/checkpoint-bytes.ts";
import { clientOf, startModel, TURNS } from "../../bench/support/model.ts";
import { RESULT, startReceiver } from "../../bench/support/receiver.ts";
import { type Bench, lookUp, openBench, runToEnd, sideBySide } from "../../bench/support/runs.ts";
import { REQUEST, STEPS, taskActions } from "../../bench/support/task.ts";
import { createCounter } from "../../bench/support/tokens.ts";
import { unpack } from "../../src/packing.ts";

async function open(options: Parameters<typeof openBench>[0]): Promise<Bench> {
  const bench = await openBench(options);
  onTestFinished(() => bench.close());
  return bench;
}

async function runTask() {
  const receiver = await startReceiver();
  const model = await startModel(0, TURNS, 1);
  onTestFinished(async () => {
    await model.close();
    await receiver.close();
  });
  const client = clientOf(model);
  const bench = await open({
    model: { planner: client, reviewer: client, reflector: client },
    actions: taskActions(receiver, 0),
  });
  await runToEnd(bench, "task", REQUEST);
  return { bench, model };
}

/** All that is stored of a thread, as it was before it was packed. */
function contentOf({ checkpoints }: Bench): string {
  const db = new Database(checkpoints, { readonly: true });
  try {
    const all = "select checkpoint text from checkpoints union all select value from writes";
    const rows = db.prepare<[], { text: string | Buffer }>(all).all();
    return rows.map(({ text }) => unpack(text.toString())).join("\n");
  } finally {
    db.close();
  }
}

describe("a run of 12 calls that a model plans", () => {
  it("asks for one plan and one reflection, in less than 1,000 prompt tokens, which results are no part of", async () => {
    const { model } = await runTask();
    expect(model.calls).toHaveLength(2);
    const { all, actions } = createCounter()(model.calls);
    expect(actions).toBeGreaterThan(100);
    expect(all - actions).toBeLessThan(1000);
    expect(JSON.stringify(model.calls.map(({ body }) => body))).not.toContain(RESULT);
  });

  it("stores less than 20 KB of checkpoints, packed or not, and no result in them", async () => {
    const { bench } = await runTask();
    const content = contentOf(bench);
    expect(content).toContain(STEPS[11]?.title);
    expect(content).not.toContain(RESULT);
    expect(Buffer.byteLength(content)).toBeLessThan(20_000);
    expect(storedOf(bench.checkpoints, "task").bytes).toBeLessThan(10_000);
  });
});

it("a run of ten times as many steps stores no more for each", async () => {
  const bench = await open({
    actions: [lookUp()],
    settings: { maxSteps: 1000 },
    playbooks: (request) => sideBySide(Number(request)),
  });
  for (const steps of ["40", "400"]) await runToEnd(bench, steps, steps);
  const each = (steps: number) => storedOf(bench.checkpoints, String(steps)).bytes / steps;
  expect(each(400) / each(40)).toBeLessThan(1.1);
});
