/** Which times are free. Pure. */
import type { BusyTime } from "./busy.ts";
import type { WorkingHours } from "./office.ts";
import { addDays, instantAt, type Span, weekdayOf } from "./zones.ts";

/** Meetings begin at full quarters of an hour. */
const GRID_MS = 15 * 60_000;
const NOON = "12:00";

export type DayPart = "morning" | "afternoon";

/** The working time of a day, or the half of it before or after noon; undefined where nobody works then. */
export function windowOf(
  day: string,
  part: DayPart | undefined,
  { hours, zone }: { hours: WorkingHours; zone: string },
): Span | undefined {
  const from = part === "afternoon" && hours.from < NOON ? NOON : hours.from;
  const until = part === "morning" && hours.until > NOON ? NOON : hours.until;
  const window = { from: instantAt(day, from, zone), until: instantAt(day, until, zone) };
  return window.until > window.from && from < until ? window : undefined;
}

/** The working times from one day to another, without Saturdays and Sundays. */
export function windowsBetween(
  first: string,
  last: string,
  known: { part: DayPart | undefined; hours: WorkingHours; zone: string },
): Span[] {
  const windows: Span[] = [];
  for (let day = first; day <= last; day = addDays(day, 1)) {
    const window = weekdayOf(day) < 6 ? windowOf(day, known.part, known) : undefined;
    if (window) windows.push(window);
  }
  return windows;
}

/**
 * The first times of that length that no busy time touches, at full quarters of an hour.
 * @param length in milliseconds
 * @param most how many
 */
export function freeTimes(
  windows: readonly Span[],
  busy: readonly BusyTime[],
  { length, most, now }: { length: number; most: number; now: number },
): Span[] {
  const found: Span[] = [];
  for (const window of windows) {
    const first = Math.ceil(Math.max(window.from, now) / GRID_MS) * GRID_MS;
    for (let from = first; from + length <= window.until && found.length < most; from += GRID_MS) {
      const until = from + length;
      if (!busy.some((time) => time.from < until && from < time.until)) found.push({ from, until });
    }
  }
  return found;
}
