/**
 * The store's own database file.
 *
 * 1. A new file is created and seeded in one transaction: nobody ever sees half of it.
 * 2. It is seeded once; later openings leave the data as they are.
 */
import { type Db, immediately } from "../../sqlite.ts";
import { openOwnDatabase } from "../own-database.ts";
import { fillWithSeed } from "./seed.ts";
import { snapshotOf, type TableSnapshot } from "./views.ts";

export interface Store {
  /** For the store's own actions only. */
  readonly db: Db;
  /** Puts the initial data back, in one transaction. What was done before is forgotten: its keys are unknown again. */
  reseed(): void;
  /** All rows of the named tables (default: all) as people see them; names that are not the store's are skipped. */
  snapshot(tables?: readonly string[]): TableSnapshot[];
  close(): void;
}

const SCHEMA_VERSION = 1;

const SCHEMA = `
  create table inventory (
    item_id text primary key,
    name text not null unique collate nocase,
    description text not null,
    quantity_in_stock integer not null check (quantity_in_stock >= 0),
    price_cents integer not null check (price_cents >= 0)
  ) strict;
  create table transactions (
    id integer primary key autoincrement,
    customer_name text,
    summary text not null,
    amount_cents integer not null,
    balance_after_cents integer not null check (balance_after_cents >= 0),
    time text not null,
    item_id text references inventory (item_id),
    quantity integer,
    idempotency_key text unique
  ) strict;
  create table receipts (
    idempotency_key text primary key,
    action text not null,
    request text,
    item_id text,
    quantity_change integer not null,
    transaction_number integer,
    output text,
    changes text not null,
    undone_at text
  ) strict;
`;

/**
 * Opens the store at `path`; a missing file, and its folder, are created and seeded.
 * @throws HoldpointError `storage` when the file cannot be used, or is a database of something else
 */
export function openStore(path: string): Store {
  const db = openOwnDatabase(path, { what: "a store", version: SCHEMA_VERSION, schema: SCHEMA, fill: fillWithSeed });
  return {
    db,
    reseed: () => immediately(db, () => fillWithSeed(db)),
    snapshot: (tables) => snapshotOf(db, tables),
    close: () => {
      db.close();
    },
  };
}
