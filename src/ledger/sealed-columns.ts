/**
 * Which columns are encrypted at rest, and how: with a key for each tenant, which is itself encrypted with the key of
 * the environment. Without that key nothing is encrypted. Ids, digests, statuses, times and names stay readable, since
 * they are searched for; so does the audit log, which is masked.
 */
import type { Kysely, KyselyPlugin, PluginTransformQueryArgs, PluginTransformResultArgs } from "kysely";
import { HoldpointError } from "../errors.ts";
import { isSealed, newKey, seal, unseal } from "../sealing.ts";
import type { LedgerSchema } from "./schema.ts";

type Ledger = Kysely<LedgerSchema>;

const COLUMNS = {
  runs: ["request", "answer", "cancellation", "pause", "rollback"],
  planRevisions: ["plan", "findings"],
  reflections: ["wentWell", "missing", "feedback", "answer"],
  programs: ["goal", "why", "code", "outcome"],
  reads: ["args", "output", "summary"],
  proposals: ["actions", "impact", "findings", "review", "failure"],
  decisions: ["actions", "reason"],
  approvals: ["actions"],
  effects: ["args", "output", "undoData", "changes", "note"],
  answeredRequests: ["answer"],
} as const satisfies Record<string, readonly string[]>;
type Table = keyof typeof COLUMNS;

/** Carries the key of the environment along with a ledger and its transactions. It changes no query. */
export class LedgerKey implements KyselyPlugin {
  readonly #key: Buffer;
  /** Data keys by their encrypted form. */
  readonly #opened = new Map<string, Buffer>();

  constructor(key: Buffer) {
    this.#key = key;
  }

  transformQuery({ node }: PluginTransformQueryArgs) {
    return node;
  }

  async transformResult({ result }: PluginTransformResultArgs) {
    return result;
  }

  wrap(tenant: string, key: Buffer): string {
    return seal(this.#key, placeOfKey(tenant), key.toString("base64"));
  }

  /** @throws HoldpointError `storage` when it was written with another key */
  unwrap(tenant: string, wrapped: string): Buffer {
    const known = this.#opened.get(wrapped);
    if (known) return known;
    const key = Buffer.from(unseal(this.#key, placeOfKey(tenant), wrapped), "base64");
    this.#opened.set(wrapped, key);
    return key;
  }
}

const placeOfKey = (tenant: string): string => JSON.stringify(["tenant_keys", tenant]);
const placeOf = (tenant: string, table: Table, column: string): string => JSON.stringify([tenant, table, column]);

const keyOf = (db: Ledger): LedgerKey | undefined =>
  db.getExecutor().plugins.find((plugin) => plugin instanceof LedgerKey);

/**
 * Read for each use: another process may have destroyed it.
 * @returns undefined when the tenant has none
 */
async function findDataKey(db: Ledger, key: LedgerKey, tenant: string): Promise<Buffer | undefined> {
  const row = await db.selectFrom("tenantKeys").select("wrapped").where("tenant", "=", tenant).executeTakeFirst();
  return row && key.unwrap(tenant, row.wrapped);
}

async function getDataKey(db: Ledger, key: LedgerKey, tenant: string): Promise<Buffer> {
  const found = await findDataKey(db, key, tenant);
  if (found) return found;
  await db
    .insertInto("tenantKeys")
    .values({ tenant, wrapped: key.wrap(tenant, newKey()), createdAt: new Date().toISOString() })
    .onConflict((c) => c.column("tenant").doNothing())
    .execute();
  return (await findDataKey(db, key, tenant)) ?? raise(destroyed(tenant));
}

function raise(error: Error): never {
  throw error;
}

const destroyed = (tenant: string): HoldpointError =>
  new HoldpointError(
    "storage",
    `The key of tenant "${tenant}" was destroyed: what it encrypted cannot be read any more.`,
  );

/** Values of one row as they are to be stored: those of sealed columns encrypted, null as it is. */
export async function sealed<Values extends object>(
  db: Ledger,
  table: Table,
  tenant: string,
  values: Values,
): Promise<Values> {
  const [row = values] = await sealedAll(db, table, tenant, [values]);
  return row;
}

/** {@link sealed}, of several rows. */
export async function sealedAll<Values extends object>(
  db: Ledger,
  table: Table,
  tenant: string,
  rows: readonly Values[],
): Promise<Values[]> {
  const key = keyOf(db);
  if (!key) return [...rows];
  const dataKey = await getDataKey(db, key, tenant);
  return rows.map((values) =>
    mapColumns(table, values, (column, text) => seal(dataKey, placeOf(tenant, table, column), text)),
  );
}

/** Rows as they were before {@link sealed}; what was written without a key is as it was. */
export async function opened<Row extends object>(
  db: Ledger,
  table: Table,
  tenant: string,
  rows: readonly Row[],
): Promise<Row[]> {
  const key = keyOf(db);
  if (!key || rows.length === 0) return [...rows];
  const dataKey = await findDataKey(db, key, tenant);
  return rows.map((row) =>
    mapColumns(table, row, (column, text) => {
      if (!isSealed(text)) return text;
      return unseal(dataKey ?? raise(destroyed(tenant)), placeOf(tenant, table, column), text);
    }),
  );
}

/** {@link opened}, of a row that may not be there. */
export async function openedOne<Row extends object>(
  db: Ledger,
  table: Table,
  tenant: string,
  row: Row | undefined,
): Promise<Row | undefined> {
  return row && (await opened(db, table, tenant, [row]))[0];
}

function mapColumns<Row extends object>(table: Table, row: Row, change: (column: string, text: string) => string): Row {
  const changed = { ...row } as Record<string, unknown>;
  for (const column of COLUMNS[table]) {
    const value = changed[column];
    if (typeof value === "string") changed[column] = change(column, value);
  }
  return changed as Row;
}

/**
 * Checks when a ledger is opened that its key is there and fits.
 * @throws HoldpointError `storage` when it is encrypted and the key is missing or another one
 */
export async function assertKey(db: Ledger): Promise<void> {
  const row = await db.selectFrom("tenantKeys").select(["tenant", "wrapped"]).limit(1).executeTakeFirst();
  if (!row) return;
  const key = keyOf(db);
  if (key) {
    key.unwrap(row.tenant, row.wrapped);
    return;
  }
  throw new HoldpointError("storage", "The ledger is encrypted, and there is no key.", {
    hint: "Set HOLDPOINT_ENCRYPTION_KEY to the key that it was written with.",
  });
}

/** Makes what a tenant's key encrypted unreadable for good, in every copy; a new one is made when it is needed. */
export async function destroyKey(db: Ledger, tenant: string): Promise<void> {
  await db.deleteFrom("tenantKeys").where("tenant", "=", tenant).execute();
}
