/**
 * Circuit breakers: how often an action of a tenant failed in a row, and until when its receiver is left alone. They are
 * rows, so that they outlast a restart and count for every process on the ledger.
 *
 * Closed: no row, or one without `openUntil`. Open: until `openUntil`. Half-open: after that. Then one call, of all
 * processes, takes the trial by compare-and-set, and what becomes of it closes the breaker or opens it again. A trial
 * whose process died is over at `trialUntil`.
 *
 * Of cockatiel, only the count is used. Its circuit breaker keeps its state in one process, with a clock of its own, and
 * hands on a half-open one as open for ever: each process that takes that up would let a trial of its own through.
 */
import { ConsecutiveBreaker } from "cockatiel";
import type { Selectable } from "kysely";
import type { Hold } from "../domain/hold.ts";
import type { Stamp } from "../domain/run.ts";
import { appendAudit } from "./audit.ts";
import type { Ledger } from "./database.ts";
import { keptQuery } from "./kept-query.ts";
import { tellOfBreakerIn } from "./outbox.ts";
import type { BreakersTable } from "./schema.ts";

type Row = Selectable<BreakersTable>;

/** A call that may be made. */
export interface Pass {
  /** When it is the trial: until when it counts as under way, ISO 8601 UTC. Otherwise null. */
  readonly trial: string | null;
}

/** Why a call may not be made. `tried`: because another one is the trial at this moment. */
export interface Held extends Hold {
  readonly tried: boolean;
}

/** Looks breakers up for many calls: those of one turn of the event loop look once. */
export interface BreakerLookUp {
  /** The row of an action's breaker, or undefined. */
  find(tenant: string, action: string): Promise<Row | undefined>;
  /** Lets the next one look anew, since something was changed. */
  forget(): void;
}

export function createBreakerLookUp(db: Ledger): BreakerLookUp {
  let found = new Map<string, Promise<Row | undefined>>();
  const forget = () => {
    found = new Map();
  };
  return {
    forget,
    find(tenant, action) {
      const key = JSON.stringify([tenant, action]);
      const known = found.get(key) ?? findBreaker(db, tenant, action);
      if (found.size === 0) setImmediate(forget);
      found.set(key, known);
      return known;
    },
  };
}

const later = (at: string, ms: number): string => new Date(Date.parse(at) + ms).toISOString();

const selectBreaker = keptQuery((db, tenant: string, action: string) =>
  db.selectFrom("breakers").selectAll().where("tenant", "=", tenant).where("action", "=", action),
);

async function findBreaker(db: Ledger, tenant: string, action: string): Promise<Row | undefined> {
  return (await selectBreaker(db, tenant, action))[0];
}

function heldBy({ failures, openUntil, trialUntil }: Row, now: string): Held | undefined {
  if (openUntil === null) return undefined;
  if (openUntil > now) return { failures, until: openUntil, tried: false };
  return trialUntil !== null && trialUntil > now ? { failures, until: trialUntil, tried: true } : undefined;
}

/**
 * Whether calls of an action are held back at this moment, and until when; undefined when one may be made.
 * @param now ISO 8601 UTC
 */
export async function findHold(db: Ledger, tenant: string, action: string, now: string): Promise<Held | undefined> {
  const row = await findBreaker(db, tenant, action);
  return row && heldBy(row, now);
}

/**
 * Asks for a call. Where the breaker is half-open, the pass is its one trial, which has to be reported back with
 * {@link recordAnswer}, {@link recordFailure} or {@link giveTrialBack}.
 * @param call `trialMs`: after so many milliseconds a trial that reported nothing is over. `byHand`: a person wants it,
 * knowing that it is held back: then it is the trial, also before its time, and in place of one that is under way.
 * `rows`: looks breakers up for many calls
 */
export async function askBreaker(
  db: Ledger,
  stamp: Stamp,
  { rows, ...call }: { action: string; trialMs: number; byHand: boolean; rows?: BreakerLookUp | undefined },
): Promise<Pass | { readonly held: Held }> {
  const row = await (rows?.find(stamp.tenant, call.action) ?? findBreaker(db, stamp.tenant, call.action));
  if (!row || row.openUntil === null) return { trial: null };
  const held = heldBy(row, stamp.at);
  if (held && !call.byHand) return { held };
  const trial = await takeTrial(db, stamp, call);
  // Somebody else was first: to take the trial, or to close it.
  return trial === undefined ? await askBreaker(db, stamp, call) : { trial };
}

async function takeTrial(
  db: Ledger,
  stamp: Stamp,
  { action, trialMs, byHand }: { action: string; trialMs: number; byHand: boolean },
): Promise<string | undefined> {
  const trialUntil = later(stamp.at, trialMs);
  return await db.transaction().execute(async (trx) => {
    let update = trx
      .updateTable("breakers")
      .set({ trialUntil })
      .where("tenant", "=", stamp.tenant)
      .where("action", "=", action)
      .where("openUntil", "is not", null);
    if (!byHand) {
      update = update
        .where("openUntil", "<=", stamp.at)
        .where((eb) => eb.or([eb("trialUntil", "is", null), eb("trialUntil", "<=", stamp.at)]));
    }
    const { numUpdatedRows } = await update.executeTakeFirst();
    if (Number(numUpdatedRows) === 0) return undefined;
    await appendAudit(trx, { ...stamp, event: "breaker.tried", data: { action, byHand } });
    return trialUntil;
  });
}

/** The receiver answered: a trial closes the breaker, any other call starts its count anew. */
export async function recordAnswer(
  db: Ledger,
  stamp: Stamp,
  { action, trial, rows }: Pass & { action: string; rows?: BreakerLookUp | undefined },
): Promise<void> {
  if (!(await (rows?.find(stamp.tenant, action) ?? findBreaker(db, stamp.tenant, action)))) return;
  await db.transaction().execute(async (trx) => {
    const own = trx.deleteFrom("breakers").where("tenant", "=", stamp.tenant).where("action", "=", action);
    // What was called before it opened says nothing of how the receiver is now.
    if (trial === null) return void (await own.where("openUntil", "is", null).execute());
    const { numDeletedRows } = await own.where("openUntil", "is not", null).executeTakeFirst();
    if (Number(numDeletedRows) > 0) await appendAudit(trx, { ...stamp, event: "breaker.closed", data: { action } });
  });
}

/**
 * The receiver failed: a trial opens the breaker again, any other call counts, and opens it at `failures` in a row.
 * @param call `openMs`: for how long, in milliseconds
 */
export async function recordFailure(
  db: Ledger,
  stamp: Stamp,
  call: Pass & { action: string; failures: number; openMs: number },
): Promise<void> {
  const { tenant, at } = stamp;
  const { action } = call;
  await db.transaction().execute(async (trx) => {
    // On Postgres this locks the row, so that none of two failures at once is lost.
    const row = await trx
      .insertInto("breakers")
      .values({ tenant, action, failures: 0, openUntil: null, trialUntil: null })
      .onConflict((c) =>
        c.columns(["tenant", "action"]).doUpdateSet((eb) => ({ failures: eb.ref("breakers.failures") })),
      )
      .returningAll()
      .executeTakeFirstOrThrow();
    const breaker = new ConsecutiveBreaker(call.failures);
    breaker.state = row.failures;
    const isDue = breaker.failure();
    const opens = row.openUntil === null ? isDue : call.trial !== null && call.trial === row.trialUntil;
    const openUntil = opens ? later(at, call.openMs) : row.openUntil;
    await trx
      .updateTable("breakers")
      .set({ failures: breaker.state, openUntil, trialUntil: opens ? null : row.trialUntil })
      .where("tenant", "=", tenant)
      .where("action", "=", action)
      .execute();
    const data = { action, failures: breaker.state, until: openUntil };
    if (!opens) return;
    await appendAudit(trx, { ...stamp, event: "breaker.opened", data });
    await tellOfBreakerIn(trx, stamp, data);
  });
}

/** A trial that was cut off before the receiver could answer: another call may take it at once. */
export async function giveTrialBack(db: Ledger, tenant: string, { action, trial }: Pass & { action: string }) {
  await db
    .updateTable("breakers")
    .set({ trialUntil: null })
    .where("tenant", "=", tenant)
    .where("action", "=", action)
    .where("trialUntil", "=", trial)
    .execute();
}
