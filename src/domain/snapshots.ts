/** Tables as they are before and after some changes: the rows that are touched, each once, whole. */
import { z } from "zod";
import { type Change, RowSchema } from "./change.ts";

export const SnapshotSchema = z.object({
  table: z.string(),
  /** `before` is null of a row that is new, `after` of one that goes away. */
  rows: z.array(z.object({ key: z.string(), before: RowSchema.nullable(), after: RowSchema.nullable() })),
});
/** One table. */
export type Snapshot = z.infer<typeof SnapshotSchema>;

/** What came and went again was never there. */
const isThere = ({ before, after }: Snapshot["rows"][number]): boolean => before !== null || after !== null;

/**
 * @param changes oldest first: what several of them do to one row is one step from what it was to what it becomes
 * @returns each table that is touched, in the order in which they are
 */
export function snapshotsOf(changes: readonly Change[]): Snapshot[] {
  const tables = new Map<string, Map<string, Snapshot["rows"][number]>>();
  for (const { table, key, before, after } of changes) {
    const rows = tables.get(table) ?? new Map<string, Snapshot["rows"][number]>();
    // Several new rows may be called the same until they have ids of their own.
    let place = key;
    while (before === null && rows.get(place)?.after) place = `${place} `;
    const known = rows.get(place);
    rows.set(place, { key, before: known ? known.before : before, after });
    tables.set(table, rows);
  }
  return [...tables].map(([table, rows]) => ({ table, rows: [...rows.values()].filter(isThere) }));
}
