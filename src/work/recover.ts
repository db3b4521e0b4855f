/**
 * After a crash: every run that was left under way is found, and goes on to its end or to the person it has to ask. What
 * nobody decided in time ends, and what waits where another version of the program left it is asked again.
 */
import type { Run } from "../domain/run.ts";
import { explainError } from "../errors.ts";
import { findLatestProposal } from "../ledger/proposals.ts";
import { listRuns } from "../ledger/runs.ts";
import { expiryOf } from "../policy/policy.ts";
import type { Runtime } from "../runtime.ts";
import { type Caller, continueThread, isUnasked } from "./threads.ts";

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
 * Carries on every run of the caller's tenant that nobody is at, those whose time to decide is over, and those whose
 * checkpoint does not ask what they wait for, one after the other, oldest first. A run that another process is planning
 * or reading for at this moment may be entered twice; nothing of it is decided or written twice.
 */
export async function recoverRuns(runtime: Runtime, caller: Caller): Promise<Recovered[]> {
  const { tenant } = caller.identity;
  const found = await listRuns(runtime.ledger, tenant, { status: "running", limit: LIMIT });
  const waiting = await listRuns(runtime.ledger, tenant, { status: "waiting", limit: LIMIT });
  for (const run of waiting) if ((await isOverdue(runtime, run)) || (await isUnasked(runtime, run))) found.push(run);
  const recovered: Recovered[] = [];
  for (const run of found.toReversed()) {
    if (caller.signal?.aborted || caller.control?.drainRequested) break;
    recovered.push(await recoverRun(runtime, caller, run));
  }
  return recovered;
}

/** Whether a run waits for a decision that came too late by now. */
async function isOverdue({ ledger, policy, now }: Runtime, run: Run): Promise<boolean> {
  const proposal = await findLatestProposal(ledger, run.tenant, run.id);
  const expiresAt = proposal?.status === "pending" ? expiryOf(policy, proposal) : null;
  return expiresAt !== null && expiresAt <= now();
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
