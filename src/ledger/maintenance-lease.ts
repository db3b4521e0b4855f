/**
 * Whose turn maintenance is: of all processes over one ledger, one makes the passes. It is no lock, since every job may be
 * done by several at once (each change is a compare-and-set); it saves the others the work.
 */
import type { Ledger } from "./database.ts";

const NAME = "maintenance";

/**
 * Takes the turn, or keeps it.
 * @param owner the process, by an id of its own
 * @param times `now`, and `until` when the owner is taken for dead; ISO 8601 UTC
 * @returns false while it is another's
 */
export async function takeMaintenance(
  db: Ledger,
  owner: string,
  { now, until }: { now: string; until: string },
): Promise<boolean> {
  const taken = await db
    .insertInto("processLeases")
    .values({ name: NAME, owner, until })
    .onConflict((c) =>
      c
        .column("name")
        .doUpdateSet({ owner, until })
        .where((eb) => eb.or([eb("processLeases.owner", "=", owner), eb("processLeases.until", "<=", now)])),
    )
    .executeTakeFirst();
  return Number(taken.numInsertedOrUpdatedRows ?? 0) > 0;
}

/** Gives the turn back, where it is the owner's. */
export async function endMaintenance(db: Ledger, owner: string): Promise<void> {
  await db.deleteFrom("processLeases").where("name", "=", NAME).where("owner", "=", owner).execute();
}
