/** Finding events by what they are called, who comes and when they are: their ids are what changes and cancels them. */
import type ICAL from "ical.js";
import { z } from "zod";
import { printable } from "../../domain/printable.ts";
import { ActionFailure } from "../../errors.ts";
import { type ActionContext, defineAction, type ReadAction } from "../action.ts";
import { assertDays, dayWords, toDay } from "./days.ts";
import { addresses, isAddress, isSamePerson, line, TIME_ZONE } from "./fields.ts";
import { addressOf } from "./ics.ts";
import { type Occurrence, occurrencesOf } from "./occurrences.ts";
import type { Office } from "./office.ts";
import { eventsThen } from "./overbooking.ts";
import { addDays, dayOf, describeSpan, instantAt, type Span, toLocal } from "./zones.ts";

const MAX_DAYS = 366;
const DEFAULT_DAYS = 90;
const MAX_FOUND = 20;
const MAX_NAMED = 5;
const MAX_TEXT = 200;
const MAX_PEOPLE = 50;

const InputSchema = z
  .strictObject({
    text: line("text", MAX_TEXT).optional().describe("Words of its title."),
    people: addresses("people").optional().describe("Mail addresses of people who all come to it."),
    day: dayWords("day").optional(),
    from: dayWords("from").optional().describe(`Instead of day: the first day of several. Default: from now on.`),
    until: dayWords("until").optional().describe(`The last of them. Default: ${DEFAULT_DAYS} days later.`),
    only: z
      .boolean("only must be true or false")
      .optional()
      .describe("Exactly one is wanted, and none that recurs: it fails where there are others, and says which."),
    timeZone: TIME_ZONE.optional(),
  })
  .refine(
    ({ day, from, until }) => day === undefined || (from === undefined && until === undefined),
    "give either day, or from and until",
  );
type Input = z.infer<typeof InputSchema>;

const FoundSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  start: z.string(),
  end: z.string(),
  /** In words. */
  when: z.string(),
  people: z.array(z.string()),
  location: z.string().nullable(),
  recurs: z.boolean(),
});
type Found = z.infer<typeof FoundSchema>;
const OutputSchema = z.strictObject({
  timeZone: z.string(),
  events: z.array(FoundSchema),
  /** Whether there are more than are given here. */
  more: z.boolean(),
});
type Output = z.infer<typeof OutputSchema>;

export function createFindEvents(office: Office): ReadAction<Input, Output> {
  return defineAction({
    kind: "read",
    name: "find_events",
    version: 1,
    title: "Find events",
    description:
      `Events by words of their title, who comes, and when they are, up to ${MAX_FOUND}, earliest first. Their ids are what ` +
      "update_event, cancel_event and send_email take (events.0.id). Cancelled ones are not among them.",
    input: InputSchema,
    output: OutputSchema,
    example: { text: "review", people: ["bob@example.com"], from: "2090-02-01", until: "2090-02-07" },
    untrustedOutput: office.calendar.isShared,
    run: async (args: Input, context: ActionContext) => await findEvents(office, args, context),
    summarize: (_args, { events, more, timeZone }) => {
      if (events.length === 0) return "No event fits.";
      const several = more ? `More than ${events.length} events fit` : `${events.length} events fit`;
      return `${events.length === 1 ? "One event fits" : several}: ${named(events, timeZone)}.`;
    },
  });
}

async function findEvents(office: Office, args: Input, context: ActionContext): Promise<Output> {
  const zone = args.timeZone ?? office.timeZone;
  const span = spanOf(args, { zone, now: context.now });
  const wanted = (vevent: ICAL.Component) => isWanted(vevent, args, office.address);
  const found = (await eventsThen(office, span, context))
    .flatMap((ics) => occurrencesOf(ics, { span, zone: office.timeZone, wanted }))
    .sort((a, b) => a.from - b.from || (a.id < b.id ? -1 : 1));
  const events = found.slice(0, MAX_FOUND).map((occurrence) => shown(occurrence, zone));
  if (args.only) assertOne(events, found, zone);
  return { timeZone: zone, events, more: found.length > MAX_FOUND };
}

function spanOf({ day, from, until }: Input, { zone, now }: { zone: string; now: string }): Span {
  const today = dayOf(Date.parse(now), zone);
  const first = toDay(day === undefined ? "from" : "day", day ?? from ?? "today", today);
  const last =
    day === undefined && until === undefined ? addDays(first, DEFAULT_DAYS) : toDay("until", until ?? first, today);
  assertDays(first, last, MAX_DAYS);
  const begin = day === undefined && from === undefined ? Date.parse(now) : instantAt(first, "00:00", zone);
  return { from: begin, until: instantAt(addDays(last, 1), "00:00", zone) };
}

function isWanted(vevent: ICAL.Component, { text, people = [] }: Input, owner: string): boolean {
  if (textOf(vevent, "status").toUpperCase() === "CANCELLED") return false;
  const title = folded(textOf(vevent, "summary"));
  if (
    text !== undefined &&
    !folded(text)
      .split(" ")
      .every((word) => title.includes(word))
  )
    return false;
  const all = [...vevent.getAllProperties("organizer"), ...vevent.getAllProperties("attendee")].map(addressOf);
  const named = all.length === 0 ? [owner] : all;
  return people.every((person) => named.some((other) => isSamePerson(other, person)));
}

const textOf = (vevent: ICAL.Component, name: string): string => String(vevent.getFirstPropertyValue(name) ?? "");
const folded = (text: string): string => text.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim();

/** Whoever wrote an event may have written anything: what is given out is one line, and short. */
function shown({ vevent, id, from, until, recurs }: Occurrence, zone: string): Found {
  const plain = (name: string) => printable(textOf(vevent, name)).trim().slice(0, MAX_TEXT).toWellFormed();
  const people = vevent.getAllProperties("attendee").map(addressOf).filter(isAddress).slice(0, MAX_PEOPLE);
  return {
    ...{ id: String(id).slice(0, 500), title: plain("summary") || "(without a title)", recurs, people },
    ...{ start: toLocal(from, zone), end: toLocal(until, zone), when: describeSpan({ from, until }, zone) },
    location: plain("location") || null,
  };
}

/** @throws ActionFailure that names what there is, so that whoever asked can say which one is meant */
function assertOne(events: readonly Found[], all: readonly Occurrence[], zone: string): void {
  const [first] = events;
  if (!first) {
    throw new ActionFailure("no_match", "There is no such event in the calendar.", {
      hint: "Say when it is, who comes or what it is called, as the calendar has it.",
    });
  }
  const count = new Set(all.map(({ id }) => id)).size;
  if (count > 1) {
    throw new ActionFailure("invalid_request", `${count} events fit, so nothing was chosen: ${named(events, zone)}.`, {
      hint: "Say which one is meant: its day, who comes, or what it is called.",
    });
  }
  if (!first.recurs) return;
  throw new ActionFailure("invalid_request", `"${first.title}" recurs, and can only be changed as a whole.`, {
    hint: `If all of it is meant, name it by its id: ${first.id}`,
  });
}

function named(events: readonly Found[], zone: string): string {
  const told = events.slice(0, MAX_NAMED).map(({ title, when }) => `"${title}", ${when.replace(` (${zone})`, "")}`);
  const more = events.length - told.length;
  return [...told, ...(more > 0 ? [`${more} more`] : [])].join("; ");
}
