/**
 * A plan by a program that is cut off: the program that was written is tried again, with what it had read, and comes to
 * the same. Invariants 2, 3 and 11.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { checkAudit } from "../../src/ledger/audit-check.ts";
import { listPrograms } from "../../src/ledger/programs.ts";
import { listProposals } from "../../src/ledger/proposals.ts";
import { listReads, readKey, recordReads } from "../../src/ledger/reads.ts";
import { listRevisions } from "../../src/ledger/revisions.ts";
import type { StoreRuntime } from "../../src/runtime.ts";
import { answerThread } from "../../src/work/answer.ts";
import { recoverRuns } from "../../src/work/recover.ts";
import { continueThread, startRequest, viewThread } from "../../src/work/threads.ts";
import { spawnScript } from "../support/child.ts";
import { openLedgerOf } from "../support/ledger.ts";
import { createNotebook } from "../support/notebook.ts";
import type { OpenAIServer } from "../support/openai/server.ts";
import { playOpenAI } from "../support/openai-server.ts";
import { program, programmer } from "../support/programs.ts";
import { alice, approveAll, bob } from "../support/runtime.ts";
import { letGo, openSlowPrograms, SLOW_CODE, sampled, weighed } from "../support/slow-programs.ts";
import { tempDir } from "../support/temp.ts";

const WORKER = "test/support/scripts/program-worker.ts";
const once = () => playOpenAI(programmer().answer(program(SLOW_CODE)));

function spawnWorker(home: string, { url, apiKey }: OpenAIServer, ...words: string[]) {
  const worker = spawnScript(WORKER, [home, url, apiKey, ...words]);
  onTestFinished(() => void worker.process.kill("SIGKILL"));
  return worker;
}

async function open(home: string, server: OpenAIServer): Promise<StoreRuntime> {
  const runtime = await openSlowPrograms(home, server);
  onTestFinished(() => runtime.close());
  return runtime;
}

/** Stands for waiting until the dead process is not believed to be alive any more. */
async function forgetTheDead(home: string): Promise<void> {
  const ledger = await openLedgerOf(home);
  await ledger.updateTable("runs").set({ aliveUntil: null, leaseUntil: null }).execute();
  await ledger.destroy();
}

/** What the ledger holds of the only run. */
async function recordOf({ ledger }: StoreRuntime) {
  const { id } = await ledger.selectFrom("runs").select("id").executeTakeFirstOrThrow();
  return {
    programs: await listPrograms(ledger, "acme", id),
    reads: (await listReads(ledger, "acme", id)).filter(({ step }) => step.startsWith("program.1.")), // no samples
    revisions: await listRevisions(ledger, "acme", id),
    proposals: await listProposals(ledger, "acme", id),
  };
}

/** The one program, the one plan and the one proposal of a run; what they say is what was recorded. @returns the texts */
async function expectOneOfEach(runtime: StoreRuntime): Promise<string[]> {
  const { programs, reads, revisions, proposals } = await recordOf(runtime);
  expect([programs, revisions, proposals].map((list) => list.length)).toEqual([1, 1, 1]);
  const calls = reads.toSorted((one, other) => one.step.localeCompare(other.step));
  expect(calls.map(({ step, status }) => [step, status])).toEqual(
    [1, 2, 3, 4, 5].map((n) => [`program.1.${n}`, "succeeded"]),
  );
  const said = calls.map(({ output }) => (output as { call: number }).call);
  const texts = [`1500 grams at ${programs[0]?.startedAt}`, `calls ${said.join(" ")}`];
  expect(proposals[0]?.actions.map(({ args }) => args.text)).toEqual(texts);
  expect(programs[0]?.outcome).toMatchObject({
    ...{ faults: [], log: ["all of it is 1500"], calls: 7 },
    result: { status: "success", answer: "It is 1500 grams." },
  });
  expect((await checkAudit(runtime.ledger, "acme")).fault).toBeNull();
  return texts;
}

/** Approves, and finds that each was written once. */
async function expectDoneOnce(home: string, runtime: StoreRuntime, texts: readonly string[]): Promise<void> {
  const { run } = await answerThread(runtime, alice, "t", approveAll);
  expect(run.answer).toMatchObject({ status: "success", text: "It is 1500 grams." });
  expect(
    createNotebook(home)
      .lines()
      .map(({ text }) => text),
  ).toEqual(texts);
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}

describe("a process that is killed", () => {
  it("in the middle of a program: another one tries it again, and calls only what was in flight", async () => {
    const home = tempDir();
    const server = await once();
    const { process: child, ended } = spawnWorker(home, server, "ask");
    await until(() => weighed(home).length === 2);
    child.kill("SIGKILL");
    expect((await ended).status).toBeNull();
    await forgetTheDead(home);
    letGo(home);
    const runtime = await open(home, server);
    expect(await recoverRuns(runtime, bob)).toMatchObject([{ outcome: "waiting" }]);
    expect(weighed(home)).toEqual([1, 2, 2, 3, 4, 5]);
    const texts = await expectOneOfEach(runtime);
    expect(texts[1]).toBe("calls 1 3 4 5 6");
    await expectDoneOnce(home, runtime, texts);
  });

  it.each([
    ["once the program is written", "committed", ['insert into "programs"'], 5],
    ["once its first read is recorded", "committed", ['insert into "reads"', "program.1.1"], 5],
    ["before its outcome is recorded", "before", ['update "programs"'], 5],
    ["once the program is taken", "committed", ['update "programs"'], 5],
    ["before the plan is recorded", "before", ['insert into "plan_revisions"'], 5],
    ["before the proposal is recorded", "before", ['insert into "proposals"'], 5],
  ] as const)("%s: the model is not asked again, and nothing is called twice", async (_when, when, words, calls) => {
    const home = tempDir();
    letGo(home);
    const server = await once();
    const { ended } = spawnWorker(home, server, "ask", JSON.stringify({ when, words }));
    expect(await ended).toMatchObject({ status: null, stderr: "" });
    await forgetTheDead(home);
    const runtime = await open(home, server);
    expect(await recoverRuns(runtime, bob)).toMatchObject([{ outcome: "waiting" }]);
    expect(weighed(home)).toHaveLength(calls);
    await expectDoneOnce(home, runtime, await expectOneOfEach(runtime));
  });

  it("again and again, at each read: each is called once more at the most", async () => {
    const home = tempDir();
    const server = await once();
    let at = 1;
    for (const what of ["ask", "go-on", "go-on"]) {
      const { process: child, ended } = spawnWorker(home, server, what);
      await until(() => weighed(home).length > at);
      at = weighed(home).length;
      child.kill("SIGKILL");
      await ended;
      await forgetTheDead(home);
    }
    expect(weighed(home)).toEqual([1, 2, 2, 2]);
    letGo(home);
    const runtime = await open(home, server);
    await recoverRuns(runtime, bob);
    await expectDoneOnce(home, runtime, await expectOneOfEach(runtime));
  });
});

describe("two processes that go on at once", () => {
  it("come to one program, one plan and one proposal, made of what was recorded", async () => {
    const home = tempDir();
    const server = await once();
    const { process: child, ended } = spawnWorker(home, server, "ask");
    await until(() => weighed(home).length === 2);
    child.kill("SIGKILL");
    await ended;
    await forgetTheDead(home);
    const others = [spawnWorker(home, server, "go-on"), spawnWorker(home, server, "go-on")];
    await until(() => weighed(home).length === 4); // both of them are at the second one
    letGo(home);
    const ends = await Promise.all(others.map((other) => other.ended));
    // The second that proposes the same may be told that it was the second; nothing else goes wrong.
    for (const { status, stderr } of ends) expect(status === 0 ? "busy" : stderr).toContain("busy");
    expect(ends.map(({ status }) => status)).toContain(0);
    const runtime = await open(home, server);
    const view = await viewThread(runtime, alice.identity, "t");
    expect(view.run.status).toBe("waiting");
    await expectDoneOnce(home, runtime, await expectOneOfEach(runtime));
  });

  it("and read the same: the later of them is told what the other one recorded", async () => {
    const home = tempDir();
    const server = await once();
    const runtime = await open(home, server);
    const asked = startRequest(runtime, alice, { request: "Weigh all of it.", threadId: "t" });
    await until(() => weighed(home).length === 2);
    const { id } = await runtime.ledger.selectFrom("runs").select("id").executeTakeFirstOrThrow();
    const call = { step: "program.1.2", action: "weigh", version: 1, args: { n: 2 } };
    const done = { status: "succeeded" as const, output: { grams: 200, call: 77 }, summary: "Weighed elsewhere." };
    const stamp = { ...bob.identity, at: runtime.now() };
    await recordReads(runtime.ledger, stamp, id, [{ ...call, ...done, key: readKey(id, call) }]);
    letGo(home);
    await asked;
    const texts = await expectOneOfEach(runtime);
    expect(texts[1]).toBe("calls 1 77 3 4 5");
    await expectDoneOnce(home, runtime, texts);
  });

  it("and both ask the model: what the first of them was told is what both try, and samples are asked once", async () => {
    const home = tempDir();
    letGo(home);
    const other = SLOW_CODE.replace("weigh({ n: 5 })", "weigh({ n: 50 })");
    const server = await playOpenAI(
      programmer().answer(program(SLOW_CODE)),
      programmer().after(1500).answer(program(SLOW_CODE)),
      programmer().after(2500).answer(program(other)),
    );
    const { ended } = spawnWorker(
      home,
      server,
      "ask",
      JSON.stringify({ when: "before", words: ['insert into "programs"'] }),
    );
    expect((await ended).status).toBeNull();
    await forgetTheDead(home);
    const runtime = await open(home, server);
    await Promise.all([continueThread(runtime, alice, "t"), continueThread(runtime, bob, "t")]);
    expect(sampled(home)).toBe(1);
    await expectDoneOnce(home, runtime, await expectOneOfEach(runtime));
  });
});

describe("a signal that aborts", () => {
  it("in the middle of a program leaves it as it was; who goes on tries it again", async () => {
    const home = tempDir();
    const server = await once();
    const runtime = await open(home, server);
    const aborted = new AbortController();
    const asked = startRequest(
      runtime,
      { ...alice, signal: aborted.signal },
      { request: "Weigh all of it.", threadId: "t" },
    );
    const failed = expect(asked).rejects.toThrow();
    await until(() => weighed(home).length === 2);
    aborted.abort();
    await failed;
    expect((await recordOf(runtime)).programs).toMatchObject([{ number: 1, outcome: null }]);
    expect((await recordOf(runtime)).reads.map(({ step }) => step)).toEqual(["program.1.1"]);
    letGo(home);
    await continueThread(runtime, alice, "t");
    expect(weighed(home)).toEqual([1, 2, 2, 3, 4, 5]);
    await expectDoneOnce(home, runtime, await expectOneOfEach(runtime));
  });
});
