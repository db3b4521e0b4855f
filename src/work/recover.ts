/**
 * After a crash: every run that was left under way is found, and goes on to its end or to the person it has to ask; a
 * rollback that was cut off, too. What nobody decided in time ends, and what waits where another version of the program
 * left it is asked again.
 */
import type { Run } from "../domain/run.ts";
import { listDeadlines } from "../ledger/expiry.ts";
import { ALIVE_MS, believedUntil, claimRun } from "../ledger/liveness.ts";
import { assertMay } from "../ledger/members.ts";
import { getRun, listDue, listRolledBack, listRuns, listTenants } from "../ledger/runs.ts";
import type { Runtime } from "../runtime.ts";
import { explainMasked } from "../telemetry/tell.ts";
import { rollBackRun } from "../transaction/rollback.ts";
import { type Caller, carryOn, isUnasked } from "./threads.ts";
import { wait } from "./wait.ts";

/** What became of a run that was found. */
export interface Recovered {
  readonly threadId: string;
  readonly run: Run;
  /** `left` when it could not go on now; `problem` says why, and the run stays as it was. */
  readonly outcome: "ended" | "waiting" | "paused" | "rolled_back" | "left";
  readonly problem: string | null;
}

export interface RecoverOptions {
  /** Is told of each thread that is about to be worked on, and when that is over. */
  readonly hear?: (threadId: string, work: Promise<unknown>) => void;
  /** Whether a thread is somebody else's to go on with. */
  readonly leave?: (threadId: string) => boolean;
  /** With false the checkpoints of what waits are not looked at, of which there may be many. */
  readonly unasked?: boolean;
}

const notHeard = (_threadId: string, _work: Promise<unknown>): void => undefined;

/** It looks at this many of the oldest runs under way, and of those that wait. */
const LIMIT = 1000;

/**
 * Carries on every run of the caller's tenant that a crash left, those that were paused until a time that has come, those
 * whose time to decide is over, and those whose checkpoint does not ask what they wait for, one after the other. A run
 * that a process was seen at a short while ago is left to it.
 */
export async function recoverRuns(
  runtime: Runtime,
  caller: Caller,
  options: RecoverOptions = {},
): Promise<Recovered[]> {
  await assertMay(runtime.ledger, caller.identity, "recover");
  return await recoverTenant(runtime, caller, options);
}

/** {@link recoverRuns}, also for the system, which has no role. */
export async function recoverTenant(
  runtime: Runtime,
  caller: Caller,
  { hear = notHeard, leave = () => false, unasked = true }: RecoverOptions,
): Promise<Recovered[]> {
  const { tenant } = caller.identity;
  const found = await listRuns(runtime.ledger, tenant, { status: "running", limit: LIMIT, oldestFirst: true });
  const overdue = await listDeadlines(runtime.ledger, tenant, runtime.policy, runtime.now());
  for (const { runId } of overdue) found.push(await getRun(runtime.ledger, tenant, runId));
  if (unasked) found.push(...(await listUnasked(runtime, tenant, new Set(overdue.map(({ runId }) => runId)))));
  found.push(...(await listDue(runtime.ledger, tenant, runtime.now())));
  const recovered: Recovered[] = [];
  const isStopped = () => caller.signal?.aborted || caller.control?.drainRequested;
  for (const run of found) {
    if (isStopped()) break;
    if (leave(run.threadId)) continue;
    const work = recoverRun(runtime, caller, run);
    hear(run.threadId, work);
    recovered.push(await work);
  }
  for (const run of await listRolledBack(runtime.ledger, tenant)) {
    if (isStopped()) break;
    recovered.push(await goOnRollingBack(runtime, caller, run));
  }
  return recovered;
}

/**
 * What a program does when it starts: carries on the runs of every tenant, now, and those that a process was seen at
 * just before once more when it would have been seen again.
 * @returns what became of them; those are `left` that another process is still at
 */
export async function recoverOnStart(
  runtime: Runtime,
  { signal, ...options }: Pick<Caller, "signal"> & RecoverOptions = {},
): Promise<Recovered[]> {
  const all = async (): Promise<Recovered[]> => {
    const recovered: Recovered[] = [];
    for (const tenant of await listTenants(runtime.ledger)) {
      const caller = { identity: { tenant, principal: "system" }, ...(signal ? { signal } : {}) };
      recovered.push(...(await recoverTenant(runtime, caller, options)));
    }
    return recovered;
  };
  const first = await all();
  if (first.every(({ outcome }) => outcome !== "left")) return first;
  // Unreferenced: a program that has nothing else to do may end.
  const waited = await wait(await untilSeenAgain(runtime, first), { signal, ref: false });
  if (!waited) return first; // closed meanwhile
  return [...first.filter(({ outcome }) => outcome !== "left"), ...(await all())];
}

/** How long it takes until whoever was seen at one of the runs must have been seen again, in milliseconds. */
async function untilSeenAgain({ ledger }: Runtime, recovered: readonly Recovered[]): Promise<number> {
  const seen: number[] = [];
  for (const { run } of recovered.filter(({ outcome }) => outcome === "left")) {
    seen.push(Date.parse(await believedUntil(ledger, run.tenant, run.id)) || 0);
  }
  return Math.max(0, ...seen.map((until) => until - Date.now())) + 500;
}

/** Why a run is `left` that is in good hands. */
export const ATTENDED = `Another process is at it, or ended less than ${ALIVE_MS / 1000} seconds ago.`;

/** Those that wait, and whose checkpoint does not ask for it; without those that are found already. */
async function listUnasked(runtime: Runtime, tenant: string, found: ReadonlySet<string>): Promise<Run[]> {
  const waiting = await listRuns(runtime.ledger, tenant, { status: "waiting", limit: LIMIT, oldestFirst: true });
  const unasked: Run[] = [];
  for (const run of waiting) if (!found.has(run.id) && (await isUnasked(runtime, run))) unasked.push(run);
  return unasked;
}

async function recoverRun(runtime: Runtime, caller: Caller, found: Run): Promise<Recovered> {
  try {
    if (!(await claimRun(runtime.ledger, found.tenant, found.id))) return left(found, ATTENDED);
    return await goOnWith(runtime, caller, found);
  } catch (error) {
    return left(found, explainMasked(error));
  }
}

async function goOnWith(runtime: Runtime, caller: Caller, { threadId, tenant, id }: Run): Promise<Recovered> {
  try {
    const { run } = await carryOn(runtime, caller, threadId);
    return run.status === "running" ? left(run, ATTENDED) : { threadId, run, outcome: run.status, problem: null };
  } finally {
    await runtime.signs.takeBack(tenant, id); // whoever goes on need not wait
  }
}

async function goOnRollingBack(runtime: Runtime, { identity, signal, control }: Caller, run: Run): Promise<Recovered> {
  const { reason = null, anyway = false } = run.rollback ?? {};
  const stopped = () => signal?.aborted === true || control?.drainRequested === true;
  try {
    const report = await rollBackRun(runtime, { identity, run, reason, anyway, stopped });
    if (report.kind === "moved_on") return left(run, `It was not rolled back to its end. ${report.since.join(" ")}`);
    if (stopped()) return left(run, "It was asked to stop; it goes on when it is asked for again.");
    const stuck = report.effects.filter(({ status }) => status !== "undone");
    const problem = stuck.map(({ step, note }) => `Not undone: ${step}. ${note}`).join(" ");
    return { threadId: run.threadId, run, outcome: "rolled_back", problem: problem || null };
  } catch (error) {
    return left(run, explainMasked(error));
  }
}

const left = (run: Run, problem: string): Recovered => ({ threadId: run.threadId, run, outcome: "left", problem });
