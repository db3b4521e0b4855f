/** HTTP actions: written as YAML files, without code; see docs/http-actions.md. */
import { HoldpointError } from "../../errors.ts";
import type { Action } from "../action.ts";
import { httpAction } from "./action.ts";
import type { Checked } from "./check.ts";
import type { Network } from "./guard.ts";
import { loadDefinitions } from "./load.ts";
import type { SecretSource } from "./secrets.ts";

export { secretsIn as secretsInEnvironment } from "./environment.ts";
export { readDefinitions } from "./load.ts";

export interface HttpActionsOptions {
  /** A YAML file, or a folder: files in it are every tenant's, and those in a folder of it are that tenant's. */
  readonly path: string;
  /**
   * The value of a tenant's secret, or undefined where there is none. `isShared`: the action that asks is every tenant's.
   * Default: none.
   */
  readonly secrets?: SecretSource;
  /** Hosts with their ports, such as `localhost:8080`, that may be local and need no TLS. Default: none. */
  readonly localHosts?: readonly string[];
  /** PEM of authorities to trust instead of those that Node knows. */
  readonly ca?: string;
  /** Looks up all addresses of a name. Default: the machine's resolver. */
  readonly resolve?: Network["resolve"];
}

/** What an action was made from. */
interface Origin {
  readonly path: string;
  readonly checked: Checked;
  readonly tenants: readonly string[] | undefined;
}

const origins = new WeakMap<Action, Origin>();

/**
 * The actions that files define, for `createHoldpoint({ actions })`.
 * @throws HoldpointError `usage` that says where in which file each fault is
 */
export function httpActions({ path, secrets, localHosts = [], ca, resolve }: HttpActionsOptions): Action[] {
  const wrong = localHosts.find((host) => !/^[a-z0-9.-]+:[1-9]\d{0,4}$/.test(host));
  if (wrong !== undefined) {
    throw new HoldpointError("usage", `"${wrong}" is no local host.`, {
      hint: "Expected a host with its port, such as localhost:8080.",
    });
  }
  const environment = { network: { localHosts, ca, resolve }, secrets: secrets ?? (() => undefined) };
  return loadDefinitions(path).map(({ path: file, tenant, checked }) => {
    const tenants = tenant === undefined ? undefined : [tenant];
    const action = httpAction(checked, environment, tenants);
    origins.set(action, { path: file, checked, tenants });
    return action;
  });
}

/** The file that an action was made from; undefined for others. */
export const fileOf = (action: Action): string | undefined => origins.get(action)?.path;

/**
 * The same action, with all its requests sent to a scratch server instead, and no real secrets.
 * @param url the address of that server, which may be local
 * @returns the action, and the hosts that it has to be allowed; undefined where it is no HTTP action
 * @throws HoldpointError `usage` when it is no address
 */
export function againstScratch(action: Action, url: string): { action: Action; allowedHosts: string[] } | undefined {
  const origin = origins.get(action);
  if (!origin) return undefined;
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (!target || !/^https?:$/.test(target.protocol) || target.pathname !== "/" || target.username !== "") {
    throw new HoldpointError("usage", `"${url}" is no address of a scratch server.`, {
      hint: "Expected one without a path, such as http://127.0.0.1:8080.",
    });
  }
  const host = `${target.hostname}:${target.port || (target.protocol === "https:" ? "443" : "80")}`;
  const environment = { network: { localHosts: [host] }, secrets: () => undefined, against: target.origin };
  return { action: httpAction(origin.checked, environment, origin.tenants), allowedHosts: [host] };
}
