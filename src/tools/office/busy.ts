/** When people are busy, by the events of a calendar. */
import type ICAL from "ical.js";
import { isSamePerson } from "./fields.ts";
import { addressOf } from "./ics.ts";
import { occurrencesOf } from "./occurrences.ts";
import type { Span } from "./zones.ts";

/** A time that an event takes from those who come to it. */
export interface BusyTime extends Span {
  readonly id: string;
  readonly people: readonly string[];
}

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

function timesOf(ics: string, span: Span, { zone, owner }: Reading): BusyTime[] {
  return occurrencesOf(ics, { span, zone, wanted: takesTime }).map(({ from, until, id, vevent }) => {
    return { from, until, id, people: comingTo(vevent, owner) };
  });
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
