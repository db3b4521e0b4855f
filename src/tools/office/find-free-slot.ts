/** Finding a time at which all are free. */
import { z } from "zod";
import { ActionFailure } from "../../errors.ts";
import { type ActionContext, defineAction, type ReadAction } from "../action.ts";
import { busyFor, busyTimes } from "./busy.ts";
import { assertDays, dayWords, toDay } from "./days.ts";
import { addresses, minutes, TIME_ZONE } from "./fields.ts";
import type { Office } from "./office.ts";
import { eventsThen } from "./overbooking.ts";
import { freeTimes, windowOf, windowsBetween } from "./slots.ts";
import { dayOf, describeDay, describeSpan, type Span, toLocal } from "./zones.ts";

const MAX_DAYS = 62;
const MAX_ALTERNATIVES = 3;
const CLOCK = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const clock = (name: string) => z.string().regex(CLOCK, `${name} must be a time of day such as 09:00`);

const InputSchema = z
  .strictObject({
    people: addresses("people").describe("Mail addresses of all who have to be free."),
    minutes: minutes("minutes").describe("How long it takes."),
    day: dayWords("day").optional(),
    from: dayWords("from")
      .optional()
      .describe("Instead of day: the first day of several. Saturdays and Sundays are left out."),
    until: dayWords("until").optional().describe("The last of them."),
    part: z.enum(["morning", "afternoon"], "part must be morning or afternoon").optional(),
    workingHours: z
      .strictObject({ from: clock("workingHours.from"), until: clock("workingHours.until") })
      .refine(({ from, until }) => from < until, "workingHours must end after they begin")
      .optional()
      .describe("Default: the office's."),
    timeZone: TIME_ZONE.optional(),
  })
  .refine(
    ({ day, from, until }) =>
      (day !== undefined) === (from === undefined && until === undefined) &&
      (from === undefined) === (until === undefined),
    "give either day, or from and until",
  );
type Input = z.infer<typeof InputSchema>;

const SlotSchema = z.strictObject({ start: z.string(), end: z.string() });
const OutputSchema = SlotSchema.extend({
  timeZone: z.string(),
  /** In words. */
  when: z.string(),
  minutes: z.int(),
  people: z.array(z.string()),
  alternatives: z.array(SlotSchema),
});
type Output = z.infer<typeof OutputSchema>;

export function createFindFreeSlot(office: Office): ReadAction<Input, Output> {
  return defineAction({
    kind: "read",
    name: "find_free_slot",
    version: 1,
    title: "Find a free time",
    description:
      "The first time of so many minutes at which all of these people are free, within working hours, on a day or " +
      "between two days; and up to three more. It fails where there is none.",
    input: InputSchema,
    output: OutputSchema,
    example: { people: ["bob@example.com"], minutes: 30, day: "2090-02-01" },
    run: async (args: Input, context: ActionContext) => await findSlot(office, args, context),
    summarize: (_args, { when, people, minutes: length }) =>
      `${people.join(", ")} ${people.length === 1 ? "is" : "are"} free for ${length} minutes: ${when}.`,
  });
}

async function findSlot(office: Office, args: Input, context: ActionContext): Promise<Output> {
  const zone = args.timeZone ?? office.timeZone;
  const { windows, days } = windowsOf(office, args, { zone, now: context.now });
  const [first, last] = [windows[0], windows.at(-1)];
  const now = Date.parse(context.now);
  if (!first || !last) throw none(args, days, `nobody works then (${hoursOf(office, args)})`);
  if (last.until <= now) throw none(args, days, `that is over; it is ${toLocal(now, zone)} now`);
  const span: Span = { from: first.from, until: last.until };
  const busy = busyFor(
    busyTimes(await eventsThen(office, span, context), span, { zone, owner: office.address }),
    args.people,
  );
  const wanted = { length: args.minutes * 60_000, most: MAX_ALTERNATIVES + 1, now };
  const [slot, ...others] = freeTimes(windows, busy, wanted);
  if (!slot) throw none(args, days, `within ${hoursOf(office, args)} (${zone}) there are too few minutes left`);
  const shown = ({ from, until }: Span) => ({ start: toLocal(from, zone), end: toLocal(until, zone) });
  return {
    ...shown(slot),
    ...{ timeZone: zone, when: describeSpan(slot, zone), minutes: args.minutes, people: args.people },
    alternatives: others.map(shown),
  };
}

const hoursOf = (office: Office, { workingHours, part }: Input): string => {
  const { from, until } = workingHours ?? office.workingHours;
  return `${from}–${until}${part === undefined ? "" : ` in the ${part}`}`;
};

function none({ people, minutes: length }: Input, days: string, why: string): ActionFailure {
  return new ActionFailure(
    "no_match",
    `There is no time of ${length} minutes on ${days} at which ${people.join(", ")} ${people.length === 1 ? "is" : "are all"} free: ${why}.`,
    {
      hint: "Name another day, or fewer people.",
    },
  );
}

/** A day that was named counts whatever day it is; of a range, Saturdays and Sundays do not. */
function windowsOf(office: Office, args: Input, { zone, now }: { zone: string; now: string }) {
  const today = dayOf(Date.parse(now), zone);
  const hours = args.workingHours ?? office.workingHours;
  const known = { part: args.part, hours, zone };
  if (args.day !== undefined) {
    const day = toDay("day", args.day, today);
    const window = windowOf(day, args.part, known);
    return { windows: window ? [window] : [], days: describeDay(day) };
  }
  const [first, last] = [toDay("from", args.from ?? "", today), toDay("until", args.until ?? "", today)];
  assertDays(first, last, MAX_DAYS);
  return { windows: windowsBetween(first, last, known), days: `${describeDay(first)} to ${describeDay(last)}` };
}
