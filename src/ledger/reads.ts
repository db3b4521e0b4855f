/** Outcomes of reads, so that a crash repeats at most what was in flight. */
import { z } from "zod";
import { canonicalJson, derivedId, type Json, type JsonObject, JsonObjectSchema, JsonSchema } from "../domain/json.ts";
import type { Stamp } from "../domain/run.ts";
import { appendAudit } from "./audit.ts";
import type { Ledger } from "./database.ts";
import { opened, sealed } from "./sealed-columns.ts";

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
}

/** The key of a read: run, step, action, version and resolved arguments. */
export function readKey(
  runId: string,
  call: { step: string; action: string; version: number; args: JsonObject },
): string {
  const { step, action, version, args } = call;
  return derivedId("read", { runId, step, action, version, args });
}

/** Records finished reads in one statement; those recorded already stay as they are. */
export async function recordReads(db: Ledger, stamp: Stamp, runId: string, outcomes: ReadOutcome[]): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const rows = [];
    for (const outcome of outcomes) {
      const texts = { args: canonicalJson(outcome.args), output: canonicalJson(outcome.output) };
      const row = { ...outcome, ...texts, tenant: stamp.tenant, runId, finishedAt: stamp.at };
      rows.push(await sealed(trx, "reads", stamp.tenant, row));
    }
    const inserted = await trx
      .insertInto("reads")
      .values(rows)
      .onConflict((c) => c.columns(["tenant", "runId", "key"]).doNothing())
      .returning(["step", "action", "status", "summary"])
      .execute();
    for (const { status, ...data } of await opened(trx, "reads", stamp.tenant, inserted)) {
      await appendAudit(trx, { ...stamp, event: `read.${status}`, runId, data });
    }
  });
}

/** A run's recorded reads, in the order in which they finished. */
export async function listReads(db: Ledger, tenant: string, runId: string): Promise<ReadOutcome[]> {
  const rows = await db
    .selectFrom("reads")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("runId", "=", runId)
    .orderBy("finishedAt")
    .orderBy("step")
    .execute();
  return (await opened(db, "reads", tenant, rows)).map((row) => ({
    key: row.key,
    step: row.step,
    action: row.action,
    version: row.version,
    args: JsonObjectSchema.parse(JSON.parse(row.args)),
    status: ReadStatusSchema.parse(row.status),
    output: JsonSchema.parse(JSON.parse(row.output)),
    summary: row.summary,
  }));
}
