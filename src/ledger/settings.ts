/** A tenant's settings: every version is kept, the newest one holds. */
import { canonicalJson } from "../domain/json.ts";
import type { Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { DEFAULT_SETTINGS, type TenantSettings, TenantSettingsSchema } from "../policy/settings.ts";
import { appendAudit } from "./audit.ts";
import type { Ledger } from "./database.ts";
import { assertMay } from "./members.ts";

export interface VersionedSettings {
  /** 0 while nobody has set anything. */
  readonly version: number;
  readonly settings: TenantSettings;
}

/** The settings that hold now. */
export async function getSettings(db: Ledger, tenant: string): Promise<VersionedSettings> {
  const row = await db
    .selectFrom("tenantSettings")
    .select(["version", "settings"])
    .where("tenant", "=", tenant)
    .orderBy("version", "desc")
    .executeTakeFirst();
  if (!row) return { version: 0, settings: DEFAULT_SETTINGS };
  return { version: row.version, settings: TenantSettingsSchema.parse(JSON.parse(row.settings)) };
}

/** @throws HoldpointError `usage` that names the setting that does not fit */
function parseSettings(given: unknown): TenantSettings {
  const parsed = TenantSettingsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue && issue.path.length > 0 ? `The setting ${issue.path.join(".")}` : "What was given";
  throw new HoldpointError("usage", `${where} does not fit: ${issue?.message ?? "unreadable"}.`, {
    hint: `Settings are: ${Object.keys(TenantSettingsSchema.shape).join(", ")}.`,
  });
}

/**
 * Changes settings, which makes a new version; what is not named stays.
 * @param change some of the settings, from outside
 * @throws HoldpointError `denied`, `usage` that names the setting that does not fit; nothing is changed then
 */
export async function changeSettings(db: Ledger, stamp: Stamp, change: object): Promise<VersionedSettings> {
  return await db.transaction().execute(async (trx) => {
    await assertMay(trx, stamp, "changeSettings");
    const before = await getSettings(trx, stamp.tenant);
    const settings = parseSettings({ ...before.settings, ...change });
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
