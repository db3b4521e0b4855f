/**
 * How often a tenant's actions were let through, and how much money they moved: what limits and budgets count. A use is
 * recorded together with the decision that lets it through, so that limits are exact however many runs come at once.
 */
import type { Proposal } from "../domain/proposal.ts";
import type { Stamp } from "../domain/run.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { keptQuery } from "./kept-query.ts";

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

/** What actions move, by what is known of them now. */
export async function setAmountsIn(
  trx: LedgerTransaction,
  tenant: string,
  { id, actions }: Pick<Proposal, "id" | "actions">,
): Promise<void> {
  for (const { step, impact } of actions) {
    await trx
      .updateTable("actionUses")
      .set({ amount: impact.amount ?? 0 })
      .where("tenant", "=", tenant)
      .where("proposalId", "=", id)
      .where("step", "=", step)
      .execute();
  }
}

/** Nothing of a proposal ran, or will: it counts for nothing. */
export async function deleteUsesIn(trx: LedgerTransaction, tenant: string, proposalId: string): Promise<void> {
  await trx.deleteFrom("actionUses").where("tenant", "=", tenant).where("proposalId", "=", proposalId).execute();
}

/** These actions of a proposal moved nothing, or it was taken back; that they were tried still counts. */
export async function releaseAmountsIn(
  trx: LedgerTransaction,
  tenant: string,
  { proposalId, steps }: { proposalId: string; steps: readonly string[] },
): Promise<void> {
  if (steps.length === 0) return;
  await trx
    .updateTable("actionUses")
    .set({ amount: 0 })
    .where("tenant", "=", tenant)
    .where("proposalId", "=", proposalId)
    .where("step", "in", steps)
    .execute();
}

const selectUseTime = keptQuery((db, tenant: string, proposalId: string) =>
  db.selectFrom("actionUses").select("at").where("tenant", "=", tenant).where("proposalId", "=", proposalId).limit(1),
);

/** When a proposal was let through, ISO 8601 UTC; undefined while it was not. */
export async function findUseTime(db: Ledger, tenant: string, proposalId: string): Promise<string | undefined> {
  const [row] = await selectUseTime(db, tenant, proposalId);
  return row?.at;
}

/** Which uses count for a proposal: those of others, and once it was let through itself, only of those before it. */
export interface Others {
  readonly besides: string;
  /** When it was let through, ISO 8601 UTC. */
  readonly before?: string | undefined;
}

const ofOthers = (db: Ledger, tenant: string, { besides, before }: Others) => {
  const query = db.selectFrom("actionUses").where("tenant", "=", tenant).where("proposalId", "!=", besides);
  if (before === undefined) return query;
  // In one order for everybody: of several that were let through at once, those that fit run.
  return query.where((eb) =>
    eb.or([eb("at", "<", before), eb.and([eb("at", "=", before), eb("proposalId", "<", besides)])]),
  );
};

const selectAutomatic = keptQuery(
  (db, tenant: string, action: string, since: string, besides: string, before: string | undefined) =>
    ofOthers(db, tenant, { besides, before })
      .select((eb) => eb.fn.countAll().as("count"))
      .where("action", "=", action)
      .where("automatic", "=", 1)
      .where("at", ">", since),
);

/** How often an action happened by itself since a time, ISO 8601 UTC. */
export async function countAutomatic(
  db: Ledger,
  tenant: string,
  { action, since, besides, before }: Others & { action: string; since: string },
): Promise<number> {
  const [row] = await selectAutomatic(db, tenant, action, since, besides, before);
  return Number(row?.count ?? 0);
}

const selectSpent = keptQuery(
  (db, tenant: string, since: string | undefined, runId: string | undefined, besides: string, before?: string) => {
    let select = ofOthers(db, tenant, { besides, before }).select((eb) => eb.fn.sum("amount").as("sum"));
    if (since !== undefined) select = select.where("at", ">", since);
    if (runId !== undefined) select = select.where("runId", "=", runId);
    return select;
  },
);

/** How much money was moved since a time, or by a run. */
export async function sumSpent(
  db: Ledger,
  tenant: string,
  { since, runId, besides, before }: Others & { since?: string; runId?: string },
): Promise<number> {
  const [row] = await selectSpent(db, tenant, since, runId, besides, before);
  return Number(row?.sum ?? 0);
}
