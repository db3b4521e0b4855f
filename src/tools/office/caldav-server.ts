/**
 * Which calendar of which server is whose.
 *
 * 1. A tenant reaches its own calendar: by `{tenant}` in the path of the address, or by a function. One address without it
 *    is for the tenant "default" alone, unless whoever runs the system says that all share it.
 * 2. Name and password go into the header of requests to that one address and what is below it, and nowhere else, whatever
 *    the server says.
 */
import { getBasicAuthHeaders } from "tsdav";
import { ActionFailure, HoldpointError } from "../../errors.ts";

const MARK = "{tenant}";
const ALONE = "default";

/** The address of a calendar, with `{tenant}` in its path where each has one; or a function that gives it. */
export type CaldavUrl = string | ((tenant: string) => string);

export interface Server {
  readonly host: string;
  /** The calendar, with a slash at its end. */
  readonly url: string;
  readonly headers: Record<string, string>;
}

/**
 * Gives the calendar of a tenant; that throws an ActionFailure where there is none that is its own.
 * @param isShared whether all tenants may have the calendar of an address without `{tenant}`
 * @throws HoldpointError `usage` when the address does not fit
 */
export function serversOf(address: CaldavUrl, isShared: boolean): (tenant: string) => Server {
  if (typeof address === "function") return (tenant) => parseServer(address(tenant));
  if (address.includes(MARK)) {
    assertMarked(address);
    return (tenant) => parseServer(address.replaceAll(MARK, segmentOf(tenant)));
  }
  const server = parseServer(address);
  return (tenant) => {
    if (isShared || tenant === ALONE) return server;
    throw new ActionFailure(
      "failed",
      `The calendar server ${server.host} has one calendar, and "${tenant}" is not its tenant.`,
      {
        hint: "Write {tenant} into the path of CALDAV_URL, or set CALDAV_SHARED=true where all tenants may see one another's events.",
      },
    );
  };
}

/** The name of a tenant as one part of a path. */
function segmentOf(tenant: string): string {
  if (tenant !== "" && !/^\.+$/u.test(tenant) && tenant.isWellFormed()) return encodeURIComponent(tenant);
  throw new ActionFailure(
    "failed",
    `The tenant "${tenant.toWellFormed()}" cannot have a calendar: its name is none in an address.`,
  );
}

/** Whose server it is, and who asks it, must not depend on the tenant's name. */
function assertMarked(address: string): void {
  const [one, other] = ["one", "other"].map((name) => address.replaceAll(MARK, name));
  const [first, second] = [parseServer(one ?? ""), parseServer(other ?? "")];
  const isSame = first.host === second.host && first.headers.authorization === second.headers.authorization;
  if (!isSame || first.url === second.url) throw unfit(`takes ${MARK} in its path only`);
}

function parseServer(address: string): Server {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol))
    throw unfit("is none such as https://dav.example.com/me/work/");
  const [username, password] = [decoded(url.username), decoded(url.password)];
  const isHere = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol === "http:" && password !== "" && !isHere)
    throw unfit("would send a password unencrypted: use https");
  const { authorization } = username === "" ? {} : getBasicAuthHeaders({ username, password });
  const path = `${url.origin}${url.pathname.replace(/\/*$/, "/")}`;
  return { host: url.host, url: path, headers: authorization === undefined ? {} : { authorization } };
}

/**
 * The address of an event by what the server says of it. The name and password go to the calendar alone, and a change into
 * no other one.
 * @param href as the server gave it
 * @returns undefined when it leads anywhere but into the calendar
 */
export function addressWithin({ url }: Server, href: string): string | undefined {
  if (!URL.canParse(href, url)) return undefined;
  const [calendar, event] = [new URL(url), new URL(href, url)];
  if (event.origin !== calendar.origin || event.username !== "" || event.password !== "") return undefined;
  const [folder, path] = [segmentsOf(calendar).slice(0, -1), segmentsOf(event)];
  const name = path?.slice(folder.length).join("/");
  // A server may take an encoded slash for a slash, and then two dots for the way out.
  const leadsOut = name.split(/[\\/]/u).some((part) => part === "..");
  return name !== "" && !leadsOut && folder.every((part, at) => part === path[at]) ? event.href : undefined;
}

/** The parts of a path: servers encode other signs in it than we do. */
function segmentsOf({ pathname }: URL): string[] {
  return pathname.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unfit("has a name or a password with a % that encodes nothing: write %25");
  }
}

const unfit = (what: string): HoldpointError =>
  new HoldpointError("usage", `The address of the calendar server ${what}.`, {
    hint: "Mend CALDAV_URL, or caldavUrl. It is not shown, as it may hold a password.",
  });
