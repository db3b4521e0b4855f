/** SQLite files: opened the same way everywhere, by several processes at once. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { asStorageError, HoldpointError } from "./errors.ts";

export type Db = Database.Database;

/** How long a writer waits for another process, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;
const PAUSE_MS = 20;

/**
 * Opens a SQLite file, made with its folder when missing. `setUp` is repeated while another process holds the file.
 * @throws HoldpointError `storage` that names the file when it cannot be opened, read or written
 */
export function openSqlite(path: string, setUp: (db: Db) => void = (db) => useWal(db)): Db {
  let db: Db | undefined;
  try {
    makeFolder(dirname(path));
    const opened = new Database(path, { timeout: BUSY_TIMEOUT_MS });
    db = opened;
    retryWhileBusy(() => setUp(opened));
    keepStatements(opened);
    return opened;
  } catch (error) {
    db?.close();
    throw asStorageError(error, path);
  }
}

/**
 * Makes a folder with those above it. Node's own way of that never ends where the system says that a folder is not there
 * and cannot be made, as below /proc.
 */
function makeFolder(path: string): void {
  const make = () => {
    try {
      mkdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (!statSync(path).isDirectory()) throw notMade(`${path} is a file; expected a folder.`, error);
    }
  };
  try {
    make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    if (!existsSync(path)) tryToMake(path, make);
  }
}

function tryToMake(path: string, make: () => void): void {
  try {
    make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw notMade(`${path} cannot be made.`, error);
  }
}

const notMade = (message: string, cause: unknown): HoldpointError =>
  new HoldpointError("storage", message, { hint: "Choose another place with HOLDPOINT_HOME.", cause });

/** So many statements are kept; a statement for each number of rows that are written at once is among them. */
const MAX_STATEMENTS = 300;

/**
 * Preparing a statement costs several times what running it does, so each is prepared once. SQLite itself looks after
 * those that the schema has changed under. Whoever gets one must not change it (`pluck`, `raw`, `bind`).
 */
function keepStatements(db: Db): void {
  const kept = new Map<string, Database.Statement>();
  const prepare = db.prepare.bind(db) as (sql: string) => Database.Statement;
  const prepareOnce = (sql: string): Database.Statement => {
    const known = kept.get(sql);
    if (known) return known.busy ? prepare(sql) : known; // of a busy one the rows are being read one by one
    const statement = prepare(sql);
    kept.set(sql, statement);
    // The oldest, however often it was used: then it is prepared once more, which costs less than to count uses.
    if (kept.size > MAX_STATEMENTS) kept.delete(kept.keys().next().value as string);
    return statement;
  };
  db.prepare = prepareOnce as Db["prepare"];
}

/**
 * Several readers beside one writer. What was committed survives the end of the process, and with `full` a power cut, too;
 * with `normal` that can take away what was committed last, and leaves the file whole.
 */
export function useWal(db: Db, synchronous: "full" | "normal" = "full"): void {
  db.pragma("journal_mode = wal");
  db.pragma(`synchronous = ${synchronous}`);
  db.pragma("foreign_keys = on");
  db.pragma("cache_size = -2000"); // kB for each file, of 16,000: what is read again the system has in memory, too
}

/** Runs `work` in one transaction that holds the write lock from its start; a throw undoes everything. */
export function immediately<T>(db: Db, work: () => T): T {
  return db.transaction(work).immediate();
}

/** Runs several reads on one state of the database, whatever other processes write meanwhile. */
export function consistently<T>(db: Db, work: () => T): T {
  return db.inTransaction ? work() : db.transaction(work).deferred();
}

/** SQLite does not wait by itself at the change to WAL, and at opening a file that another process is creating. */
function retryWhileBusy(work: () => void): void {
  const deadline = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      work();
      return;
    } catch (error) {
      const busy = error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY");
      if (!busy || Date.now() >= deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
