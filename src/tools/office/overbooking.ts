/** Whether those who are to come to an event are free. */
import type { Change } from "../../domain/proposal.ts";
import { ActionFailure } from "../../errors.ts";
import { type BusyTime, busyFor, busyTimes, isBusy } from "./busy.ts";
import type { Asking } from "./calendar.ts";
import { type CalendarEvent, eventOfRow, isAllDay, TABLE } from "./event.ts";
import { idOf, newIcs } from "./ics.ts";
import type { Office } from "./office.ts";
import { addDays, describeSpan, instantAt, type Span } from "./zones.ts";

/** Of an event that recurs, the occurrences of a year are looked at. */
const YEAR_MS = 366 * 86_400_000;

/** The first time of an event. */
export function firstSpan({ start, end }: CalendarEvent, zone: string): Span {
  if (!isAllDay({ start })) return { from: Date.parse(start), until: Date.parse(end) };
  return { from: instantAt(start, "00:00", zone), until: instantAt(addDays(end, 1), "00:00", zone) };
}

/** For `Keeping.among`: the time that an event takes, and a check that nobody who comes to it is busy then. */
export function mustBeFree(office: Office, event: CalendarEvent, id: string | undefined) {
  const { timeZone } = office;
  const first = firstSpan(event, timeZone);
  const span = event.recurrence === null ? first : { from: first.from, until: first.from + YEAR_MS };
  return { span, check: (others: readonly string[]) => assertFree(office, { event, id, span }, others) };
}

/** @throws ActionFailure `invalid_request` when one of those who come is busy */
function assertFree(
  office: Office,
  { event, id, span }: { event: CalendarEvent; id: string | undefined; span: Span },
  others: readonly string[],
): void {
  if (event.status === "cancelled") return;
  const { timeZone, address } = office;
  const reading = { zone: timeZone, owner: address };
  const wanted = timesOf(event, office, span);
  if (event.people.length === 0) return;
  const known = others.filter((ics) => idOf(ics) !== id);
  const taken = busyFor(busyTimes(known, span, reading), event.people);
  for (const time of wanted) {
    const other = taken.find(({ from, until }) => from < time.until && time.from < until);
    if (!other) continue;
    const who = event.people.filter((person) => isBusy(other, person) && person !== address);
    throw new ActionFailure(
      "invalid_request",
      `${who.join(", ")} ${who.length === 1 ? "is" : "are"} busy at ${describeSpan(other, timeZone)}, ` +
        `so "${event.title}" cannot be at ${describeSpan(time, timeZone)}.`,
      { hint: "Look for a free time, and choose that." },
    );
  }
}

/** @throws ActionFailure `invalid_request` when its rule gives no times, or none that can be told */
function timesOf(event: CalendarEvent, office: Office, span: Span): BusyTime[] {
  const reading = { zone: office.timeZone, owner: office.address };
  const rule = `recurrence: from ${event.start} on, "${event.recurrence}"`;
  const hint = "Give a rule that the start of the event fits, such as FREQ=WEEKLY;COUNT=4.";
  try {
    const times = busyTimes([asIcs(event, office)], span, reading);
    if (times.length > 0) return times;
  } catch {
    throw new ActionFailure("invalid_request", `${rule} gives times that cannot be told.`, { hint });
  }
  throw new ActionFailure("invalid_request", `${rule} gives no time within a year.`, { hint });
}

const asIcs = (event: CalendarEvent, { address, timeZone: zone }: Office, id = "new"): string =>
  newIcs(id, address, event, { now: new Date(0).toISOString(), zone, done: { key: "", before: null } });

/** The events of a time as they will be when `staged` has happened. */
export async function eventsThen(
  office: Office,
  span: Span,
  { staged = [], ...asking }: Asking & { readonly staged?: readonly Change[] },
): Promise<string[]> {
  const changes = staged.filter(({ table }) => table === TABLE);
  const changed = new Set(changes.map(({ key }) => key));
  const kept = (await office.calendar.between(span, asking)).filter((ics) => !changed.has(idOf(ics) ?? ""));
  const events = changes.flatMap(({ key, after }) => {
    const event = after ? eventOfRow(after) : undefined;
    return event ? [asIcs(event, office, key)] : [];
  });
  return [...kept, ...events];
}
