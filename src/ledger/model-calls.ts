/** What models were asked for a run, and what it cost in calls and tokens. */
import { randomUUID } from "node:crypto";
import type { Insertable } from "kysely";
import type { Stamp } from "../domain/run.ts";
import { type Ledger, writeBehind } from "./database.ts";
import { keptInsert } from "./kept-query.ts";
import type { ModelCallsTable } from "./schema.ts";

/** One call of a model. Tokens are as the endpoint reported them, `durationMs` is in milliseconds. */
export interface ModelCallRecord {
  readonly role: string;
  readonly prompt: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly durationMs: number;
  readonly outcome: string;
}

/** Sums over a run. */
export interface ModelUsage {
  calls: number;
  promptTokens: number;
  completionTokens: number;
}

const insertRows = keptInsert((db, rows: Insertable<ModelCallsTable>[]) => db.insertInto("modelCalls").values(rows));

/** Records finished calls. */
export async function recordModelCalls(
  db: Ledger,
  stamp: Stamp,
  runId: string,
  calls: readonly ModelCallRecord[],
): Promise<void> {
  if (calls.length === 0) return;
  const rows = calls.map((call) => ({ ...call, tenant: stamp.tenant, id: randomUUID(), runId, at: stamp.at }));
  await writeBehind(db, (trx) => insertRows(trx, rows));
}

/** A run's calls, oldest first. */
export async function listModelCalls(db: Ledger, tenant: string, runId: string): Promise<ModelCallRecord[]> {
  return await db
    .selectFrom("modelCalls")
    .select(["role", "prompt", "promptTokens", "completionTokens", "durationMs", "outcome"])
    .where("tenant", "=", tenant)
    .where("runId", "=", runId)
    .orderBy("at")
    .execute();
}

/** What a run's calls come to. */
export function sumUsage(calls: readonly ModelCallRecord[]): ModelUsage {
  return {
    calls: calls.length,
    promptTokens: calls.reduce((sum, call) => sum + call.promptTokens, 0),
    completionTokens: calls.reduce((sum, call) => sum + call.completionTokens, 0),
  };
}
