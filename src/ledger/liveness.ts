/**
 * Signs of life: whoever is at a run says so in the ledger, so that a search for runs that a crash left passes it by.
 * Nothing is guarded by them; for what must not be done twice there are leases.
 */
import { explainError } from "../errors.ts";
import { warn } from "../telemetry/tell.ts";
import { type Ledger, writeBehind } from "./database.ts";
import { keptQuery } from "./kept-query.ts";

/** For how long a process that gives no more signs is believed to be at its run. */
export const ALIVE_MS = 30_000;

/** The time until which a sign given now counts, ISO 8601 UTC by the clock of this machine. */
export const aliveUntil = (): string => new Date(Date.now() + ALIVE_MS).toISOString();

export interface SignsOfLife {
  /** Says that this process is at a run. Those given shortly after another are left out. */
  give(tenant: string, runId: string): Promise<void>;
  /** Remembers that one was given just now, together with something else that was written. */
  gave(runId: string): void;
  /** Says that it is not any more. */
  takeBack(tenant: string, runId: string): Promise<void>;
}

/** Signs that cannot be given are no loss: the run may be looked at by somebody else as well. */
export function createSigns(db: Ledger): SignsOfLife {
  const given = new Map<string, number>();
  const attempt = async (write: () => Promise<unknown>): Promise<void> => {
    try {
      await write();
    } catch (error) {
      warn(`A sign of life was not given: ${explainError(error)}`);
    }
  };
  const gave = (runId: string): void => {
    const now = Date.now();
    for (const [id, at] of given) if (now - at > ALIVE_MS) given.delete(id);
    given.set(runId, now);
  };
  return {
    gave,
    async give(tenant, runId) {
      const last = given.get(runId);
      if (Date.now() - (last ?? 0) < ALIVE_MS / 3) return;
      gave(runId);
      await attempt(async () => {
        if (last === undefined) await takeUp(db, tenant, runId);
        await setAlive(db, tenant, runId, aliveUntil());
      });
    },
    async takeBack(tenant, runId) {
      given.delete(runId);
      await attempt(() => setAlive(db, tenant, runId, null));
    },
  };
}

const updateAlive = keptQuery((db, until: string | null, tenant: string, runId: string) =>
  db
    .updateTable("runs")
    .set({ aliveUntil: until })
    .where("tenant", "=", tenant)
    .where("id", "=", runId)
    .where("status", "!=", "ended"),
);

/** A sign says nothing any more after {@link ALIVE_MS}: one that a power cut takes is no loss. */
async function setAlive(db: Ledger, tenant: string, runId: string, until: string | null): Promise<void> {
  await writeBehind(db, (trx) => updateAlive(trx, until, tenant, runId));
}

/** Where nobody was at a run under way for a while, such as after a crash, that was no time at work; it is counted once. */
async function takeUp(db: Ledger, tenant: string, runId: string): Promise<void> {
  const last = await findLastSign(db, tenant, runId);
  const idleMs = gapSince(last);
  if (last === null || idleMs === 0) return;
  await db
    .updateTable("runs")
    .set((eb) => ({ aliveUntil: aliveUntil(), idleMs: eb("idleMs", "+", idleMs) }))
    .where("tenant", "=", tenant)
    .where("id", "=", runId)
    .where("aliveUntil", "=", last)
    .execute();
}

async function findLastSign(db: Ledger, tenant: string, runId: string): Promise<string | null> {
  const row = await db
    .selectFrom("runs")
    .select("aliveUntil")
    .where("tenant", "=", tenant)
    .where("id", "=", runId)
    .where("status", "=", "running")
    .executeTakeFirst();
  return row?.aliveUntil ?? null;
}

/** For how long nobody was at a run, in milliseconds. @param last until when somebody was believed to be, ISO 8601 UTC */
const gapSince = (last: string | null): number => (last === null ? 0 : Math.max(0, Date.now() - Date.parse(last)));

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
  const last = await findLastSign(db, tenant, runId);
  const claimed = await db
    .updateTable("runs")
    .set((eb) => ({ aliveUntil: aliveUntil(), idleMs: eb("idleMs", "+", gapSince(last)) }))
    .where("tenant", "=", tenant)
    .where("id", "=", runId)
    .where("status", "!=", "ended")
    .where((eb) => eb.or([eb("aliveUntil", "is", null), eb("aliveUntil", "<", now)]))
    .where((eb) => eb.or([eb("status", "!=", "running"), eb("aliveUntil", "is", null), eb("aliveUntil", "=", last)]))
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
