/** Invariant 10: a log that was tampered with says so, and which entry it was. The long form: `npm run chaos -- audit`. */
import { describe, expect, it } from "vitest";
import { tamper } from "../../chaos/tampering.ts";
import { databases } from "../support/ledger.ts";

describe.each(databases)("an audit log on %s", (name, open) => {
  it("names the first entry that does not fit, whatever was done to it", { timeout: 120_000 }, async (context) => {
    const ledger = await open(context);
    const [entries, times] = name === "SQLite" ? [2000, 200] : [500, 45];
    const { missed, tried } = await tamper(ledger, { entries, times, seed: 7 });
    expect(missed).toEqual([]);
    expect(tried).toBe(times);
  });

  it("does so where retention has removed its beginning, too", { timeout: 120_000 }, async (context) => {
    const ledger = await open(context);
    const [entries, times] = name === "SQLite" ? [500, 72] : [300, 36];
    const { missed, tried } = await tamper(ledger, { entries, times, seed: 11, removed: 120 });
    expect(missed).toEqual([]);
    expect(tried).toBe(times);
  });
});
