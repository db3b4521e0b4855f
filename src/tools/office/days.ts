/** Days as arguments, in words or as dates. */
import { resolveDay } from "../../domain/day-words.ts";
import { ActionFailure } from "../../errors.ts";
import { line } from "./fields.ts";
import { addDays } from "./zones.ts";

const DAY = "A day (2030-01-31), or today, tomorrow, a weekday, or next and a weekday.";

export const dayWords = (name: string) => line(name, 40).describe(DAY);

/** @throws ActionFailure `invalid_request` */
export function toDay(name: string, words: string, today: string): string {
  const day = resolveDay(words, today);
  if (day !== undefined) return day;
  throw new ActionFailure("invalid_request", `${name}: "${words}" is no day.`, { hint: DAY });
}

/** @throws ActionFailure `invalid_request` when the last day is before the first, or too far from it */
export function assertDays(first: string, last: string, most: number): void {
  if (last < first) throw new ActionFailure("invalid_request", `until: ${last} is before from, ${first}.`);
  if (last <= addDays(first, most)) return;
  throw new ActionFailure("invalid_request", `until: ${last} is more than ${most} days after from, ${first}.`);
}
