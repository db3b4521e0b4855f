/**
 * What was answered to requests that carry an `Idempotency-Key`, so that one that is sent again gets the same answer and
 * does nothing again. After draft-ietf-httpapi-idempotency-key-header-07. What it answered is encrypted like all else.
 */
import { canonicalJson } from "../domain/json.ts";
import type { Identity } from "../domain/run.ts";
import type { Ledger } from "./database.ts";
import { opened, sealed } from "./sealed-columns.ts";

/** A request that may be sent again: who sent it, and under which key of theirs. */
export interface KeyedRequest extends Identity {
  readonly key: string;
  /** Of method, path and body: another one is another request. */
  readonly fingerprint: string;
}

/** What was answered: an HTTP status, the headers that belong to it, and the body as text. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Begun =
  | { readonly state: "begun" }
  | { readonly state: "answered"; readonly answer: StoredAnswer }
  /** Somebody is at it. */
  | { readonly state: "under_way" }
  /** The key stands for another request. */
  | { readonly state: "other" };

/**
 * Begins to answer a request, unless it was answered, or is being.
 * @param times `now`, and `until` when whoever answers is taken for dead; ISO 8601 UTC
 */
export async function beginAnswer(
  db: Ledger,
  request: KeyedRequest,
  { now, until }: { now: string; until: string },
): Promise<Begun> {
  const { tenant, principal, key, fingerprint } = request;
  const inserted = await db
    .insertInto("answeredRequests")
    .values({ tenant, principal, key, fingerprint, createdAt: now, until, answer: null })
    .onConflict((c) => c.columns(["tenant", "principal", "key"]).doNothing())
    .executeTakeFirst();
  if (Number(inserted.numInsertedOrUpdatedRows ?? 0) > 0) return { state: "begun" };
  const row = await rowOf(db, request).selectAll().executeTakeFirst();
  if (!row) return { state: "under_way" }; // it was just given up
  if (row.fingerprint !== fingerprint) return { state: "other" };
  const [known] = await opened(db, "answeredRequests", tenant, [row]);
  if (known?.answer != null) return { state: "answered", answer: JSON.parse(known.answer) as StoredAnswer };
  const taken = await db
    .updateTable("answeredRequests")
    .set({ until })
    .where("tenant", "=", tenant)
    .where("principal", "=", principal)
    .where("key", "=", key)
    .where("until", "=", row.until)
    .where("until", "<=", now)
    .executeTakeFirst();
  return { state: Number(taken.numUpdatedRows) > 0 ? "begun" : "under_way" };
}

const rowOf = (db: Ledger, { tenant, principal, key }: KeyedRequest) =>
  db
    .selectFrom("answeredRequests")
    .where("tenant", "=", tenant)
    .where("principal", "=", principal)
    .where("key", "=", key);

/** Keeps what was answered. */
export async function keepAnswer(db: Ledger, request: KeyedRequest, answer: StoredAnswer): Promise<void> {
  const { tenant, principal, key } = request;
  const row = await sealed(db, "answeredRequests", tenant, { answer: canonicalJson(answer) });
  await db
    .updateTable("answeredRequests")
    .set(row)
    .where("tenant", "=", tenant)
    .where("principal", "=", principal)
    .where("key", "=", key)
    .execute();
}

/** Gives a key up whose request did nothing: it may be sent again. */
export async function giveUpAnswer(db: Ledger, { tenant, principal, key }: KeyedRequest): Promise<void> {
  await db
    .deleteFrom("answeredRequests")
    .where("tenant", "=", tenant)
    .where("principal", "=", principal)
    .where("key", "=", key)
    .where("answer", "is", null)
    .execute();
}

/** Deletes those of a tenant; with a time, those that began before it. @returns how many */
export async function deleteAnswers(db: Ledger, tenant: string, before?: string): Promise<number> {
  let own = db.deleteFrom("answeredRequests").where("tenant", "=", tenant);
  if (before !== undefined) own = own.where("createdAt", "<", before);
  return Number((await own.executeTakeFirst()).numDeletedRows);
}
