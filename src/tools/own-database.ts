/**
 * Database files of the packs: opened by several processes at once, made in one transaction, and never taken for what
 * they are not.
 */
import { HoldpointError } from "../errors.ts";
import { consistently, type Db, immediately, openSqlite, useWal } from "../sqlite.ts";

/** A database of a pack's own. */
export interface OwnDatabase {
  /** What it is called in errors, such as "a store". */
  readonly what: string;
  /** Of its tables, in `user_version`. */
  readonly version: number;
  readonly schema: string;
  /** Puts the first rows in, in the transaction that makes the tables. */
  fill?(db: Db): void;
}

/**
 * Opens the file at `path`; a missing one, and its folder, are made.
 * @throws HoldpointError `storage` when the file cannot be used, or is a database of something else; it stays as it is
 */
export function openOwnDatabase(path: string, own: OwnDatabase): Db {
  return openSqlite(path, (db) => setUp(db, path, own));
}

function setUp(db: Db, path: string, own: OwnDatabase): void {
  const ready = consistently(db, () => isReady(db, path, own)); // first of all: a file of something else stays as it is
  useWal(db);
  if (ready) return;
  immediately(db, () => {
    if (isReady(db, path, own)) return; // another process was first
    db.exec(own.schema);
    own.fill?.(db);
    db.pragma(`user_version = ${own.version}`);
  });
}

/** Whether the file is such a database already; false when it is empty. */
function isReady(db: Db, path: string, own: OwnDatabase): boolean {
  const version = db.pragma("user_version", { simple: true });
  if (version === own.version && isOwn(db, own)) return true;
  const first = db.prepare<[], { name: string }>("select name from sqlite_schema limit 1").get();
  if (version === 0 && !first) return false;
  throw new HoldpointError(
    "storage",
    `${path} is not ${own.what} of version ${own.version}: its version is ${version}, it holds "${first?.name}".`,
    { hint: "Name another file, or move this one away." },
  );
}

/** Other packs count their versions, too. */
function isOwn(db: Db, { schema }: OwnDatabase): boolean {
  const tables = [...schema.matchAll(/create table (\w+)/gu)].map(([, name]) => name);
  const find = db.prepare<[string], { name: string }>(
    "select name from sqlite_schema where type = 'table' and name = ?",
  );
  return tables.every((name) => name !== undefined && find.get(name) !== undefined);
}
