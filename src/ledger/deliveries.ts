/** What becomes of a notice at each endpoint that it goes to. Each is retried on its own. */
import type { JsonObject } from "../domain/json.ts";
import type { Ledger } from "./database.ts";
import { keptQuery } from "./kept-query.ts";
import type { NoticeKind } from "./outbox.ts";

/** A notice that is to be delivered to one endpoint now. */
export interface Delivery {
  readonly tenant: string;
  /** Of the notice: the same at each attempt. */
  readonly noticeId: string;
  readonly endpoint: string;
  /** How often somebody began. */
  readonly attempts: number;
  readonly kind: NoticeKind;
  readonly threadId: string | null;
  readonly runId: string | null;
  readonly proposalId: string | null;
  /** One sentence, masked. */
  readonly text: string;
  readonly data: JsonObject;
  /** When it happened, ISO 8601 UTC. */
  readonly createdAt: string;
}

const selectDue = keptQuery((db, tenant: string, endpoint: string, now: string, since: string) =>
  db
    .selectFrom("deliveries")
    .innerJoin("notices", (join) =>
      join.onRef("notices.tenant", "=", "deliveries.tenant").onRef("notices.id", "=", "deliveries.noticeId"),
    )
    .leftJoin("runs", (join) => join.onRef("runs.tenant", "=", "notices.tenant").onRef("runs.id", "=", "notices.runId"))
    .select(["deliveries.tenant", "deliveries.noticeId", "deliveries.endpoint", "deliveries.attempts"])
    .select(["notices.kind", "notices.runId", "notices.proposalId", "notices.text", "notices.data"])
    .select(["notices.createdAt", "runs.threadId"])
    .where("deliveries.tenant", "=", tenant)
    .where("deliveries.endpoint", "=", endpoint)
    .where("deliveries.deliveredAt", "is", null)
    .where("deliveries.nextAttemptAt", "<=", now)
    .where("deliveries.createdAt", ">", since)
    .orderBy("deliveries.createdAt")
    .orderBy("deliveries.noticeId")
    .limit(100),
);

/** What is due at an endpoint of a tenant's, the oldest first, at most 100. @param times ISO 8601 UTC */
export async function listDueDeliveries(
  db: Ledger,
  tenant: string,
  endpoint: string,
  { now, since }: { now: string; since: string },
): Promise<Delivery[]> {
  const rows = await selectDue(db, tenant, endpoint, now, since);
  return rows.map((row) => ({ ...row, kind: row.kind as NoticeKind, data: JSON.parse(row.data) as JsonObject }));
}

/**
 * Begins to deliver, as it was read.
 * @param until when that counts as failed, ISO 8601 UTC
 * @returns the number of the attempt; undefined when somebody else began first
 */
export async function claimDelivery(db: Ledger, delivery: Delivery, until: string): Promise<number | undefined> {
  const attempts = delivery.attempts + 1;
  const claimed = await ofAttempt(db, delivery, delivery.attempts)
    .set({ attempts, nextAttemptAt: until })
    .executeTakeFirst();
  return Number(claimed.numUpdatedRows) > 0 ? attempts : undefined;
}

/** Ends an attempt: it was delivered at a time, or is to be tried again at one. Of an attempt that was overtaken, nothing. */
export async function endDelivery(
  db: Ledger,
  delivery: Delivery,
  attempt: number,
  outcome: { readonly deliveredAt: string } | { readonly nextAttemptAt: string },
): Promise<void> {
  await ofAttempt(db, delivery, attempt).set(outcome).execute();
}

const ofAttempt = (db: Ledger, { tenant, noticeId, endpoint }: Delivery, attempts: number) =>
  db
    .updateTable("deliveries")
    .where("tenant", "=", tenant)
    .where("noticeId", "=", noticeId)
    .where("endpoint", "=", endpoint)
    .where("attempts", "=", attempts)
    .where("deliveredAt", "is", null);

/** Where one notice goes, and what became of it there. */
export interface Delivered {
  readonly noticeId: string;
  readonly endpoint: string;
  readonly deliveredAt: string | null;
  readonly attempts: number;
}

/** Where notices go, by their ids. */
export async function listDeliveries(db: Ledger, tenant: string, noticeIds: readonly string[]): Promise<Delivered[]> {
  if (noticeIds.length === 0) return [];
  return await db
    .selectFrom("deliveries")
    .select(["noticeId", "endpoint", "deliveredAt", "attempts"])
    .where("tenant", "=", tenant)
    .where("noticeId", "in", noticeIds)
    .orderBy("noticeId")
    .orderBy("endpoint")
    .execute();
}
