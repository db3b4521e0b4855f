/** Row E14: a database that is busy stops nothing for good. One that cannot be written: test/cli/bad-input.test.ts. */
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { holdpoint, holdpointProcess } from "../support/child.ts";
import { tempDir } from "../support/temp.ts";

const RETURN = "Return 2 Aviator sunglasses I bought last week.";

async function waiting(home: string): Promise<string> {
  const { stdout } = await holdpoint(home, "run", RETURN, "--json");
  return JSON.parse(stdout).threadId;
}

/** How many pairs are in stock, as the store says. */
const stockOf = async (home: string): Promise<number> => {
  const store = new Database(`${home}/store.db`, { readonly: true });
  const row = store.prepare("select quantity_in_stock as quantity from inventory where item_id = 'SG001'").get() as {
    quantity: number;
  };
  store.close();
  return row.quantity;
};

/** Holds the write lock of a database from another connection while something is tried. */
async function whileLocked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const other = new Database(path);
  other.exec("begin immediate");
  try {
    return await work();
  } finally {
    other.exec("rollback");
    other.close();
  }
}

describe("a database that another process holds", () => {
  it.concurrent.each([
    ["ledger.db", "the approval can be given again", ["--approve"]],
    ["checkpoints.db", "the approval, which was recorded, is carried out", []],
  ])(
    "(%s) is waited for, then named, and %s",
    async (file, _then, again) => {
      const home = tempDir();
      const thread = await waiting(home);
      const tried = await whileLocked(`${home}/${file}`, () => holdpointProcess(home, "resume", thread, "--approve"));
      expect(tried).toMatchObject({ status: 7, stderr: expect.stringContaining("locked by another process") });
      expect(await stockOf(home)).toBe(23);
      expect((await holdpoint(home, "resume", thread, ...again)).status).toBe(0);
      expect(await stockOf(home)).toBe(25);
    },
    60_000,
  );

  it.concurrent("(store.db) fails the write, and nothing of it has happened", async () => {
    const home = tempDir();
    const thread = await waiting(home);
    const tried = await whileLocked(`${home}/store.db`, () => holdpointProcess(home, "resume", thread, "--approve"));
    expect([5, 7]).toContain(tried.status);
    expect(await stockOf(home)).toBe(23);
  }, 60_000);
});
