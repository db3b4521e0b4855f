/**
 * The database of the operations: tasks, what was notified, and what was done under which key.
 *
 * 1. Every query carries the tenant.
 * 2. It is opened when it is first needed.
 */
import { join } from "node:path";
import type { Db } from "../../sqlite.ts";
import { openOwnDatabase } from "../own-database.ts";

const SCHEMA = `
  create table tasks (
    tenant text not null,
    id text not null,
    title text not null,
    description text,
    assignee text,
    due text,
    priority text not null check (priority in ('low', 'normal', 'high', 'urgent')),
    project text,
    status text not null default 'open' check (status in ('open', 'done')),
    created_by text not null,
    created_at text not null,
    primary key (tenant, id)
  ) strict;
  create table notifications (
    tenant text not null,
    id text not null,
    channel text not null check (channel in ('in_app', 'email', 'webhook')),
    recipients text not null,
    title text not null,
    text text not null,
    corrects text,
    sent_at text not null,
    primary key (tenant, id)
  ) strict;
  create table receipts (
    tenant text not null,
    key text not null,
    action text not null,
    request text,
    status text not null check (status in ('begun', 'done', 'undone')),
    output text,
    changes text not null default '[]',
    time text not null,
    primary key (tenant, key)
  ) strict;
`;

/** Where the operations keep what is theirs. */
export interface OperationsFiles {
  readonly home: string;
  db(): Db;
  close(): void;
}

/** @param home the folder of `operations.db` and of `reports`; nothing is opened or made yet */
export function operationsFiles(home: string): OperationsFiles {
  let opened: Db | undefined;
  return {
    home,
    db: () => {
      opened ??= openOwnDatabase(join(home, "operations.db"), { what: "operations", version: 1, schema: SCHEMA });
      return opened;
    },
    close: () => {
      opened?.close();
      opened = undefined;
    },
  };
}
