/**
 * The audit log: who did what, when. Keeps invariant 10: an entry is written in the same database transaction as the
 * change that it records, and entries form a hash chain per tenant. What is in it is masked. The chain holds only the
 * digest of it, so that it can be forgotten and the chain stays whole.
 */
import { randomBytes } from "node:crypto";
import type { Insertable, Selectable } from "kysely";
import { canonicalJson, derivedId, digestOf, type JsonObject } from "../domain/json.ts";
import type { Stamp } from "../domain/run.ts";
import { maskJson, maskText } from "../telemetry/mask.ts";
import { detailDigest, GENESIS, promisedDetail } from "./audit-chain.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { keptInsert, keptQuery } from "./kept-query.ts";
import type { AuditLogTable } from "./schema.ts";

export interface AuditEntry {
  seq: number;
  at: string;
  /** Who did it; see {@link auditName}. */
  principal: string;
  /** subject.verb, such as `proposal.approved`. */
  event: string;
  runId: string | null;
  /** Masked; once it was forgotten, only that. */
  data: JsonObject;
  /** SHA-256 over the canonical JSON of the entry without `hash`, with `tenant`, `prevHash` and the digest of `data`. */
  hash: string;
}

export interface AuditInput {
  tenant: string;
  at: string;
  principal: string;
  event: string;
  runId?: string | undefined;
  data?: JsonObject | undefined;
  /** Instead of `data`: what has been masked. */
  masked?: JsonObject | undefined;
}

/**
 * A principal as the audit names it: as it is, unless the name itself is personal data, such as a mail address. That
 * becomes a pseudonym, the same one for the same name, so that the person can be forgotten with the chain left whole.
 */
function auditName(tenant: string, principal: string): string {
  return maskText(principal) === principal ? principal : pseudonymOf(tenant, principal);
}

/** What stands for a person of a tenant who is not to be named. */
export const pseudonymOf = (tenant: string, principal: string): string => derivedId("person", { tenant, principal });

/**
 * Lets no other transaction of the tenant that is audited go on before this one ends. On SQLite none does anyway; on
 * Postgres the update locks the tenant's head.
 */
export async function lockAudit(trx: LedgerTransaction, tenant: string): Promise<void> {
  await lockHead(trx, tenant);
}

const lockHead = keptQuery((db, tenant: string) =>
  db
    .insertInto("auditHeads")
    .values({ tenant, seq: 0, hash: GENESIS })
    .onConflict((c) => c.column("tenant").doUpdateSet((eb) => ({ seq: eb.ref("auditHeads.seq") }))),
);

/** Takes all that was written behind so far to the disk: what is kept elsewhere of the log must not be ahead of it. */
export async function writeThrough(db: Ledger, tenant: string): Promise<void> {
  await db.transaction().execute((trx) => lockAudit(trx, tenant));
}

/** Appends one entry inside the transaction of the change that it records; its data is masked before it is hashed. */
export async function appendAudit(trx: LedgerTransaction, input: Omit<AuditInput, "masked">): Promise<void> {
  const { event, runId, data, ...stamp } = input;
  await appendAudits(trx, stamp, [{ event, runId, data }]);
}

/** Makes room at the end of the chain for so many entries. */
const extendHead = keptQuery((db, tenant: string, entries: number) =>
  db
    .insertInto("auditHeads")
    .values({ tenant, seq: entries, hash: GENESIS })
    .onConflict((c) => c.column("tenant").doUpdateSet((eb) => ({ seq: eb("auditHeads.seq", "+", entries) })))
    .returning(["seq", "hash"]),
);
const setHead = keptQuery((db, hash: string, tenant: string) =>
  db.updateTable("auditHeads").set({ hash }).where("tenant", "=", tenant),
);
const insertEntries = keptInsert((db, rows: Insertable<AuditLogTable>[]) => db.insertInto("auditLog").values(rows));

const SALT_BYTES = 16;

/** {@link appendAudit}, of several entries in their order, at the cost of few statements. */
export async function appendAudits(
  trx: LedgerTransaction,
  { tenant, principal, at }: Stamp,
  inputs: readonly Omit<AuditInput, keyof Stamp>[],
): Promise<void> {
  const [head] = await extendHead(trx, tenant, inputs.length);
  if (!head) throw new Error("The database gave no head of the audit log back.");
  const by = { tenant, at, principal: auditName(tenant, principal) };
  const first = head.seq - inputs.length + 1;
  let prevHash = head.hash;
  const salts = randomBytes(SALT_BYTES * inputs.length).toString("hex");
  const rows = inputs.map(({ event, runId = null, data = {}, masked = maskJson(data) }, index) => {
    const detail = canonicalJson(masked);
    const salt = salts.slice(2 * SALT_BYTES * index, 2 * SALT_BYTES * (index + 1));
    const promised = canonicalJson({ detail: detailDigest(salt, detail) });
    const entry = { ...by, seq: first + index, event, runId, data: promised, prevHash };
    prevHash = digestOf(entry);
    return { ...entry, hash: prevHash, detail, salt };
  });
  await insertEntries(trx, rows);
  await setHead(trx, prevHash, tenant);
}

/** A tenant's entries, oldest first; of one run when `runId` is given. */
export async function listAudit(db: Ledger, tenant: string, runId?: string): Promise<AuditEntry[]> {
  let query = db.selectFrom("auditLog").selectAll().where("tenant", "=", tenant).orderBy("seq");
  if (runId !== undefined) query = query.where("runId", "=", runId);
  const rows = await query.execute();
  return rows.map(toEntry);
}

function toEntry({ seq, at, principal, event, runId, data, detail, hash }: Selectable<AuditLogTable>): AuditEntry {
  const forgotten = detail === null && promisedDetail(data) !== undefined;
  return { seq, at, principal, event, runId, data: forgotten ? { forgotten } : JSON.parse(detail ?? data), hash };
}

/** A tenant's entries, newest first, up to one of them. */
export async function pageOfAudit(
  db: Ledger,
  tenant: string,
  query: {
    readonly limit: number;
    /** The number of the last entry of the page before. */
    readonly before?: number | undefined;
    readonly event?: string | undefined;
    readonly runId?: string | undefined;
    readonly principal?: string | undefined;
  },
): Promise<{ items: AuditEntry[]; next: number | null }> {
  const { limit, before, event, runId, principal } = query;
  let rows = db.selectFrom("auditLog").selectAll().where("tenant", "=", tenant);
  if (before !== undefined) rows = rows.where("seq", "<", before);
  if (event !== undefined) rows = rows.where("event", "=", event);
  if (runId !== undefined) rows = rows.where("runId", "=", runId);
  if (principal !== undefined) rows = rows.where("principal", "=", auditName(tenant, principal));
  const found = (
    await rows
      .orderBy("seq", "desc")
      .limit(limit + 1)
      .execute()
  ).map(toEntry);
  const items = found.slice(0, limit);
  return { items, next: found.length > limit ? (items.at(-1)?.seq ?? null) : null };
}

/** The entries of some runs of a tenant after a number, oldest first, at most 10,000. */
export async function listAuditAfter(
  db: Ledger,
  tenant: string,
  runIds: readonly string[],
  after: number,
): Promise<AuditEntry[]> {
  const rows = await db
    .selectFrom("auditLog")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("runId", "in", [...runIds])
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(10_000)
    .execute();
  return rows.map(toEntry);
}

/** Takes out what the entries of a run hold; that it was forgotten has to be said by a `data.forgotten` that names it. */
export async function forgetAudit(trx: LedgerTransaction, tenant: string, runId: string): Promise<void> {
  await trx
    .updateTable("auditLog")
    .set({ detail: null, salt: null })
    .where("tenant", "=", tenant)
    .where("runId", "=", runId)
    .execute();
}

/**
 * Takes the data out of those entries of no run that name a person, such as that they became a member.
 * @returns their numbers, which the entry about the forgetting has to name
 */
export async function forgetAuditOf(trx: LedgerTransaction, tenant: string, person: string): Promise<number[]> {
  const rows = await trx
    .selectFrom("auditLog")
    .select(["seq", "detail"])
    .where("tenant", "=", tenant)
    .where("runId", "is", null)
    .where("detail", "is not", null)
    .where("event", "not in", ["data.forgotten", "audit.pruned"]) // these are needed for the check of the chain
    .execute();
  const seqs = rows.filter(({ detail }) => detail?.includes(JSON.stringify(person))).map(({ seq }) => seq);
  for (const seq of seqs) {
    const update = trx.updateTable("auditLog").set({ detail: null, salt: null });
    await update.where("tenant", "=", tenant).where("seq", "=", seq).execute();
  }
  return seqs;
}
