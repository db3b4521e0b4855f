/**
 * The audit log: who did what, when. Keeps invariant 10: an entry is written in the same database transaction as the
 * change that it records, and entries form a hash chain per tenant.
 */
import { canonicalJson, digestOf, type JsonObject } from "../domain/json.ts";
import { HoldpointError } from "../errors.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";

/** The hash before the first entry. */
const GENESIS = "0".repeat(64);

export interface AuditEntry {
  seq: number;
  at: string;
  principal: string;
  /** subject.verb, such as `proposal.approved`. */
  event: string;
  runId: string | null;
  data: JsonObject;
  /** SHA-256 over the canonical JSON of the entry without `hash`, with `tenant` and `prevHash`. */
  hash: string;
}

export interface AuditInput {
  tenant: string;
  at: string;
  principal: string;
  event: string;
  runId?: string;
  data?: JsonObject;
}

/**
 * Lets no other transaction of the tenant that is audited go on before this one ends. On SQLite none does anyway; on
 * Postgres the update locks the tenant's head.
 */
export async function lockAudit(trx: LedgerTransaction, tenant: string): Promise<void> {
  await trx
    .insertInto("auditHeads")
    .values({ tenant, seq: 0, hash: GENESIS })
    .onConflict((c) => c.column("tenant").doUpdateSet((eb) => ({ seq: eb.ref("auditHeads.seq") })))
    .execute();
}

/** Appends one entry inside the transaction of the change that it records. */
export async function appendAudit(trx: LedgerTransaction, input: AuditInput): Promise<void> {
  await lockAudit(trx, input.tenant);
  const head = await trx
    .updateTable("auditHeads")
    .set((eb) => ({ seq: eb("seq", "+", 1) }))
    .where("tenant", "=", input.tenant)
    .returning(["seq", "hash"])
    .executeTakeFirstOrThrow();
  const entry = {
    tenant: input.tenant,
    seq: head.seq,
    at: input.at,
    principal: input.principal,
    event: input.event,
    runId: input.runId ?? null,
    data: canonicalJson(input.data ?? {}),
    prevHash: head.hash,
  };
  const hash = digestOf(entry);
  await trx
    .insertInto("auditLog")
    .values({ ...entry, hash })
    .execute();
  await trx.updateTable("auditHeads").set({ hash }).where("tenant", "=", input.tenant).execute();
}

/** A tenant's entries, oldest first; of one run when `runId` is given. */
export async function listAudit(db: Ledger, tenant: string, runId?: string): Promise<AuditEntry[]> {
  let query = db.selectFrom("auditLog").selectAll().where("tenant", "=", tenant).orderBy("seq");
  if (runId !== undefined) query = query.where("runId", "=", runId);
  const rows = await query.execute();
  return rows.map(({ tenant: _tenant, prevHash: _prevHash, data, ...rest }) => ({ ...rest, data: JSON.parse(data) }));
}

/**
 * Checks a tenant's chain from the first entry to the head.
 * @returns how many entries it has
 * @throws HoldpointError `internal` that names the first entry that does not fit
 */
export async function verifyAudit(db: Ledger, tenant: string): Promise<number> {
  const rows = await db.selectFrom("auditLog").selectAll().where("tenant", "=", tenant).orderBy("seq").execute();
  let prevHash = GENESIS;
  for (const [index, row] of rows.entries()) {
    const { hash, ...entry } = row;
    if (entry.seq !== index + 1 || entry.prevHash !== prevHash || digestOf(entry) !== hash) {
      throw new HoldpointError("internal", `The audit log of tenant "${tenant}" was altered at entry ${index + 1}.`);
    }
    prevHash = hash;
  }
  const head = await db.selectFrom("auditHeads").selectAll().where("tenant", "=", tenant).executeTakeFirst();
  if ((head?.seq ?? 0) !== rows.length || (head?.hash ?? GENESIS) !== prevHash) {
    throw new HoldpointError("internal", `The audit log of tenant "${tenant}" lost entries after ${rows.length}.`);
  }
  return rows.length;
}
