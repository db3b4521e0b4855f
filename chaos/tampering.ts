/** Tampers with an audit log at random, one way at a time, and looks whether the first entry that does not fit is named. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson, digestOf } from "../src/domain/json.ts";
import { appendAudit } from "../src/ledger/audit.ts";
import { type ChainEntry, type ChainFault, detailDigest } from "../src/ledger/audit-chain.ts";
import { checkAudit, findPruned, readEntries } from "../src/ledger/audit-check.ts";
import { pruneAudit } from "../src/ledger/audit-retention.ts";
import { type Ledger, type LedgerTransaction, openSqliteLedger } from "../src/ledger/database.ts";

const TENANT = "acme";

/** Where a check has to stop, and the words for it that are true. */
interface Expected {
  readonly seq: number;
  readonly kinds: readonly ChainFault["kind"][];
}

/** Whole numbers below `limit`; the same for the same seed (mulberry32). */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

const NOW = "2026-11-01T10:00:00.000Z";

/** Appends so many entries of different content to a tenant's log. */
export async function fillAudit(ledger: Ledger, entries: number, tenant = TENANT, at = NOW): Promise<void> {
  for (let first = 0; first < entries; first += 1000) {
    await ledger.transaction().execute(async (trx) => {
      for (let n = first; n < Math.min(entries, first + 1000); n++) {
        const data = {
          proposal: `prop_${n}`,
          actions: [{ step: "s1", action: "return_item", args: { item: "SG001", n } }],
        };
        const stamp = { tenant, principal: "alice", at };
        await appendAudit(trx, { ...stamp, event: "proposal.opened", runId: `run_${n}`, data });
      }
    });
  }
}

interface Log {
  readonly trx: LedgerTransaction;
  /** The first entry that retention has left, and the last one. */
  readonly first: number;
  readonly size: number;
  readonly random: (limit: number) => number;
}

/** The number of any entry. */
const anySeq = ({ first, size, random }: Log): number => first + random(size - first + 1);

const entryOf = async ({ trx }: Log, seq: number): Promise<ChainEntry> =>
  await trx
    .selectFrom("auditLog")
    .selectAll()
    .where("tenant", "=", TENANT)
    .where("seq", "=", seq)
    .executeTakeFirstOrThrow();

const change = async ({ trx }: Log, seq: number, values: Partial<ChainEntry>) =>
  await trx.updateTable("auditLog").set(values).where("tenant", "=", TENANT).where("seq", "=", seq).execute();

const rehashed = (entry: ChainEntry): ChainEntry => {
  const { hash: _hash, detail, salt, ...content } = entry;
  return { ...content, detail, salt, hash: digestOf(content) };
};

const FIELDS = ["at", "principal", "event", "runId", "data", "detail", "salt", "prevHash", "hash"] as const;

async function flip(log: Log): Promise<Expected> {
  const seq = anySeq(log);
  const field = FIELDS[log.random(FIELDS.length)] ?? "data";
  const text = String((await entryOf(log, seq))[field]);
  const at = log.random(text.length);
  const other = text[at] === "0" ? "1" : "0";
  await change(log, seq, { [field]: text.slice(0, at) + other + text.slice(at + 1) });
  return { seq, kinds: ["altered"] };
}

/** As if it had been forgotten. */
async function erase(log: Log): Promise<Expected> {
  const seq = anySeq(log);
  await change(log, seq, { detail: null, salt: null });
  return { seq, kinds: ["altered"] };
}

async function remove(log: Log): Promise<Expected> {
  const seq = anySeq({ ...log, size: log.size - 1 });
  const last = Math.min(log.size - 1, seq + log.random(3));
  await log.trx.deleteFrom("auditLog").where("seq", ">=", seq).where("seq", "<=", last).execute();
  return { seq, kinds: ["missing"] };
}

/** More than an entry says that retention removed; without such an entry, anything. */
async function removeBeginning(log: Log): Promise<Expected> {
  const last = log.first + log.random(Math.min(100, log.size - log.first));
  await log.trx.deleteFrom("auditLog").where("seq", "<=", last).execute();
  return { seq: log.first, kinds: ["missing"] };
}

/** More is removed, and the entry about it altered and hashed so that it says so. */
async function forgeRetention(log: Log): Promise<Expected> {
  const pruned = await findPruned(log.trx, TENANT, log.size);
  if (!pruned) return await removeBeginning(log);
  const last = await entryOf(log, log.first + log.random(50));
  await log.trx.deleteFrom("auditLog").where("seq", "<=", last.seq).execute();
  const detail = canonicalJson({ through: last.seq, hash: last.hash });
  const data = canonicalJson({ detail: detailDigest(pruned.salt ?? "", detail) });
  await change(log, pruned.seq, rehashed({ ...pruned, data, detail }));
  return { seq: pruned.seq + 1, kinds: ["altered"] };
}

async function truncate(log: Log): Promise<Expected> {
  const seq = log.size - log.random(Math.min(40, log.size));
  await log.trx.deleteFrom("auditLog").where("seq", ">=", seq).execute();
  return { seq, kinds: ["truncated"] };
}

async function swap(log: Log): Promise<Expected> {
  const first = anySeq({ ...log, size: log.size - 1 });
  const second = Math.min(log.size, first + 1 + log.random(log.random(2) === 0 ? 1 : 1500));
  await change(log, first, { seq: -1 });
  await change(log, second, { seq: first });
  await change(log, -1, { seq: second });
  return { seq: first, kinds: ["out_of_order"] };
}

/** An entry that fits what stands before it; those behind it move on by one. */
async function insert(log: Log): Promise<Expected> {
  const seq = log.size + 1 - log.random(Math.min(200, log.size - log.first));
  const before = await entryOf(log, seq - 1);
  for (let moved = log.size; moved >= seq; moved--) await change(log, moved, { seq: moved + 1 });
  const forged = rehashed({ ...before, seq, event: "decision.approved", prevHash: before.hash });
  await log.trx.insertInto("auditLog").values(forged).execute();
  return seq > log.size ? { seq, kinds: ["inserted"] } : { seq: seq + 1, kinds: ["out_of_order"] };
}

async function insertBeforeFirst(log: Log): Promise<Expected> {
  const first = await entryOf(log, log.first);
  await log.trx
    .insertInto("auditLog")
    .values(rehashed({ ...first, seq: log.first - 1 - log.random(5) }))
    .execute();
  return { seq: await lowest(log), kinds: ["inserted"] };
}

const lowest = async ({ trx }: Log) =>
  (await trx.selectFrom("auditLog").select("seq").orderBy("seq").executeTakeFirstOrThrow()).seq;

/** One entry is altered and its hash put right; the next one then follows another. */
async function rehashOne(log: Log): Promise<Expected> {
  const seq = anySeq(log);
  await change(log, seq, rehashed({ ...(await entryOf(log, seq)), event: "decision.rejected" }));
  return seq === log.size ? { seq, kinds: ["head"] } : { seq: seq + 1, kinds: ["altered"] };
}

/** An entry is altered, and it and all behind it are hashed anew: only the head tells. */
async function rehashSuffix(log: Log): Promise<Expected> {
  const from = log.size - log.random(Math.min(300, log.size - log.first));
  let prevHash: string | undefined;
  for await (const page of readEntries(log.trx, TENANT, { from, to: log.size })) {
    for (const entry of page) {
      const altered = entry.seq === from ? { ...entry, principal: "mallory" } : { ...entry, prevHash: prevHash ?? "" };
      const anew = rehashed(altered);
      prevHash = anew.hash;
      await change(log, entry.seq, anew);
    }
  }
  return { seq: log.size, kinds: ["head"] };
}

/** Writes a whole log anew, with another author: a chain that is whole in itself. */
export async function rewriteAudit(ledger: Ledger, tenant: string): Promise<void> {
  const entries = await ledger.selectFrom("auditLog").selectAll().where("tenant", "=", tenant).orderBy("seq").execute();
  let head: ChainEntry | undefined;
  for (const entry of entries) {
    head = rehashed({ ...entry, principal: "mallory", prevHash: head?.hash ?? entry.prevHash });
    await ledger.updateTable("auditLog").set(head).where("tenant", "=", tenant).where("seq", "=", head.seq).execute();
  }
  await ledger
    .updateTable("auditHeads")
    .set({ hash: head?.hash ?? "" })
    .where("tenant", "=", tenant)
    .execute();
}

async function alterHead(log: Log): Promise<Expected> {
  const { trx, size, random } = log;
  const heads = trx.updateTable("auditHeads").where("tenant", "=", TENANT);
  const by = 1 + random(20);
  switch (random(4)) {
    case 0:
      await heads.set({ hash: digestOf(random(1000)) }).execute();
      return { seq: size, kinds: ["head"] };
    case 1:
      await heads.set({ seq: size + by }).execute();
      return { seq: size + 1, kinds: ["truncated"] };
    case 2:
      await heads.set({ seq: size - by }).execute();
      return { seq: size - by + 1, kinds: ["inserted"] };
    default:
      await trx.deleteFrom("auditHeads").where("tenant", "=", TENANT).execute();
      return { seq: size, kinds: ["head"] };
  }
}

const WAYS = {
  ...{ flip, erase, remove, removeBeginning, forgeRetention, truncate, swap, insert, insertBeforeFirst },
  ...{ rehashOne, rehashSuffix, alterHead },
};

class Undo extends Error {}

export interface Tampered {
  readonly tried: number;
  /** What was not noticed, or named wrongly. */
  readonly missed: string[];
  /** How many were tried of each way. */
  readonly ways: Record<string, number>;
  readonly milliseconds: { readonly fill: number; readonly verify: number; readonly tamper: number };
}

/** Appends entries of which retention then removes the first ones, and some more. */
async function fillPruned(ledger: Ledger, entries: number, removed: number): Promise<void> {
  const after = 50;
  await fillAudit(ledger, removed, TENANT, "2026-01-01T10:00:00.000Z");
  await fillAudit(ledger, entries - removed - after - 1);
  await pruneAudit(ledger, { tenant: TENANT, principal: "system", at: NOW }, { before: NOW, keepDays: 30 });
  await fillAudit(ledger, after);
}

/**
 * Fills a log, checks that it is whole, and tampers with it so many times, each time from the whole one.
 * @param options `removed`: how many of the entries retention removes before that
 */
export async function tamper(
  ledger: Ledger,
  options: { entries: number; times: number; seed: number; removed?: number },
): Promise<Tampered> {
  const { entries, times, removed = 0 } = options;
  const random = seeded(options.seed);
  const missed: string[] = [];
  const ways: Record<string, number> = {};
  const started = performance.now();
  await (removed > 0 ? fillPruned(ledger, entries, removed) : fillAudit(ledger, entries));
  const filled = performance.now();
  const whole = await checkAudit(ledger, TENANT);
  const verified = performance.now();
  const isWhole = whole.fault === null && whole.entries === entries - removed && whole.removed === removed;
  if (!isWhole) missed.push(`the whole log: ${JSON.stringify(whole)}`);
  const names = Object.keys(WAYS) as (keyof typeof WAYS)[];
  for (let time = 0; time < times; time++) {
    const way = names[time % names.length] ?? "flip";
    ways[way] = (ways[way] ?? 0) + 1;
    await ledger
      .transaction()
      .execute(async (trx) => {
        const expected = await WAYS[way]({ trx, first: removed + 1, size: entries, random });
        const { fault } = await checkAudit(trx, TENANT);
        const named = fault?.seq === expected.seq && expected.kinds.includes(fault.kind);
        if (!named) missed.push(`${way}: expected ${JSON.stringify(expected)}, was told ${JSON.stringify(fault)}`);
        throw new Undo();
      })
      .catch((error: unknown) => {
        if (!(error instanceof Undo)) throw error;
      });
  }
  const milliseconds = { fill: filled - started, verify: verified - filled, tamper: performance.now() - verified };
  return { tried: times, missed, ways, milliseconds };
}

/** {@link tamper} with a SQLite file of its own. @returns whether everything was noticed */
export async function tamperInFile(times: number, entries = 100_000): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "holdpoint-audit-"));
  const ledger = await openSqliteLedger(join(folder, "ledger.db"));
  try {
    const { missed, ways, milliseconds } = await tamper(ledger, { entries, times, seed: 1 });
    const seconds = (value: number) => `${(value / 1000).toFixed(1)} s`;
    process.stdout.write(
      `${entries} entries written in ${seconds(milliseconds.fill)}, verified in ${seconds(milliseconds.verify)}; ` +
        `${times} tamperings in ${seconds(milliseconds.tamper)}: ${JSON.stringify(ways)}\n` +
        (missed.length === 0
          ? "Each was found, and the entry named.\n"
          : `${missed.length} not:\n${missed.join("\n")}\n`),
    );
    return missed.length === 0;
  } finally {
    await ledger.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
}
