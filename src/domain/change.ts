/** What happens to rows, as people read it. */
import { z } from "zod";

/** One row of a table, as a person reads it: money is text such as "$80.00". */
export const RowSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
export type Row = z.infer<typeof RowSchema>;

/** What happens to one row. `before` is null when the row is new, `after` is null when it goes away. */
export const ChangeSchema = z.object({
  table: z.string(),
  key: z.string(),
  before: RowSchema.nullable(),
  after: RowSchema.nullable(),
});
export type Change = z.infer<typeof ChangeSchema>;

/** The fields that a change alters; of a row that comes or goes, all that have a value. */
export function changedFields({ before, after }: Pick<Change, "before" | "after">): string[] {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return fields.filter((field) => (before?.[field] ?? null) !== (after?.[field] ?? null));
}
