/**
 * How often a tenant's actions were let through, and how much money they moved: what limits and budgets count. A use is
 * recorded together with the decision that lets it through, so that limits are exact however many runs come at once.
 */
import type { Proposal } from "../domain/proposal.ts";
import type { Stamp } from "../domain/run.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Records that actions of a proposal were let through. */
export async function recordUsesIn(
  trx: LedgerTransaction,
  stamp: Stamp,
  proposal: Pick<Proposal, "id" | "runId" | "actions">,
  let_: { steps: readonly string[]; automatic: boolean },
): Promise<void> {
  const rows = proposal.actions
    .filter(({ step }) => let_.steps.includes(step))
    .map(({ step, action, impact }) => ({
      ...{ tenant: stamp.tenant, proposalId: proposal.id, step, runId: proposal.runId, action },
      ...{ automatic: let_.automatic ? 1 : 0, amount: impact.amount ?? 0, at: stamp.at },
    }));
  if (rows.length > 0) await trx.insertInto("actionUses").values(rows).execute();
}

/** How often an action happened by itself since a time, ISO 8601 UTC; uses of one proposal are left out. */
export async function countAutomatic(
  db: Ledger,
  tenant: string,
  query: { action: string; since: string; besides: string },
): Promise<number> {
  const { count } = await db
    .selectFrom("actionUses")
    .select((eb) => eb.fn.countAll().as("count"))
    .where("tenant", "=", tenant)
    .where("action", "=", query.action)
    .where("automatic", "=", 1)
    .where("at", ">", query.since)
    .where("proposalId", "!=", query.besides)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** How much money was moved since a time, or by a run; uses of one proposal are left out. */
export async function sumSpent(
  db: Ledger,
  tenant: string,
  query: { since?: string; runId?: string; besides: string },
): Promise<number> {
  let select = db
    .selectFrom("actionUses")
    .select((eb) => eb.fn.sum("amount").as("sum"))
    .where("tenant", "=", tenant)
    .where("proposalId", "!=", query.besides);
  if (query.since !== undefined) select = select.where("at", ">", query.since);
  if (query.runId !== undefined) select = select.where("runId", "=", query.runId);
  return Number((await select.executeTakeFirstOrThrow()).sum ?? 0);
}
