/** Invitations as they are sent by mail: iTIP (RFC 5546) in a part of its own (RFC 6047). */
import ICAL from "ical.js";
import { ActionFailure } from "../../errors.ts";
import type { CalendarEvent } from "./event.ts";
import { addressOf, idOf, masterOf, newIcs } from "./ics.ts";
import type { Invitation } from "./mail.ts";
import { occurrencesOf } from "./occurrences.ts";
import type { Office } from "./office.ts";
import { firstSpan } from "./overbooking.ts";

/** By the times of a year one sees whether they follow the same clocks. */
const YEAR_MS = 366 * 86_400_000;
const EXCEPTIONS = ["exdate", "rdate", "exrule"];

/**
 * What is attached to a mail about an event: a request to come, or, of one that is cancelled, its cancellation. It is
 * written anew from what was shown of the event. Of its text in the calendar, which whoever has the calendar may have
 * filled, nothing goes out but its id, its version, and what the invited are and answered.
 * @param ics its text in the calendar
 * @throws ActionFailure `invalid_request` when it takes place at other times than were shown
 */
export function invitationOf(
  { event, ics }: { readonly event: CalendarEvent; readonly ics: string },
  { address, timeZone: zone }: Pick<Office, "address" | "timeZone">,
): Invitation {
  const kept = masterOf(ICAL.Component.fromString(ics));
  const writing = { now: String(kept?.getFirstPropertyValue("dtstamp") ?? ""), zone, done: { key: "", before: null } };
  if (!Number.isFinite(Date.parse(writing.now))) writing.now = new Date(0).toISOString();
  const calendar = ICAL.Component.fromString(newIcs(idOf(ics) ?? "", address, event, writing));
  const [vevent] = calendar.getAllSubcomponents("vevent");
  if (!vevent || !kept) throw new Error("There is no event in what the calendar holds under this id.");
  const method = event.status === "cancelled" ? "CANCEL" : "REQUEST";
  if (method === "REQUEST") assertSameTimes(event, { ics, invitation: calendar.toString(), zone });
  calendar.updatePropertyWithValue("method", method);
  for (const name of ["x-holdpoint-done", "created", "last-modified"]) vevent.removeAllProperties(name);
  vevent.updatePropertyWithValue(
    "sequence",
    Math.max(0, Math.trunc(Number(kept.getFirstPropertyValue("sequence")) || 0)),
  );
  const known = new Map(kept.getAllProperties("attendee").map((attendee) => [addressOf(attendee), attendee]));
  for (const attendee of vevent.getAllProperties("attendee")) ask(attendee, known.get(addressOf(attendee)), method);
  return { method, ics: `${calendar.toString()}\r\n` };
}

/** Single occurrences that were moved or left out, and times by another zone, are nothing that was shown. */
function assertSameTimes(
  event: CalendarEvent,
  { ics, invitation, zone }: { ics: string; invitation: string; zone: string },
): void {
  const { from } = firstSpan(event, zone);
  const span = { from, until: from + YEAR_MS };
  const timesOf = (text: string): string =>
    occurrencesOf(text, { span, zone, wanted: () => true })
      .map((time) => `${time.from} ${time.until}`)
      .join();
  if (!hasExceptions(ics) && timesOf(ics) === timesOf(invitation)) return;
  throw new ActionFailure(
    "invalid_request",
    `event: single occurrences of "${event.title}" were changed, or its times are those of another zone, which an invitation does not say.`,
    { hint: "Send the mail without the event." },
  );
}

function hasExceptions(ics: string): boolean {
  const [vevent, ...others] = ICAL.Component.fromString(ics).getAllSubcomponents("vevent");
  const isMore = (vevent?.getAllProperties("rrule").length ?? 0) > 1;
  return others.length > 0 || isMore || EXCEPTIONS.some((name) => vevent?.hasProperty(name));
}

const PARAMETERS = {
  role: ["REQ-PARTICIPANT", "CHAIR", "OPT-PARTICIPANT", "NON-PARTICIPANT"],
  partstat: ["NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE"],
};

/** Whoever has not answered yet is asked to; what others answered stays. */
function ask(attendee: ICAL.Property, kept: ICAL.Property | undefined, method: Invitation["method"]): void {
  for (const [name, values] of Object.entries(PARAMETERS)) {
    const value = kept?.getFirstParameter(name)?.toUpperCase() ?? "";
    attendee.setParameter(name, values.includes(value) ? value : (values[0] ?? ""));
  }
  if (method === "REQUEST") attendee.setParameter("rsvp", "TRUE");
}
