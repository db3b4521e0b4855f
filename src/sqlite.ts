/** SQLite files: opened the same way everywhere, by several processes at once. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { asStorageError } from "./errors.ts";

export type Db = Database.Database;

/** How long a writer waits for another process, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;
const PAUSE_MS = 20;

/**
 * Opens a SQLite file, made with its folder when missing. `setUp` is repeated while another process holds the file.
 * @throws HoldpointError `storage` that names the file when it cannot be opened, read or written
 */
export function openSqlite(path: string, setUp: (db: Db) => void = useWal): Db {
  let db: Db | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const opened = new Database(path, { timeout: BUSY_TIMEOUT_MS });
    db = opened;
    retryWhileBusy(() => setUp(opened));
    return opened;
  } catch (error) {
    db?.close();
    throw asStorageError(error, path);
  }
}

/** Several readers beside one writer; what was committed survives a power cut. */
export function useWal(db: Db): void {
  db.pragma("journal_mode = wal");
  db.pragma("synchronous = full");
  db.pragma("foreign_keys = on");
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
