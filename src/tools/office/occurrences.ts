/** When events take place, each occurrence of those that recur among them. */
import ICAL from "ical.js";
import { instantOf, spanOf } from "./ical-times.ts";
import { readWithinTime } from "./within-time.ts";
import type { Span } from "./zones.ts";

/** One time at which an event takes place. */
export interface Occurrence extends Span {
  readonly id: string;
  readonly vevent: ICAL.Component;
  readonly recurs: boolean;
}

/** Which of the events, and where. */
export interface Looking {
  readonly span: Span;
  /** For days, and for times without a zone. */
  readonly zone: string;
  wanted(vevent: ICAL.Component): boolean;
}

const overlaps = (a: Span, b: Span): boolean => a.from < b.until && b.from < a.until;

/**
 * The occurrences of an iCalendar text within a time, those that were moved where they are now.
 * @throws ActionFailure `failed` when they cannot be told: nobody counts as free by half of them
 */
export function occurrencesOf(ics: string, looking: Looking): Occurrence[] {
  return readWithinTime(
    () => idOf(ics),
    () => readOccurrences(ics, looking),
  );
}

const idOf = (ics: string): string => /^UID[^:\r\n]*:(.*)$/imu.exec(ics)?.[1]?.trim() ?? "an event without an id";

function readOccurrences(ics: string, looking: Looking): Occurrence[] {
  const vevents = ICAL.Component.fromString(ics).getAllSubcomponents("vevent");
  const moved = new Set(vevents.flatMap((vevent) => movedFrom(vevent, looking.zone)));
  return vevents.flatMap((vevent) => {
    if (!looking.wanted(vevent)) return [];
    const event = new ICAL.Event(vevent, { exceptions: [] });
    if (event.isRecurring()) return recurring(event, moved, looking);
    const recurs = vevent.hasProperty("recurrence-id");
    const time = { ...spanOf(event, looking.zone), id: event.uid, vevent, recurs };
    return overlaps(time, looking.span) ? [time] : [];
  });
}

/** From when a single occurrence was moved: it has a text of its own. */
function movedFrom(vevent: ICAL.Component, zone: string): number[] {
  const time = vevent.getFirstPropertyValue("recurrence-id");
  return time instanceof ICAL.Time ? [instantOf(vevent, "recurrence-id", time, zone)] : [];
}

/** No zone is so far from UTC. */
const NEAR_MS = 7 * 86_400_000;

/** A time as if it were in UTC: zones take long to reckon with, and what was years ago is nothing that is asked for. */
const roughly = ({ year, month, day, hour, minute }: ICAL.Time): number => Date.UTC(year, month - 1, day, hour, minute);

/** Each occurrence is as long by the clock on the wall as the first one: a day stays a day when the clocks change. */
function recurring(event: ICAL.Event, moved: ReadonlySet<number>, { span, zone }: Looking): Occurrence[] {
  const { component: vevent, duration, uid: id } = event;
  const times: Occurrence[] = [];
  const length = duration.toSeconds() * 1000;
  const iterator = event.iterator();
  for (;;) {
    const start = iterator.next();
    if (!start) break;
    if (roughly(start) + length < span.from - NEAR_MS) continue;
    const from = instantOf(vevent, "dtstart", start, zone);
    if (from >= span.until) break;
    const end = start.clone();
    end.addDuration(duration);
    const time = { from, until: instantOf(vevent, "dtstart", end, zone), id, vevent, recurs: true };
    if (!moved.has(from) && overlaps(time, span)) times.push(time);
  }
  return times;
}
