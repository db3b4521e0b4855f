/** A calendar in the office's own database: changes and checks are one transaction. */
import ICAL from "ical.js";
import { ActionFailure } from "../../errors.ts";
import { type Db, immediately } from "../../sqlite.ts";
import type { Asking, Calendar, Keeping, Kept } from "./calendar.ts";
import type { OfficeFiles } from "./database.ts";
import { spanOf } from "./ical-times.ts";
import type { Span } from "./zones.ts";

/** Days begin and end within so much of the same day elsewhere: what lies so near is looked at more closely. */
const NEAR_MS = 86_400_000;

/** @param zone of events that take whole days */
export function createEmbeddedCalendar({ db, writeFiles }: OfficeFiles, zone: string): Calendar {
  return {
    invites: false,
    isShared: false,
    between: async (span, { tenant }) => readBetween(db(), tenant, span),
    find: async (id, { tenant }) => findEvent(db(), tenant, id),
    put: async (keeping, asking) => {
      immediately(db(), () => putEvent(db(), zone, keeping, asking));
      writeFiles();
    },
  };
}

function readBetween(db: Db, tenant: string, { from, until }: Span): string[] {
  const [after, before] = [from - NEAR_MS, until + NEAR_MS].map((instant) => new Date(instant).toISOString());
  return db
    .prepare<[string, string | undefined, string | undefined], { ics: string }>(
      "select ics from events where tenant = ? and begins < ? and (ends is null or ends > ?) order by begins, id",
    )
    .all(tenant, before, after)
    .map(({ ics }) => ics);
}

function findEvent(db: Db, tenant: string, id: string): Kept | undefined {
  return db
    .prepare<[string, string], Kept>(
      "select ics, cast(version as text) as version from events where tenant = ? and id = ?",
    )
    .get(tenant, id);
}

/** Call inside a transaction. */
function putEvent(db: Db, zone: string, { id, ics, replaces, among }: Keeping, { tenant }: Asking): void {
  const known = findEvent(db, tenant, id);
  if ((known?.version ?? null) !== replaces) {
    throw new ActionFailure("failed", `The event "${id}" was changed by somebody else meanwhile.`, {
      hint: "Look at it again, then ask for the change anew.",
    });
  }
  among?.check(readBetween(db, tenant, among.span));
  const version = Number(known?.version ?? 0) + 1;
  db.prepare(
    `insert into events (tenant, id, ics, version, begins, ends) values (@tenant, @id, @ics, @version, @begins, @ends)
     on conflict (tenant, id) do update set ics = @ics, version = @version, begins = @begins, ends = @ends, filed = 0`,
  ).run({ tenant, id, ics, version, ...timesOf(ics, zone) });
}

/** When an event first begins and last ends, ISO 8601 UTC; of one that recurs, nobody says when it last ends. */
function timesOf(ics: string, zone: string): { begins: string; ends: string | null } {
  const vevents = ICAL.Component.fromString(ics).getAllSubcomponents("vevent");
  const events = vevents.map((vevent) => new ICAL.Event(vevent, { exceptions: [] }));
  const spans = events.map((event) => spanOf(event, zone));
  const iso = (instant: number) => new Date(instant).toISOString();
  const recurs = events.some((event) => event.isRecurring());
  return {
    begins: iso(Math.min(...spans.map(({ from }) => from))),
    ends: recurs ? null : iso(Math.max(...spans.map(({ until }) => until))),
  };
}
