/** Outcomes of reads, so that a crash repeats only what was in flight or had just finished. */
import type { Insertable } from "kysely";
import { z } from "zod";
import { canonicalJson, derivedId, type Json, type JsonObject, JsonObjectSchema, JsonSchema } from "../domain/json.ts";
import type { Stamp } from "../domain/run.ts";
import { shortened } from "../domain/text.ts";
import { maskText } from "../telemetry/mask.ts";
import { appendAudits } from "./audit.ts";
import { type Ledger, type LedgerTransaction, writeBehind } from "./database.ts";
import { keptInsert, keptQuery } from "./kept-query.ts";
import type { ReadsTable } from "./schema.ts";
import { opened, sealedAll } from "./sealed-columns.ts";

const ReadStatusSchema = z.enum(["succeeded", "failed"]);

export interface ReadOutcome {
  key: string;
  step: string;
  action: string;
  version: number;
  args: JsonObject;
  status: z.infer<typeof ReadStatusSchema>;
  /** The output, or for a failed read its failure status. */
  output: Json;
  /** The customer-facing sentence, or why it failed. */
  summary: string;
  /** How long it took, in milliseconds; absent or null where nobody measured it. */
  durationMs?: number | null;
}

/** The key of a read: run, step, action, version and resolved arguments, and which attempt it is after the first. */
export function readKey(
  runId: string,
  call: { step: string; action: string; version: number; args: JsonObject; attempt?: number },
): string {
  const { step, action, version, args, attempt = 1 } = call;
  return derivedId("read", { runId, step, action, version, args, ...(attempt > 1 ? { attempt } : {}) });
}

/** Of a summary in the audit log, in characters: a text that was written stands in the ledger. */
const MAX_AUDITED = 2000;

/** Masked before it is cut, since half a secret is not known for one. */
const audited = (summary: string): string => shortened(maskText(summary), MAX_AUDITED);

/**
 * Records finished reads together, in one transaction with their audit entries.
 * @returns them as they are recorded then: those that somebody else had recorded stay as they were
 */
export async function recordReads(
  db: Ledger,
  stamp: Stamp,
  runId: string,
  outcomes: readonly ReadOutcome[],
): Promise<ReadOutcome[]> {
  const isNew = await writeBehind(db, async (trx) => {
    const inserted = new Set(await insertReads(trx, stamp, runId, outcomes));
    const entries = outcomes
      .filter(({ key }) => inserted.delete(key))
      .map(({ step, action, status, summary }) => ({
        event: `read.${status}`,
        runId,
        masked: { step: maskText(step), action, summary: audited(summary) },
      }));
    if (entries.length > 0) await appendAudits(trx, stamp, entries);
    return entries.length === outcomes.length;
  });
  if (isNew) return [...outcomes];
  const recorded = new Map((await listReads(db, stamp.tenant, runId)).map((read) => [read.key, read]));
  return outcomes.map((outcome) => recorded.get(outcome.key) ?? outcome);
}

const insertRows = keptInsert((db, rows: Insertable<ReadsTable>[]) =>
  db
    .insertInto("reads")
    .values(rows)
    .onConflict((c) => c.columns(["tenant", "runId", "key"]).doNothing())
    .returning("key"),
);

async function insertReads(
  trx: LedgerTransaction,
  { tenant, at }: Stamp,
  runId: string,
  outcomes: readonly ReadOutcome[],
): Promise<string[]> {
  const rows = outcomes.map(({ key, step, action, version, args, status, output, summary, durationMs = null }) => {
    const texts = { args: canonicalJson(args), output: canonicalJson(output), summary };
    return { tenant, runId, key, step, action, version, status, ...texts, finishedAt: at, durationMs };
  });
  const inserted = await insertRows(trx, await sealedAll(trx, "reads", tenant, rows));
  return inserted.map(({ key }) => key);
}

const selectReads = keptQuery((db, tenant: string, runId: string) =>
  db
    .selectFrom("reads")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("runId", "=", runId)
    .orderBy("finishedAt")
    .orderBy("step"),
);

/** A run's recorded reads, in the order in which they finished. */
export async function listReads(db: Ledger, tenant: string, runId: string): Promise<ReadOutcome[]> {
  const rows = await selectReads(db, tenant, runId);
  return (await opened(db, "reads", tenant, rows)).map((row) => ({
    key: row.key,
    step: row.step,
    action: row.action,
    version: row.version,
    args: JsonObjectSchema.parse(JSON.parse(row.args)),
    status: ReadStatusSchema.parse(row.status),
    output: JsonSchema.parse(JSON.parse(row.output)),
    summary: row.summary,
    durationMs: row.durationMs,
  }));
}
