/**
 * What a change of an event was approved upon. An approval is for the event as it was shown: where somebody else changed
 * it meanwhile, nothing is changed.
 */
import { createHash } from "node:crypto";
import { printable } from "../../domain/printable.ts";
import { ActionFailure } from "../../errors.ts";
import type { PreviewContext } from "../action.ts";
import { type CalendarEvent, eventOfRow, TABLE } from "./event.ts";
import { getEvent } from "./event-effects.ts";
import { line } from "./fields.ts";
import type { Office } from "./office.ts";
import { firstSpan } from "./overbooking.ts";
import { describeSpan } from "./zones.ts";

const MAX_SEEN = 1000;

/** An argument that `prepare` fills in. */
export const SEEN = line("seen", MAX_SEEN).describe("Leave this out: the event as it was shown is filled in.");

/** An event as it will be when what is staged has happened. @throws ActionFailure `no_match` when there is none */
export async function eventThen(office: Office, id: string, context: PreviewContext): Promise<CalendarEvent> {
  const change = context.staged.findLast(({ table, key }) => table === TABLE && key === id);
  const event = change?.after ? eventOfRow(change.after) : undefined;
  return event ?? (await getEvent(office, id, context)).event;
}

/** An event in words: when, who, where. What says the same is the same. */
export function describeEvent(event: CalendarEvent, zone: string): string {
  const { title, people, location, recurrence } = event;
  const parts = [
    `"${title}"`,
    describeSpan(firstSpan(event, zone), zone),
    ...(people.length > 0
      ? [
          `with ${people
            .map((person) => person.toLowerCase())
            .toSorted()
            .join(", ")}`,
        ]
      : []),
    ...(location === null ? [] : [`at ${location}`]),
    ...(recurrence === null ? [] : [`recurs by ${recurrence}`]),
  ];
  const text = printable(parts.join(", ")).trim();
  if (text.length <= MAX_SEEN) return text;
  const rest = createHash("sha256").update(text).digest("hex").slice(0, 32);
  return `${text.slice(0, MAX_SEEN - 40).toWellFormed()}… ${rest}`;
}

/** @throws ActionFailure `failed` when the event is not any more what was shown; nothing was changed then */
export function assertSeen(office: Office, seen: string | undefined, event: CalendarEvent): void {
  const now = describeEvent(event, office.timeZone);
  if (seen === undefined || seen === now) return;
  throw new ActionFailure(
    "failed",
    `Somebody else changed the event since this was proposed: it was ${seen}; it is ${now}.`,
    {
      hint: "Look at it again, then ask for the change anew.",
    },
  );
}
