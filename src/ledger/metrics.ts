/**
 * What whoever runs the system watches, counted by the database over all tenants: names of tenants and actions, and
 * numbers, none of their data. Every process over the same ledger counts the same.
 */
import { sql } from "kysely";
import type { Ledger } from "./database.ts";

/** Bounds of durations, in seconds; whatever takes longer is in the last bucket, without a bound. */
export const DURATION_BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300] as const;

/** Counts of one tenant's action. */
export interface ExecutionCounts {
  readonly tenant: string;
  readonly action: string;
  /** Done, whatever was undone of it later. */
  readonly succeeded: number;
  readonly failed: number;
  /** Nobody can tell. */
  readonly uncertain: number;
  readonly undone: number;
  readonly undoFailed: number;
  /** How many took at most so long, for each of {@link DURATION_BUCKETS}; and of how many it is known. */
  readonly within: readonly number[];
  readonly timed: number;
  /** Of those, the time of all of them together, in seconds. */
  readonly seconds: number;
}

const countWhere = (condition: ReturnType<typeof sql<boolean>>) =>
  sql<number>`sum(case when ${condition} then 1 else 0 end)`;
const isOneOf = (...statuses: readonly string[]) =>
  sql<boolean>`status in (${sql.join(statuses.map((status) => sql.lit(status)))})`;

/** Executions of writes, by tenant and action. */
export async function countExecutions(db: Ledger): Promise<ExecutionCounts[]> {
  const rows = await db
    .selectFrom("effects")
    .select((eb) => [
      ...(["tenant", "action"] as const),
      countWhere(isOneOf("succeeded", "undoing", "undone", "undo_failed")).as("succeeded"),
      countWhere(isOneOf("failed")).as("failed"),
      countWhere(isOneOf("uncertain")).as("uncertain"),
      countWhere(isOneOf("undone")).as("undone"),
      countWhere(isOneOf("undo_failed")).as("undoFailed"),
      eb.fn.count<number>("durationMs").as("timed"),
      sql<number>`coalesce(sum(duration_ms), 0)`.as("ms"),
      ...DURATION_BUCKETS.map((bound, index) =>
        countWhere(sql<boolean>`duration_ms <= ${sql.lit(bound * 1000)}`).as(`within${index}`),
      ),
    ])
    .groupBy(["tenant", "action"])
    .orderBy("tenant")
    .orderBy("action")
    .execute();
  return rows.map(({ tenant, action, ms, ...counts }) => {
    const of = (name: string) => Number(counts[name as keyof typeof counts] ?? 0);
    return {
      ...{ tenant, action, succeeded: of("succeeded"), failed: of("failed"), uncertain: of("uncertain") },
      ...{ undone: of("undone"), undoFailed: of("undoFailed"), timed: of("timed"), seconds: Number(ms) / 1000 },
      within: DURATION_BUCKETS.map((_bound, index) => of(`within${index}`)),
    };
  });
}

export interface QueueCounts {
  readonly tenant: string;
  /** Proposals that wait for a person. */
  readonly pending: number;
  /** When the oldest of them was made, ISO 8601 UTC. */
  readonly oldest: string;
}

/** What waits for people, of each tenant of which anything does. */
export async function countPending(db: Ledger): Promise<QueueCounts[]> {
  const rows = await db
    .selectFrom("proposals")
    .innerJoin("runs", (join) =>
      join.onRef("runs.tenant", "=", "proposals.tenant").onRef("runs.id", "=", "proposals.runId"),
    )
    .select((eb) => [
      "proposals.tenant",
      eb.fn.countAll<number>().as("pending"),
      eb.fn.min("proposals.createdAt").as("oldest"),
    ])
    .where("proposals.status", "=", "pending")
    .where("runs.status", "=", "waiting")
    .groupBy("proposals.tenant")
    .orderBy("proposals.tenant")
    .execute();
  return rows.map(({ tenant, pending, oldest }) => ({ tenant, pending: Number(pending), oldest }));
}

/** Runs by tenant and where they stand; an ended one by its answer's status. `refused`: too many requests at once. */
export async function countRunsByEnd(
  db: Ledger,
): Promise<{ tenant: string; status: string; count: number; refused: number }[]> {
  const status = sql<string>`coalesce(answer_status, status)`;
  const rows = await db
    .selectFrom("runs")
    .select((eb) => [
      "tenant",
      status.as("end"),
      eb.fn.countAll<number>().as("count"),
      eb.fn.count<number>("refusal").as("refused"),
    ])
    .groupBy(["tenant", "end"])
    .orderBy("tenant")
    .orderBy("end")
    .execute();
  return rows.map(({ tenant, end, count, refused }) => ({
    ...{ tenant, status: end, count: Number(count), refused: Number(refused) },
  }));
}

/** Actions whose receiver is left alone at the moment. @param now ISO 8601 UTC */
export async function listOpenBreakers(db: Ledger, now: string): Promise<{ tenant: string; action: string }[]> {
  return await db
    .selectFrom("breakers")
    .select(["tenant", "action"])
    .where("openUntil", ">", now)
    .orderBy("tenant")
    .orderBy("action")
    .execute();
}

/** Tokens and calls of models, by tenant, role and outcome. */
export async function countModelCalls(
  db: Ledger,
): Promise<
  { tenant: string; role: string; outcome: string; calls: number; promptTokens: number; completionTokens: number }[]
> {
  const rows = await db
    .selectFrom("modelCalls")
    .select((eb) => [
      ...(["tenant", "role", "outcome"] as const),
      eb.fn.countAll<number>().as("calls"),
      eb.fn.sum<number>("promptTokens").as("promptTokens"),
      eb.fn.sum<number>("completionTokens").as("completionTokens"),
    ])
    .groupBy(["tenant", "role", "outcome"])
    .orderBy("tenant")
    .orderBy("role")
    .orderBy("outcome")
    .execute();
  return rows.map((row) => ({
    ...row,
    ...{
      calls: Number(row.calls),
      promptTokens: Number(row.promptTokens),
      completionTokens: Number(row.completionTokens),
    },
  }));
}
