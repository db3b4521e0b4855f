/** How long calls of actions took before, to tell how long others will take. */
import { percentile } from "../domain/percentile.ts";
import type { Ledger } from "./database.ts";

/** So many of an action's last calls say how long the next one takes. */
const LAST = 20;

/**
 * The median of how long the last calls took that succeeded, in milliseconds, by action. An action that was never
 * measured is not in it.
 */
export async function medianDurations(
  db: Ledger,
  tenant: string,
  actions: Iterable<string>,
): Promise<Map<string, number>> {
  const medians = new Map<string, number>();
  for (const action of new Set(actions)) {
    const median = percentile(
      [...(await lastOf(db, "reads", tenant, action)), ...(await lastOf(db, "effects", tenant, action))],
      50,
    );
    if (median !== null) medians.set(action, median);
  }
  return medians;
}

/** An action reads or writes, so that only one of the tables has calls of it. */
async function lastOf(db: Ledger, table: "reads" | "effects", tenant: string, action: string): Promise<number[]> {
  const rows = await db
    .selectFrom(table)
    .select("durationMs")
    .where("tenant", "=", tenant)
    .where("action", "=", action)
    .where("status", "=", "succeeded")
    .where("durationMs", "is not", null)
    .orderBy(table === "reads" ? "finishedAt" : "updatedAt", "desc")
    .limit(LAST)
    .execute();
  return rows.map(({ durationMs }) => Number(durationMs));
}
