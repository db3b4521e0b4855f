/** What a crash left goes on when the next process starts, and what another process is at is left to it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHoldpoint, type HoldpointOptions } from "../../src/index.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest } from "../../src/work/threads.ts";
import { holdpoint, spawnScript } from "../support/child.ts";
import { openLedgerOf } from "../support/ledger.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, openTestRuntime } from "../support/runtime.ts";
import { openStopRuntime } from "../support/stop-runtime.ts";
import { tempDir } from "../support/temp.ts";

const plan = (request: string) => ({
  goal: request,
  steps: ["a", "b"].map((id) => ({ id, title: id, action: "note", args: { text: id } })),
});

/** A run whose process died in the middle of its first write; `seen` is for how long it is believed to be alive. */
async function killed(seen: number | null) {
  const home = tempDir();
  const { process: child, ended } = spawnScript("test/support/scripts/stop-worker.ts", [home, "write"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  while (!existsSync(join(home, "begun"))) await sleep(10);
  child.kill("SIGKILL");
  await ended;
  const until = seen === null ? null : new Date(Date.now() + seen).toISOString();
  const ledger = await openLedgerOf(home);
  await ledger.updateTable("runs").set({ leaseUntil: until, aliveUntil: until }).execute();
  return home;
}

async function start(home: string, options: Partial<HoldpointOptions> = {}) {
  const stopped = await openStopRuntime(tempDir(), async () => undefined);
  onTestFinished(() => stopped.close());
  const actions = createNotebook(home).actions;
  const slow = actions.map((action) => ({ ...action, name: `slow_${action.name}` }));
  const app = await createHoldpoint({ home, actions: [...actions, ...slow], playbooks: plan, ...options });
  onTestFinished(() => app.close());
  return app;
}

const textsIn = (home: string) =>
  createNotebook(home)
    .lines()
    .map((line) => line.text);

describe("a program that starts", () => {
  it("carries on what a crash left, of every tenant", async () => {
    const home = await killed(null);
    const app = await start(home);
    expect(await app.recovered).toMatchObject([{ threadId: "t", outcome: "ended", run: { tenant: "acme" } }]);
    expect(textsIn(home)).toEqual(["a", "b"]);
  });

  it("waits until a process that was seen just before must have been seen again", async () => {
    const home = await killed(1500);
    const app = await start(home);
    await sleep(300);
    expect(textsIn(home)).toEqual([]);
    expect(await app.recovered).toMatchObject([{ outcome: "ended" }]);
    expect(textsIn(home)).toEqual(["a", "b"]);
  });

  it("leaves it all alone where it is told to", async () => {
    const home = await killed(null);
    const app = await start(home, { recoverOnStart: false });
    expect(await app.recovered).toEqual([]);
    expect(textsIn(home)).toEqual([]);
    expect(await app.recover({ tenant: "acme" })).toMatchObject([{ outcome: "ended" }]);
    expect(textsIn(home)).toEqual(["a", "b"]);
  });

  it("closes while it waits, and lets the thread go on by hand meanwhile", async () => {
    const home = await killed(60_000);
    const app = await start(home);
    const call = { configurable: { thread_id: "t" }, context: alice.identity };
    await expect(app.invoke(null, call)).rejects.toMatchObject({ code: "busy" }); // its transaction has a lease
    await app.close();
    expect(await app.recovered).toEqual([]); // that thread is left to the program, which called it
    expect(textsIn(home)).toEqual([]);
  });

  it("does not go on beside a call of its own on the same thread", async () => {
    const home = await killed(null);
    const app = await start(home);
    const call = { configurable: { thread_id: "t" }, context: alice.identity };
    const { answer } = await app.invoke(null, call);
    expect(answer?.status).toBe("success");
    await app.close();
    expect(textsIn(home)).toEqual(["a", "b"]);
  });
});

describe("the command line that starts", () => {
  it("carries on what a crash left before it takes the request, and says so", async () => {
    const home = tempDir();
    const asked = JSON.parse(
      (await holdpoint(home, "Return 2 Aviator sunglasses I bought last week.", "--json")).stdout,
    );
    await holdpoint(home, "resume", asked.threadId, "--approve", "--as", "kim");
    const ledger = await openLedgerOf(home);
    await ledger.updateTable("runs").set({ status: "running", answer: null }).execute();
    const next = await holdpoint(home, "Do you have Aviator sunglasses?");
    expect(next.stderr).toContain(`Thread ${asked.threadId} was left under way, and has gone on: `);
    expect(next.stderr).toContain("25 in stock now");
    expect(next).toMatchObject({ status: 0, stdout: expect.stringContaining("25 in stock") });
    expect((await holdpoint(home, "Do you have Aviator sunglasses?")).stderr).toBe("");
  });
});

describe("a rollback that was cut off", () => {
  it("goes on when the next process starts", async () => {
    const home = tempDir();
    const { actions, lines } = createNotebook(home);
    const runtime = await openTestRuntime({ home, actions, plans: { go: [{ id: "a" }, { id: "b" }] } });
    const { threadId } = await startRequest(runtime, alice, { request: "go" });
    await answerThread(runtime, alice, threadId, approveAll);
    // As a crash leaves it that came after the first undo.
    const rollback = JSON.stringify({ by: "bob", reason: null, anyway: false });
    await runtime.ledger.updateTable("runs").set({ rollback }).execute();
    const app = await createHoldpoint({ home, actions, playbooks: plan });
    onTestFinished(() => app.close());
    expect(await app.recovered).toMatchObject([{ threadId, outcome: "rolled_back" }]);
    expect(lines().map(({ did, text }) => `${did} ${text}`)).toEqual(["write a", "write b", "undo b", "undo a"]);
    expect(await app.recover({ tenant: "acme" })).toEqual([]);
  });
});
