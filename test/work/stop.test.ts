/** A process that is asked to stop ends what is in flight, starts nothing, and leaves a thread that can go on. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { listReads } from "../../src/ledger/reads.ts";
import { continueThread } from "../../src/work/threads.ts";
import { spawnScript } from "../support/child.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice } from "../support/runtime.ts";
import { openStopRuntime } from "../support/stop-runtime.ts";
import { tempDir } from "../support/temp.ts";

async function begun(request: "read" | "write") {
  const home = tempDir();
  const { process: child, ended } = spawnScript("test/support/scripts/stop-worker.ts", [home, request]);
  onTestFinished(() => void child.kill("SIGKILL"));
  while (!existsSync(join(home, "begun"))) await sleep(10);
  return { home, child, ended, release: () => writeFileSync(join(home, "end"), "") };
}

async function goOn(home: string) {
  const runtime = await openStopRuntime(home, async () => undefined);
  onTestFinished(() => runtime.close());
  return { runtime, view: await continueThread(runtime, alice, "t") };
}

const textsIn = (home: string) =>
  createNotebook(home)
    .lines()
    .map((line) => line.text);

describe("a signal", () => {
  it("lets the read in flight end, starts no other, and the run goes on from there", async () => {
    const { home, child, ended, release } = await begun("read");
    child.kill("SIGTERM");
    await sleep(200);
    release();
    const { status, stderr } = await ended;
    expect(stderr).toContain('Thread "t" was stopped (SIGTERM).');
    expect(status).toBe(9);
    const { runtime, view } = await goOn(home);
    expect(view.run.answer?.status).toBe("success");
    const reads = await listReads(runtime.ledger, "acme", view.run.id);
    expect(reads.map(({ step }) => step)).toEqual(["slow", "next"]);
  });

  it("lets the write in flight end, starts no other, and the transaction goes on from there, once", async () => {
    const { home, child, ended, release } = await begun("write");
    child.kill("SIGINT");
    await sleep(200);
    release();
    expect((await ended).status).toBe(9);
    expect(textsIn(home)).toEqual(["a"]);
    const { view } = await goOn(home);
    expect(view.run.answer?.status).toBe("success");
    expect(textsIn(home)).toEqual(["a", "b"]);
  });

  it("that comes twice does not wait", async () => {
    const { child, ended } = await begun("write");
    child.kill("SIGTERM");
    await sleep(200);
    child.kill("SIGTERM");
    expect((await ended).status).toBe(143);
  });
});
