/** Runs. Every query carries the tenant (invariant 9); a run ends once. */
import { type Insertable, type Selectable, sql } from "kysely";
import { type Answer, AnswerSchema } from "../domain/answer.ts";
import { canonicalJson } from "../domain/json.ts";
import type { Finding } from "../domain/proposal.ts";
import {
  type Cancellation,
  CancellationSchema,
  type Pause,
  PauseSchema,
  type RollbackRequest,
  RollbackRequestSchema,
  type Run,
  type RunStatus,
  type Stamp,
} from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { appendAudit } from "./audit.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { keptInsert, keptQuery } from "./kept-query.ts";
import { aliveUntil } from "./liveness.ts";
import { tellOfEndIn } from "./outbox.ts";
import type { RunsTable } from "./schema.ts";
import { opened, openedOne, sealed } from "./sealed-columns.ts";

export function toRun(row: Selectable<RunsTable>): Run {
  return {
    id: row.id,
    tenant: row.tenant,
    threadId: row.threadId,
    requester: row.requester,
    request: row.request,
    status: row.status as RunStatus,
    answer: row.answer === null ? null : AnswerSchema.parse(JSON.parse(row.answer)),
    cancellation: row.cancellation === null ? null : CancellationSchema.parse(JSON.parse(row.cancellation)),
    pause: row.pause === null ? null : PauseSchema.parse(JSON.parse(row.pause)),
    rollback: row.rollback === null ? null : RollbackRequestSchema.parse(JSON.parse(row.rollback)),
    ...(row.forgottenAt === null ? {} : { forgottenAt: row.forgottenAt }),
    ...(row.refusal === null ? {} : { refusal: row.refusal }),
    idleMs: Number(row.idleMs),
    idleSince: idleSinceOf(row),
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

/** Runs that ended before this was recorded have none. */
const idleSinceOf = ({ idleSince, status, updatedAt }: Selectable<RunsTable>): string | null =>
  idleSince === null ? (status === "ended" ? updatedAt : null) : new Date(Number(idleSince)).toISOString();

/** What was waited up to now, added to what was before. @param ms since 1970, as everywhere below */
const waited = (ms: number) => {
  const now = sql`cast(${ms} as bigint)`; // Postgres does not know the type of a bare parameter
  return sql<number>`idle_ms + case when idle_since < ${now} then ${now} - idle_since else 0 end`;
};

/** From now on nobody works on a run; where nobody did before, that stays. */
const idle = (ms: number) => ({ idleSince: sql<number>`coalesce(idle_since, cast(${ms} as bigint))` });
/** From now on somebody works on it. */
const notIdle = (ms: number) => ({ idleMs: waited(ms), idleSince: null });
/** From now on nobody ever works on it. */
const idleForGood = (ms: number) => ({ idleMs: waited(ms), idleSince: ms });

const selectRun = keptQuery((db, tenant: string, id: string) =>
  db.selectFrom("runs").selectAll().where("tenant", "=", tenant).where("id", "=", id),
);

/** The run, or undefined when this tenant has none of that id. */
export async function findRun(db: Ledger, tenant: string, id: string): Promise<Run | undefined> {
  const [row] = await selectRun(db, tenant, id);
  const run = await openedOne(db, "runs", tenant, row);
  return run && toRun(run);
}

const selectOpenRun = keptQuery((db, tenant: string, id: string) =>
  db
    .selectFrom("runs")
    .select("id")
    .where("tenant", "=", tenant)
    .where("id", "=", id)
    .where("status", "!=", "ended" satisfies RunStatus)
    .where("cancellation", "is", null),
);

/** Whether nothing more of a run is to start: {@link isOver}, for whoever asks often. One that is not there is over. */
export async function isRunOver(db: Ledger, tenant: string, id: string): Promise<boolean> {
  return (await selectOpenRun(db, tenant, id)).length === 0;
}

/** @throws HoldpointError `unknown_thread` when this tenant has no such run */
export async function getRun(db: Ledger, tenant: string, id: string): Promise<Run> {
  const run = await findRun(db, tenant, id);
  if (!run) {
    throw new HoldpointError("unknown_thread", `There is no run "${id}" for tenant "${tenant}".`, {
      hint: "See `holdpoint list` for the threads there are.",
    });
  }
  return run;
}

const selectThreadRun = keptQuery((db, tenant: string, threadId: string) =>
  db
    .selectFrom("runs")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("threadId", "=", threadId)
    .orderBy("createdAt", "desc")
    .orderBy("id", "desc")
    .limit(1),
);

/** The newest run on a thread, or undefined. */
export async function findThreadRun(db: Ledger, tenant: string, threadId: string): Promise<Run | undefined> {
  const [row] = await selectThreadRun(db, tenant, threadId);
  const run = await openedOne(db, "runs", tenant, row);
  return run && toRun(run);
}

const selectForeignRun = keptQuery((db, tenant: string, threadId: string) =>
  db.selectFrom("runs").select("id").where("tenant", "!=", tenant).where("threadId", "=", threadId).limit(1),
);

/** Whether a thread carries runs of another tenant: it is not this one's to use. */
export async function isForeignThread(db: Ledger, tenant: string, threadId: string): Promise<boolean> {
  return (await selectForeignRun(db, tenant, threadId)).length > 0;
}

const selectOpenRuns = keptQuery((db, tenant: string, threadId: string) =>
  db
    .selectFrom("runs")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("threadId", "=", threadId)
    .where("status", "!=", "ended" satisfies RunStatus)
    .orderBy("createdAt", "desc")
    .orderBy("id", "desc"),
);

/** The runs on a thread that have not ended, newest first. */
export async function listOpenRuns(db: Ledger, tenant: string, threadId: string): Promise<Run[]> {
  const rows = await selectOpenRuns(db, tenant, threadId);
  return (await opened(db, "runs", tenant, rows)).map(toRun);
}

/** A tenant's runs, newest first unless told otherwise. `limit` is at most 1,000. */
export async function listRuns(
  db: Ledger,
  tenant: string,
  options: { status?: RunStatus; threadId?: string; limit?: number; oldestFirst?: boolean } = {},
): Promise<Run[]> {
  let query = db.selectFrom("runs").selectAll().where("tenant", "=", tenant);
  if (options.status) query = query.where("status", "=", options.status);
  if (options.threadId !== undefined) query = query.where("threadId", "=", options.threadId);
  const order = options.oldestFirst ? "asc" : "desc";
  const rows = await query
    .orderBy("createdAt", order)
    .orderBy("id", order)
    .limit(Math.min(options.limit ?? 100, 1000))
    .execute();
  return (await opened(db, "runs", tenant, rows)).map(toRun);
}

/** Those runs of a tenant that have ended, and whose rollback has not. */
export async function listRolledBack(db: Ledger, tenant: string): Promise<Run[]> {
  const rows = await db
    .selectFrom("runs")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("rollback", "is not", null)
    .where("status", "=", "ended")
    .orderBy("createdAt")
    .execute();
  return (await opened(db, "runs", tenant, rows)).map(toRun);
}

/** Pauses a run. @returns false when it is cancelled or has ended: then it has to come to its end */
export async function pauseRun(db: Ledger, stamp: Stamp, runId: string, pause: Pause): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    const row = { status: "paused" satisfies RunStatus, pause: canonicalJson(pause), pausedUntil: pause.until };
    const paused = await trx
      .updateTable("runs")
      .set({
        ...(await sealed(trx, "runs", stamp.tenant, row)),
        ...idle(Date.parse(stamp.at)),
        aliveUntil: null,
        updatedAt: stamp.at,
      })
      .where("tenant", "=", stamp.tenant)
      .where("id", "=", runId)
      .where("status", "!=", "ended")
      .where("cancellation", "is", null)
      .executeTakeFirst();
    if (Number(paused.numUpdatedRows) === 0) return false;
    await appendAudit(trx, { ...stamp, event: "run.paused", runId, data: { ...pause } });
    return true;
  });
}

/** Lets a paused run go on. @returns false when it is not paused: somebody else was first */
export async function endPause(db: Ledger, stamp: Stamp, runId: string): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    const going = await trx
      .updateTable("runs")
      .set({
        status: "running" satisfies RunStatus,
        ...NOT_PAUSED,
        ...notIdle(Date.parse(stamp.at)),
        aliveUntil: aliveUntil(),
      })
      .set({ updatedAt: stamp.at })
      .where("tenant", "=", stamp.tenant)
      .where("id", "=", runId)
      .where("status", "=", "paused" satisfies RunStatus)
      .executeTakeFirst();
    if (Number(going.numUpdatedRows) === 0) return false;
    await appendAudit(trx, { ...stamp, event: "run.resumed", runId, data: {} });
    return true;
  });
}

/** Those paused runs of a tenant whose time has come, the first of them first. @param now ISO 8601 UTC */
export async function listDue(db: Ledger, tenant: string, now: string): Promise<Run[]> {
  const rows = await db
    .selectFrom("runs")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("pausedUntil", "<=", now)
    .where("status", "=", "paused" satisfies RunStatus)
    .orderBy("pausedUntil")
    .limit(1000)
    .execute();
  return (await opened(db, "runs", tenant, rows)).map(toRun);
}

/** The tenants that have a run which has not ended, or a rollback under way. For whoever runs the system: no data of theirs. */
export async function listTenants(db: Ledger): Promise<string[]> {
  const rows = await db
    .selectFrom("runs")
    .select("tenant")
    .distinct()
    .where((eb) => eb.or([eb("status", "!=", "ended"), eb("rollback", "is not", null)]))
    .orderBy("tenant")
    .execute();
  return rows.map(({ tenant }) => tenant);
}

const insertRow = keptInsert((db, rows: Insertable<RunsTable>[]) =>
  db
    .insertInto("runs")
    .values(rows)
    .onConflict((c) => c.columns(["tenant", "id"]).doNothing())
    .returning("id"),
);

/**
 * Inserts a run, or returns the one that an earlier attempt inserted.
 * @throws HoldpointError `usage` when the id names a run of another thread or text: state was forged
 */
export async function insertRun(
  trx: LedgerTransaction,
  stamp: Stamp,
  input: { id: string; threadId: string; request: string; refusal?: string | undefined },
): Promise<{ run: Run; created: boolean }> {
  const row = {
    tenant: stamp.tenant,
    id: input.id,
    threadId: input.threadId,
    requester: stamp.principal,
    request: input.request,
    status: "running" satisfies RunStatus,
    answer: null,
    aliveUntil: aliveUntil(),
    refusal: input.refusal ?? null,
    createdAt: stamp.at,
    updatedAt: stamp.at,
  };
  const created = (await insertRow(trx, [await sealed(trx, "runs", stamp.tenant, row)])).length > 0;
  const run = await getRun(trx, stamp.tenant, input.id);
  if (run.threadId !== input.threadId || run.request !== input.request) {
    throw new HoldpointError("usage", `Request "${input.id}" belongs to another run.`, {
      hint: "Send the request again as plain text.",
    });
  }
  if (created) {
    const data = { request: run.request, ...(run.refusal === undefined ? {} : { refusal: run.refusal }) };
    await appendAudit(trx, { ...stamp, event: "run.started", runId: run.id, data });
  }
  return { run, created };
}

const NOT_PAUSED = { pause: null, pausedUntil: null } as const;

const setRunning = keptQuery((db, ms: number, until: string, at: string, tenant: string, id: string) =>
  db
    .updateTable("runs")
    .set({ status: "running" satisfies RunStatus, ...NOT_PAUSED, ...notIdle(ms), aliveUntil: until, updatedAt: at })
    .where("tenant", "=", tenant)
    .where("id", "=", id)
    .where("status", "!=", "ended"),
);

const setWaiting = keptQuery((db, ms: number, at: string, tenant: string, id: string) =>
  db
    .updateTable("runs")
    .set({ status: "waiting" satisfies RunStatus, ...NOT_PAUSED, ...idle(ms), updatedAt: at })
    .where("tenant", "=", tenant)
    .where("id", "=", id)
    .where("status", "!=", "ended"),
);

/** Moves a run that has not ended to running or waiting. */
export async function setRunStatus(
  trx: LedgerTransaction,
  { tenant, at }: Stamp,
  runId: string,
  status: "running" | "waiting",
): Promise<void> {
  const ms = Date.parse(at);
  if (status === "running") await setRunning(trx, ms, aliveUntil(), at, tenant, runId);
  else await setWaiting(trx, ms, at, tenant, runId);
}

/**
 * Records that a run is to end early. Somebody else's cancellation keeps its reason; that what was committed is to be
 * undone too can be added to it.
 * @returns false when the run has ended
 */
export async function cancelRunIn(
  trx: LedgerTransaction,
  stamp: Stamp,
  runId: string,
  asked: Pick<Cancellation, "reason" | "rollback">,
): Promise<boolean> {
  const run = await getRun(trx, stamp.tenant, runId);
  if (run.status === "ended") return false;
  const first = run.cancellation ?? { by: stamp.principal, reason: asked.reason, report: null };
  const rollback = asked.rollback || run.cancellation?.rollback === true;
  await setCancellation(trx, stamp, runId, { ...first, rollback });
  await appendAudit(trx, { ...stamp, event: "run.cancel_asked", runId, data: { ...asked } });
  return true;
}

/** Replaces what is recorded of a run's cancellation. */
export async function setCancellation(
  db: Ledger,
  stamp: Stamp,
  runId: string,
  cancellation: Cancellation,
): Promise<void> {
  await db
    .updateTable("runs")
    .set(await sealed(db, "runs", stamp.tenant, { cancellation: canonicalJson(cancellation), updatedAt: stamp.at }))
    .where("tenant", "=", stamp.tenant)
    .where("id", "=", runId)
    .execute();
}

/** Records the rollback that is under way, or with null that none is. */
export async function setRollback(
  db: Ledger,
  stamp: Stamp,
  runId: string,
  rollback: RollbackRequest | null,
): Promise<void> {
  await db
    .updateTable("runs")
    .set(await sealed(db, "runs", stamp.tenant, { rollback: rollback && canonicalJson(rollback), updatedAt: stamp.at }))
    .where("tenant", "=", stamp.tenant)
    .where("id", "=", runId)
    .execute();
}

/** Ends a run with its answer; when it has ended already, the answer that it has is kept. Returns the stored answer. */
export async function endRun(db: Ledger, stamp: Stamp, runId: string, answer: Answer): Promise<Answer> {
  return await db.transaction().execute((trx) => endRunIn(trx, stamp, runId, answer));
}

/**
 * {@link endRun}, unless somebody cancelled the run since it was read.
 * @param run as it was read before the answer was made
 * @param said the answer, and what was found in it before, for the audit log
 * @returns undefined when it was cancelled meanwhile; nothing was changed then
 */
export async function endRunAsRead(
  db: Ledger,
  stamp: Stamp,
  run: Run,
  said: { answer: Answer; findings: readonly Finding[] },
): Promise<Answer | undefined> {
  const { answer, findings } = said;
  return await db.transaction().execute(async (trx) => {
    const now = await getRun(trx, run.tenant, run.id);
    if (canonicalJson(now.cancellation) !== canonicalJson(run.cancellation)) return undefined;
    if (findings.length > 0 && now.status !== "ended") {
      const data = { findings: findings.map(({ rule, reason }) => ({ rule, reason })) };
      await appendAudit(trx, { ...stamp, event: "answer.masked", runId: run.id, data });
    }
    return await endRunIn(trx, stamp, run.id, answer);
  });
}

const setEnded = keptQuery(
  (db, answer: string, answerStatus: string, ms: number, at: string, tenant: string, id: string) =>
    db
      .updateTable("runs")
      .set({ status: "ended" satisfies RunStatus, answer, answerStatus, aliveUntil: null, ...NOT_PAUSED })
      .set({ ...idleForGood(ms), updatedAt: at })
      .where("tenant", "=", tenant)
      .where("id", "=", id)
      .where("status", "!=", "ended")
      .returning("threadId"),
);

/** {@link endRun}, inside a transaction. */
export async function endRunIn(trx: LedgerTransaction, stamp: Stamp, runId: string, answer: Answer): Promise<Answer> {
  const { tenant, at } = stamp;
  const said = await sealed(trx, "runs", tenant, { answer: canonicalJson(answer) });
  const [ended] = await setEnded(trx, said.answer, answer.status, Date.parse(at), at, tenant, runId);
  if (ended) {
    const data = { status: answer.status, text: answer.text };
    await appendAudit(trx, { ...stamp, event: "run.ended", runId, data });
    await tellOfEndIn(trx, stamp, { runId, threadId: ended.threadId, status: answer.status });
    return answer;
  }
  return (await getRun(trx, stamp.tenant, runId)).answer ?? answer;
}
