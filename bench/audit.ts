/**
 * What the audit log costs: appending with the chain and masking against plain rows in the same run, verifying 100,000
 * entries, and masking alone. Ratios are what can be compared between machines.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson, type JsonObject } from "../src/domain/json.ts";
import { appendAudit } from "../src/ledger/audit.ts";
import { checkAudit } from "../src/ledger/audit-check.ts";
import { type Ledger, type LedgerTransaction, openSqliteLedger } from "../src/ledger/database.ts";
import { maskJson } from "../src/telemetry/mask.ts";

const ENTRIES = 100_000;
const SMALL = 300;
const stamp = { tenant: "acme", principal: "alice", at: "2026-11-01T10:00:00.000Z" };

/** What a proposal of one action leaves in the log. */
const dataOf = (n: number): JsonObject => ({
  proposal: `prop_${n.toString(16).padStart(20, "0")}`,
  digest: "3f".repeat(32),
  kind: "transaction",
  actions: [
    { step: "s1", action: "return_item", version: 1, args: { item: "SG001", quantity: 2, customer: "Alice", n } },
  ],
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

type Append = (trx: LedgerTransaction, n: number) => Promise<void>;
const chained: Append = (trx, n) =>
  appendAudit(trx, { ...stamp, event: "proposal.opened", runId: `run_${n}`, data: dataOf(n) });
/** The same row, neither masked nor chained. */
const plain: Append = async (trx, n) => {
  const row = {
    ...stamp,
    tenant: "plain",
    seq: n + 1,
    event: "proposal.opened",
    runId: `run_${n}`,
    prevHash: "",
    hash: "",
    salt: null,
  };
  await trx
    .insertInto("auditLog")
    .values({ ...row, data: "{}", detail: canonicalJson(dataOf(n)) })
    .execute();
};

/** Milliseconds for an entry, when so many share a transaction. */
async function appending(
  ledger: Ledger,
  append: Append,
  range: { from: number; count: number; each: number },
): Promise<number> {
  const { from, count, each } = range;
  const total = await timed(async () => {
    for (let first = from; first < from + count; first += each) {
      await ledger.transaction().execute(async (trx) => {
        for (let n = first; n < first + each; n++) await append(trx, n);
      });
    }
  });
  return total / count;
}

const line = (what: string, value: string) => process.stdout.write(`  ${what.padEnd(52)} ${value}\n`);
const ms = (value: number) => `${value.toFixed(3)} ms`;

export async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "holdpoint-bench-"));
  const ledger = await openSqliteLedger(join(folder, "ledger.db"));
  try {
    await appending(ledger, chained, { from: 0, count: 200, each: 1 }); // warm
    await appending(ledger, plain, { from: 0, count: 200, each: 1 });
    const alone = {
      chained: await appending(ledger, chained, { from: 200, count: SMALL, each: 1 }),
      plain: await appending(ledger, plain, { from: 200, count: SMALL, each: 1 }),
    };
    const together = {
      plain: await appending(ledger, plain, { from: 1000, count: 10_000, each: 500 }),
      chained: await appending(ledger, chained, { from: 500, count: ENTRIES - 500, each: 500 }),
    };
    line(
      "append, a transaction each",
      `${ms(alone.chained)}, ${(alone.chained / alone.plain).toFixed(2)} x a plain row`,
    );
    line(
      "append, 500 in a transaction",
      `${ms(together.chained)}, ${(together.chained / together.plain).toFixed(2)} x a plain row`,
    );
    let entries = 0;
    const verifying = await timed(async () => {
      const check = await checkAudit(ledger, stamp.tenant);
      if (check.fault) throw new Error(check.fault.message);
      entries = check.entries;
    });
    line(
      `verify ${entries} entries`,
      `${(verifying / 1000).toFixed(2)} s, ${((verifying * 1000) / entries).toFixed(1)} us each`,
    );
    const samples = Array.from({ length: 10_000 }, (_, n) => dataOf(n));
    const masking = await timed(async () => void samples.map((data) => maskJson(data)));
    const writing = await timed(async () => void samples.map((data) => canonicalJson(data)));
    const bytes = samples.reduce((sum, data) => sum + JSON.stringify(data).length, 0);
    const each = masking / samples.length;
    line(
      "mask the data of an entry",
      `${ms(each)}, ${(masking / writing).toFixed(1)} x its canonical JSON, ${(bytes / 1000 / masking).toFixed(2)} MB/s`,
    );
  } finally {
    await ledger.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
}
