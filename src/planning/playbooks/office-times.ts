/** Times in requests to the office: as people say them, and as plans have them. */
import { momentAt, momentInWords, resolveDay, todayIn } from "../../domain/day-words.ts";
import type { Json } from "../../domain/json.ts";
import type { Plan, Step } from "../../domain/plan.ts";

export const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** Lengths as people say them, as the wordings have them. */
const LENGTHS: readonly [RegExp, string][] = [
  [/\b(\d{1,4})(?:[-‐‑ ]?min(?:ute)?s?)\b/giu, "$1 minutes"],
  [/\bhalf(?:[- ]an?)?[- ]hour(?:-long)?\b/giu, "30 minutes"],
  [/\b(?:an|one|1)[- ]hour(?:-long)?\b/giu, "60 minutes"],
];

export const withMinutes = (request: string): string =>
  LENGTHS.reduce((text, [length, minutes]) => text.replace(length, minutes), request);

/** The time zone in which today is today, and the time now, ISO 8601 UTC. */
export interface Time {
  readonly timeZone: string;
  now(): string;
}

const DAY = String.raw`today|tomorrow|(?:(?:next|this|on)\s+)?(?:${WEEKDAYS.join("|")})|\d{4}-\d{2}-\d{2}`;
const CLOCK = String.raw`(?<hour>\d{1,2})(?::(?<minute>\d{2}))?(?:\s?(?<half>[ap]m))?`;
const MOMENT = new RegExp(String.raw`\bto\s+(?<said>(?<day>${DAY})(?:,|\s+at|,\s+at)?\s+${CLOCK})(?=[\s.,!?]|$)`, "iu");

/** The time that something is moved to, as the wordings have it: with the office's offset then. */
export function withMoment(text: string, { timeZone, now }: Time): { text: string; assumptions: string[] } {
  const match = MOMENT.exec(text);
  const { said = "", day = "", hour = "", minute, half } = match?.groups ?? {};
  const today = todayIn(timeZone, now());
  const clock =
    match && (minute !== undefined || half !== undefined) ? clockOf(Number(hour), minute ?? "00", half) : undefined;
  const date = resolveDay(day.replace(/\s+/gu, " "), today);
  if (!match || clock === undefined || date === undefined) return { text, assumptions: [] };
  const moment = momentAt(date, clock, timeZone);
  const assumptions = [`"${said}" is ${moment}; today is ${today}.`];
  return { text: text.replace(match[0], () => `to ${moment}`), assumptions };
}

/** "15:00"; undefined where there is no such time. */
function clockOf(hour: number, minute: string, half: string | undefined): string | undefined {
  if (Number(minute) > 59 || hour > 23 || (half !== undefined && (hour < 1 || hour > 12))) return undefined;
  const hours = half === undefined ? hour : (hour % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
  return `${String(hours).padStart(2, "0")}:${minute}`;
}

/** Days in words become dates, and the plan says which; moments in mails become words. */
export function settled(plan: Plan, { timeZone, now }: Time, known: readonly string[]): Plan {
  const today = todayIn(timeZone, now());
  const assumptions = [...known];
  const moment = plan.steps.find(({ action }) => action === "update_event")?.args.start;
  const settle = (step: Step): Step => {
    const { day: said, text } = step.args as { day?: Json; text?: Json };
    const mail = step.action === "send_email" && typeof text === "string" && typeof moment === "string";
    if (mail)
      return { ...step, args: { ...step.args, text: text.replace(moment, () => momentInWords(moment, timeZone)) } };
    const day = typeof said === "string" ? resolveDay(said, today) : undefined;
    if (day === undefined || day === said) return step;
    assumptions.push(`"${said}" is ${day}; today is ${today}.`);
    return { ...step, args: { ...step.args, day } };
  };
  const steps = plan.steps.map(settle);
  return { ...plan, steps, ...(assumptions.length > 0 ? { assumptions } : {}) };
}
