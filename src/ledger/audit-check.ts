/** Reads a tenant's audit log in pages, however long it is, to check it or to hand it out. */
import { HoldpointError } from "../errors.ts";
import {
  type Anchor,
  type ChainCheck,
  type ChainEntry,
  type ChainFault,
  ChainFollower,
  type ChainHead,
  GENESIS,
  PRUNED,
  prunedBy,
} from "./audit-chain.ts";
import type { Ledger } from "./database.ts";

const PAGE = 1_000;
/** The smallest number that Postgres keeps in the column: nothing may hide before the first entry. */
const LOWEST = -(2 ** 31);

/** The head, and the highest number of an entry, of one moment. A tenant without any has the head before the first. */
async function readEnds(db: Ledger, tenant: string): Promise<{ head: ChainHead | undefined; highest: number }> {
  const { highest } = await db
    .selectFrom("auditLog")
    .select(({ fn }) => fn.max("seq").as("highest"))
    .where("tenant", "=", tenant)
    .executeTakeFirstOrThrow();
  const head = await db
    .selectFrom("auditHeads")
    .select(["seq", "hash"])
    .where("tenant", "=", tenant)
    .executeTakeFirst();
  return { head, highest: highest ?? 0 };
}

/** The end of a tenant's chain, as its head says. */
export async function readHead(db: Ledger, tenant: string): Promise<ChainHead> {
  return (await readEnds(db, tenant)).head ?? { seq: 0, hash: GENESIS };
}

/** A tenant's entries with these numbers, both included, in order, a page at a time. */
export async function* readEntries(
  db: Ledger,
  tenant: string,
  { from, to }: { from: number; to: number },
): AsyncGenerator<ChainEntry[]> {
  for (let after = from - 1; ; ) {
    const rows = await db
      .selectFrom("auditLog")
      .selectAll()
      .where("tenant", "=", tenant)
      .where("seq", ">", after)
      .where("seq", "<=", to)
      .orderBy("seq")
      .limit(PAGE)
      .execute();
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    after = last.seq;
  }
}

/** The newest entry up to a number that says that retention removed entries. */
export async function findPruned(db: Ledger, tenant: string, to: number): Promise<ChainEntry | undefined> {
  return await db
    .selectFrom("auditLog")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("event", "=", PRUNED)
    .where("seq", "<=", to)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
}

/**
 * Checks a tenant's chain from the first entry that retention has left to the head, and against heads that were kept
 * elsewhere. What is appended or removed by retention meanwhile disturbs nothing.
 */
export async function checkAudit(db: Ledger, tenant: string, anchors: readonly Anchor[] = []): Promise<ChainCheck> {
  for (;;) {
    const { head, highest } = await readEnds(db, tenant);
    const to = head?.seq ?? highest;
    const pruned = await findPruned(db, tenant, to);
    const start = await startOf(db, tenant, pruned);
    const follower = new ChainFollower(
      anchors.filter((anchor) => anchor.tenant === tenant),
      start,
    );
    const fault = await follow(follower, readEntries(db, tenant, { from: LOWEST + 1, to }));
    const check = follower.check(
      fault ?? endFault(follower, head, highest) ?? follower.lostDetail() ?? follower.removedFault() ?? null,
    );
    // The pages are read one by one: entries may have been removed between two of them.
    if (!check.fault || !(await isPrunedSince(db, tenant, to))) return check;
  }
}

async function isPrunedSince(db: Ledger, tenant: string, seq: number): Promise<boolean> {
  return ((await findPruned(db, tenant, (await readHead(db, tenant)).seq))?.seq ?? 0) > seq;
}

/**
 * What stands before the first entry. Where more is missing than an entry says, what the first one follows is believed
 * for now, so that the first entry that was tampered with is named; the end then tells.
 */
async function startOf(db: Ledger, tenant: string, pruned: ChainEntry | undefined): Promise<ChainHead> {
  const said = (pruned && prunedBy(pruned)) ?? { seq: 0, hash: GENESIS };
  const first = await db
    .selectFrom("auditLog")
    .select(["seq", "prevHash"])
    .where("tenant", "=", tenant)
    .orderBy("seq")
    .limit(1)
    .executeTakeFirst();
  return first && first.seq > said.seq + 1 ? { seq: first.seq - 1, hash: first.prevHash } : said;
}

async function follow(follower: ChainFollower, pages: AsyncIterable<ChainEntry[]>): Promise<ChainFault | undefined> {
  for await (const page of pages) {
    for (const entry of page) {
      const fault = follower.take(entry);
      if (fault) return fault;
    }
  }
  return undefined;
}

function endFault(follower: ChainFollower, head: ChainHead | undefined, highest: number): ChainFault | undefined {
  if (!head && highest > 0) return { seq: highest, kind: "head", message: "The head is gone." };
  const end = head ?? { seq: 0, hash: GENESIS };
  // The head was read after the highest number: an entry behind it was not appended meanwhile, but put there.
  if (highest > end.seq) {
    return { seq: end.seq + 1, kind: "inserted", message: `Entry ${highest} stands behind the head.` };
  }
  return follower.end(end);
}

/**
 * {@link checkAudit}, for those who only go on when all is well.
 * @returns how many entries there are
 * @throws HoldpointError `internal` that names the first entry that does not fit, and how
 */
export async function verifyAudit(db: Ledger, tenant: string): Promise<number> {
  const { entries, fault } = await checkAudit(db, tenant);
  if (fault)
    throw new HoldpointError("internal", `The audit log of tenant "${tenant}" was tampered with. ${fault.message}`);
  return entries;
}
