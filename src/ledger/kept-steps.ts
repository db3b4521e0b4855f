/**
 * Steps of a later plan that are what an effect has done already, under another name or in other words: they count as
 * done, and are neither proposed nor run (invariant 3).
 */
import type { Stamp } from "../domain/run.ts";
import { appendAudit } from "./audit.ts";
import type { Ledger } from "./database.ts";
import { keptQuery } from "./kept-query.ts";

export interface KeptStep {
  readonly step: string;
  /** Digest of the action and the planned arguments: a step that a later plan changes is another one. */
  readonly call: string;
  readonly effectKey: string;
}

/** The kept steps of a run, in the order in which they were found. */
export const listKeptSteps: (db: Ledger, tenant: string, runId: string) => Promise<KeptStep[]> = keptQuery(
  (db, tenant: string, runId: string) =>
    db
      .selectFrom("keptSteps")
      .select(["step", "call", "effectKey"])
      .where("tenant", "=", tenant)
      .where("runId", "=", runId)
      .orderBy("createdAt")
      .orderBy("step"),
);

/** Records steps that are done already; those recorded before stay as they are. */
export async function keepSteps(db: Ledger, stamp: Stamp, runId: string, kept: readonly KeptStep[]): Promise<void> {
  if (kept.length === 0) return;
  await db.transaction().execute(async (trx) => {
    const rows = kept.map((step) => ({ ...step, tenant: stamp.tenant, runId, createdAt: stamp.at }));
    const inserted = await trx
      .insertInto("keptSteps")
      .values(rows)
      .onConflict((c) => c.columns(["tenant", "runId", "step", "call"]).doNothing())
      .returning(["step", "effectKey"])
      .execute();
    for (const data of inserted) await appendAudit(trx, { ...stamp, event: "step.kept", runId, data: { ...data } });
  });
}
