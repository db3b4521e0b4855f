/** An invocation that is stopped in the middle: what was cut off is no outcome, and the run goes on later. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { listReads } from "../../src/ledger/reads.ts";
import { defineAction } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { continueThread, startRequest } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, openTestRuntime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

function createSlowRead(delayMs: () => number) {
  const started: string[] = [];
  const action = defineAction({
    kind: "read",
    name: "slow",
    version: 1,
    title: "Look slowly",
    description: "Takes its time.",
    input: z.strictObject({ name: z.string() }),
    output: z.object({ name: z.string() }),
    run: async ({ name }, { signal }) => {
      started.push(name);
      await sleep(name === "quick" ? 0 : delayMs(), undefined, { signal });
      return { name };
    },
    summarize: (_args, { name }) => `Saw ${name}.`,
  });
  return { action, started };
}

const read = (id: string, dependsOn: string[] = []) => ({ id, action: "slow", args: { name: id }, dependsOn });

describe("an abort while reads run", () => {
  it("keeps what was finished, records nothing of what was cut off, starts nothing more, and loses nothing", async () => {
    let delay = 10_000;
    const { action, started } = createSlowRead(() => delay);
    const plans = { look: [read("quick"), read("late"), read("next", ["late"])] };
    const runtime = await openTestRuntime({ actions: [action], plans });
    const stop = new AbortController();
    const caller = { ...alice, signal: stop.signal };
    const running = startRequest(runtime, caller, { request: "look", threadId: "t" });
    while (!started.includes("late")) await sleep(5);
    await sleep(50);
    stop.abort();
    await expect(running).rejects.toThrow();
    await sleep(50);
    const [run] = await runtime.ledger.selectFrom("runs").selectAll().execute();
    const outcomes = async () =>
      (await listReads(runtime.ledger, "acme", run?.id ?? "")).map(({ step, status }) => `${step} ${status}`);
    expect(await outcomes()).toEqual(["quick succeeded"]);
    expect(started.toSorted()).toEqual(["late", "quick"]);
    delay = 0;
    const view = await continueThread(runtime, alice, "t");
    expect(view.run.answer).toMatchObject({ status: "success" });
    expect(await outcomes()).toHaveLength(3);
    expect(started.slice(2)).toEqual(["late", "next"]);
  });

  it("in the committer lets the write that runs end, and what was begun is not begun again", async () => {
    const notebook = createNotebook(tempDir());
    const [write, other] = notebook.actions;
    if (write?.kind !== "write" || !other) throw new Error("the notebook changed");
    const stop = new AbortController();
    const stopping = {
      ...write,
      run: async (...call: Parameters<typeof write.run>) => {
        const result = await write.run(...call);
        stop.abort();
        return result;
      },
    };
    const runtime = await openTestRuntime({ actions: [stopping, other], plans: { go: [{ id: "a" }, { id: "b" }] } });
    const { threadId } = await startRequest(runtime, alice, { request: "go" });
    await answerThread(runtime, { ...bob, signal: stop.signal }, threadId, approveAll).catch(() => undefined);
    const deadline = Date.now() + 5000;
    let answer = null;
    while (answer === null && Date.now() < deadline) {
      await sleep(50);
      answer = (await continueThread(runtime, bob, threadId).catch(() => undefined))?.run.answer ?? null;
    }
    expect(answer).toMatchObject({ status: "success" });
    expect(notebook.lines().map((line) => line.text)).toEqual(["a", "b"]);
  });
});
