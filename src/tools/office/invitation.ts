/** Invitations as they are sent by mail: iTIP (RFC 5546) in a part of its own (RFC 6047). */
import ICAL from "ical.js";

export interface Invitation {
  readonly method: "REQUEST" | "CANCEL";
  readonly ics: string;
}

/**
 * What is attached to a mail about an event, by its text in the calendar: a request to come, or, of one that is
 * cancelled, its cancellation. Reminders, and what the office notes for itself, stay behind.
 * @param organizer who invites, where the event does not say
 */
export function invitationOf(ics: string, organizer: string): Invitation {
  const calendar = ICAL.Component.fromString(ics);
  const vevents = calendar.getAllSubcomponents("vevent");
  const isCancelled = vevents.every((vevent) => String(vevent.getFirstPropertyValue("status")) === "CANCELLED");
  const method = isCancelled ? "CANCEL" : "REQUEST";
  calendar.updatePropertyWithValue("method", method);
  for (const vevent of vevents) {
    vevent.removeAllSubcomponents("valarm");
    for (const { name } of vevent.getAllProperties()) if (name.startsWith("x-")) vevent.removeAllProperties(name);
    if (!vevent.hasProperty("organizer")) vevent.addPropertyWithValue("organizer", `mailto:${organizer}`);
    for (const attendee of vevent.getAllProperties("attendee")) ask(attendee, method);
  }
  return { method, ics: `${calendar.toString()}\r\n` };
}

/** Whoever has not answered yet is asked to; what others answered stays. */
function ask(attendee: ICAL.Property, method: Invitation["method"]): void {
  if (!attendee.getFirstParameter("role")) attendee.setParameter("role", "REQ-PARTICIPANT");
  if (!attendee.getFirstParameter("partstat")) attendee.setParameter("partstat", "NEEDS-ACTION");
  if (method === "REQUEST") attendee.setParameter("rsvp", "TRUE");
  else attendee.removeParameter("rsvp");
}
