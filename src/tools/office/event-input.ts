/** What is said of an event, and what becomes of it. */

import ICAL from "ical.js";
import { z } from "zod";
import { ActionFailure } from "../../errors.ts";
import { type CalendarEvent, isAllDay } from "./event.ts";
import { addresses, day, line, lines, moment, orderFault } from "./fields.ts";
import { addDays } from "./zones.ts";

const TIME = "A time with its offset (2030-01-31T09:00:00+01:00), or a day for whole days.";

const time = (name: string) => {
  const [asDay, asTime] = [day(name), moment(name)];
  return z.string(`${name} must be a time with its offset, or a day`).superRefine((text, context) => {
    const parsed = (text.length <= 10 ? asDay : asTime).safeParse(text);
    for (const issue of parsed.error?.issues ?? []) context.addIssue({ code: "custom", message: issue.message });
  });
};

export const eventFields = {
  title: line("title", 200),
  start: time("start").describe(TIME),
  end: time("end").describe(`${TIME} Of whole days, the last one.`),
  people: addresses("people", 0).describe("Who comes, by mail address."),
  location: line("location", 200),
  description: lines("description", 5000),
  recurrence: line("recurrence", 500)
    .refine(isRule, {
      error: ({ input }) => `recurrence: ${JSON.stringify(input)} is no RRULE, such as FREQ=WEEKLY;COUNT=4`,
    })
    .describe("How it recurs, as the value of an RRULE: FREQ=WEEKLY;BYDAY=TU;COUNT=4."),
};

/** What recurs more often than daily fills a calendar. */
const FREQUENCIES: readonly string[] = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
const MAX_INTERVAL = 1000;

/** Whether times come of it depends on the start, too: see `mustBeFree`. */
function isRule(text: string): boolean {
  try {
    const { freq, interval } = ICAL.Recur.fromString(text);
    return FREQUENCIES.includes(freq) && interval <= MAX_INTERVAL;
  } catch {
    return false;
  }
}

/** What is wrong with the times of an event, or undefined. */
export function timesFault({ start, end }: Pick<CalendarEvent, "start" | "end">): string | undefined {
  if (isAllDay({ start }) !== isAllDay({ start: end })) return `start and end must both be days, or both times`;
  if (!isAllDay({ start })) return orderFault(start, end);
  return end >= start ? undefined : `end: "${end}" is before start, "${start}"`;
}

/** An event that is moved without a word about its end is as long as before. */
export function movedTo(
  event: CalendarEvent,
  { start, end }: { start?: string | undefined; end?: string | undefined },
) {
  if (start === undefined || end !== undefined) return { ...(start ? { start } : {}), ...(end ? { end } : {}) };
  if (isAllDay(event) !== isAllDay({ start })) return { start };
  const length = Date.parse(event.end) - Date.parse(event.start);
  if (isAllDay(event)) return { start, end: addDays(start, Math.round(length / 86_400_000)) };
  return { start, end: new Date(Date.parse(start) + length).toISOString() };
}

/** @throws ActionFailure `invalid_request` when it is over already, or its times do not fit together */
export function assertTimes(event: CalendarEvent, now: string): void {
  const fault = timesFault(event);
  if (fault !== undefined) throw new ActionFailure("invalid_request", `${fault}.`);
  if (isAllDay(event) || event.recurrence !== null || Date.parse(event.end) > Date.parse(now)) return;
  throw new ActionFailure("invalid_request", `end: "${event.end}" is over already; it is ${now} now.`);
}
