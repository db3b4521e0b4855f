/** Times in time zones. Instants are milliseconds since 1970; what people read and write is local to a zone. */
import { DateTime, IANAZone } from "luxon";

/** A stretch of time, in milliseconds since 1970; `until` is its end and no longer part of it. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** Whether it is the name of a time zone, such as "Europe/Berlin" or "UTC". */
export const isZone = (name: string): boolean => IANAZone.isValidZone(name);

/** ISO 8601 with the offset that the zone has then, such as "2026-11-24T12:00:00+01:00". */
export function toLocal(instant: number, zone: string): string {
  return isoOf(DateTime.fromMillis(instant, { zone }));
}

/** The day in the zone, such as "2026-11-24". */
export function dayOf(instant: number, zone: string): string {
  return toLocal(instant, zone).slice(0, 10);
}

/**
 * When it is this time of this day in the zone. A time that daylight saving leaves out is that much later; of one that
 * comes twice, the first counts.
 * @param day "2026-11-24"
 * @param time "09:00"
 */
export function instantAt(day: string, time: string, zone: string): number {
  return DateTime.fromISO(`${day}T${time}`, { zone }).toMillis();
}

/** The day so many days later, such as "2026-11-25". */
export function addDays(day: string, days: number): string {
  return isoOf(DateTime.fromISO(day, { zone: "UTC" }).plus({ days })).slice(0, 10);
}

/** 1 for Monday to 7 for Sunday. */
export const weekdayOf = (day: string): number => DateTime.fromISO(day, { zone: "UTC" }).weekday;

/** "Tuesday, 24 November 2026, 12:00–12:30 (Europe/Berlin)". */
export function describeSpan({ from, until }: Span, zone: string): string {
  const [start, end] = [from, until].map((instant) => DateTime.fromMillis(instant, { zone, locale: "en-GB" }));
  if (!start || !end) return "";
  const long = "cccc, d LLLL yyyy, HH:mm";
  const last = start.hasSame(end, "day") ? end.toFormat("HH:mm") : end.toFormat(long);
  return `${start.toFormat(long)}–${last} (${zone})`;
}

/** "Tuesday, 24 November 2026". */
export const describeDay = (day: string): string =>
  DateTime.fromISO(day, { zone: "UTC", locale: "en-GB" }).toFormat("cccc, d LLLL yyyy");

function isoOf(time: DateTime): string {
  const text = time.toISO({ suppressMilliseconds: true });
  if (text === null) throw new RangeError(`There is no such time: ${time.invalidExplanation}.`);
  return text;
}
