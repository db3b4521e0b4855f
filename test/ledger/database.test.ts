import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { type Ledger, openSqliteLedger, writeBehind } from "../../src/ledger/database.ts";
import { openSqlite } from "../../src/sqlite.ts";
import { spawnScript } from "../support/child.ts";
import { tempDir } from "../support/temp.ts";

describe("opening the ledger", () => {
  it("migrates a new file once when several processes open it at once, four times over", async () => {
    const dir = tempDir();
    for (let round = 0; round < 4; round++) {
      const path = join(dir, `ledger-${round}.db`);
      const opening = [1, 2, 3].map(() => spawnScript("test/support/scripts/audit-writer.ts", [path, "p", "0"]).ended);
      for (const ended of await Promise.all(opening)) expect(ended).toEqual({ status: 0, stdout: "", stderr: "" });
      const ledger = await openSqliteLedger(path);
      expect(await ledger.selectFrom("auditLog").selectAll().execute()).toEqual([]);
      await ledger.destroy();
    }
  });

  it("names a file that is no database, and leaves it as it is", async () => {
    const path = join(tempDir(), "ledger.db");
    writeFileSync(path, "this is not a database, but it is long enough to be taken for one at first sight".repeat(20));
    await expect(openSqliteLedger(path)).rejects.toMatchObject({
      code: "storage",
      message: `${path} is not a database (SQLITE_NOTADB).`,
    });
  });

  it("names a folder that stands where the file should be", async () => {
    const path = join(tempDir(), "ledger.db");
    mkdirSync(path);
    await expect(openSqliteLedger(path)).rejects.toMatchObject({
      code: "storage",
      message: expect.stringContaining(path),
    });
  });

  it("waits for a writer in the same process instead of failing", async () => {
    const path = join(tempDir(), "ledger.db");
    const ledger = await openSqliteLedger(path);
    const insert = (n: number) =>
      ledger.transaction().execute(async (trx) => {
        const rows = await trx.selectFrom("auditHeads").selectAll().execute();
        await trx
          .insertInto("auditHeads")
          .values({ tenant: `t${n}`, seq: rows.length, hash: "" })
          .execute();
      });
    await Promise.all(Array.from({ length: 20 }, (_, n) => insert(n)));
    const seqs = (await ledger.selectFrom("auditHeads").select("seq").orderBy("seq").execute()).map((row) => row.seq);
    expect(seqs).toEqual(Array.from({ length: 20 }, (_, n) => n));
    await ledger.destroy();
  });
});

describe("what is written behind", () => {
  const NORMAL = 1;
  const FULL = 2;
  /** How far SQLite waits for the disk at the next commit (https://sqlite.org/pragma.html#pragma_synchronous). */
  const waits = async (db: Ledger): Promise<number | undefined> =>
    (await sql<{ synchronous: number }>`pragma synchronous`.execute(db)).rows[0]?.synchronous;

  it("does not wait for the disk; everything else does, whatever became of it", async () => {
    const ledger = await openSqliteLedger(join(tempDir(), "ledger.db"));
    expect(await waits(ledger)).toBe(FULL);
    expect(await writeBehind(ledger, waits)).toBe(NORMAL);
    expect(await waits(ledger)).toBe(FULL);
    const failing = writeBehind(ledger, async () => {
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await waits(ledger)).toBe(FULL);
    const both = await Promise.all([
      writeBehind(ledger, waits),
      ledger.transaction().execute(waits),
      writeBehind(ledger, waits),
      waits(ledger),
    ]);
    expect(both).toEqual([NORMAL, FULL, NORMAL, FULL]);
    await ledger.destroy();
  });

  it("leaves no trace where another process holds the file", async () => {
    const path = join(tempDir(), "ledger.db");
    const ledger = await openSqliteLedger(path);
    const other = openSqlite(path);
    other.exec("begin immediate");
    await sql`pragma busy_timeout = 1`.execute(ledger);
    await expect(writeBehind(ledger, waits)).rejects.toThrow("locked");
    expect(await waits(ledger)).toBe(FULL);
    other.close();
    await ledger.destroy();
  });
});
