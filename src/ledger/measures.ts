/**
 * Measures of runs, worked out by the database: what comes back is a few rows for each period. See docs/measures.md.
 * Every query begins with the tenant's runs that began in one of the periods.
 */
import { type Expression, type RawBuilder, SqliteAdapter, sql } from "kysely";
import type { Period } from "../domain/measures.ts";
import type { Ledger } from "./database.ts";

/** Which runs are measured: all that began in one of the periods, of a thread or of one run alone where that is named. */
export interface MeasureScope {
  /** In order, without overlaps. */
  readonly periods: readonly Period[];
  readonly threadId?: string;
  readonly runId?: string;
}

/** Where a row belongs: the place of its period. Databases return large counts as text. */
type Counted<Row> = Row & { readonly place: number };

/** Before and after every time that there is. */
const [FIRST, LAST] = ["", "9999-12-31T23:59:59.999Z"];

/** The runs that are measured, with the place of their period. */
function scoped(db: Ledger, tenant: string, { periods, threadId, runId }: MeasureScope) {
  const rows = periods.map(
    ({ since, until }, place) => sql`(cast(${place} as integer), ${since ?? FIRST}, ${until ?? LAST})`,
  );
  return db
    .with("periods(place, since, until)", () => values(rows))
    .with("scope", (q) => {
      let runs = q
        .selectFrom("periods")
        .crossJoin("runs") // SQLite then looks up the runs of each period, and not the period of each run
        .whereRef("runs.createdAt", ">=", "periods.since")
        .whereRef("runs.createdAt", "<", "periods.until")
        .selectAll("runs")
        .select("periods.place")
        .where("runs.tenant", "=", tenant);
      if (threadId !== undefined) runs = runs.where("runs.threadId", "=", threadId);
      if (runId !== undefined) runs = runs.where("runs.id", "=", runId);
      return runs;
    });
}

const values = (rows: RawBuilder<unknown>[]) =>
  sql<{ place: number; since: string; until: string }>`(values ${sql.join(rows)})`;

/** A time in text as milliseconds; the databases do not agree on how. */
function msOf(db: Ledger, time: string): RawBuilder<number> {
  const text = sql.ref(time);
  return db.getExecutor().adapter instanceof SqliteAdapter
    ? sql`cast(round((julianday(${text}) - 2440587.5) * 86400000.0) as integer)`
    : sql`cast(round(extract(epoch from cast(${text} as timestamptz)) * 1000) as bigint)`;
}

const countIf = (condition: Expression<unknown>) => sql<number>`sum(case when ${condition} then 1 else 0 end)`;
const atLeastZero = (ms: Expression<number>) => sql<number>`case when ${ms} < 0 then 0 else ${ms} end`;

export type EndRow = Counted<{ status: string; answerStatus: string | null; isRefused: number; count: number }>;

/** How many runs there are, by where they stand and how they ended. */
export async function countRuns(db: Ledger, tenant: string, scope: MeasureScope): Promise<EndRow[]> {
  return await scoped(db, tenant, scope)
    .selectFrom("scope")
    .select(["place", "status", "answerStatus"])
    .select((eb) => [
      sql<number>`case when refusal is null then 0 else 1 end`.as("isRefused"),
      eb.fn.countAll<number>().as("count"),
    ])
    .groupBy(["place", "status", "answerStatus", "isRefused"])
    .execute();
}

export type TimesRow = Counted<{ count: number; medianMs: number; p90Ms: number }>;

/** The value at a percentile by nearest rank, of rows that have their rank and how many there are. */
const atRank = (percent: number) =>
  sql<number>`max(case when rank = (of_all * ${sql.lit(percent)} + 99) / 100 then ms end)`;

/** For how long runs that were a success were worked on. */
export async function timeCompletion(db: Ledger, tenant: string, scope: MeasureScope): Promise<TimesRow[]> {
  const ms = sql<number>`idle_since - idle_ms - ${msOf(db, "createdAt")}`;
  return await scoped(db, tenant, scope)
    .with("ranked", (q) =>
      q
        .selectFrom((from) =>
          from
            .selectFrom("scope")
            .select(["place", atLeastZero(ms).as("ms")])
            .where("answerStatus", "=", "success")
            .where("idleSince", "is not", null)
            .as("rows"),
        )
        .select(["place", "ms", RANK.as("rank"), OF_ALL.as("ofAll")]),
    )
    .selectFrom("ranked")
    .select((eb) => ["place", eb.fn.countAll<number>().as("count"), atRank(50).as("medianMs"), atRank(90).as("p90Ms")])
    .groupBy("place")
    .execute();
}

const RANK = sql<number>`row_number() over (partition by place order by ms)`;
const OF_ALL = sql<number>`count(*) over (partition by place)`;

export type PlansRow = Counted<{ wanted: number; atFirst: number; inTheEnd: number }>;

/**
 * How many plans were wanted, and how many passed. A revision that comes after one which did not pass is another attempt
 * at the same plan. What a person made of a plan, and what a person sent back, did pass.
 */
export async function countPlans(db: Ledger, tenant: string, scope: MeasureScope): Promise<PlansRow[]> {
  const shown = sql`exists (select 1 from proposals p where p.tenant = r.tenant and p.run_id = r.run_id
    and p.kind = 'plan' and p.revision = r.number)`;
  const byPerson = sql<boolean>`exists (select 1 from proposals p where p.tenant = r.tenant and p.run_id = r.run_id
    and p.kind = 'plan' and p.status = 'edited' and p.revision = r.number - 1)`;
  return await scoped(db, tenant, scope)
    .with("judged", (q) =>
      q
        .selectFrom("scope")
        .innerJoin("planRevisions as r", (join) =>
          join.onRef("r.tenant", "=", "scope.tenant").onRef("r.runId", "=", "scope.id"),
        )
        .select(["place", "r.runId", "r.number"])
        .select(sql<number>`case when r.verdict <> 'deny' or ${shown} then 1 else 0 end`.as("passed"))
        .where("r.verdict", "is not", null)
        .where((eb) => eb.not(byPerson)),
    )
    .with("attempts", (q) =>
      q
        .selectFrom("judged")
        .select(["place", "passed"])
        .select(sql<number | null>`lag(passed) over (partition by run_id order by number)`.as("before")),
    )
    .selectFrom("attempts")
    .select(["place", countIf(FIRST_ATTEMPT).as("wanted")])
    .select([countIf(sql`${FIRST_ATTEMPT} and passed = 1`).as("atFirst"), countIf(sql`passed = 1`).as("inTheEnd")])
    .groupBy("place")
    .execute();
}

const FIRST_ATTEMPT = sql<boolean>`coalesce(before, 1) = 1`;

export type StepsRow = Counted<{ action: string; failed: number; count: number }>;

/** How many calls of each action came to an end, and how many of them failed. */
export async function countSteps(db: Ledger, tenant: string, scope: MeasureScope): Promise<StepsRow[]> {
  return await scoped(db, tenant, scope)
    .with("calls", (q) =>
      q
        .selectFrom("scope")
        .innerJoin("reads", (join) =>
          join.onRef("reads.tenant", "=", "scope.tenant").onRef("reads.runId", "=", "scope.id"),
        )
        .select([
          "place",
          "reads.action",
          sql<number>`case when reads.status = 'failed' then 1 else 0 end`.as("failed"),
        ])
        .where("reads.step", "not like", "program.%") // what a program reads is no step
        .unionAll(
          q
            .selectFrom("scope")
            .innerJoin("effects as e", (join) =>
              join.onRef("e.tenant", "=", "scope.tenant").onRef("e.runId", "=", "scope.id"),
            )
            .select(["place", "e.action"])
            .select(sql<number>`case when e.status in ('failed', 'uncertain') then 1 else 0 end`.as("failed"))
            .where("e.status", "not in", ["intended", "executing"]),
        ),
    )
    .selectFrom("calls")
    .select((eb) => ["place", "action", eb.fn.sum<number>("failed").as("failed"), eb.fn.countAll<number>().as("count")])
    .groupBy(["place", "action"])
    .orderBy("action")
    .execute();
}

/** How often another plan was wanted. */
export async function countReplans(
  db: Ledger,
  tenant: string,
  scope: MeasureScope,
): Promise<Counted<{ count: number }>[]> {
  return await scoped(db, tenant, scope)
    .selectFrom("scope")
    .innerJoin("reflections as r", (join) =>
      join.onRef("r.tenant", "=", "scope.tenant").onRef("r.runId", "=", "scope.id"),
    )
    .select((eb) => ["place", eb.fn.countAll<number>().as("count")])
    .where("r.verdict", "!=", "done")
    .groupBy("place")
    .execute();
}

export type UsageRow = Counted<{ role: string; calls: number; promptTokens: number; completionTokens: number }>;

/** What models were asked, by role. */
export async function sumModelCalls(db: Ledger, tenant: string, scope: MeasureScope): Promise<UsageRow[]> {
  return await scoped(db, tenant, scope)
    .selectFrom("scope")
    .innerJoin("modelCalls as m", (join) =>
      join.onRef("m.tenant", "=", "scope.tenant").onRef("m.runId", "=", "scope.id"),
    )
    .select((eb) => [
      "place",
      "m.role",
      eb.fn.countAll<number>().as("calls"),
      eb.fn.sum<number>("m.promptTokens").as("promptTokens"),
      eb.fn.sum<number>("m.completionTokens").as("completionTokens"),
    ])
    .groupBy(["place", "m.role"])
    .orderBy("m.role")
    .execute();
}

/** The decisions on plans and transactions, with how long they took. */
function decisions(db: Ledger, tenant: string, scope: MeasureScope) {
  return scoped(db, tenant, scope).with("decided", (q) =>
    q
      .selectFrom("scope")
      .innerJoin("proposals", (join) =>
        join.onRef("proposals.tenant", "=", "scope.tenant").onRef("proposals.runId", "=", "scope.id"),
      )
      .innerJoin("decisions", (join) =>
        join.onRef("decisions.tenant", "=", "proposals.tenant").onRef("decisions.proposalId", "=", "proposals.id"),
      )
      .select(["place", "decisions.decider", "decisions.verdict"])
      .select(atLeastZero(sql`${msOf(db, "decisions.decidedAt")} - ${msOf(db, "proposals.createdAt")}`).as("ms"))
      .where("proposals.kind", "in", ["transaction", "plan"]),
  );
}

/** What a person decides by; a cancelled run decides by the way. */
const BY_PERSON = ["approved", "partly_approved", "edited", "rejected", "sent_back"];

/** How long people took to decide. */
export async function timeDecisions(db: Ledger, tenant: string, scope: MeasureScope): Promise<TimesRow[]> {
  return await decisions(db, tenant, scope)
    .with("ranked", (q) =>
      q
        .selectFrom("decided")
        .select(["place", "ms", RANK.as("rank"), OF_ALL.as("ofAll")])
        .where("decider", "=", "person")
        .where("verdict", "in", BY_PERSON),
    )
    .selectFrom("ranked")
    .select((eb) => ["place", eb.fn.countAll<number>().as("count"), atRank(50).as("medianMs"), atRank(90).as("p90Ms")])
    .groupBy("place")
    .execute();
}

export type DecisionsRow = Counted<{ verdict: string; count: number }>;

/** What people decided, and what nobody did in time. */
export async function countDecisions(db: Ledger, tenant: string, scope: MeasureScope): Promise<DecisionsRow[]> {
  return await decisions(db, tenant, scope)
    .selectFrom("decided")
    .select((eb) => ["place", "verdict", eb.fn.countAll<number>().as("count")])
    .where((eb) =>
      eb.or([eb.and([eb("decider", "=", "person"), eb("verdict", "in", BY_PERSON)]), eb("verdict", "=", "expired")]),
    )
    .groupBy(["place", "verdict"])
    .execute();
}

export type RollbacksRow = Counted<{ what: string; count: number }>;

/** How transactions ended, and how many of their writes were undone. */
export async function countRollbacks(db: Ledger, tenant: string, scope: MeasureScope): Promise<RollbacksRow[]> {
  return await scoped(db, tenant, scope)
    .with("ended", (q) =>
      q
        .selectFrom("scope")
        .innerJoin("proposals as p", (join) =>
          join.onRef("p.tenant", "=", "scope.tenant").onRef("p.runId", "=", "scope.id"),
        )
        .select(["place", "p.status as what"])
        .where("p.kind", "=", "transaction")
        .where("p.status", "in", ["committed", "rolled_back"])
        .unionAll(
          q
            .selectFrom("scope")
            .innerJoin("effects as e", (join) =>
              join.onRef("e.tenant", "=", "scope.tenant").onRef("e.runId", "=", "scope.id"),
            )
            .select(["place", "e.status as what"])
            .where("e.status", "in", ["undone", "undo_failed"]),
        ),
    )
    .selectFrom("ended")
    .select((eb) => ["place", "what", eb.fn.countAll<number>().as("count")])
    .groupBy(["place", "what"])
    .execute();
}

/** When the first run began that is measured, ISO 8601 UTC; undefined when there is none. */
export async function findFirstStart(
  db: Ledger,
  tenant: string,
  { threadId }: Pick<MeasureScope, "threadId">,
): Promise<string | undefined> {
  let query = db.selectFrom("runs").select("createdAt").where("tenant", "=", tenant);
  if (threadId !== undefined) query = query.where("threadId", "=", threadId);
  return (await query.orderBy("createdAt").limit(1).executeTakeFirst())?.createdAt;
}
