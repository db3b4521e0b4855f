/** What is known of a call's effect on an event: by the event's own marks, or, where those are gone, by the ledger. */
import type { Effect } from "../../domain/proposal.ts";
import { ActionFailure } from "../../errors.ts";
import { type CalendarEvent, EventSchema, eventOfRow, TABLE } from "./event.ts";
import { findDone, marksAreFull } from "./ics.ts";

/**
 * Whether a call changed the event. Its mark goes when twenty others came after, or with a program that drops what it does
 * not know; an effect with an output has happened all the same.
 * @throws ActionFailure `failed` when nobody knows any more
 */
export function hasHappened(ics: string, { key, output }: Effect): boolean {
  if (findDone(ics, key) !== undefined || output !== null) return true;
  if (!marksAreFull(ics)) return false;
  throw new ActionFailure(
    "failed",
    "The event was changed so often since that it does not say any more whether this change was made.",
    {
      hint: "Look at the event, and change by hand what is to be undone.",
    },
  );
}

/** The event as it was before an effect that has happened. @throws ActionFailure `failed` when nobody knows any more */
export function eventBefore(ics: string, { key, changes }: Effect): CalendarEvent {
  const marked = EventSchema.safeParse(findDone(ics, key)?.before).data;
  const row = changes.find(({ table }) => table === TABLE)?.before;
  const before = marked ?? (row ? eventOfRow(row) : undefined);
  if (before) return before;
  throw new ActionFailure("failed", "It is not known any more how the event was before this change.", {
    hint: "Look at the event, and change by hand what is to be undone.",
  });
}
