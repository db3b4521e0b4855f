/**
 * A run's transaction is advanced by one process at a time: a lease with an expiry, and a fencing token that grows with
 * every lease, so that a holder that lost it can no longer record anything.
 */
import { randomUUID } from "node:crypto";
import { HoldpointError } from "../errors.ts";
import { warn } from "../telemetry/tell.ts";
import { type Ledger, type LedgerTransaction, writeBehind } from "./database.ts";
import { keptQuery } from "./kept-query.ts";

export interface Lease {
  readonly tenant: string;
  readonly runId: string;
  readonly token: number;
}

const TTL_MS = 30_000;

const takeLease = keptQuery((db, owner: string, until: string, tenant: string, runId: string, now: string) =>
  db
    .updateTable("runs")
    .set((eb) => ({ leaseOwner: owner, leaseToken: eb("leaseToken", "+", 1), leaseUntil: until }))
    .where("tenant", "=", tenant)
    .where("id", "=", runId)
    .where((eb) => eb.or([eb("leaseUntil", "is", null), eb("leaseUntil", "<", now)]))
    .returning("leaseToken"),
);

const updateLease = keptQuery(
  (db, owner: null | undefined, until: string | null, tenant: string, id: string, token: number) =>
    db
      .updateTable("runs")
      .set({ leaseUntil: until, ...(owner === undefined ? {} : { leaseOwner: owner }) })
      .where("tenant", "=", tenant)
      .where("id", "=", id)
      .where("leaseToken", "=", token),
);

/** Renews a lease, or with null ends it; not when another one was taken since. */
async function setLease(db: Ledger, { tenant, runId, token }: Lease, until: string | null): Promise<void> {
  await writeBehind(db, (trx) => updateLease(trx, until === null ? null : undefined, until, tenant, runId, token));
}

const until = () => new Date(Date.now() + TTL_MS).toISOString();

/** Written behind, as are renewals and the end: nobody holds a lease any more after what a power cut takes. */
async function acquireLease(db: Ledger, tenant: string, runId: string): Promise<Lease> {
  const now = new Date().toISOString();
  const [row] = await writeBehind(db, (trx) => takeLease(trx, randomUUID(), until(), tenant, runId, now));
  if (!row) {
    throw new HoldpointError("busy", `Run "${runId}" is being advanced by another process right now.`, {
      hint: `Look at it with \`show\`; if that process has died, try again in ${TTL_MS / 1000} seconds.`,
    });
  }
  return { tenant, runId, token: row.leaseToken };
}

/** Whether a process holds the run's lease at this moment. */
export async function isLeased(db: Ledger, tenant: string, runId: string): Promise<boolean> {
  const row = await db
    .selectFrom("runs")
    .select("leaseUntil")
    .where("tenant", "=", tenant)
    .where("id", "=", runId)
    .executeTakeFirst();
  return row?.leaseUntil != null && row.leaseUntil >= new Date().toISOString();
}

/**
 * Runs `work` while holding the run's lease, renewed until it ends.
 * @throws HoldpointError `busy` when another process holds it
 */
export async function withLease<T>(
  db: Ledger,
  subject: { tenant: string; runId: string },
  work: (lease: Lease) => Promise<T>,
): Promise<T> {
  const lease = await acquireLease(db, subject.tenant, subject.runId);
  // A renewal that fails is no loss: the token still guards every record.
  const renewal = setInterval(() => {
    setLease(db, lease, until()).catch((error: unknown) => warn(`A lease was not renewed: ${String(error)}`));
  }, TTL_MS / 3);
  renewal.unref();
  try {
    return await work(lease);
  } finally {
    clearInterval(renewal);
    await setLease(db, lease, null);
  }
}

const selectToken = keptQuery((db, tenant: string, runId: string) =>
  db.selectFrom("runs").select("leaseToken").where("tenant", "=", tenant).where("id", "=", runId),
);

/** @throws HoldpointError `busy` when a later lease was taken: the caller's work is not its own any more */
export async function assertLease(trx: LedgerTransaction, lease: Lease): Promise<void> {
  const [row] = await selectToken(trx, lease.tenant, lease.runId);
  if (row?.leaseToken !== lease.token) {
    throw new HoldpointError("busy", `Run "${lease.runId}" was taken over by another process.`, {
      hint: "Look at it with `show`.",
    });
  }
}
