/** How long calls of actions took before, to tell how long others will take. */
import { percentile } from "../domain/percentile.ts";
import type { Ledger } from "./database.ts";
import { keptQuery } from "./kept-query.ts";

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
    // An action reads or writes, so that only one of the tables has calls of it.
    const calls = [...(await lastReads(db, tenant, action)), ...(await lastEffects(db, tenant, action))];
    const median = percentile(
      calls.map(({ durationMs }) => Number(durationMs)),
      50,
    );
    if (median !== null) medians.set(action, median);
  }
  return medians;
}

const lastOf = (table: "reads" | "effects", order: "finishedAt" | "updatedAt") =>
  keptQuery((db, tenant: string, action: string) =>
    db
      .selectFrom(table)
      .select("durationMs")
      .where("tenant", "=", tenant)
      .where("action", "=", action)
      .where("status", "=", "succeeded")
      .where("durationMs", "is not", null)
      .orderBy(order as "durationMs", "desc")
      .limit(LAST),
  );

const lastReads = lastOf("reads", "finishedAt");
const lastEffects = lastOf("effects", "updatedAt");
