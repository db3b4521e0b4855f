/** An office to try actions on: the event that their examples name is in it. */
import type { ActionContext } from "../action.ts";
import type { CalendarEvent } from "./event.ts";
import { newIcs } from "./ics.ts";
import type { Office } from "./office.ts";

/** The id of the event that examples change, cancel and tell of. */
export const EXAMPLE_ID = "example@holdpoint";

const EXAMPLE: CalendarEvent = {
  ...{ title: "Review", start: "2090-02-01T10:00:00Z", end: "2090-02-01T11:00:00Z", people: ["bob@example.com"] },
  ...{ location: "Room 1", description: null, recurrence: null, status: "confirmed" },
};

/** Puts the event of the examples into the calendar. */
export async function putExample(
  office: Office,
  { tenant, signal, now }: Pick<ActionContext, "tenant" | "signal" | "now">,
) {
  const writing = { now, zone: office.timeZone, done: { key: "example", before: null } };
  const ics = newIcs(EXAMPLE_ID, office.address, EXAMPLE, writing);
  await office.calendar.put({ id: EXAMPLE_ID, ics, replaces: null }, { tenant, signal });
}
