/**
 * Retention of the audit log: entries are removed from its beginning, and an entry at its end says up to which one, and
 * what hash that had, so that what is left can still be verified. Whatever else is missing there counts as tampering.
 */
import type { Stamp } from "../domain/run.ts";
import { appendAudit, lockAudit } from "./audit.ts";
import { PRUNED } from "./audit-chain.ts";
import type { Ledger } from "./database.ts";

/** When a tenant's first entry was written, ISO 8601 UTC; undefined without any. */
export async function firstEntryAt(db: Ledger, tenant: string): Promise<string | undefined> {
  const query = db.selectFrom("auditLog").select("at").where("tenant", "=", tenant).orderBy("seq").limit(1);
  return (await query.executeTakeFirst())?.at;
}

/**
 * Removes a tenant's entries up to the first one that is not older than a time.
 * @returns the number of the last one that was removed; undefined when there was none to remove
 */
export async function pruneAudit(
  db: Ledger,
  stamp: Stamp,
  { before, keepDays }: { before: string; keepDays: number },
): Promise<number | undefined> {
  return await db.transaction().execute(async (trx) => {
    const { tenant } = stamp;
    await lockAudit(trx, tenant);
    const ofTenant = trx.selectFrom("auditLog").where("tenant", "=", tenant);
    const kept = await ofTenant.select("seq").where("at", ">=", before).orderBy("seq").limit(1).executeTakeFirst();
    const old = ofTenant.select(["seq", "hash"]).orderBy("seq", "desc").limit(1);
    const last = await (kept ? old.where("seq", "<", kept.seq) : old).executeTakeFirst();
    if (!last) return undefined;
    await appendAudit(trx, { ...stamp, event: PRUNED, data: { through: last.seq, hash: last.hash, keepDays } });
    await trx.deleteFrom("auditLog").where("tenant", "=", tenant).where("seq", "<=", last.seq).execute();
    return last.seq;
  });
}
