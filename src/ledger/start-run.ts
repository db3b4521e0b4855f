/** A new request on a thread: starts its run, and supersedes what an earlier one left open there, visibly. */
import { canonicalJson } from "../domain/json.ts";
import type { Run, Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { lockAudit } from "./audit.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { takeDecisionIn } from "./decisions.ts";
import { listEffects } from "./effects.ts";
import { findLatestProposal } from "./proposals.ts";
import { tooManyRequests } from "./request-rate.ts";
import { endRunIn, findRun, findThreadRun, insertRun, isForeignThread, listOpenRuns } from "./runs.ts";

export type RunStart =
  | { kind: "started"; run: Run; superseded: Run[] /** Whether this call recorded it. */; created: boolean }
  /** A transaction of an earlier run is under way: nothing was started, that one has to end first. */
  | { kind: "unfinished"; run: Run };

/**
 * Starts the run of a request in one transaction, anew when another request came between. Called again for the same
 * request, it returns what it did.
 * @throws HoldpointError `usage` when the request id belongs to another run, `unknown_thread` when the thread is another tenant's
 */
export async function startRun(
  db: Ledger,
  stamp: Stamp,
  input: { id: string; threadId: string; request: string },
): Promise<RunStart> {
  for (;;) {
    const start = await db
      .transaction()
      .execute((trx) => startRunIn(trx, stamp, input))
      .catch(whenOvertaken);
    if (start) return start;
  }
}

/** Another request came to the thread between looking at it and starting the run. */
class Overtaken extends Error {}

function whenOvertaken(error: unknown): undefined {
  if (!(error instanceof Overtaken)) throw error;
}

/** @throws Overtaken when it has to be done anew, with what is on the thread by then */
async function startRunIn(
  trx: LedgerTransaction,
  stamp: Stamp,
  input: { id: string; threadId: string; request: string },
): Promise<RunStart> {
  if (await findRun(trx, stamp.tenant, input.id)) {
    const { run } = await insertRun(trx, stamp, input);
    return { kind: "started", run, superseded: [], created: false };
  }
  if (await isForeignThread(trx, stamp.tenant, input.threadId)) {
    throw new HoldpointError("unknown_thread", `There is no thread "${input.threadId}".`, {
      hint: "Use another thread.",
    });
  }
  const open = await listOpenRuns(trx, stamp.tenant, input.threadId);
  for (const run of open) if (await isUnderWay(trx, stamp.tenant, run.id)) return { kind: "unfinished", run };
  for (const run of open) await supersede(trx, stamp, run, input.request);
  const at = await afterEarlierRuns(trx, stamp, input.threadId);
  // Counted and inserted while nobody else of the tenant can: the limit of requests is exact.
  await lockAudit(trx, stamp.tenant);
  const refusal = await tooManyRequests(trx, stamp);
  const { run, created } = await insertRun(trx, { ...stamp, at }, { ...input, refusal });
  // On Postgres two requests may have looked at the same time. The audit entry of the start holds the tenant's head: the
  // other has either ended by now, and is seen here, or sees this one.
  const others = (await listOpenRuns(trx, stamp.tenant, input.threadId)).filter(({ id }) => id !== run.id);
  if (others.length > 0) throw new Overtaken();
  return { kind: "started", run, superseded: open, created };
}

/**
 * When the run starts, ISO 8601 UTC. The thread's newest run is the one that started last, so it has to be the one that
 * superseded the others: of two requests at once, the one that looked at the clock first may come second.
 */
async function afterEarlierRuns(trx: LedgerTransaction, { tenant, at }: Stamp, threadId: string): Promise<string> {
  const newest = await findThreadRun(trx, tenant, threadId);
  if (!newest || newest.createdAt < at) return at;
  return new Date(Date.parse(newest.createdAt) + 1).toISOString();
}

/**
 * Whether something of a run that has not ended was approved or has run already, with nothing else proposed: it has to
 * be carried to its end, because no other answer would be true. So has what waits to be reconciled.
 */
export async function isUnderWay(db: Ledger, tenant: string, runId: string): Promise<boolean> {
  const latest = await findLatestProposal(db, tenant, runId);
  if (latest && latest.kind !== "reconciliation" && latest.status === "pending") return false;
  return latest?.status === "approved" || (await listEffects(db, tenant, runId)).length > 0;
}

async function supersede(trx: LedgerTransaction, stamp: Stamp, run: Run, request: string): Promise<void> {
  const proposal = await findLatestProposal(trx, stamp.tenant, run.id);
  const reason = `Superseded by a new request on the same thread: "${request}".`;
  if (proposal?.status === "pending") {
    const actions = proposal.actions.map(({ step }) => ({ step, verdict: "rejected" as const, reason }));
    await takeDecisionIn(trx, stamp, {
      proposalId: proposal.id,
      digest: proposal.digest,
      decider: "system",
      verdict: "superseded",
      actions,
      reason,
      separateApprover: false,
    });
  }
  const done = (await listEffects(trx, stamp.tenant, run.id)).filter((effect) => effect.status === "succeeded");
  const details = done.map((effect) => `Done before, and stays: ${effect.action} ${canonicalJson(effect.args)}`);
  await endRunIn(trx, stamp, run.id, { status: "superseded", text: reason, details });
}
