/**
 * The event that a mail is about. A person approves a mail with what is attached to it: by then the event stands among
 * its arguments as it was shown, and only that event, unchanged, is attached when the mail goes out.
 */
import type { Change } from "../../domain/proposal.ts";
import { ActionFailure } from "../../errors.ts";
import type { Asking } from "./calendar.ts";
import { type CalendarEvent, eventOfRow, TABLE } from "./event.ts";
import { getEvent, isSameField } from "./event-effects.ts";
import type { EventRef } from "./event-ref.ts";
import { idOf, organizerOf, readIcs } from "./ics.ts";
import type { Office } from "./office.ts";
import { eventsThen, firstSpan } from "./overbooking.ts";
import { describeEvent } from "./seen-event.ts";

/** An event that was found, with its text in the calendar where it is there already. */
export interface Told {
  readonly id: string | undefined;
  readonly event: CalendarEvent;
  readonly ics: string;
}

type Then = Asking & { readonly staged: readonly Change[]; readonly now: string };

/**
 * The event that is meant, as it will be when what is staged has happened.
 * @throws ActionFailure when there is none, or when the office may not tell of it
 */
export async function findTold(office: Office, ref: EventRef, then: Then): Promise<Told> {
  const id = typeof ref === "string" ? ref : ref.id;
  const told =
    id === undefined ? await findDescribed(office, ref as Described, then) : await findById(office, id, then);
  if (typeof ref !== "string" && !isAs(ref, told.event)) {
    const now = describeEvent(told.event, office.timeZone);
    throw new ActionFailure(
      "failed",
      `event: "${ref.title}" is not any more as it was shown: it is ${now} (${told.event.status}).`,
      {
        hint: "Nothing was sent. Look at the event again, then ask for the mail anew.",
      },
    );
  }
  assertOwn(office, told);
  return told;
}

type Described = Exclude<EventRef, string>;

async function findById(office: Office, id: string, then: Then): Promise<Told> {
  const context = { ...then, principal: "", idempotencyKey: "" };
  const { event, ics } = await getEvent(office, id, context);
  const after = then.staged.findLast(({ table, key }) => table === TABLE && key === id)?.after;
  return { id, ics, event: (after && eventOfRow(after)) ?? event };
}

async function findDescribed(office: Office, ref: Described, then: Then): Promise<Told> {
  const whole: CalendarEvent = {
    people: [],
    location: null,
    description: null,
    recurrence: null,
    status: "confirmed",
    ...given(ref),
  };
  const events = await eventsThen(office, firstSpan(whole, office.timeZone), then);
  const found = events.flatMap((ics): Told[] => {
    const event = readIcs(ics, office.timeZone);
    const id = idOf(ics);
    return event && isAs({ status: "confirmed", ...ref }, event)
      ? [{ id: id === "new" ? undefined : id, event, ics }]
      : [];
  });
  const [told] = found;
  if (told && found.length === 1) return told;
  const what = describeEvent(whole, office.timeZone);
  throw new ActionFailure(
    "no_match",
    `event: ${found.length === 0 ? "there is no event" : "there are several events"} ${what}.`,
    {
      hint: "Nothing was sent. Name the event by its id; see find_events.",
    },
  );
}

/** The fields of an event that are known. */
function given({
  id: _id,
  when: _when,
  ...fields
}: Described): Pick<CalendarEvent, "title" | "start" | "end"> & Partial<CalendarEvent> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function isAs(ref: Described, event: CalendarEvent): boolean {
  const known = given(ref);
  const fields = Object.keys(known) as (keyof CalendarEvent)[];
  return fields.every((field) => isSameField(field, { ...event, ...known }, event));
}

/** Only whoever organises an event invites to it (RFC 5546, 2.1). */
function assertOwn({ address, timeZone }: Office, { event, ics }: Told): void {
  const organizer = organizerOf(ics);
  const what = describeEvent(event, timeZone);
  if (organizer !== "" && organizer !== address.toLowerCase()) {
    throw new ActionFailure("invalid_request", `event: ${organizer} organises ${what}, and invites to it.`, {
      hint: "Send the mail without the event.",
    });
  }
  if (event.people.length > 0) return;
  throw new ActionFailure("invalid_request", `event: nobody is invited to ${what}.`, {
    hint: "Send the mail without the event, or name who comes.",
  });
}
