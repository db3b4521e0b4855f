/** Threads whose checkpoints nobody needs any more: everything asked on them has ended, long ago. */
import type { Stamp } from "../domain/run.ts";
import { appendAudit, lockAudit } from "./audit.ts";
import type { Ledger } from "./database.ts";

/** So many threads are found at a time. */
const LIMIT = 1000;

/** A tenant's threads on which nothing has been done since a time, ISO 8601 UTC, and that may still have checkpoints. */
export async function listIdleThreads(db: Ledger, tenant: string, before: string): Promise<string[]> {
  const rows = await db
    .selectFrom("runs")
    .select("threadId")
    .distinct()
    .where("tenant", "=", tenant)
    .where("checkpointsDeletedAt", "is", null)
    .where("updatedAt", "<", before)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("runs as other")
            .select("other.id")
            .whereRef("other.threadId", "=", "runs.threadId")
            .where("other.tenant", "=", tenant)
            .where((eb) =>
              eb.or([
                eb("other.status", "!=", "ended"),
                eb("other.rollback", "is not", null),
                eb("other.updatedAt", ">=", before),
              ]),
            ),
        ),
      ),
    )
    .limit(LIMIT)
    .execute();
  return rows.map(({ threadId }) => threadId);
}

/**
 * Deletes a thread's checkpoints while no run can start there: on SQLite nothing else is written meanwhile, on Postgres
 * whatever starts a run waits for the tenant's audit head.
 * @param deleteCheckpoints deletes them; when it throws, nothing was changed
 * @returns false when something has been done on the thread since, or another process did it
 */
export async function retireCheckpoints(
  db: Ledger,
  stamp: Stamp,
  { threadId, before }: { threadId: string; before: string },
  deleteCheckpoints: (threadId: string) => Promise<void>,
): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    const { tenant, at } = stamp;
    await lockAudit(trx, tenant);
    const ofThread = trx.selectFrom("runs").where("tenant", "=", tenant).where("threadId", "=", threadId);
    const runs = await ofThread.select(["status", "rollback", "updatedAt", "checkpointsDeletedAt"]).execute();
    const isIdle = runs.every(
      ({ status, rollback, updatedAt }) => status === "ended" && rollback === null && updatedAt < before,
    );
    if (!isIdle || runs.every(({ checkpointsDeletedAt }) => checkpointsDeletedAt !== null)) return false;
    const update = trx.updateTable("runs").set({ checkpointsDeletedAt: at });
    await update.where("tenant", "=", tenant).where("threadId", "=", threadId).execute();
    await appendAudit(trx, { ...stamp, event: "checkpoints.deleted", data: { thread: threadId } });
    await deleteCheckpoints(threadId);
    return true;
  });
}
