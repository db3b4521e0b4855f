/**
 * The office's own database file, and the files to look at beside it.
 *
 * 1. The database is what counts. A file is written after the commit, whole or not at all, and made up for at the next
 *    opening where that was cut off.
 * 2. Every query carries the tenant.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { explainError, HoldpointError } from "../../errors.ts";
import { consistently, type Db, immediately, openSqlite, useWal } from "../../sqlite.ts";
import { warn } from "../../telemetry/tell.ts";

const SCHEMA_VERSION = 1;

const SCHEMA = `
  create table events (
    tenant text not null,
    id text not null,
    ics text not null,
    version integer not null,
    begins text not null,
    ends text,
    filed integer not null default 0,
    primary key (tenant, id)
  ) strict;
  create index events_by_time on events (tenant, begins);
  create table mails (
    tenant text not null,
    message_id text not null,
    request text not null,
    status text not null check (status in ('sending', 'sent')),
    refused text not null default '[]',
    eml text not null,
    time text not null,
    filed integer not null default 0,
    primary key (tenant, message_id)
  ) strict;
`;

/** The database, and its files. */
export interface OfficeFiles {
  /** Opened when it is first needed. */
  db(): Db;
  /** Writes the files of what has been committed since. */
  writeFiles(): void;
  close(): void;
}

/**
 * The office's database in a folder; nothing is opened or made yet.
 * @param home the folder; `calendar` and `outbox` are made in it
 */
export function officeFiles(home: string): OfficeFiles {
  let opened: Db | undefined;
  const db = (): Db => {
    if (opened) return opened;
    const path = join(home, "office.db");
    opened = openSqlite(path, (fresh) => setUp(fresh, path));
    writeFiles(opened, home);
    return opened;
  };
  return {
    db,
    writeFiles: () => writeFiles(db(), home),
    close: () => {
      opened?.close();
      opened = undefined;
    },
  };
}

function setUp(db: Db, path: string): void {
  const ready = consistently(db, () => isReady(db, path)); // first of all: a file of something else stays as it is
  useWal(db);
  if (ready) return;
  immediately(db, () => {
    if (isReady(db, path)) return; // another process was first
    db.exec(SCHEMA);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
  });
}

function isReady(db: Db, path: string): boolean {
  const version = db.pragma("user_version", { simple: true });
  if (version === SCHEMA_VERSION) return true;
  const first = db.prepare<[], { name: string }>("select name from sqlite_schema limit 1").get();
  if (version === 0 && !first) return false;
  throw new HoldpointError(
    "storage",
    `${path} is not an office of version ${SCHEMA_VERSION}: its version is ${version}, it holds "${first?.name}".`,
    { hint: "Move this file away." },
  );
}

interface Unfiled {
  readonly tenant: string;
  readonly id: string;
  readonly text: string;
  readonly version: number;
}

/** They are there to be looked at: what keeps one from being written is told, and fails nothing. */
function writeFiles(db: Db, home: string): void {
  const events = db
    .prepare<[], Unfiled>("select tenant, id, ics as text, version from events where filed = 0")
    .all()
    .map((row) => ({ ...row, folder: "calendar", kind: "ics" }));
  const mails = db
    .prepare<[], Unfiled>(
      "select tenant, message_id as id, eml as text, 0 as version from mails where filed = 0 and status = 'sent'",
    )
    .all()
    .map((row) => ({ ...row, folder: "outbox", kind: "eml" }));
  for (const { tenant, id, text, version, folder, kind } of [...events, ...mails]) {
    const path = join(home, folder, `${fileNameOf(id)}.${kind}`);
    try {
      writeWhole(path, text);
    } catch (error) {
      warn(`${path} could not be written: ${explainError(error)}`);
      continue;
    }
    const [table, key, isSame] =
      kind === "ics" ? ["events", "id", "version = @version"] : ["mails", "message_id", "@version = 0"];
    db.prepare(`update ${table} set filed = 1 where tenant = @tenant and ${key} = @id and ${isSame}`).run({
      ...{ tenant, id, version },
    });
  }
}

const fileNameOf = (id: string): string => id.replace(/[<>]/gu, "").replace(/[^\w@.-]|^\./gu, "_");

/** Nobody ever sees half of the file. */
function writeWhole(path: string, text: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, text);
  renameSync(part, path);
}
