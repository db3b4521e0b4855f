/**
 * Events as iCalendar text (RFC 5545).
 *
 * 1. Changing an event leaves everything in it as it was that the change is not about.
 * 2. What was done to it, under which key, stands in the event itself (`X-HOLDPOINT-DONE`): the newest twenty,
 *    and that it was made.
 */
import ICAL from "ical.js";
import { z } from "zod";
import { type CalendarEvent, isAllDay } from "./event.ts";
import { spanOf } from "./ical-times.ts";
import { timeZoneComponent } from "./vtimezone.ts";
import { readWithinTime } from "./within-time.ts";
import { addDays, dayOf, toLocal } from "./zones.ts";

const DONE = "x-holdpoint-done";
const MAX_DONE = 20;

/** What a call did: the event as it was before, null where it was not. */
const DoneSchema = z.object({ key: z.string(), before: z.unknown() });
interface Done {
  readonly key: string;
  readonly before: unknown;
}

interface Writing {
  /** ISO 8601 UTC. */
  readonly now: string;
  /** Of the times in events that recur. */
  readonly zone: string;
  readonly done: Done;
}

/** The text of a new event. */
export function newIcs(id: string, organizer: string, event: CalendarEvent, writing: Writing): string {
  const calendar = new ICAL.Component(["vcalendar", [], []]);
  calendar.addPropertyWithValue("version", "2.0");
  calendar.addPropertyWithValue("prodid", "-//Holdpoint//office//EN");
  const vevent = new ICAL.Component("vevent");
  vevent.addPropertyWithValue("uid", id);
  vevent.addPropertyWithValue("organizer", `mailto:${organizer}`);
  vevent.addPropertyWithValue("created", utcTime(Date.parse(writing.now)));
  calendar.addSubcomponent(vevent);
  if (event.recurrence !== null) calendar.addSubcomponent(timeZoneComponent(writing.zone, Date.parse(event.start)));
  return changed(calendar, vevent, event, writing);
}

/** The text of an event that is changed to be like `changes`. */
export function changeIcs(ics: string, changes: Partial<CalendarEvent>, writing: Writing): string {
  const calendar = ICAL.Component.fromString(ics);
  const vevent = masterOf(calendar);
  if (!vevent) throw new Error("There is no event in what the calendar holds under this id.");
  return changed(calendar, vevent, changes, writing);
}

function changed(
  calendar: ICAL.Component,
  vevent: ICAL.Component,
  changes: Partial<CalendarEvent>,
  { now, zone, done }: Writing,
): string {
  const isUtc = (changes.recurrence ?? vevent.getFirstPropertyValue("rrule")) === null;
  setTexts(vevent, changes);
  if (changes.start !== undefined) setTime(vevent, "dtstart", changes.start, isUtc ? undefined : zone);
  if (changes.end !== undefined) {
    const end = isAllDay({ start: changes.end }) ? addDays(changes.end, 1) : changes.end;
    vevent.removeAllProperties("duration");
    setTime(vevent, "dtend", end, isUtc ? undefined : zone);
  }
  if (changes.people) setPeople(vevent, changes.people);
  const sequence = Number(vevent.getFirstPropertyValue("sequence") ?? -1);
  vevent.updatePropertyWithValue("sequence", sequence + 1);
  for (const name of ["dtstamp", "last-modified"]) vevent.updatePropertyWithValue(name, utcTime(Date.parse(now)));
  setDone(vevent, newest([...doneOf(vevent), done]));
  return `${calendar.toString()}\r\n`;
}

/** That it was made is never forgotten: a call that makes it once more finds that it is one. */
function newest(all: readonly Done[]): Done[] {
  const [first, ...others] = all;
  if (!first || first.before !== null) return all.slice(-MAX_DONE);
  return [first, ...others.slice(1 - MAX_DONE)];
}

const TEXTS = { title: "summary", location: "location", description: "description" } as const;

function setTexts(vevent: ICAL.Component, changes: Partial<CalendarEvent>): void {
  for (const [field, name] of Object.entries(TEXTS) as [keyof typeof TEXTS, string][]) {
    const value = changes[field];
    if (value === null) vevent.removeAllProperties(name);
    else if (value !== undefined) vevent.updatePropertyWithValue(name, value);
  }
  if (changes.status) vevent.updatePropertyWithValue("status", changes.status.toUpperCase());
  if (changes.recurrence) vevent.updatePropertyWithValue("rrule", ICAL.Recur.fromString(changes.recurrence));
}

/** @param zone undefined for UTC */
function setTime(vevent: ICAL.Component, name: string, time: string, zone: string | undefined): void {
  vevent.removeAllProperties(name);
  const property = new ICAL.Property(name);
  if (isAllDay({ start: time })) {
    property.resetType("date");
    property.setValue(ICAL.Time.fromDateString(time));
  } else if (zone === undefined) property.setValue(utcTime(Date.parse(time)));
  else {
    property.setParameter("tzid", zone);
    property.setValue(ICAL.Time.fromDateTimeString(toLocal(Date.parse(time), zone).slice(0, 19)));
  }
  vevent.addProperty(property);
}

/** Whoever is still invited keeps what they answered. */
function setPeople(vevent: ICAL.Component, people: readonly string[]): void {
  const known = new Map(vevent.getAllProperties("attendee").map((property) => [addressOf(property), property]));
  vevent.removeAllProperties("attendee");
  for (const person of people) {
    const property = known.get(person.toLowerCase()) ?? new ICAL.Property("attendee");
    property.setValue(`mailto:${person}`);
    vevent.addProperty(property);
  }
}

const utcTime = (instant: number): ICAL.Time => ICAL.Time.fromJSDate(new Date(instant), true);

/** The address that a property of a person names, in small letters; "" for what is no mail address. */
export const addressOf = (property: ICAL.Property): string =>
  /^mailto:(.*)$/iu.exec(String(property.getFirstValue()))?.[1]?.toLowerCase() ?? "";

/** The event itself, not one of its moved occurrences. */
export function masterOf(calendar: ICAL.Component): ICAL.Component | undefined {
  const all = calendar.getAllSubcomponents("vevent");
  return all.find((vevent) => !vevent.hasProperty("recurrence-id")) ?? all[0];
}

/**
 * What an iCalendar text says of its event.
 * @param zone for its times
 * @returns undefined when there is none in it
 * @throws ActionFailure `failed` when it cannot be read
 */
export function readIcs(ics: string, zone: string): CalendarEvent | undefined {
  const vevent = masterOf(ICAL.Component.fromString(ics));
  if (!vevent) return undefined;
  const nameOf = () => String(vevent.getFirstPropertyValue("uid"));
  return readWithinTime(nameOf, () => readEvent(vevent, zone));
}

function readEvent(vevent: ICAL.Component, zone: string): CalendarEvent {
  const text = (name: string): string | null => {
    const value = vevent.getFirstPropertyValue(name);
    return value === null ? null : String(value);
  };
  const event = new ICAL.Event(vevent);
  const day = event.startDate.isDate;
  const { from, until } = spanOf(event, zone);
  return {
    title: text("summary") ?? "",
    start: day ? dayOf(from, zone) : toLocal(from, zone),
    end: day ? addDays(dayOf(until, zone), -1) : toLocal(until, zone),
    people: vevent.getAllProperties("attendee").map(addressOf).filter(Boolean),
    location: text("location"),
    description: text("description"),
    recurrence: text("rrule"),
    status: text("status")?.toUpperCase() === "CANCELLED" ? "cancelled" : "confirmed",
  };
}

/** The id of the event in an iCalendar text. */
export const idOf = (ics: string): string | undefined =>
  masterOf(ICAL.Component.fromString(ics))?.getFirstPropertyValue("uid")?.toString();

/** Who organises the event in an iCalendar text, by mail address; "" where it does not say. */
export function organizerOf(ics: string): string {
  const property = masterOf(ICAL.Component.fromString(ics))?.getFirstProperty("organizer");
  return property ? addressOf(property) : "";
}

/** What was done to the event under this key; undefined for nothing that is known of. */
export function findDone(ics: string, key: string): Done | undefined {
  const vevent = masterOf(ICAL.Component.fromString(ics));
  return vevent && doneOf(vevent).find((done) => done.key === key);
}

/** Whether there were so many calls that the event may have forgotten one. */
export function marksAreFull(ics: string): boolean {
  const vevent = masterOf(ICAL.Component.fromString(ics));
  return vevent !== undefined && doneOf(vevent).length >= MAX_DONE;
}

/** Whether it is what is left of an event whose creation was undone, or never happened and must not happen any more. */
export function isTakenBack(ics: string): boolean {
  const vevent = masterOf(ICAL.Component.fromString(ics));
  const all = vevent ? doneOf(vevent) : [];
  const undone = /^(.*):undo$/su.exec(all.at(-1)?.key ?? "")?.[1];
  if (!vevent || undone === undefined || String(vevent.getFirstPropertyValue("status")) !== "CANCELLED") return false;
  return (all.find(({ key }) => key === undone)?.before ?? null) === null;
}

/** In base64, as servers treat marks in unknown properties in different ways. */
function doneOf(vevent: ICAL.Component): Done[] {
  return vevent.getAllProperties(DONE).flatMap((property) => {
    try {
      const text = Buffer.from(String(property.getFirstValue()), "base64url").toString();
      return [DoneSchema.parse(JSON.parse(text))];
    } catch {
      return []; // not ours
    }
  });
}

function setDone(vevent: ICAL.Component, all: readonly Done[]): void {
  vevent.removeAllProperties(DONE);
  for (const done of all) {
    vevent.addPropertyWithValue(DONE, Buffer.from(JSON.stringify(done)).toString("base64url"));
  }
}
