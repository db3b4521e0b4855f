/**
 * Notices: what whoever runs the system is told of, as an outbox. A notice is written in the same transaction as the
 * change that it tells of, under a derived id and so once, and is delivered later (work/maintenance/notify.ts). It holds
 * no personal data: names of actions, and the thread.
 */
import { derivedId } from "../domain/json.ts";
import type { Decision, Proposal } from "../domain/proposal.ts";
import type { Stamp } from "../domain/run.ts";
import { maskText } from "../telemetry/mask.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { getRun } from "./runs.ts";
import { getSettings } from "./settings.ts";

/** What a notice tells of: an approval that policy gave, one that nobody has given yet, or that nobody gave in time. */
export type NoticeKind = "automatic_action" | "approval_expiring" | "approval_expired";

export interface Notice {
  /** The same at each attempt to deliver it. */
  readonly id: string;
  readonly tenant: string;
  readonly kind: NoticeKind;
  readonly threadId: string;
  readonly runId: string;
  readonly proposalId: string;
  /** One sentence, masked. */
  readonly text: string;
  /** ISO 8601 UTC, as the times below. */
  readonly createdAt: string;
}

export interface StoredNotice extends Notice {
  /** Null while it is not delivered. */
  readonly deliveredAt: string | null;
  /** How often somebody began to deliver it. */
  readonly attempts: number;
  readonly nextAttemptAt: string;
}

type Subject = Pick<Proposal, "id" | "runId" | "actions">;

const idOf = (tenant: string, kind: NoticeKind, proposalId: string): string =>
  derivedId("notice", { tenant, kind, proposalId });

/**
 * Writes a notice, once for each proposal and kind.
 * @param say makes its sentence, given what is to be done and where, such as `sell on thread "t"`
 * @returns false when there was one already
 */
export async function writeNoticeIn(
  trx: LedgerTransaction,
  { tenant, at }: Pick<Stamp, "tenant" | "at">,
  kind: NoticeKind,
  proposal: Subject,
  say: (what: string) => string,
): Promise<boolean> {
  const { threadId } = await getRun(trx, tenant, proposal.runId);
  const actions = [...new Set(proposal.actions.map(({ action }) => action))].join(", ");
  const text = maskText(say(`${actions} on thread "${threadId}"`));
  const written = await trx
    .insertInto("notices")
    .values({
      ...{ tenant, id: idOf(tenant, kind, proposal.id), kind, runId: proposal.runId, proposalId: proposal.id, text },
      ...{ createdAt: at, deliveredAt: null, attempts: 0, nextAttemptAt: at },
    })
    .onConflict((c) => c.columns(["tenant", "id"]).doNothing())
    .executeTakeFirst();
  return Number(written.numInsertedOrUpdatedRows ?? 0) > 0;
}

/** Writes the notice of a decision that no person took, where there is one: inside the transaction of the decision. */
export async function tellOfDecisionIn(
  trx: LedgerTransaction,
  stamp: Stamp,
  proposal: Subject,
  { decider, verdict }: Pick<Decision, "decider" | "verdict">,
): Promise<void> {
  if (verdict === "expired") {
    const say = (what: string) => `Nobody decided in time: ${what} has expired, and was not done.`;
    await writeNoticeIn(trx, stamp, "approval_expired", proposal, say);
  }
  if (decider !== "policy" || verdict !== "approved") return;
  const { settings } = await getSettings(trx, stamp.tenant);
  if (!settings.notifyOnAutomatic) return;
  const say = (what: string) => `Approved by ${stamp.principal}, without a person: ${what}.`;
  await writeNoticeIn(trx, stamp, "automatic_action", proposal, say);
}

/** Of these proposals, those that have a notice of a kind. */
export async function listTold(
  db: Ledger,
  tenant: string,
  kind: NoticeKind,
  proposalIds: readonly string[],
): Promise<Set<string>> {
  if (proposalIds.length === 0) return new Set();
  const ids = proposalIds.map((id) => idOf(tenant, kind, id));
  const rows = await db
    .selectFrom("notices")
    .select("proposalId")
    .where("tenant", "=", tenant)
    .where("id", "in", ids)
    .execute();
  return new Set(rows.map(({ proposalId }) => proposalId));
}

const selectNotices = (db: Ledger, tenant: string) =>
  db
    .selectFrom("notices")
    .innerJoin("runs", (join) =>
      join.onRef("runs.tenant", "=", "notices.tenant").onRef("runs.id", "=", "notices.runId"),
    )
    .selectAll("notices")
    .select("runs.threadId")
    .where("notices.tenant", "=", tenant);

type Row = Awaited<ReturnType<ReturnType<typeof selectNotices>["execute"]>>[number];
const toNotice = (row: Row): StoredNotice => ({ ...row, kind: row.kind as NoticeKind });

/** A tenant's notices, newest first, at most 1,000. */
export async function listNotices(db: Ledger, tenant: string, limit = 100): Promise<StoredNotice[]> {
  const query = selectNotices(db, tenant).orderBy("notices.createdAt", "desc").orderBy("notices.id", "desc");
  return (await query.limit(Math.min(limit, 1000)).execute()).map(toNotice);
}

/** Those that are to be delivered now, and were written after `since`; those that wait longest first, at most 100. */
export async function listDueNotices(
  db: Ledger,
  tenant: string,
  { now, since }: { now: string; since: string },
): Promise<StoredNotice[]> {
  const query = selectNotices(db, tenant)
    .where("notices.deliveredAt", "is", null)
    .where("notices.nextAttemptAt", "<=", now)
    .where("notices.createdAt", ">", since);
  return (await query.orderBy("notices.nextAttemptAt").orderBy("notices.id").limit(100).execute()).map(toNotice);
}

/**
 * Begins to deliver a notice as it was read.
 * @param until when that counts as failed, ISO 8601 UTC
 * @returns the number of the attempt; undefined when somebody else began first
 */
export async function claimNotice(db: Ledger, notice: StoredNotice, until: string): Promise<number | undefined> {
  const attempts = notice.attempts + 1;
  const claimed = await ofAttempt(db, notice, notice.attempts)
    .set({ attempts, nextAttemptAt: until })
    .executeTakeFirst();
  return Number(claimed.numUpdatedRows) > 0 ? attempts : undefined;
}

/** Ends an attempt: it was delivered at a time, or is to be tried again at one. Of an attempt that was overtaken, nothing. */
export async function endAttempt(
  db: Ledger,
  notice: StoredNotice,
  attempt: number,
  outcome: { readonly deliveredAt: string } | { readonly nextAttemptAt: string },
): Promise<void> {
  await ofAttempt(db, notice, attempt).set(outcome).execute();
}

const ofAttempt = (db: Ledger, { tenant, id }: StoredNotice, attempts: number) =>
  db
    .updateTable("notices")
    .where("tenant", "=", tenant)
    .where("id", "=", id)
    .where("attempts", "=", attempts)
    .where("deliveredAt", "is", null);

/** Deletes those written before a time. @returns how many */
export async function deleteNotices(db: Ledger, tenant: string, before: string): Promise<number> {
  const deleted = await db
    .deleteFrom("notices")
    .where("tenant", "=", tenant)
    .where("createdAt", "<", before)
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
