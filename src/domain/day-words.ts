/** Days as people say them. */
import { DateTime } from "luxon";

const WEEKDAYS = "sunday monday tuesday wednesday thursday friday saturday".split(" ");
const DAY_MS = 86_400_000;

/**
 * The day that is meant: a date, "today", "tomorrow", or a weekday with or without "next" or "this". A weekday is the
 * one that comes next, and never today.
 * @param words such as "next Tuesday"
 * @param today such as "2026-11-22"
 * @returns a day such as "2026-11-24"; undefined for what has no one meaning
 */
export function resolveDay(words: string, today: string): string | undefined {
  const said = words.trim().toLowerCase().replace(/\s+/g, " ");
  if (/^\d{4}-\d{2}-\d{2}$/.test(said)) return isDay(said) ? said : undefined;
  if (said === "today") return today;
  if (said === "tomorrow") return later(today, 1);
  const weekday = WEEKDAYS.indexOf(said.replace(/^(?:next|this|on) /, ""));
  if (weekday < 0) return undefined;
  const days = (weekday - new Date(`${today}T00:00:00Z`).getUTCDay() + 7) % 7;
  return later(today, days === 0 ? 7 : days);
}

/** Today in a time zone. @param now ISO 8601 UTC */
export function todayIn(zone: string, now: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(
    new Date(now),
  );
}

/**
 * When it is this time of this day in a zone, with its offset, such as "2026-11-24T15:00:00+01:00". A time that daylight
 * saving leaves out is that much later; of one that comes twice, the first counts.
 */
export const momentAt = (day: string, clock: string, zone: string): string =>
  DateTime.fromISO(`${day}T${clock}`, { zone }).toISO({ suppressMilliseconds: true }) ?? "";

/** "Tuesday, 24 November 2026, 15:00 (Europe/Berlin)"; a text that is no time stays as it is. */
export function momentInWords(moment: string, zone: string): string {
  const time = DateTime.fromISO(moment, { zone, locale: "en-GB" });
  return time.isValid ? `${time.toFormat("cccc, d LLLL yyyy, HH:mm")} (${zone})` : moment;
}

const later = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

const isDay = (text: string): boolean => {
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text);
};
