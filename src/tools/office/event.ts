/** An event as the actions see it, and as a row that people decide on. */
import { z } from "zod";
import type { Change, Row } from "../../domain/proposal.ts";

/**
 * `start` and `end` are times with their offset; of an event that takes whole days, days, `end` being the last one.
 * `recurrence` is an RRULE's value.
 */
export const EventSchema = z.strictObject({
  title: z.string(),
  start: z.string(),
  end: z.string(),
  people: z.array(z.string()),
  location: z.string().nullable(),
  description: z.string().nullable(),
  recurrence: z.string().nullable(),
  status: z.enum(["confirmed", "cancelled"]),
});
export type CalendarEvent = z.infer<typeof EventSchema>;

/** Whether it takes whole days. */
export const isAllDay = ({ start }: Pick<CalendarEvent, "start">): boolean => start.length === 10;

export const TABLE = "calendar";

/** The key of an event that does not exist yet: its id comes of what runs. */
const NEW = "new";

function rowOf({ people, ...event }: CalendarEvent): Row {
  return { ...event, people: people.join(", ") };
}

/** The inverse of {@link rowOf}; undefined for a row of something else. */
export function eventOfRow(row: Row): CalendarEvent | undefined {
  const people = String(row.people ?? "");
  const parsed = EventSchema.safeParse({ ...row, people: people === "" ? [] : people.split(", ") });
  return parsed.success ? parsed.data : undefined;
}

/** What becomes of an event; without an id, of one that is to be made. */
export function eventChange(
  id: string | undefined,
  before: CalendarEvent | undefined,
  after: CalendarEvent | undefined,
): Change {
  return {
    table: TABLE,
    key: id ?? NEW,
    before: before ? rowOf(before) : null,
    after: after ? rowOf(after) : null,
  };
}
