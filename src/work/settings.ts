/** Changing what a tenant lets happen by itself. */
import type { Identity } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { changeSettings, type VersionedSettings } from "../ledger/settings.ts";
import type { TenantSettings } from "../policy/settings.ts";
import type { Runtime } from "../runtime.ts";
import type { Registry } from "../tools/registry.ts";

/**
 * Changes settings, and sees that those that name actions name ones that there are.
 * @param change the settings that are to be different, or what makes the new ones of those that hold
 * @param options `version`: only if that one holds; `named`: the settings in which names of actions are looked at
 * @throws HoldpointError `denied`, `stale`, `usage` that names the setting that does not fit; nothing is changed then
 */
export async function changeTenantSettings(
  runtime: Runtime,
  identity: Identity,
  change: (now: TenantSettings) => Record<string, unknown>,
  { version, named }: { version?: number; named?: readonly string[] } = {},
): Promise<VersionedSettings> {
  const checked = (now: TenantSettings) => {
    const given = change(now);
    for (const name of named ?? Object.keys(given)) {
      assertActions(runtime.registry.of(identity.tenant), name, given[name]);
    }
    return given;
  };
  return await changeSettings(runtime.ledger, { ...identity, at: runtime.now() }, checked, version);
}

/** @throws HoldpointError `usage` when a setting names an action that there is not */
function assertActions({ actions }: Registry, name: string, value: unknown): void {
  if ((name !== "allowedActions" && name !== "preApprovedActions") || !Array.isArray(value)) return;
  const writes = actions.filter(({ kind }) => kind === "write").map((action) => action.name);
  const unknown = value.find((action) => !writes.includes(action));
  if (unknown === undefined) return;
  throw new HoldpointError(
    "usage",
    `The setting ${name} names "${String(unknown).slice(0, 100)}", and no action that writes is called that.`,
    { hint: `There are: ${writes.join(", ")}.` },
  );
}
