/**
 * The outbox: what others are told of, written in the same transaction as the change that it tells of, under a derived id
 * and so once, with a row for each endpoint that it goes to. What nobody wants is not written at all: who wants what is
 * known to the process (see {@link setAudience}), and asking costs no query.
 */
import type { DialectAdapter, Insertable } from "kysely";
import { canonicalJson, derivedId, type JsonObject } from "../domain/json.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { keptInsert } from "./kept-query.ts";
import type { DeliveriesTable, NoticesTable } from "./schema.ts";

/** What a notice tells of; see docs/events.md. */
export const NOTICE_KINDS = [
  "approval_needed",
  "approval_expiring",
  "approval_expired",
  "decided",
  "run_ended",
  "breaker_open",
  "automatic_action",
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** They are kept though nobody wants them: `notices` shows them, and whatever takes notices takes these. */
export const KEPT_KINDS = ["automatic_action", "approval_expiring", "approval_expired"] as const;
export type KeptKind = (typeof KEPT_KINDS)[number];
const kept: ReadonlySet<NoticeKind> = new Set(KEPT_KINDS);

/** An endpoint, and what it is told of. */
export interface Destination {
  readonly name: string;
  readonly kinds: ReadonlySet<NoticeKind>;
  /** Absent: every tenant's. */
  readonly tenants?: ReadonlySet<string> | undefined;
}

/** Something that happened; its transaction may yet fail. */
export interface Happening {
  readonly kind: NoticeKind;
  readonly tenant: string;
  readonly runId: string | null;
  readonly threadId: string | null;
  readonly data: JsonObject;
}

/** Whom a process tells. */
export interface Audience {
  readonly destinations: readonly Destination[];
  /** Something was written for a destination, in a transaction that may not have ended. */
  written(tenant: string): void;
  /** A run ended, or a breaker opened. */
  happened(what: Happening): void;
}

const audiences = new WeakMap<DialectAdapter, Audience>();

/** From now on, what is written to this ledger by this process is for them. */
export function setAudience(db: Ledger, audience: Audience): void {
  audiences.set(db.getExecutor().adapter, audience);
}

const audienceOf = (db: Ledger): Audience | undefined => audiences.get(db.getExecutor().adapter);

function destinationsOf(db: Ledger, tenant: string, kind: NoticeKind): string[] {
  const { destinations = [] } = audienceOf(db) ?? {};
  const found = destinations.filter(({ kinds, tenants }) => kinds.has(kind) && (tenants?.has(tenant) ?? true));
  return found.map(({ name }) => name);
}

/** Whether a notice of a kind would be written: whatever takes time to say need not be said otherwise. */
export const isWanted = (db: Ledger, tenant: string, kind: NoticeKind): boolean =>
  kept.has(kind) || destinationsOf(db, tenant, kind).length > 0;

const insertNotice = keptInsert((db, rows: Insertable<NoticesTable>[]) =>
  db
    .insertInto("notices")
    .values(rows)
    .onConflict((c) => c.columns(["tenant", "id"]).doNothing())
    .returning("id"),
);
const insertDeliveries = keptInsert((db, rows: Insertable<DeliveriesTable>[]) =>
  db.insertInto("deliveries").values(rows),
);

/** The same at each attempt to write it. @param about what it is told of once, such as `{ proposalId }` */
export const noticeIdOf = (tenant: string, kind: NoticeKind, about: JsonObject): string =>
  derivedId("notice", { tenant, kind, ...about });

export interface NewNotice {
  readonly tenant: string;
  /** When it happened, ISO 8601 UTC. */
  readonly at: string;
  readonly kind: NoticeKind;
  /** What it is told of once. */
  readonly about: JsonObject;
  readonly runId: string | null;
  readonly proposalId: string | null;
  /** One sentence, masked. */
  readonly text: string;
  /** What programs read of it; nothing personal. */
  readonly data: JsonObject;
}

/** Writes a notice where it is wanted, once. @returns false when it is not, or was there already */
export async function putNoticeIn(trx: LedgerTransaction, notice: NewNotice): Promise<boolean> {
  const { tenant, at, kind, about, runId, proposalId, text, data } = notice;
  if (!isWanted(trx, tenant, kind)) return false;
  const id = noticeIdOf(tenant, kind, about);
  const due = { createdAt: at, deliveredAt: null, attempts: 0, nextAttemptAt: at };
  const row = { tenant, id, kind, runId, proposalId, text, data: canonicalJson(data), ...due };
  if ((await insertNotice(trx, [row])).length === 0) return false;
  const endpoints = destinationsOf(trx, tenant, kind);
  if (endpoints.length === 0) return true;
  await insertDeliveries(
    trx,
    endpoints.map((endpoint) => ({ tenant, noticeId: id, endpoint, ...due })),
  );
  audienceOf(trx)?.written(tenant);
  return true;
}

/** Tells that a run has ended: {@link putNoticeIn}, and whoever listens in this process. */
export async function tellOfEndIn(
  trx: LedgerTransaction,
  { tenant, at }: { tenant: string; at: string },
  { runId, threadId, status }: { runId: string; threadId: string; status: string },
): Promise<void> {
  const kind = "run_ended";
  const data = { status };
  audienceOf(trx)?.happened({ kind, tenant, runId, threadId, data });
  if (!isWanted(trx, tenant, kind)) return;
  // The thread's id is left out: it may be anybody's words, and masking belongs to a layer that knows of it.
  const text = `A run has ended: ${status.replaceAll("_", " ")}.`;
  await putNoticeIn(trx, { tenant, at, kind, about: { runId }, runId, proposalId: null, text, data });
}

/** Tells in the same way that an action's receiver is left alone. @param until ISO 8601 UTC */
export async function tellOfBreakerIn(
  trx: LedgerTransaction,
  { tenant, at }: { tenant: string; at: string },
  data: { action: string; failures: number; until: string | null },
): Promise<void> {
  const kind = "breaker_open";
  audienceOf(trx)?.happened({ kind, tenant, runId: null, threadId: null, data });
  const { action, failures, until } = data;
  const text = `"${action}" failed ${failures} times in a row, and is not called until ${until}.`;
  const about = { action, at };
  await putNoticeIn(trx, { tenant, at, kind, about, runId: null, proposalId: null, text, data });
}
