/** Opens the ledger and brings it up to date. SQLite is the embedded default. */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  CamelCasePlugin,
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  type KyselyPlugin,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type Transaction,
} from "kysely";
import { Migrator } from "kysely/migration";
import { asStorageError, explainError, HoldpointError } from "../errors.ts";
import { type Db, openSqlite } from "../sqlite.ts";
import { migrations } from "./migrations.ts";
import type { LedgerSchema } from "./schema.ts";
import { assertKey, LedgerKey } from "./sealed-columns.ts";

export type Ledger = Kysely<LedgerSchema>;
/** What every ledger function takes first: the database, or a transaction on it. */
export type LedgerTransaction = Transaction<LedgerSchema>;

/** Whether a transaction is one of {@link writeBehind}. */
const behind = new AsyncLocalStorage<boolean>();

/**
 * A transaction of what only this process knows of so far, and does again when it is lost. Its commit outlasts the end of
 * the process. A power cut may take it until any other commit, which writes all before it through to the disk. On
 * databases other than SQLite it is a transaction like any other.
 */
export async function writeBehind<T>(db: Ledger, work: (trx: LedgerTransaction) => Promise<T>): Promise<T> {
  return await behind.run(true, () => db.transaction().execute(work));
}

/** Deferred transactions that read and then write fail under two processes (`SQLITE_BUSY_SNAPSHOT`); these wait. */
class ImmediateSqliteDriver extends SqliteDriver {
  readonly #file: Db;
  #isBehind = false;

  constructor(file: Db) {
    super({ database: file });
    this.#file = file;
  }

  /** Inside a transaction SQLite takes no other setting. */
  #setBehind(isBehind: boolean): void {
    if (isBehind === this.#isBehind) return;
    this.#file.exec(`pragma synchronous = ${isBehind ? "normal" : "full"}`); // a fifth of what `pragma` costs
    this.#isBehind = isBehind;
  }

  /** SQLite rolls back by itself when the disk is full; that error is the one to be told. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await super.rollbackTransaction(connection);
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("no transaction is active"))) throw error;
    } finally {
      this.#setBehind(false);
    }
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    this.#setBehind(behind.getStore() ?? false);
    try {
      await connection.executeQuery(CompiledQuery.raw("begin immediate"));
    } catch (error) {
      this.#setBehind(false);
      throw error;
    }
  }

  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await super.commitTransaction(connection);
    this.#setBehind(false);
  }
}

/** SQLite does have transactional DDL; with it, a migration is one transaction and its own lock. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class ImmediateSqliteDialect extends SqliteDialect {
  readonly #database: Db;

  constructor(database: Db) {
    super({ database });
    this.#database = database;
  }

  override createDriver(): ImmediateSqliteDriver {
    return new ImmediateSqliteDriver(this.#database);
  }

  override createAdapter(): TransactionalDdlAdapter {
    return new TransactionalDdlAdapter();
  }
}

/** The ledger on any dialect; migrate it before use. With a key, what is personal in it is encrypted. */
export function createLedger(dialect: Dialect, key?: Buffer): Ledger {
  const plugins: KyselyPlugin[] = [new CamelCasePlugin({ maintainNestedObjectKeys: true })];
  if (key) plugins.push(new LedgerKey(key));
  return new Kysely<LedgerSchema>({ dialect, plugins });
}

/**
 * Opens the ledger on any dialect, such as Kysely's for Postgres, and migrates it.
 * @throws HoldpointError `storage` when the database cannot be used; nothing is left open then
 */
export async function openLedger(dialect: Dialect, key?: Buffer): Promise<Ledger> {
  const ledger = createLedger(dialect, key);
  try {
    await migrateLedger(ledger);
    await assertKey(ledger);
    return ledger;
  } catch (error) {
    await ledger.destroy();
    if (error instanceof HoldpointError) throw error;
    throw new HoldpointError("storage", `The ledger's database cannot be used: ${explainError(error)}.`, {
      hint: "Check its address, and that its user may create tables.",
      cause: error,
    });
  }
}

/**
 * Opens the ledger in a SQLite file and migrates it; safe when several processes do so at once.
 * @throws HoldpointError `storage` that names the file
 */
export async function openSqliteLedger(path: string, key?: Buffer): Promise<Ledger> {
  return await openLedgerIn(openSqlite(path), key);
}

/** {@link openSqliteLedger}, in a file that is open; closing that file closes the ledger. */
export async function openLedgerIn(file: Db, key?: Buffer): Promise<Ledger> {
  const ledger = createLedger(new ImmediateSqliteDialect(file), key);
  try {
    await migrateLedger(ledger);
    await assertKey(ledger);
    return ledger;
  } catch (error) {
    await ledger.destroy();
    const known = asStorageError(error, file.name);
    if (known instanceof HoldpointError) throw known;
    throw new HoldpointError("storage", `${file.name} is not a ledger that can be used: ${explainError(error)}.`, {
      hint: "Move it away to start anew, or choose another place with HOLDPOINT_HOME.",
      cause: error,
    });
  }
}

/** Applies what is missing of the migration history, in one transaction. @throws whatever the database threw */
export async function migrateLedger(ledger: Ledger): Promise<void> {
  await ledger.transaction().execute(async (trx) => {
    const { error } = await new Migrator({ db: trx, provider: migrations }).migrateToLatest();
    if (error) throw error;
  });
}
