/** `notBefore` of a step: a time, or a parameter that is one, some time before or after it. */
import { type Filling, MissingBlank } from "./blanks.ts";

const START = /^\{(?<name>[^{}]*)\}(?:\s*(?<sign>[+-])\s*(?<count>\d{1,4})\s*(?<unit>minute|hour|day|week)s?)?$/u;
/** Milliseconds. A day has 24 hours, whatever clocks do. */
const UNITS: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/** The name of the parameter that a start is reckoned from; undefined where it has not that form. */
export const startParameter = (text: string): string | undefined => START.exec(text)?.groups?.name;

/**
 * The time, ISO 8601.
 * @param text "{start}", "{start} - 3 days", or a time
 * @throws MissingBlank
 */
export function startOf(text: string, { values }: Filling): string {
  const { name, sign, count, unit = "" } = START.exec(text)?.groups ?? {};
  if (name === undefined) return text;
  const from = values[name] ?? null;
  if (from === null) throw new MissingBlank(name);
  if (sign === undefined) return String(from);
  const distance = Number(count) * (UNITS[unit] ?? 0);
  return new Date(Date.parse(String(from)) + (sign === "-" ? -distance : distance)).toISOString();
}
