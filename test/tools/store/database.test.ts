import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { openStore } from "../../../src/tools/store/index.ts";
import { contextOf, newStore, newStorePath, rowsOf, startScript, stockOf } from "./support.ts";

const INITIAL_TRANSACTIONS = [
  {
    transaction_id: "TXN001",
    customer_name: "OPENING_BALANCE",
    summary: "Opening balance",
    amount: "$0.00",
    balance_after: "$500.00",
    time: "2026-01-01T09:00:00.000Z",
  },
];

describe("the store's database", () => {
  test("a new store holds the six products and the opening balance", () => {
    const { store } = newStore();
    const facts = rowsOf(store, "inventory").map((row) => [row.item_id, row.name, row.quantity_in_stock, row.price]);
    expect(facts).toEqual([
      ["SG001", "Aviator", 23, "$80.00"],
      ["SG002", "Wayfarer", 6, "$95.00"],
      ["SG003", "Mystique", 3, "$70.00"],
      ["SG004", "Sport", 11, "$110.00"],
      ["SG005", "Classic", 10, "$60.00"],
      ["SG006", "Moon", 10, "$120.00"],
    ]);
    expect(rowsOf(store, "transactions")).toEqual(INITIAL_TRANSACTIONS);
  });

  test("only Classic and Moon are described as round, even to a program that looks for a part of a word", () => {
    const { store } = newStore();
    const round = rowsOf(store, "inventory").filter((row) => /round/i.test(`${row.name} ${row.description}`));
    expect(round.map((row) => row.name)).toEqual(["Classic", "Moon"]);
  });

  test("opening an existing store leaves its data as they are", async () => {
    const { store, path, sell } = newStore();
    await sell.run({ item: "SG002", quantity: 6 }, contextOf());
    const before = store.snapshot();
    store.close();
    expect(newStore(path).store.snapshot()).toEqual(before);
  });

  test("reseed restores the initial data and starts transaction ids over", async () => {
    const { store, sell } = newStore();
    const initial = store.snapshot();
    const first = await sell.run({ item: "SG001", quantity: 2 }, contextOf("a"));
    store.reseed();
    expect(store.snapshot()).toEqual(initial);
    const again = await sell.run({ item: "SG001", quantity: 2 }, contextOf("a"));
    expect(again).toEqual(first);
    expect(stockOf(store, "SG001")).toBe(21);
  });

  test("a snapshot can be limited to some tables, and skips tables of other packs", () => {
    const { store } = newStore();
    expect(store.snapshot(["transactions", "tasks"]).map(({ table }) => table)).toEqual(["transactions"]);
    expect(store.snapshot().map(({ table }) => table)).toEqual(["inventory", "transactions"]);
  });

  test("several processes that open a new file at once all see one complete store", async () => {
    for (let round = 0; round < 3; round += 1) {
      const path = newStorePath();
      const scripts = Array.from({ length: 4 }, () => startScript("open-script.ts", [path]));
      await Promise.all(scripts.map(({ ready }) => ready));
      for (const { go } of scripts) go();
      const seen = await Promise.all(scripts.map(({ result }) => result));
      expect(seen).toEqual(scripts.map(() => [6, 1]));
    }
  }, 60_000);

  test("a new file that another process has locked is waited for", async () => {
    const path = newStorePath();
    const other = startScript("lock-script.ts", [path]);
    await other.ready;
    expect(rowsOf(newStore(path).store, "inventory")).toHaveLength(6);
    await other.result;
  });

  test("a file that is no database is named and left as it is", () => {
    const path = newStorePath();
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "this is not a database, but it is long enough to be read as one. ".repeat(20));
    expect(() => openStore(path)).toThrow(`${path} is not a database (SQLITE_NOTADB).`);
  });

  test("a database of something else is refused and left as it is", () => {
    const path = newStorePath();
    mkdirSync(dirname(path), { recursive: true });
    const other = new Database(path);
    other.exec("create table notes (text)");
    other.close();
    const before = readFileSync(path);
    expect(() => openStore(path)).toThrow('it holds "notes"');
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});
