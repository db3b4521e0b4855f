/** Ending a run early: nothing more of it starts, and what was committed before stays, or is undone as asked. */
import type { Run, Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import type { LedgerTransaction } from "../ledger/database.ts";
import { takeDecisionIn } from "../ledger/decisions.ts";
import { listEffects } from "../ledger/effects.ts";
import { isLeased } from "../ledger/leases.ts";
import { isAlive } from "../ledger/liveness.ts";
import { assertMay } from "../ledger/members.ts";
import { findLatestProposal } from "../ledger/proposals.ts";
import { cancelRunIn, endRunIn, getRun } from "../ledger/runs.ts";
import { isUnderWay } from "../ledger/start-run.ts";
import type { Runtime } from "../runtime.ts";
import { type Caller, getThreadRun, goOn, hasEnded, notPaused, readThread, type ThreadView } from "./threads.ts";

export interface CancelInput {
  readonly threadId: string;
  readonly reason: string | null;
  /** Undo what was committed before; otherwise it stays. A transaction that is under way is undone in either case. */
  readonly rollback?: boolean;
}

/**
 * Ends a run that has not ended. What waits for a person is withdrawn; a transaction under way stops before its next
 * action and is rolled back; an outcome that nobody can tell is still asked for, and the run ends after it.
 * @throws HoldpointError `not_paused` when the run has ended, `busy` when another process is at it and has not come to
 * an end yet: the cancellation is recorded then, and that process stops at its next chance
 */
export async function cancelThread(runtime: Runtime, caller: Caller, input: CancelInput): Promise<ThreadView> {
  const { identity } = caller;
  const { ledger } = runtime;
  await assertMay(ledger, identity, "cancel");
  const run = await getThreadRun(runtime, identity, input.threadId);
  if (run.status === "ended") throw notPaused(run);
  const attended = await isAlive(ledger, identity.tenant, run.id);
  const stamp: Stamp = { ...identity, at: runtime.now() };
  const asked = await ledger.transaction().execute((trx) => ask(trx, stamp, run, input));
  if (!asked) throw notPaused(await getRun(ledger, identity.tenant, run.id));
  if (!attended || !(await hasEnded(runtime, run))) {
    if (await isLeased(ledger, identity.tenant, run.id)) throw recorded(run);
    await goOn(runtime, caller, run);
  }
  return await readThread(runtime, identity, input.threadId, run.id);
}

/** Records the cancellation together with what it means at once. @returns false when the run has ended */
async function ask(trx: LedgerTransaction, stamp: Stamp, run: Run, input: CancelInput): Promise<boolean> {
  const { reason, rollback = false } = input;
  if (!(await cancelRunIn(trx, stamp, run.id, { reason, rollback }))) return false;
  const proposal = await findLatestProposal(trx, stamp.tenant, run.id);
  if (proposal && proposal.kind !== "reconciliation" && proposal.status === "pending") {
    await takeDecisionIn(trx, stamp, {
      ...{ proposalId: proposal.id, digest: proposal.digest, decider: "person", verdict: "cancelled", reason },
      actions: proposal.actions.map(({ step }) => ({ step, verdict: "rejected", reason })),
      separateApprover: false,
    });
    return true;
  }
  const untouched = (await listEffects(trx, stamp.tenant, run.id)).length === 0;
  if (untouched && !(await isUnderWay(trx, stamp.tenant, run.id))) {
    const why = reason === null ? "" : `: ${reason}`;
    const text = `${stamp.principal} cancelled it${why}. Nothing was changed.`;
    await endRunIn(trx, stamp, run.id, { status: "cancelled", text, details: [] });
  }
  return true;
}

function recorded(run: Run): HoldpointError {
  const text = `The cancellation of thread "${run.threadId}" is recorded; another process is at it, and stops before the next action.`;
  return new HoldpointError("busy", text, {
    hint: "Look at it with `show` in a moment; `resume` ends it if that process has died.",
  });
}
