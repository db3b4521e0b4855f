/** What a plan may call, and what each of them says of itself. */
import { jsonSchemaOf } from "../domain/json-schema.ts";
import type { Identity } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { assertMay } from "../ledger/members.ts";
import type { StoreRuntime } from "../runtime.ts";
import type { Action } from "../tools/action.ts";
import { callSettings } from "../tools/call-settings.ts";
import { fileOf } from "../tools/http/index.ts";
import type { Waiting } from "../tools/mcp/index.ts";
import { openOffice } from "../tools/office/index.ts";
import { operationsActions } from "../tools/operations/index.ts";
import { storeActions } from "../tools/store/index.ts";

/** Where actions come from, for people, by their names. */
type Origins = ReadonlyMap<string, string>;

/** The packs that have targets which can be made and thrown away, and the tools of MCP servers. */
export function originsOf(runtime: StoreRuntime): Origins {
  // Of the tools of MCP servers, the name says which one.
  const tools = runtime.mcp?.actions ?? [];
  const named = (actions: readonly Action[], from: string) => actions.map(({ name }): [string, string] => [name, from]);
  return new Map([
    ...named(storeActions(runtime.store), "the example store"),
    ...named(openOffice().actions, "the office"),
    ...named(operationsActions(), "operations"),
    ...tools.map(({ name }): [string, string] => [name, `the MCP server ${name.split("__")[0]}`]),
  ]);
}

/** What an action says of itself; of a read, nothing of effects. */
function describe(action: Action, origins: Origins) {
  const { name, kind, version, title, description } = action;
  const { timeoutMs, retry, breaker } = callSettings(action);
  const from = fileOf(action) ?? origins.get(name) ?? "Holdpoint, asking the worker model";
  return {
    ...{ name, kind, version, title, from, untrustedOutput: action.untrustedOutput ?? false },
    ...(action.kind === "write" ? effectOf(action) : {}),
    ...{ description, timeoutMs, retry, breaker },
    ...(action.example === undefined ? {} : { example: action.example }),
    ...{ input: jsonSchemaOf(action.input, "input"), output: jsonSchemaOf(action.output, "output") },
  };
}

function effectOf({ reversibility, idempotent, lookup, undo, undoWindowMs }: Action & { kind: "write" }) {
  const can = { lookUp: lookup !== undefined, undo: undo !== undefined };
  return { reversibility, idempotent, ...can, undoWindowMs: undoWindowMs ?? null };
}

export type DescribedAction = ReturnType<typeof describe> & {
  /** What an operator declared of it, such as the request that it sends, or the tool that undoes it. */
  readonly declared?: unknown;
};

/** The actions of a tenant. @throws HoldpointError `denied` */
export async function describeActions(runtime: StoreRuntime, identity: Identity): Promise<DescribedAction[]> {
  await assertMay(runtime.ledger, identity, "viewActions");
  const origins = originsOf(runtime);
  return runtime.registry.of(identity.tenant).actions.map((action) => describe(action, origins));
}

/** One of them. @throws HoldpointError `denied`, `usage` when there is none of that name */
export async function describeAction(
  runtime: StoreRuntime,
  identity: Identity,
  name: string,
): Promise<DescribedAction> {
  await assertMay(runtime.ledger, identity, "viewActions");
  const action = actionNamed(runtime, identity, name);
  const declared = action.definition === undefined ? {} : { declared: action.definition };
  return { ...describe(action, originsOf(runtime)), ...declared };
}

/** @throws HoldpointError `usage` when there is none of that name */
export function actionNamed({ registry }: StoreRuntime, { tenant }: Identity, name: string): Action {
  const found = registry.of(tenant).find(name);
  if (found) return found;
  const names = registry.of(tenant).actions.map((action) => action.name);
  throw new HoldpointError("usage", `There is no action "${name}".`, { hint: `There are: ${names.join(", ")}.` });
}

/** What MCP servers offer that waits to be accepted; null where there are none. @throws HoldpointError `denied` */
export async function listWaitingTools(runtime: StoreRuntime, identity: Identity): Promise<Waiting | null> {
  await assertMay(runtime.ledger, identity, "viewActions");
  return (await runtime.mcp?.waiting()) ?? null;
}
