/**
 * Signs of life: whoever is at a run says so in the ledger, so that a search for runs that a crash left passes it by.
 * Nothing is guarded by them; for what must not be done twice there are leases.
 */
import { explainError } from "../errors.ts";
import { warn } from "../telemetry/tell.ts";
import type { Ledger } from "./database.ts";

/** For how long a process that gives no more signs is believed to be at its run. */
export const ALIVE_MS = 30_000;

/** The time until which a sign given now counts, ISO 8601 UTC by the clock of this machine. */
export const aliveUntil = (): string => new Date(Date.now() + ALIVE_MS).toISOString();

export interface SignsOfLife {
  /** Says that this process is at a run. Those given shortly after another are left out. */
  give(tenant: string, runId: string): Promise<void>;
  /** Says that it is not any more. */
  takeBack(tenant: string, runId: string): Promise<void>;
}

/** Signs that cannot be given are no loss: the run may be looked at by somebody else as well. */
export function createSigns(db: Ledger): SignsOfLife {
  const given = new Map<string, number>();
  const write = async (tenant: string, runId: string, until: string | null): Promise<void> => {
    try {
      await db
        .updateTable("runs")
        .set({ aliveUntil: until })
        .where("tenant", "=", tenant)
        .where("id", "=", runId)
        .where("status", "!=", "ended")
        .execute();
    } catch (error) {
      warn(`A sign of life was not given: ${explainError(error)}`);
    }
  };
  return {
    async give(tenant, runId) {
      const now = Date.now();
      if (now - (given.get(runId) ?? 0) < ALIVE_MS / 3) return;
      for (const [id, at] of given) if (now - at > ALIVE_MS) given.delete(id);
      given.set(runId, now);
      await write(tenant, runId, aliveUntil());
    },
    async takeBack(tenant, runId) {
      given.delete(runId);
      await write(tenant, runId, null);
    },
  };
}

/** Whether a process was at a run a short while ago. */
export async function isAlive(db: Ledger, tenant: string, runId: string): Promise<boolean> {
  return (await believedUntil(db, tenant, runId)) >= new Date().toISOString();
}

/**
 * Gives a sign of life where no process was seen at a run a short while ago, so that of several that find it one goes on.
 * @returns whether this one does
 */
export async function claimRun(db: Ledger, tenant: string, runId: string): Promise<boolean> {
  const now = new Date().toISOString();
  const claimed = await db
    .updateTable("runs")
    .set({ aliveUntil: aliveUntil() })
    .where("tenant", "=", tenant)
    .where("id", "=", runId)
    .where("status", "!=", "ended")
    .where((eb) => eb.or([eb("aliveUntil", "is", null), eb("aliveUntil", "<", now)]))
    .where((eb) => eb.or([eb("leaseUntil", "is", null), eb("leaseUntil", "<", now)]))
    .executeTakeFirst();
  return Number(claimed.numUpdatedRows) > 0;
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
