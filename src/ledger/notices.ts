/**
 * Notices: what whoever runs the system is told of, as an outbox. A notice is written in the same transaction as the
 * change that it tells of, under a derived id and so once, and is delivered later (work/maintenance/notify.ts). It holds
 * no personal data: names of actions, and the thread.
 */
import type { JsonObject } from "../domain/json.ts";
import type { Decision, Impact, Proposal } from "../domain/proposal.ts";
import type { Stamp } from "../domain/run.ts";
import { maskText } from "../telemetry/mask.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { isWanted, KEPT_KINDS, type KeptKind, type NoticeKind, noticeIdOf, putNoticeIn } from "./outbox.ts";
import { getRun } from "./runs.ts";
import { getSettings } from "./settings.ts";

/** What a receiver of notices takes. */
export interface Notice {
  /** The same at each attempt to deliver it. */
  readonly id: string;
  readonly tenant: string;
  readonly kind: KeptKind;
  readonly threadId: string;
  readonly runId: string;
  readonly proposalId: string;
  /** One sentence, masked. */
  readonly text: string;
  /** ISO 8601 UTC, as the times below. */
  readonly createdAt: string;
}

/** A notice as it is stored: also one that is about no run. */
export interface StoredNotice extends Pick<Notice, "id" | "tenant" | "text" | "createdAt"> {
  readonly kind: NoticeKind;
  readonly threadId: string | null;
  readonly runId: string | null;
  readonly proposalId: string | null;
  /** JSON: what programs read of it. */
  readonly data: string;
  /** Null while it is not delivered. Endpoints for events have rows of their own: see deliveries.ts. */
  readonly deliveredAt: string | null;
  /** How often somebody began to deliver it. */
  readonly attempts: number;
  readonly nextAttemptAt: string;
}

type Subject = Pick<Proposal, "id" | "runId" | "actions" | "kind" | "impact">;

/** Of an impact, what tells nobody's names. */
const impactOf = ({ level, reversible, durationMs, amount }: Impact) => ({
  ...{ level, reversible, durationMs },
  ...(amount === undefined ? {} : { amount }),
});

/**
 * Writes a notice, once for each proposal and kind.
 * @param say makes its sentence, given what is to be done and where, such as `sell on thread "t"`
 * @param more what programs read of it, beside the actions and their impact; nothing personal
 * @returns false when there was one already, or nobody wants it
 */
export async function writeNoticeIn(
  trx: LedgerTransaction,
  { tenant, at }: Pick<Stamp, "tenant" | "at">,
  kind: NoticeKind,
  { proposal, say, more = {} }: { proposal: Subject; say: (what: string) => string; more?: JsonObject },
): Promise<boolean> {
  if (!isWanted(trx, tenant, kind)) return false;
  const { id: proposalId, runId } = proposal;
  const { threadId } = await getRun(trx, tenant, runId);
  const actions = [...new Set(proposal.actions.map(({ action }) => action))];
  const text = maskText(say(`${actions.join(", ")} on thread "${threadId}"`));
  const data = { about: proposal.kind, actions, impact: impactOf(proposal.impact), ...more };
  return await putNoticeIn(trx, { tenant, at, kind, about: { proposalId }, runId, proposalId, text, data });
}

/** Tells that a person is to decide: inside the transaction from which on they can. */
export async function tellOfNeedIn(
  trx: LedgerTransaction,
  stamp: Stamp,
  proposal: Subject & Pick<Proposal, "expiresAt">,
): Promise<void> {
  const { expiresAt } = proposal;
  const until = expiresAt === null ? "" : ` until ${expiresAt}`;
  const say = (what: string) =>
    proposal.kind === "reconciliation"
      ? `A person has to say whether this happened: ${what}.`
      : `A person has to decide${until}: ${what}.`;
  await writeNoticeIn(trx, stamp, "approval_needed", { proposal, say, more: { expiresAt } });
}

/** Writes what is told of a decision: inside the transaction of the decision. */
export async function tellOfDecisionIn(
  trx: LedgerTransaction,
  stamp: Stamp,
  proposal: Subject,
  { decider, verdict }: Pick<Decision, "decider" | "verdict">,
): Promise<void> {
  if (verdict === "expired") {
    const say = (what: string) => `Nobody decided in time: ${what} has expired, and was not done.`;
    await writeNoticeIn(trx, stamp, "approval_expired", { proposal, say });
  }
  const by = { person: "a person", policy: "policy", system: "the system" }[decider];
  const decided = (what: string) => `Decided by ${by}, ${verdict.replaceAll("_", " ")}: ${what}.`;
  await writeNoticeIn(trx, stamp, "decided", { proposal, say: decided, more: { verdict, decidedBy: decider } });
  if (decider !== "policy" || verdict !== "approved") return;
  const { settings } = await getSettings(trx, stamp.tenant);
  if (!settings.notifyOnAutomatic) return;
  const say = (what: string) => `Approved by ${stamp.principal}, without a person: ${what}.`;
  await writeNoticeIn(trx, stamp, "automatic_action", { proposal, say });
}

/** Of these proposals, those that have a notice of a kind. */
export async function listTold(
  db: Ledger,
  tenant: string,
  kind: NoticeKind,
  proposalIds: readonly string[],
): Promise<Set<string>> {
  if (proposalIds.length === 0) return new Set();
  const ids = proposalIds.map((proposalId) => noticeIdOf(tenant, kind, { proposalId }));
  const rows = await db
    .selectFrom("notices")
    .select("proposalId")
    .where("tenant", "=", tenant)
    .where("id", "in", ids)
    .execute();
  return new Set(rows.flatMap(({ proposalId }) => proposalId ?? []));
}

const selectNotices = (db: Ledger, tenant: string) =>
  db
    .selectFrom("notices")
    .leftJoin("runs", (join) => join.onRef("runs.tenant", "=", "notices.tenant").onRef("runs.id", "=", "notices.runId"))
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

/** Those of the kinds that are always kept that are to be delivered now, and were written after `since`; those that wait longest first, at most 100. */
export async function listDueNotices(
  db: Ledger,
  tenant: string,
  { now, since }: { now: string; since: string },
): Promise<(StoredNotice & Notice)[]> {
  const query = selectNotices(db, tenant)
    .where("notices.kind", "in", KEPT_KINDS)
    .where("notices.deliveredAt", "is", null)
    .where("notices.nextAttemptAt", "<=", now)
    .where("notices.createdAt", ">", since);
  const rows = await query.orderBy("notices.nextAttemptAt").orderBy("notices.id").limit(100).execute();
  return rows.map((row) => toNotice(row) as StoredNotice & Notice); // those kinds are about a proposal, and so a run
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

/** Deletes those written before a time, and what is on its way of them. @returns how many */
export async function deleteNotices(db: Ledger, tenant: string, before: string): Promise<number> {
  await db.deleteFrom("deliveries").where("tenant", "=", tenant).where("createdAt", "<", before).execute();
  const deleted = await db
    .deleteFrom("notices")
    .where("tenant", "=", tenant)
    .where("createdAt", "<", before)
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
