/** Two workers recover the same approved transaction at once: one of them carries it out, and nothing is written twice. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { z } from "zod";
import { PlanSchema } from "../src/domain/plan.ts";
import { takeDecision } from "../src/ledger/decisions.ts";
import { listEffects } from "../src/ledger/effects.ts";
import { findLatestProposal } from "../src/ledger/proposals.ts";
import { createRuntime, type Runtime } from "../src/runtime.ts";
import { defineAction } from "../src/tools/action.ts";
import { recoverRuns } from "../src/work/recover.ts";
import { type Caller, startRequest, viewThread } from "../src/work/threads.ts";

export const worker: Caller = { identity: { tenant: "races", principal: "worker" } };
const STEPS = ["a", "b"];

export async function openRace(home: string, write: (text: string) => void): Promise<Runtime> {
  const change = (text: string) => ({ table: "written", key: text, before: null, after: { text } });
  const note = defineAction({
    ...{ kind: "write", name: "note", version: 1, title: "Note", description: "Writes a note." },
    input: z.strictObject({ text: z.string() }),
    output: z.object({ text: z.string() }),
    preview: async ({ text }) => [change(text)],
    run: async ({ text }) => {
      write(text);
      return { output: { text }, changes: [change(text)] };
    },
    summarize: (_args, { text }) => `Noted "${text}".`,
  });
  const steps = STEPS.map((id) => ({ id, title: id, action: "note", args: { text: id } }));
  const plan = PlanSchema.parse({ goal: "Noted.", source: { kind: "playbook", name: "races" }, steps });
  const matchRequest = () => ({ kind: "plan" as const, playbook: "races", plan });
  return await createRuntime({ home }, { actions: [note], matchRequest });
}

/** @throws Error when a run was picked up twice, or did not come to its end */
export async function race(times: number): Promise<void> {
  const shared = new SharedArrayBuffer(4);
  const workers = [1, 2].map(() => new Worker(new URL("race-worker.ts", import.meta.url), { workerData: shared }));
  try {
    for (let turn = 0; turn < times; turn++) {
      new Int32Array(shared)[0] = 0;
      await raceOnce(workers);
    }
  } finally {
    await Promise.all(workers.map((thread) => thread.terminate()));
  }
}

async function raceOnce(workers: readonly Worker[]): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-race-"));
  try {
    const runtime = await openRace(home, () => {
      throw new Error("Nothing is to be written yet.");
    });
    const runId = await approveWithoutGoingOn(runtime);
    await runtime.close();
    const outcomes = workers.map(async (thread) => {
      const said = once(thread, "message");
      thread.postMessage(home);
      return String(await said);
    });
    await assertOnce(home, runId, await Promise.all(outcomes));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** As a process leaves it that dies right after the decision. */
async function approveWithoutGoingOn(runtime: Runtime): Promise<string> {
  const { run } = await startRequest(runtime, worker, { request: "go", threadId: "t" });
  const proposal = await findLatestProposal(runtime.ledger, worker.identity.tenant, run.id);
  if (!proposal) throw new Error("Nothing was proposed.");
  await takeDecision(
    runtime.ledger,
    { ...worker.identity, at: runtime.now() },
    {
      ...{ proposalId: proposal.id, digest: proposal.digest, decider: "person", verdict: "approved", reason: null },
      actions: proposal.actions.map(({ step }) => ({ step, verdict: "approved", reason: null })),
      separateApprover: false,
    },
  );
  await runtime.ledger.updateTable("runs").set({ aliveUntil: null }).execute(); // it died long ago
  return run.id;
}

async function assertOnce(home: string, runId: string, outcomes: readonly unknown[]): Promise<void> {
  const written = readFileSync(join(home, "written"), "utf8").trim().split("\n");
  if (written.join() !== STEPS.join())
    throw new Error(`Written: ${written.join()}; the workers said ${outcomes.join()}.`);
  const runtime = await openRace(home, () => undefined);
  try {
    await recoverRuns(runtime, worker);
    const { run } = await viewThread(runtime, worker.identity, "t");
    const effects = await listEffects(runtime.ledger, worker.identity.tenant, runId);
    const attempts = effects.map((effect) => effect.attempts).join();
    if (run.answer?.status !== "success" || attempts !== "1,1") {
      throw new Error(`It ended as ${run.answer?.status ?? run.status}, after ${attempts} attempts.`);
    }
  } finally {
    await runtime.close();
  }
}
