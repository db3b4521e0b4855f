/** A tenant's settings: every version is kept, the newest one holds. */
import { canonicalJson } from "../domain/json.ts";
import type { Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { DEFAULT_SETTINGS, type TenantSettings, TenantSettingsSchema } from "../policy/settings.ts";
import { appendAudit, lockAudit } from "./audit.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { keptQuery } from "./kept-query.ts";
import { assertMay } from "./members.ts";

export interface VersionedSettings {
  /** 0 while nobody has set anything. */
  readonly version: number;
  readonly settings: TenantSettings;
}

const selectSettings = keptQuery((db, tenant: string) =>
  db
    .selectFrom("tenantSettings")
    .select(["version", "settings"])
    .where("tenant", "=", tenant)
    .orderBy("version", "desc")
    .limit(1),
);

/** The settings that hold now. */
export async function getSettings(db: Ledger, tenant: string): Promise<VersionedSettings> {
  const [row] = await selectSettings(db, tenant);
  if (!row) return { version: 0, settings: DEFAULT_SETTINGS };
  return { version: row.version, settings: TenantSettingsSchema.parse(JSON.parse(row.settings, readRole)) };
}

/** To which hosts a tenant lets requests of actions go, whenever it is asked. */
export const allowedHostsOf = (db: Ledger, tenant: string) => async (): Promise<readonly string[]> =>
  (await getSettings(db, tenant)).settings.allowedHosts;

/** A viewer could once be named to approve, which took the right to answer besides. */
const readRole = (name: string, value: unknown): unknown =>
  name === "role" && value === "viewer" ? "operator" : value;

const NAMES = Object.keys(TenantSettingsSchema.shape);

/** @throws HoldpointError `usage` that names the setting that does not fit */
function parseSettings(given: unknown): TenantSettings {
  const parsed = TenantSettingsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  const where = path.length > 0 ? `The setting ${path.join(".")}` : "What was given";
  const hint = path.length > 0 ? "`settings` shows what they are." : `Settings are: ${NAMES.join(", ")}.`;
  throw new HoldpointError(
    "usage",
    `${where} does not fit: ${issue?.message.replace(/^Invalid input: /, "") ?? "unreadable"}.`,
    { hint },
  );
}

/** What to change: the settings that are to be different, or the new ones, made from those that hold at that moment. */
export type SettingsChange = object | ((settings: TenantSettings) => unknown);

/**
 * Changes settings, which makes a new version; what is not named stays, also within `approvals`.
 * @param change from outside
 * @param expected only if this version holds
 * @throws HoldpointError `denied`, `stale`, `usage` that names the setting that does not fit; nothing is changed then
 */
export async function changeSettings(
  db: Ledger,
  stamp: Stamp,
  change: SettingsChange,
  expected?: number,
): Promise<VersionedSettings> {
  return await db.transaction().execute(async (trx) => {
    await assertMay(trx, stamp, "changeSettings");
    await lockAudit(trx, stamp.tenant); // whoever comes second changes what the first made
    const before = await getSettings(trx, stamp.tenant);
    if (expected !== undefined && expected !== before.version) {
      const text = `Version ${expected} of the settings does not hold any more: version ${before.version} does.`;
      throw new HoldpointError("stale", text, { hint: "Read them again, and change what they are now." });
    }
    const given = typeof change === "function" ? change(before.settings) : merged(before.settings, change);
    const settings = parseSettings(given);
    const version = before.version + 1;
    const row = { tenant: stamp.tenant, version, settings: canonicalJson(settings), principal: stamp.principal };
    await trx
      .insertInto("tenantSettings")
      .values({ ...row, createdAt: stamp.at })
      .execute();
    const changed = Object.entries(settings).filter(
      ([name, value]) => canonicalJson(value) !== canonicalJson(before.settings[name as keyof TenantSettings]),
    );
    await appendAudit(trx, {
      ...stamp,
      event: "settings.changed",
      data: { version, changed: Object.fromEntries(changed) },
    });
    return { version, settings };
  });
}

/** Gives somebody who changed settings another name. */
export async function renameInSettings(
  trx: LedgerTransaction,
  tenant: string,
  { person, to }: { readonly person: string; readonly to: string },
): Promise<void> {
  const own = trx.updateTable("tenantSettings").set({ principal: to });
  await own.where("tenant", "=", tenant).where("principal", "=", person).execute();
}

const isGroup = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Settings with some of them replaced, group by group. */
function merged(settings: object, change: object): object {
  const now: Readonly<Record<string, unknown>> = { ...settings };
  const changed = Object.entries(change).map(([name, value]) => {
    const before = Object.hasOwn(now, name) ? now[name] : undefined;
    return [name, isGroup(before) && isGroup(value) ? merged(before, value) : value];
  });
  return { ...now, ...Object.fromEntries(changed) };
}
