/** Retention of the audit log: what is left proves itself, says what was removed, and nothing more can be taken away. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KyselyPlugin } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { fillAudit, rewriteAudit } from "../../chaos/tampering.ts";
import { appendAudit, forgetAudit } from "../../src/ledger/audit.ts";
import { checkAudit } from "../../src/ledger/audit-check.ts";
import { exportAudit } from "../../src/ledger/audit-export.ts";
import { pruneAudit } from "../../src/ledger/audit-retention.ts";
import type { Ledger } from "../../src/ledger/database.ts";
import { holdpoint } from "../support/child.ts";
import { databases, openLedgerOf } from "../support/ledger.ts";
import { tempDir } from "../support/temp.ts";

const OLD = "2026-01-01T10:00:00.000Z";
const NOW = "2026-11-01T10:00:00.000Z";
const TENANT = "default";
const stamp = { tenant: TENANT, principal: "system", at: NOW };

const prune = (ledger: Ledger, before = NOW) => pruneAudit(ledger, stamp, { before, keepDays: 30 });

/** A log of which retention removed the first entries: 20 are gone, 10 are left, and the one that says so. */
async function pruned(): Promise<string> {
  const home = tempDir();
  const ledger = await openLedgerOf(home);
  await fillAudit(ledger, 20, TENANT, OLD);
  await fillAudit(ledger, 10, TENANT, NOW);
  expect(await prune(ledger)).toBe(20);
  return home;
}

async function verified(home: string, ...options: string[]) {
  const { status, stdout } = await holdpoint(home, "audit", "verify", "--json", ...options);
  return { status, ...JSON.parse(stdout) };
}

describe.each(databases)("a log that retention shortened on %s", (_name, open) => {
  it("is whole, again and again, and only its beginning goes", async (context) => {
    const ledger = await open(context);
    await fillAudit(ledger, 5, TENANT, OLD);
    await fillAudit(ledger, 1, TENANT, NOW);
    await fillAudit(ledger, 5, TENANT, OLD); // old ones behind a newer one stay
    expect(await prune(ledger)).toBe(5);
    expect(await checkAudit(ledger, TENANT)).toMatchObject({ fault: null, removed: 5, entries: 7, head: { seq: 12 } });
    expect(await prune(ledger)).toBeUndefined();
    const later = "2026-11-01T10:00:00.001Z";
    expect(await prune(ledger, later)).toBe(12);
    expect(await checkAudit(ledger, TENANT)).toMatchObject({ fault: null, removed: 12, entries: 1, head: { seq: 13 } });
    await fillAudit(ledger, 3, "other", OLD);
    expect(await checkAudit(ledger, "other")).toMatchObject({ fault: null, removed: 0, entries: 3 });
    expect(await prune(ledger, OLD)).toBeUndefined();
  });

  it("keeps what says that data was forgotten for as long as what was", async (context) => {
    const ledger = await open(context);
    await fillAudit(ledger, 3, TENANT, OLD);
    await ledger.transaction().execute(async (trx) => {
      await appendAudit(trx, { ...stamp, event: "a.b", runId: "run_x", data: { n: 1 } });
      await forgetAudit(trx, TENANT, "run_0");
      await forgetAudit(trx, TENANT, "run_x");
      await appendAudit(trx, { ...stamp, event: "data.forgotten", data: { runs: ["run_0", "run_x"] } });
    });
    expect(await prune(ledger)).toBe(3);
    expect(await checkAudit(ledger, TENANT)).toMatchObject({ fault: null, removed: 3 });
  });
});

describe("audit verify after retention", () => {
  it("says up to which entry they were removed", async () => {
    const home = await pruned();
    expect(await holdpoint(home, "audit", "verify")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /is whole: 11 entries, up to 31 [0-9a-f]{64}\. Entries up to number 20 were removed by retention\.\n$/,
      ),
    });
    expect(await verified(home)).toMatchObject({ status: 0, entries: 11, removed: 20, fault: null });
  });

  it("finds entries of before that are back, and that the last one was another", async () => {
    const home = await pruned();
    const ledger = await openLedgerOf(home);
    const first = await ledger.selectFrom("auditLog").selectAll().where("seq", "=", 21).executeTakeFirstOrThrow();
    await ledger
      .insertInto("auditLog")
      .values({ ...first, seq: 20, hash: first.prevHash })
      .execute();
    expect(await verified(home)).toMatchObject({ status: 10, fault: { seq: 20, kind: "inserted" } });
  });

  it("compares anchors of what is left and of the last entry that was removed, and says when it could compare none", async () => {
    const home = tempDir();
    const ledger = await openLedgerOf(home);
    const anchors = join(tempDir(), "anchors.jsonl");
    const early = join(tempDir(), "early.jsonl");
    const anchor = (to: string) => holdpoint(home, "audit", "anchor", "--to", to);
    await fillAudit(ledger, 10, TENANT, OLD);
    await anchor(early);
    await fillAudit(ledger, 10, TENANT, OLD);
    await anchor(anchors);
    await fillAudit(ledger, 10, TENANT, NOW);
    await anchor(anchors);
    await prune(ledger);
    expect(await verified(home, "--anchor", anchors)).toMatchObject({ status: 0, anchors: 2, removed: 20 });
    const none = await holdpoint(home, "audit", "verify", "--anchor", early);
    expect(none).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("is of an entry that retention has removed"),
    });
    await rewriteAudit(ledger, TENANT);
    expect(await verified(home, "--anchor", anchors)).toMatchObject({
      status: 10,
      fault: { seq: 30, kind: "rewritten" },
    });
    writeFileSync(anchors, `${JSON.stringify({ tenant: TENANT, seq: 20, hash: "1".repeat(64), at: NOW })}\n`);
    expect(await verified(home, "--anchor", anchors)).toMatchObject({
      status: 10,
      fault: { seq: 20, kind: "rewritten" },
    });
  });

  it("is not disturbed by entries that are removed while it reads", async () => {
    const home = tempDir();
    const [reader, other] = [await openLedgerOf(home), await openLedgerOf(home)];
    await fillAudit(other, 1100, TENANT, OLD);
    await fillAudit(other, 100, TENANT, NOW);
    let pages = 0;
    const meanwhile: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        if (result.rows.length === 1000 && ++pages === 1) await prune(other);
        return result;
      },
    };
    const check = await checkAudit(reader.withPlugin(meanwhile), TENANT);
    expect(check).toMatchObject({ fault: null, removed: 1100, head: { seq: 1201 } });
    expect(pages).toBe(1);
  });
});

describe("audit export after retention", () => {
  const exported = async (home: string, ...options: string[]) =>
    (await holdpoint(home, "audit", "export", ...options)).stdout.trim().split("\n");

  async function verifiedFile(lines: readonly string[]) {
    const file = join(tempDir(), "export.jsonl");
    writeFileSync(file, `${lines.join("\n")}\n`);
    return await verified(tempDir(), "--file", file);
  }

  it("begins behind what was removed, and can be verified; a line that is gone is missed", async () => {
    const home = await pruned();
    const lines = await exported(home);
    expect(lines).toHaveLength(12);
    expect(await verifiedFile(lines)).toMatchObject({ status: 0, entries: 11, removed: 20, fault: null });
    expect(await verifiedFile(await exported(home, "--from", "1"))).toMatchObject({ status: 0, entries: 11 });
    expect(await verifiedFile(await exported(home, "--from", "25"))).toMatchObject({
      status: 0,
      entries: 7,
      removed: 0,
    });
    expect(await verifiedFile(lines.slice(1))).toMatchObject({ status: 10, fault: { seq: 21, kind: "missing" } });
  });

  it("does not take back in what was removed", async () => {
    const home = tempDir();
    const ledger = await openLedgerOf(home);
    await fillAudit(ledger, 3, TENANT, OLD);
    const before = await exported(home);
    await prune(ledger);
    const after = await exported(home);
    expect(await verifiedFile([...before.slice(1, 3), ...after])).toMatchObject({
      status: 10,
      fault: { seq: 2, kind: "inserted" },
    });
  });

  it("says that entries were removed while it went on", async () => {
    const home = tempDir();
    const ledger = await openLedgerOf(home);
    await fillAudit(ledger, 1100, TENANT, OLD);
    const pages = exportAudit(ledger, TENANT);
    onTestFinished(() => void pages.return(undefined));
    await pages.next();
    await prune(ledger);
    const rest = async () => {
      for await (const _lines of pages);
    };
    await expect(rest()).rejects.toMatchObject({ code: "busy" });
  });
});
