/**
 * What can be seen of an office: its events and its mails. Not what the office keeps beside them to recognise a repeat:
 * an event whose creation was taken back stays behind as a cancelled one, and counts as gone here.
 */
import type { Asking } from "./calendar.ts";
import type { OfficeFiles } from "./database.ts";
import type { CalendarEvent } from "./event.ts";
import { idOf, isTakenBack, readIcs } from "./ics.ts";
import type { Office } from "./office.ts";
import { listMails, type SeenMail } from "./outbox.ts";

/** From 1970 to 2200. */
const ALWAYS = { from: 0, until: Date.UTC(2200, 0) };

/** By their ids. */
export interface OfficeSnapshot {
  readonly events: readonly (CalendarEvent & { readonly id: string })[];
  readonly mails: readonly SeenMail[];
}

export async function snapshotOf(office: Office, files: OfficeFiles, asking: Asking): Promise<OfficeSnapshot> {
  const kept = await office.calendar.between(ALWAYS, asking);
  const events = kept.flatMap((ics) => {
    const event = isTakenBack(ics) ? undefined : readIcs(ics, office.timeZone);
    return event ? [{ id: idOf(ics) ?? "", ...event }] : [];
  });
  const sorted = events.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { events: sorted, mails: listMails(files, asking.tenant) };
}
