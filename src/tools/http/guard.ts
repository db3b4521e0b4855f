/**
 * Where requests may go: to hosts that the tenant lets them go to, by names that were looked up once, at addresses that
 * anybody could reach. An address of this network must not be reached with somebody else's file.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { ActionFailure, explainError } from "../../errors.ts";

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name. @throws anything when there is none */
type Resolve = (host: string) => Promise<readonly Address[]>;

/** What whoever runs the system says of the network. */
export interface Network {
  /**
   * Hosts with their ports, such as `127.0.0.1:8080`, that may be reached although they are local, also without TLS.
   * The tenant has to allow them besides.
   */
  readonly localHosts: readonly string[];
  /** Default: the machine's resolver. */
  readonly resolve?: Resolve | undefined;
  /** PEM of authorities that are trusted instead of those that Node knows. */
  readonly ca?: string | undefined;
}

/** Nothing was sent, since the receiver could not be reached: the next try may do better. */
export class NotReached extends ActionFailure {}

/** Host and port, the default one too. */
export const hostOf = ({ protocol, hostname, port }: URL): string =>
  `${hostname}:${port || (protocol === "http:" ? "80" : "443")}`;

/** Whether a host of {@link hostOf} is one of a list as settings have it; a name without a port means port 443. */
export function isListed(host: string, list: readonly string[]): boolean {
  const split = host.lastIndexOf(":");
  const [name, port] = [host.slice(0, split), host.slice(split + 1)];
  return list.some((entry) => {
    const [wanted = "", wantedPort = "443"] = entry.split(":");
    if (wantedPort !== port) return false;
    return wanted.startsWith("*.") ? name.endsWith(wanted.slice(1)) : wanted === name;
  });
}

/** @param host of {@link hostOf} @throws ActionFailure when the tenant does not let requests go there */
export function assertAllowed(host: string, allowed: readonly string[]): void {
  if (isListed(host, allowed)) return;
  throw new ActionFailure("failed", `Requests may not go to ${host}: the setting allowedHosts does not name it.`, {
    hint: `An admin can add it: settings 'allowedHosts=["${plainHost(host)}"]' beside those there are.`,
  });
}

/**
 * The addresses to connect to, each of them checked. The name must not be looked up again: it could lead elsewhere then.
 * @param allowed the tenant's hosts
 * @throws ActionFailure where the request must not go, {@link NotReached} when the name is not found
 */
export async function checkedAddresses(
  url: URL,
  allowed: readonly string[],
  { localHosts, resolve = resolveAll }: Network,
): Promise<readonly Address[]> {
  const host = hostOf(url);
  assertAllowed(host, allowed);
  const isLocal = localHosts.includes(host);
  if (url.protocol !== "https:" && !isLocal) {
    throw new ActionFailure("failed", `${url.origin} is not encrypted: requests go over https only.`);
  }
  const addresses = await found(url.hostname, resolve);
  const refused = isLocal ? undefined : addresses.find(({ address }) => !isPublic(address));
  if (!refused) return addresses;
  throw new ActionFailure("failed", `${url.hostname} leads to ${refused.address}, which is no public address.`, {
    hint: "Whoever runs the system can let one host through: see docs/http-actions.md.",
  });
}

const plainHost = (host: string): string => host.replace(/:443$/, "");

async function found(hostname: string, resolve: Resolve): Promise<readonly Address[]> {
  if (isIP(hostname) !== 0) return [{ address: hostname, family: isIP(hostname) }];
  try {
    const addresses = await resolve(hostname);
    if (addresses.length > 0) return addresses;
  } catch (error) {
    throw new NotReached("failed", `${hostname} was not found: ${explainError(error)}`, { cause: error });
  }
  throw new NotReached("failed", `${hostname} was not found: it has no address.`);
}

const resolveAll: Resolve = (host) => lookup(host, { all: true });

/**
 * Public by its number, and answered by the machine's own host, which gives out what is the machine's alone: Azure's
 * (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16). Those of other clouds lie in ranges
 * that are not public: 169.254.0.0/16, 100.64.0.0/10 (Alibaba), 192.0.0.0/24 (Oracle) and fc00::/7.
 */
const OF_HOSTS: readonly string[] = ["168.63.129.16"];

/**
 * Whether an address is one of the public internet: not private, loopback, link-local, shared (CGNAT), multicast,
 * reserved, the host of a cloud, nor one that carries an IPv4 address in it (mapped, NAT64, 6to4, Teredo), by the registries of RFC 6890.
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast" || OF_HOSTS.includes(parsed.toString())) return false;
  // Of IPv6, nothing else is given out (RFC 4291).
  return parsed.kind() === "ipv4" || parsed.match(ipaddr.parseCIDR("2000::/3"));
}
