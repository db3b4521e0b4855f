/** Everything that databases hold, to see that something changed nothing. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";

type Row = Record<string, unknown>;

/** Signs of life and leases say that somebody looked, and guard nothing that is compared. */
const PASSING = ["alive_until", "lease_owner", "lease_token", "lease_until"];

/**
 * The rows of every table of the SQLite files in a folder, as text by table.
 * @param files which of them; checkpoints are control flow
 * @param keep which rows
 */
export function dumpOf(
  home: string,
  { files = ["ledger.db", "store.db"], keep = () => true }: { files?: string[]; keep?: (row: Row) => boolean } = {},
): Record<string, string> {
  const dumped: Record<string, string> = {};
  for (const file of readdirSync(home).filter((name) => files.includes(name))) {
    const db = new Database(join(home, file), { readonly: true });
    try {
      const tables = db.prepare("select name from sqlite_master where type = 'table' order by name").all() as Row[];
      for (const { name } of tables) {
        const rows = db.prepare(`select * from "${String(name)}"`).all() as Row[];
        dumped[`${file} ${String(name)}`] = rows.filter(keep).map(withoutPassing).sort().join("\n");
      }
    } finally {
      db.close();
    }
  }
  return dumped;
}

const withoutPassing = (row: Row): string =>
  JSON.stringify(Object.entries(row).filter(([column]) => !PASSING.includes(column)));
