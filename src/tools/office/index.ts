/** The office: an action pack over a calendar and a mailer, embedded or real. */
import { resolve } from "node:path";
import { HoldpointError } from "../../errors.ts";
import type { Action } from "../action.ts";
import { createCaldav } from "./caldav.ts";
import type { CaldavUrl } from "./caldav-server.ts";
import { createCancelEvent } from "./cancel-event.ts";
import { createCheckAvailability } from "./check-availability.ts";
import { createCreateEvent } from "./create-event.ts";
import { officeFiles } from "./database.ts";
import { createDraftEmail } from "./draft-email.ts";
import { createEmbeddedCalendar } from "./embedded-calendar.ts";
import { isAddress } from "./fields.ts";
import { createFindEvents } from "./find-events.ts";
import { createFindFreeSlot } from "./find-free-slot.ts";
import type { Mailer } from "./mail.ts";
import type { Office, WorkingHours } from "./office.ts";
import { createOutbox } from "./outbox.ts";
import { putExample } from "./scratch.ts";
import { createSendEmail } from "./send-email.ts";
import { createSmtp } from "./smtp.ts";
import { type OfficeSnapshot, snapshotOf } from "./snapshot.ts";
import { createUpdateEvent } from "./update-event.ts";
import { isZone } from "./zones.ts";

export interface OfficeOptions {
  /** Folder of `office.db`, and of `calendar` and `outbox`, the files to look at. Default: `.holdpoint`. */
  readonly home?: string | undefined;
  /** Such as "Europe/Berlin". Default: that of the machine. */
  readonly timeZone?: string | undefined;
  /** On Mondays to Fridays. Default: 09:00 to 17:00. */
  readonly workingHours?: WorkingHours | undefined;
  /** Who sends mail, and invites. Default: holdpoint@localhost. */
  readonly address?: string | undefined;
  /** A mail server, `smtps://name:password@mail.example.com`. Default: mails stay in the outbox. */
  readonly smtpUrl?: string | undefined;
  /**
   * A calendar on a CalDAV server, `https://name:password@dav.example.com/name/calendar/`, with `{tenant}` in its path
   * where each tenant has one; or a function that gives it for a tenant. Default: the embedded one.
   */
  readonly caldavUrl?: CaldavUrl | undefined;
  /**
   * Whether all tenants may have the calendar of one address, and so see one another's events. Default: false, which
   * leaves it to the tenant "default".
   */
  readonly caldavShared?: boolean | undefined;
}

/** The actions of an office, and what they keep open. */
export interface OpenOffice {
  readonly actions: Action[];
  readonly timeZone: string;
  /** Who sends mail. */
  readonly address: string;
  readonly mailer: Mailer;
  /** All that can be seen of it: events and mails. */
  snapshot(tenant: string): Promise<OfficeSnapshot>;
  close(): void;
}

const CLOCK = /^(?:[01]\d|2[0-3]):[0-5]\d$/;

/**
 * Everything that a plan may do in the office. Nothing is opened before it is needed.
 * @throws HoldpointError `usage` when an option does not fit
 */
export function openOffice(options: OfficeOptions = {}): OpenOffice {
  return openParts(options).opened;
}

/**
 * An office to try its actions on, such as with the contract suite: the event that their examples name is in its calendar.
 * @param options of a target on which that does no harm: a folder that is thrown away, a calendar that is nobody's
 */
export async function openScratchOffice(options: OfficeOptions & { tenant?: string }): Promise<OpenOffice> {
  const { office, opened } = openParts(options);
  const { signal } = new AbortController();
  await putExample(office, { tenant: options.tenant ?? "default", signal, now: new Date().toISOString() });
  return opened;
}

function openParts(options: OfficeOptions): { office: Office; opened: OpenOffice } {
  const { address = "holdpoint@localhost", workingHours = { from: "09:00", until: "17:00" } } = options;
  const timeZone = options.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  assertOffice({ address, workingHours, timeZone });
  const files = officeFiles(resolve(options.home ?? ".holdpoint"));
  const { caldavUrl, caldavShared = false } = options;
  const calendar =
    caldavUrl === undefined ? createEmbeddedCalendar(files, timeZone) : createCaldav(caldavUrl, caldavShared);
  const transport = options.smtpUrl === undefined ? undefined : createSmtp(options.smtpUrl);
  const mailer = createOutbox(files, address, transport);
  const office = { calendar, mailer, timeZone, workingHours, address };
  const { signal } = new AbortController();
  const snapshot = async (tenant: string) => await snapshotOf(office, files, { tenant, signal });
  const actions = actionsOf(office);
  return { office, opened: { actions, timeZone, address, mailer, snapshot, close: () => files.close() } };
}

/** The same, without a way to close it: the database is closed with the process. */
export function officeActions(options: OfficeOptions = {}): Action[] {
  return openOffice(options).actions;
}

function actionsOf(office: Office): Action[] {
  return [
    createCheckAvailability(office),
    createFindFreeSlot(office),
    createFindEvents(office),
    createDraftEmail(office),
    createCreateEvent(office),
    createUpdateEvent(office),
    createCancelEvent(office),
    createSendEmail(office),
  ];
}

function assertOffice({
  address,
  workingHours,
  timeZone,
}: Pick<Office, "address" | "workingHours" | "timeZone">): void {
  const { from, until } = workingHours;
  const faults = [
    isAddress(address) ? [] : `address "${address}" is no mail address, such as office@example.com`,
    isZone(timeZone) ? [] : `timeZone "${timeZone}" is no time zone, such as Europe/Berlin`,
    CLOCK.test(from) && CLOCK.test(until) && from < until
      ? []
      : `workingHours "${from}" to "${until}" are no times in order`,
  ].flat();
  if (faults.length === 0) return;
  throw new HoldpointError("usage", `The office does not fit: ${faults.join("; ")}.`, { hint: "See docs/office.md." });
}
