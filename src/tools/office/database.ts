/**
 * The office's own database file, and the files to look at beside it.
 *
 * 1. The database is what counts. A file is written after the commit, whole or not at all, and made up for at the next
 *    opening where that was cut off.
 * 2. Every query carries the tenant.
 */
import { join } from "node:path";
import { explainError } from "../../errors.ts";
import type { Db } from "../../sqlite.ts";
import { warn } from "../../telemetry/tell.ts";
import { openOwnDatabase } from "../own-database.ts";
import { writeWhole } from "../write-whole.ts";

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
    opened = openOwnDatabase(path, { what: "an office", version: SCHEMA_VERSION, schema: SCHEMA });
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
