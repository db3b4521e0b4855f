/** After a crash: every run that was left under way is found, and goes on to its end or to the person it has to ask. */
import type { Run } from "../domain/run.ts";
import { explainError } from "../errors.ts";
import { listRuns } from "../ledger/runs.ts";
import type { Runtime } from "../runtime.ts";
import { type Caller, continueThread } from "./threads.ts";

/** What became of a run that was found. */
export interface Recovered {
  readonly threadId: string;
  readonly run: Run;
  /** `left` when it could not go on now; `problem` says why, and the run stays as it was. */
  readonly outcome: "ended" | "waiting" | "left";
  readonly problem: string | null;
}

/** Runs at most this many; called again, it goes on with the rest. */
const LIMIT = 1000;

/**
 * Carries on every run of the caller's tenant that nobody is at, one after the other, oldest first. A run that another
 * process is planning or reading for at this moment may be entered twice; nothing of it is decided or written twice.
 */
export async function recoverRuns(runtime: Runtime, caller: Caller): Promise<Recovered[]> {
  const found = await listRuns(runtime.ledger, caller.identity.tenant, { status: "running", limit: LIMIT });
  const recovered: Recovered[] = [];
  for (const run of found.toReversed()) recovered.push(await recoverRun(runtime, caller, run));
  return recovered;
}

async function recoverRun(runtime: Runtime, caller: Caller, found: Run): Promise<Recovered> {
  const { threadId } = found;
  try {
    const { run } = await continueThread(runtime, caller, threadId);
    const outcome = run.status === "running" ? "left" : run.status;
    return { threadId, run, outcome, problem: outcome === "left" ? "Another process is at it." : null };
  } catch (error) {
    return { threadId, run: found, outcome: "left", problem: explainError(error) };
  }
}
