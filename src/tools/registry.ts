/** The actions that a plan may call, by name: those of every tenant, and those that only some have. */
import { EXPAND } from "../domain/plan.ts";
import { PLAN_ACTION } from "../domain/plan-proposal.ts";
import { HoldpointError } from "../errors.ts";
import type { Action, AnyRead, AnyWrite } from "./action.ts";
import { callSettings } from "./call-settings.ts";

/** The actions of one tenant. */
export interface Registry {
  readonly actions: readonly Action[];
  find(name: string): Action | undefined;
  /** @throws HoldpointError `internal` when there is no read of that name */
  getRead(name: string): AnyRead;
  /** @throws HoldpointError `internal` when there is no write of that name */
  getWrite(name: string): AnyWrite;
}

/** The actions of all tenants: what one of them may call is asked for by its name. */
export interface Registries {
  /** Of every tenant, those that all have first. Two tenants may each have one of the same name. */
  readonly all: readonly Action[];
  /** What every tenant has. */
  readonly shared: Registry;
  /** What a tenant has: what every tenant has, and its own. */
  of(tenant: string): Registry;
}

const isFunction = (value: unknown): boolean => typeof value === "function";
const isSchema = (value: unknown): boolean => isFunction((value as { safeParse?: unknown } | undefined)?.safeParse);

/** What an action must have, for those that no compiler has checked. */
const PARTS: Readonly<Record<string, (value: unknown) => boolean>> = {
  name: (value) => typeof value === "string" && /^[A-Za-z][\w.-]{0,63}$/.test(value),
  version: (value) => Number.isInteger(value) && (value as number) > 0,
  title: (value) => typeof value === "string" && value !== "",
  description: (value) => typeof value === "string",
  input: isSchema,
  output: isSchema,
  run: isFunction,
  summarize: isFunction,
  tenants: (value) =>
    value === undefined ||
    (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string" && one !== "")),
};

function assertWhole(action: unknown): void {
  const given = typeof action === "object" && action !== null ? (action as Record<string, unknown>) : {};
  const kinds = ["reversible", "compensatable", "irreversible"];
  const write = { preview: isFunction, reversibility: (value: unknown) => kinds.includes(String(value)) };
  const parts = { ...PARTS, kind: (value: unknown) => value === "read" || value === "write" };
  const expected = given.kind === "write" ? { ...parts, ...write } : parts;
  const wrong = Object.entries(expected).find(([part, fits]) => !fits(given[part]))?.[0];
  if (wrong === undefined) return;
  const name = typeof given.name === "string" ? `"${given.name}"` : "An action";
  throw new TypeError(`${name} has no fitting ${wrong}: make actions with defineAction.`);
}

/** What stands in a plan, or for one, where an action does. */
const RESERVED: readonly string[] = [EXPAND, PLAN_ACTION];

/**
 * @param actions every tenant's, and those that name their tenants
 * @param withMore what a tenant has besides, made from what it has
 * @throws TypeError when an action lacks something, says something that does not fit, or a tenant would have two of the
 * same name
 */
export function createRegistries(
  actions: readonly Action[],
  withMore: (actions: readonly Action[]) => readonly Action[] = (given) => given,
): Registries {
  for (const action of actions) assertWhole(action);
  const isShared = ({ tenants }: Action) => tenants === undefined;
  const shared = createRegistry(withMore(actions.filter(isShared)));
  const tenants = new Set(actions.flatMap((action) => action.tenants ?? []));
  const own = new Map(
    [...tenants].map((tenant): [string, Registry] => {
      const has = actions.filter((action) => isShared(action) || action.tenants?.includes(tenant));
      return [tenant, createRegistry(withMore(has))];
    }),
  );
  const all = new Set([...shared.actions, ...[...own.values()].flatMap((registry) => registry.actions)]);
  return { all: [...all], shared, of: (tenant) => own.get(tenant) ?? shared };
}

/**
 * The actions that are given, whoever has them.
 * @throws TypeError when an action lacks something, says something that does not fit, or two have the same name
 */
export function createRegistry(actions: readonly Action[]): Registry {
  const byName = new Map<string, Action>();
  for (const action of actions) {
    assertWhole(action);
    callSettings(action);
    if (RESERVED.includes(action.name)) {
      throw new TypeError(`An action cannot be called "${action.name}": in a plan, that name means something else.`);
    }
    if (byName.has(action.name)) throw new TypeError(`Two actions are called "${action.name}": names are unique.`);
    byName.set(action.name, action);
  }
  const missing = (kind: string, name: string) =>
    new HoldpointError("internal", `There is no ${kind} action "${name}".`, {
      hint: "Was it removed from the registry?",
    });
  return {
    actions,
    find: (name) => byName.get(name),
    getRead(name) {
      const action = byName.get(name);
      if (action?.kind !== "read") throw missing("read", name);
      return action;
    },
    getWrite(name) {
      const action = byName.get(name);
      if (action?.kind !== "write") throw missing("write", name);
      return action;
    },
  };
}
