/**
 * Signs of life: whoever is at a run says so in the ledger, so that a search for runs that a crash left passes it by.
 * Nothing is guarded by them; for what must not be done twice there are leases.
 */
import type { Ledger } from "./database.ts";

/** For how long a process that gives no more signs is believed to be at its run. */
export const ALIVE_MS = 30_000;

/** The time until which a sign given now counts, ISO 8601 UTC by the clock of this machine. */
export const aliveUntil = (): string => new Date(Date.now() + ALIVE_MS).toISOString();

/** Gives a sign of life for a run that is under way, or with null takes it back. */
export async function showAlive(db: Ledger, tenant: string, runId: string, until: string | null): Promise<void> {
  await db
    .updateTable("runs")
    .set({ aliveUntil: until })
    .where("tenant", "=", tenant)
    .where("id", "=", runId)
    .where("status", "=", "running")
    .execute();
}

/** Whether a process was at a run a short while ago. */
export async function isAlive(db: Ledger, tenant: string, runId: string): Promise<boolean> {
  return (await believedUntil(db, tenant, runId)) >= new Date().toISOString();
}

/** Until when a process is believed to be at a run, ISO 8601 UTC; empty when there was none. */
export async function believedUntil(db: Ledger, tenant: string, runId: string): Promise<string> {
  const row = await db
    .selectFrom("runs")
    .select(["aliveUntil", "leaseUntil"])
    .where("tenant", "=", tenant)
    .where("id", "=", runId)
    .executeTakeFirst();
  const [last = ""] = [row?.aliveUntil ?? "", row?.leaseUntil ?? ""].sort().reverse();
  return last;
}
