/** The journal of reads: many at once, each once, with the audit log whole. */
import { describe, expect, it } from "vitest";
import { listAudit } from "../../src/ledger/audit.ts";
import { checkAudit } from "../../src/ledger/audit-check.ts";
import { listReads, type ReadOutcome, readKey, recordReads } from "../../src/ledger/reads.ts";
import { databases, stamp } from "../support/ledger.ts";

const outcome = (n: number, summary = `Saw ${n}.`): ReadOutcome => {
  const call = { step: `s${n}`, action: "look", version: 1, args: { n } };
  return { ...call, key: readKey("r", call), status: "succeeded", output: { n }, summary, durationMs: null };
};
const outcomes = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => outcome(from + index));

describe.each(databases)("reads on %s", (_name, open) => {
  it("are recorded by the hundred, each with its audit entry", async (context) => {
    const ledger = await open(context);
    const all = outcomes(0, 250);
    expect(await recordReads(ledger, stamp(), "r", all)).toEqual(all);
    const byStep = (reads: ReadOutcome[]) => reads.toSorted((a, b) => a.key.localeCompare(b.key));
    expect(byStep(await listReads(ledger, "acme", "r"))).toEqual(byStep(all));
    const entries = await listAudit(ledger, "acme", "r");
    expect(entries.map(({ seq, event, data }) => [seq, event, data.step])).toEqual(
      all.map(({ step }, index) => [index + 1, "read.succeeded", step]),
    );
    expect((await checkAudit(ledger, "acme")).fault).toBeNull();
  });

  it("stay as somebody else has recorded them, and are given back so", async (context) => {
    const ledger = await open(context);
    await recordReads(ledger, stamp("bob"), "r", [outcome(1, "Bob saw it.")]);
    const given = await recordReads(ledger, stamp(), "r", outcomes(0, 3));
    expect(given.map(({ summary }) => summary)).toEqual(["Saw 0.", "Bob saw it.", "Saw 2."]);
    expect(await recordReads(ledger, stamp(), "r", outcomes(0, 3))).toEqual(given);
    expect(await listReads(ledger, "acme", "r")).toHaveLength(3);
    expect(await listAudit(ledger, "acme", "r")).toHaveLength(3);
    expect((await checkAudit(ledger, "acme")).fault).toBeNull();
  });
});

describe("the key of a read", () => {
  it("is another one for each attempt, and for the first what it was before there were others", () => {
    const call = { step: "s", action: "look", version: 1, args: {} };
    expect(readKey("r", { ...call, attempt: 1 })).toBe(readKey("r", call));
    expect(new Set([1, 2, 3].map((attempt) => readKey("r", { ...call, attempt }))).size).toBe(3);
  });
});
