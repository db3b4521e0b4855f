/**
 * A calendar on a CalDAV server (RFC 4791).
 *
 * 1. An event is written only over the version that was read (If-Match), or where there is none (If-None-Match): what
 *    somebody else did meanwhile is never lost.
 * 2. What is no whole answer is no answer: nobody counts as free because a server sent a page of another kind.
 */
import ICAL from "ical.js";
import { calendarQuery, createObject, type DAVResponse, updateObject } from "tsdav";
import { ActionFailure, explainError } from "../../errors.ts";
import { addressWithin, type CaldavUrl, type Server, serversOf } from "./caldav-server.ts";
import type { Asking, Calendar, Keeping, Kept } from "./calendar.ts";
import type { Span } from "./zones.ts";

/** Days begin elsewhere at another time, and servers compare them by their own. */
const NEAR_MS = 86_400_000;
const MAX_ANSWER = 20_000_000;

/** An event, and where it is. */
interface Found extends Kept {
  readonly url: string;
}

/**
 * The calendar at `https://name:password@host/path/`, the address of the calendar itself.
 * @param isShared whether all tenants may have the same one
 * @throws HoldpointError `usage` when the address does not fit
 */
export function createCaldav(address: CaldavUrl, isShared: boolean): Calendar {
  const serverOf = serversOf(address, isShared);
  return {
    invites: true,
    isShared: true,
    between: async (span, asking) => (await query(serverOf(asking.tenant), inTime(span), asking)).map(({ ics }) => ics),
    find: async (id, asking) => await findEvent(serverOf(asking.tenant), id, asking),
    put: async (keeping, asking) => await putEvent(serverOf(asking.tenant), keeping, asking),
  };
}

const utc = (instant: number): string => `${new Date(instant).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;

const inTime = ({ from, until }: Span) => ({
  "time-range": { _attributes: { start: utc(from - NEAR_MS), end: utc(until + NEAR_MS) } },
});

const withId = (id: string) => ({
  "prop-filter": { _attributes: { name: "UID" }, "text-match": { _attributes: { collation: "i;octet" }, _text: id } },
});

async function findEvent(server: Server, id: string, asking: Asking): Promise<Found | undefined> {
  const found = await query(server, withId(id), asking);
  return found.find(({ ics }) => unfolded(ics).split("\n").includes(`UID:${id}`));
}

const unfolded = (ics: string): string => ics.replace(/\r?\n[ \t]/g, "").replace(/\r/g, "");

/** The events that a filter lets through. */
async function query(server: Server, filter: object, { signal }: Asking): Promise<Found[]> {
  const { url, headers, host } = server;
  const answers = await calendarQuery({
    ...{ url, headers, depth: "1", fetch: boundedFetch(host), fetchOptions: { signal, redirect: "error" } },
    props: { "d:getetag": {}, "c:calendar-data": {} },
    filters: {
      "comp-filter": {
        _attributes: { name: "VCALENDAR" },
        "comp-filter": { _attributes: { name: "VEVENT" }, ...filter },
      },
    },
  });
  return answers.map((answer) => eventOf(server, answer));
}

/** @throws ActionFailure when it is no event that can be read: it might be the one that somebody is busy with */
function eventOf(server: Server, { href = "", props = {} }: DAVResponse): Found {
  const data: unknown = props.calendarData?._cdata ?? props.calendarData;
  const version: unknown = props.getetag;
  const url = addressWithin(server, href);
  if (typeof data === "string" && version !== undefined && url !== undefined) {
    try {
      ICAL.Component.fromString(data);
      return { ics: data, version: String(version), url };
    } catch {
      // told below
    }
  }
  throw new ActionFailure(
    "failed",
    `The calendar server ${server.host} holds something that cannot be read: ${href.slice(0, 200)}`,
    { hint: "Look at it with another program, and mend or remove it." },
  );
}

/**
 * The checks are made right before the event is written: CalDAV has no way to make both one step.
 */
async function putEvent(server: Server, { id, ics, replaces, among }: Keeping, asking: Asking): Promise<void> {
  if (among) among.check((await query(server, inTime(among.span), asking)).map((found) => found.ics));
  const known = replaces === null ? undefined : await findEvent(server, id, asking);
  if (replaces !== null && known?.version !== replaces) throw changedMeanwhile(id);
  const common = {
    data: ics,
    fetch: boundedFetch(server.host),
    fetchOptions: { signal: asking.signal, redirect: "error" as const },
  };
  const type = { ...server.headers, "content-type": "text/calendar; charset=utf-8" };
  const response =
    known === undefined
      ? await createObject({
          ...{ ...common, url: `${server.url}${encodeURIComponent(id)}.ics` },
          headers: { ...type, "if-none-match": "*" },
        })
      : await updateObject({ ...common, url: known.url, etag: known.version, headers: type });
  if (response.status === 412) return await assertOwn(server, { id, ics }, asking);
  if (!response.ok) throw refusal(server.host, response.status);
  if (![201, 204].includes(response.status)) await assertThere(server, { id, ics }, asking);
}

/** An answer that no server gives to this may come from something in between: only what is there counts. */
async function assertThere(server: Server, { id, ics }: Pick<Keeping, "id" | "ics">, asking: Asking): Promise<void> {
  const found = await findEvent(server, id, asking).catch(() => undefined);
  if (found && isWritten(found, ics)) return;
  throw new Error(`The calendar server ${server.host} did not say whether it keeps the event "${id}".`);
}

/**
 * What stands in the way of a write may be that write, which something in between sent twice, or an earlier try.
 * @throws ActionFailure when it is somebody else's; any other error when it cannot be looked at
 */
async function assertOwn(server: Server, { id, ics }: Pick<Keeping, "id" | "ics">, asking: Asking): Promise<void> {
  const found = await findEvent(server, id, asking).catch((error: unknown) => {
    throw new Error(`It is not known whether the event "${id}" was written: ${explainError(error)}`);
  });
  if (!found || !isWritten(found, ics)) throw changedMeanwhile(id);
}

/** Whether an event has the mark of what was to be written, be it changed since. */
function isWritten(found: Found, ics: string): boolean {
  const marks = (text: string) =>
    unfolded(text)
      .split("\n")
      .filter((line) => line.startsWith("X-HOLDPOINT-DONE:"));
  const own = marks(ics).at(-1);
  return own !== undefined && marks(found.ics).includes(own);
}

const changedMeanwhile = (id: string): ActionFailure =>
  new ActionFailure("failed", `The event "${id}" was changed by somebody else meanwhile.`, {
    hint: "Look at it again, then ask for the change anew.",
  });

/**
 * What a server that could not answer did, nobody knows; one that said no did nothing. 408 may come from something in
 * between, after the server had begun.
 */
function refusal(host: string, status: number): Error {
  const text = `The calendar server ${host} answered with status ${status}.`;
  if (status >= 500 || status === 408) return new Error(text);
  const hint = [401, 403].includes(status)
    ? "Look at the name and the password in its address."
    : "Look at its address.";
  return new ActionFailure("failed", text, { hint });
}

/** Requests whose answers are bounded, and are what was asked for. */
function boundedFetch(host: string): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init).catch((error: unknown) => {
      throw unreachable(host, error);
    });
    if (init?.method === "REPORT" && response.status !== 207) {
      await response.body?.cancel();
      throw refusal(host, response.status);
    }
    const text = await textOf(response, host);
    return new Response([204, 304].includes(response.status) ? null : text, response);
  };
}

async function textOf(response: Response, host: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > MAX_ANSWER)
      throw new Error(`The calendar server ${host} answered with more than ${MAX_ANSWER} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** Nobody heard of what was not connected. What fetch says of it may hold the address. */
function unreachable(host: string, error: unknown): Error {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "no connection";
  const text = `The calendar server ${host} cannot be reached (${code}).`;
  const isUnheard = ["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "EAI_AGAIN"].includes(code);
  return isUnheard
    ? new ActionFailure("failed", text, { hint: "Look at CALDAV_URL, and whether the server runs." })
    : new Error(text);
}
