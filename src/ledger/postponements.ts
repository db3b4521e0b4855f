/** That somebody does not decide now. Nothing is decided by it, and the proposal stays as it is. */
import type { Stamp } from "../domain/run.ts";
import { appendAudit } from "./audit.ts";
import type { Ledger } from "./database.ts";
import { getProposal } from "./proposals.ts";

/**
 * Writes it into the audit log.
 * @returns false when the proposal is not open any more: nothing was written then
 */
export async function recordNotNow(
  db: Ledger,
  stamp: Stamp,
  proposalId: string,
  { until, note }: { until: string | null; note: string | null },
): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    const proposal = await getProposal(trx, stamp.tenant, proposalId);
    if (proposal.status !== "pending") return false;
    const data = { proposal: proposalId, until, note };
    await appendAudit(trx, { ...stamp, event: "proposal.not_now", runId: proposal.runId, data });
    return true;
  });
}
