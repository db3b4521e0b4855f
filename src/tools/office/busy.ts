/** When people are busy, by the events of a calendar. */
import ICAL from "ical.js";
import { isSamePerson } from "./fields.ts";
import { instantOf, spanOf } from "./ical-times.ts";
import { addressOf } from "./ics.ts";
import type { Span } from "./zones.ts";

/** A time that an event takes from those who come to it. */
export interface BusyTime extends Span {
  readonly id: string;
  readonly people: readonly string[];
}

/** So many occurrences of an event are looked at: a daily one for some 270 years. */
const MAX_OCCURRENCES = 100_000;

const overlaps = (a: Span, b: Span): boolean => a.from < b.until && b.from < a.until;

/** How a calendar is read. */
export interface Reading {
  /** For days, and for times without a zone. */
  readonly zone: string;
  /** Whose calendar it is: an event that names nobody takes their time. */
  readonly owner: string;
}

/**
 * What of a time the events take, earliest first. Events that are cancelled, or that say that they leave people free,
 * take nothing; whoever declined is free.
 */
export function busyTimes(events: readonly string[], span: Span, reading: Reading): BusyTime[] {
  return events.flatMap((ics) => timesOf(ics, span, reading)).sort((a, b) => a.from - b.from);
}

/** Those of the times at which one of these people is busy. */
export function busyFor(times: readonly BusyTime[], people: readonly string[]): BusyTime[] {
  return times.filter((time) => people.some((person) => isBusy(time, person)));
}

/** Whether a person is one of those whom the time is taken from. */
export const isBusy = (time: BusyTime, person: string): boolean =>
  time.people.some((other) => isSamePerson(other, person));

function timesOf(ics: string, span: Span, reading: Reading): BusyTime[] {
  const vevents = ICAL.Component.fromString(ics).getAllSubcomponents("vevent");
  const moved = new Set(vevents.flatMap((vevent) => movedFrom(vevent, reading.zone)));
  return vevents.flatMap((vevent) => {
    const event = new ICAL.Event(vevent, { exceptions: [] });
    if (!takesTime(vevent)) return [];
    const people = comingTo(vevent, reading.owner);
    if (event.isRecurring()) return recurring(event, span, { zone: reading.zone, moved, people });
    const time = { ...spanOf(event, reading.zone), id: event.uid, people };
    return overlaps(time, span) ? [time] : [];
  });
}

/** From when a single occurrence was moved: it has a text of its own. */
function movedFrom(vevent: ICAL.Component, zone: string): number[] {
  const time = vevent.getFirstPropertyValue("recurrence-id");
  return time instanceof ICAL.Time ? [instantOf(vevent, "recurrence-id", time, zone)] : [];
}

/** Each occurrence is as long by the clock on the wall as the first one: a day stays a day when the clocks change. */
function recurring(
  event: ICAL.Event,
  span: Span,
  { zone, moved, people }: { zone: string; moved: ReadonlySet<number>; people: readonly string[] },
): BusyTime[] {
  const { component, duration, uid: id } = event;
  const times: BusyTime[] = [];
  const iterator = event.iterator();
  for (let count = 0; count < MAX_OCCURRENCES; count += 1) {
    const start = iterator.next();
    if (!start) break;
    const from = instantOf(component, "dtstart", start, zone);
    if (from >= span.until) break;
    const end = start.clone();
    end.addDuration(duration);
    const time = { from, until: instantOf(component, "dtstart", end, zone), id, people };
    if (!moved.has(from) && overlaps(time, span)) times.push(time);
  }
  return times;
}

function takesTime(vevent: ICAL.Component): boolean {
  const says = (name: string) => String(vevent.getFirstPropertyValue(name) ?? "").toUpperCase();
  return says("status") !== "CANCELLED" && says("transp") !== "TRANSPARENT";
}

function comingTo(vevent: ICAL.Component, owner: string): string[] {
  const invited = vevent.getAllProperties("attendee");
  const declined = invited.filter((property) => property.getFirstParameter("partstat") === "DECLINED").map(addressOf);
  const all = [...vevent.getAllProperties("organizer"), ...invited].map(addressOf);
  if (all.length === 0) return [owner];
  return [...new Set(all)].filter((person) => person !== "" && !declined.includes(person));
}
