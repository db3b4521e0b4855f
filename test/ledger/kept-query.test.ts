/** Queries that are built once: what is put into them later must not be able to change them. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqliteLedger } from "../../src/ledger/database.ts";
import { keptInsert, keptQuery } from "../../src/ledger/kept-query.ts";
import { tempDir } from "../support/temp.ts";

const open = () => openSqliteLedger(join(tempDir(), "ledger.db"));

describe("a kept query", () => {
  it("is built once for a database, and gives each call what its own values say", async () => {
    let built = 0;
    const find = keptQuery((db, tenant: string, least: number) => {
      built += 1;
      return db
        .selectFrom("auditHeads")
        .select(["tenant", "seq"])
        .where("tenant", "=", tenant)
        .where("seq", ">=", least);
    });
    const insert = keptInsert((db, rows: { tenant: string; seq: number; hash: string }[]) =>
      db.insertInto("auditHeads").values(rows).returning("tenant"),
    );
    for (const ledger of [await open(), await open()]) {
      const rows = Array.from({ length: 250 }, (_, n) => ({ tenant: `t${n}`, seq: n, hash: "" }));
      expect(await insert(ledger, rows)).toEqual(rows.map(({ tenant }) => ({ tenant })));
      expect(await insert(ledger, [])).toEqual([]);
      expect(await find(ledger, "t7", 0)).toEqual([{ tenant: "t7", seq: 7 }]);
      expect(await ledger.transaction().execute((trx) => find(trx, "t8", 8))).toEqual([{ tenant: "t8", seq: 8 }]);
      expect(await find(ledger, "t7", 8)).toEqual([]);
      expect(await find(ledger, "' or 1 = 1 --", 0)).toEqual([]);
      await ledger.destroy();
    }
    expect(built).toBe(2);
  });

  it("is another query where a value is undefined, and asks for what the others say", async () => {
    const ledger = await open();
    let built = 0;
    const find = keptQuery((db, tenant: string | undefined, least: number, most?: number) => {
      built += 1;
      const query = db.selectFrom("auditHeads").select("seq").where("seq", ">=", least).orderBy("seq");
      const upTo = most === undefined ? query : query.where("seq", "<=", most);
      return tenant === undefined ? upTo : upTo.where("tenant", "=", tenant);
    });
    const rows = [1, 2, 3].map((seq) => ({ tenant: `t${seq}`, seq, hash: "" }));
    await ledger.insertInto("auditHeads").values(rows).execute();
    const seqs = async (...values: Parameters<typeof find> extends [unknown, ...infer Rest] ? Rest : never) =>
      (await find(ledger, ...values)).map(({ seq }) => seq);
    for (let round = 0; round < 2; round++) {
      expect(await seqs(undefined, 2)).toEqual([2, 3]);
      expect(await seqs(undefined, 2, undefined)).toEqual([2, 3]);
      expect(await seqs(undefined, 1, 2)).toEqual([1, 2]);
      expect(await seqs("t3", 1, undefined)).toEqual([3]);
      expect(await seqs("t3", 1, 2)).toEqual([]);
      expect(await seqs("t2", 1, 3)).toEqual([2]);
    }
    expect(built).toBeLessThan(6);
    await ledger.destroy();
  });

  it("builds few queries for whatever numbers of rows", async () => {
    const ledger = await open();
    let built = 0;
    const insert = keptInsert((db, rows: { tenant: string; seq: number; hash: string }[]) => {
      built += 1;
      return db.insertInto("auditHeads").values(rows).returning("seq");
    });
    for (let length = 0; length < 300; length++) {
      const rows = Array.from({ length }, (_, seq) => ({ tenant: `${length} ${seq}`, seq, hash: "" }));
      expect(await insert(ledger, rows)).toEqual(rows.map(({ seq }) => ({ seq })));
    }
    expect(built).toBeLessThan(20);
    await ledger.destroy();
  });

  it("inserts rows as each of them is, whichever fields the ones before had", async () => {
    const ledger = await open();
    const insert = keptInsert((db, rows: { tenant: string; seq?: number; hash: string }[]) =>
      db.insertInto("auditHeads").values(rows as never),
    );
    await insert(ledger, [{ hash: "a", tenant: "one", seq: 1 }]);
    await insert(ledger, [{ tenant: "two", seq: 2, hash: "b" }]);
    await expect(insert(ledger, [{ tenant: "three", hash: "c" }])).rejects.toThrow("seq");
    const found = await ledger.selectFrom("auditHeads").selectAll().orderBy("seq").execute();
    expect(found).toEqual([
      { tenant: "one", seq: 1, hash: "a" },
      { tenant: "two", seq: 2, hash: "b" },
    ]);
    await ledger.destroy();
  });
});
