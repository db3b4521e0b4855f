/** When people are busy, and when they are free. */
import { z } from "zod";
import { type ActionContext, defineAction, type ReadAction } from "../action.ts";
import { busyFor, busyTimes } from "./busy.ts";
import { addresses, moment, orderFault, TIME_ZONE } from "./fields.ts";
import type { Office } from "./office.ts";
import { eventsThen } from "./overbooking.ts";
import { describeSpan, type Span, toLocal } from "./zones.ts";

const MAX_DAYS = 62;

const InputSchema = z
  .strictObject({
    people: addresses("people").describe("Mail addresses."),
    from: moment("from"),
    until: moment("until"),
    timeZone: TIME_ZONE.optional(),
  })
  .superRefine(({ from, until }, context) => {
    const fault = orderFault(from, until)?.replace("end:", "until:").replace("start", "from");
    const long = Date.parse(until) - Date.parse(from) > MAX_DAYS * 86_400_000;
    const message = fault ?? (long ? `until: "${until}" is more than ${MAX_DAYS} days after from` : undefined);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
type Input = z.infer<typeof InputSchema>;

const TimesSchema = z.array(z.strictObject({ start: z.string(), end: z.string() }));
const OutputSchema = z.strictObject({
  timeZone: z.string(),
  people: z.array(z.strictObject({ person: z.string(), busy: TimesSchema, free: TimesSchema })),
});
type Output = z.infer<typeof OutputSchema>;

export function createCheckAvailability(office: Office): ReadAction<Input, Output> {
  return defineAction({
    kind: "read",
    name: "check_availability",
    version: 1,
    title: "Look when people are free",
    description:
      "When people are busy and when they are free within a time of up to 62 days. It does not say with what.",
    input: InputSchema,
    output: OutputSchema,
    example: { people: ["bob@example.com"], from: "2090-02-01T08:00:00Z", until: "2090-02-01T18:00:00Z" },
    run: async (args: Input, context: ActionContext) => {
      const zone = args.timeZone ?? office.timeZone;
      const span = { from: Date.parse(args.from), until: Date.parse(args.until) };
      const times = busyTimes(await eventsThen(office, span, context), span, { zone, owner: office.address });
      const shown = (spans: readonly Span[]) =>
        spans.map(({ from, until }) => ({ start: toLocal(from, zone), end: toLocal(until, zone) }));
      const people = args.people.map((person) => {
        const busy = joined(busyFor(times, [person]), span);
        return { person, busy: shown(busy), free: shown(between(busy, span)) };
      });
      return { timeZone: zone, people };
    },
    summarize: (args, { people, timeZone }) => {
      const span = { from: Date.parse(args.from), until: Date.parse(args.until) };
      const sentences = people.map(({ person, busy }) => `${person} ${inWords(busy, timeZone)}`);
      return `${describeSpan(span, timeZone)}: ${sentences.join("; ")}.`;
    },
  });
}

function inWords(busy: Output["people"][number]["busy"], zone: string): string {
  if (busy.length === 0) return "is free";
  const times = busy
    .slice(0, 10)
    .map(({ start, end }) =>
      describeSpan({ from: Date.parse(start), until: Date.parse(end) }, zone).replace(` (${zone})`, ""),
    );
  return `is busy at ${[...times, ...(busy.length > 10 ? [`${busy.length - 10} more times`] : [])].join(" and ")}`;
}

/** Times, earliest first, as they lie within a span; those that touch become one. */
function joined(times: readonly Span[], span: Span): Span[] {
  const result: { from: number; until: number }[] = [];
  for (const time of times) {
    const [from, until] = [Math.max(time.from, span.from), Math.min(time.until, span.until)];
    const last = result.at(-1);
    if (last && from <= last.until) last.until = Math.max(last.until, until);
    else result.push({ from, until });
  }
  return result;
}

/** What of a span lies between times that do not touch. */
function between(times: readonly Span[], span: Span): Span[] {
  const starts = [span.from, ...times.map(({ until }) => until)];
  const ends = [...times.map(({ from }) => from), span.until];
  return starts.flatMap((from, index) => {
    const until = ends[index] ?? span.until;
    return until > from ? [{ from, until }] : [];
  });
}
