/** Programs: what a model wrote as a plan, recorded before it is tried, and what came of trying it, recorded once. */
import type { Selectable } from "kysely";
import { canonicalJson, digestOf } from "../domain/json.ts";
import { type Program, type ProgramOutcome, ProgramOutcomeSchema } from "../domain/program.ts";
import type { Stamp } from "../domain/run.ts";
import { appendAudit } from "./audit.ts";
import { type Ledger, type LedgerTransaction, writeBehind } from "./database.ts";
import { keptQuery } from "./kept-query.ts";
import type { ProgramsTable } from "./schema.ts";
import { opened, sealed } from "./sealed-columns.ts";
import { FORGOTTEN } from "./tombstones.ts";

const selectPrograms = keptQuery((db, tenant: string, runId: string) =>
  db.selectFrom("programs").selectAll().where("tenant", "=", tenant).where("runId", "=", runId).orderBy("number"),
);

/** A run's programs, oldest first. */
export async function listPrograms(db: Ledger, tenant: string, runId: string): Promise<Program[]> {
  const rows = await selectPrograms(db, tenant, runId);
  return (await opened(db, "programs", tenant, rows)).map(toProgram);
}

const toProgram = ({ number, revision, goal, why, code, outcome, startedAt }: Selectable<ProgramsTable>): Program => ({
  ...{ number, revision, goal, why, code, startedAt },
  outcome: outcome === null ? null : ProgramOutcomeSchema.parse(JSON.parse(outcome)),
});

/** Records a program under (run, number); one that is recorded there stays as it is. @returns what is recorded there */
export async function recordProgram(
  db: Ledger,
  stamp: Stamp,
  runId: string,
  program: Omit<Program, "startedAt" | "outcome">,
): Promise<Program> {
  return await writeBehind(db, async (trx) => {
    const { number, revision } = program;
    const row = { ...program, tenant: stamp.tenant, runId, outcome: null, startedAt: stamp.at };
    const written = await trx
      .insertInto("programs")
      .values(await sealed(trx, "programs", stamp.tenant, row))
      .onConflict((c) => c.columns(["tenant", "runId", "number"]).doNothing())
      .executeTakeFirst();
    if (Number(written.numInsertedOrUpdatedRows ?? 0) > 0) {
      const data = { number, revision, program: digestOf(program.code) };
      await appendAudit(trx, { ...stamp, event: "program.written", runId, data });
    }
    const recorded = (await listPrograms(trx, stamp.tenant, runId)).find((program) => program.number === number);
    return recorded ?? toProgram(row);
  });
}

/** Records what came of trying a program, once. @returns what is recorded of it then */
export async function recordProgramOutcome(
  db: Ledger,
  stamp: Stamp,
  runId: string,
  { program, outcome }: { program: Program; outcome: ProgramOutcome },
): Promise<Program> {
  return await writeBehind(db, async (trx) => {
    const { number } = program;
    const written = await trx
      .updateTable("programs")
      .set(await sealed(trx, "programs", stamp.tenant, { outcome: canonicalJson(outcome) }))
      .where("tenant", "=", stamp.tenant)
      .where("runId", "=", runId)
      .where("number", "=", number)
      .where("outcome", "is", null)
      .executeTakeFirst();
    if (Number(written.numUpdatedRows) > 0) {
      const { faults, result, writes, calls } = outcome;
      const data = { number, faults, status: result?.status ?? null, writes: writes.length, calls };
      const event = faults.length === 0 ? "program.taken" : "program.sent_back";
      await appendAudit(trx, { ...stamp, event, runId, data });
    }
    const recorded = (await listPrograms(trx, stamp.tenant, runId)).find((other) => other.number === number);
    return recorded ?? { ...program, outcome };
  });
}

/** Takes the text of a run's programs out, and what they did. */
export async function forgetPrograms(trx: LedgerTransaction, tenant: string, runId: string): Promise<void> {
  await trx
    .updateTable("programs")
    .set({ goal: FORGOTTEN, why: FORGOTTEN, code: FORGOTTEN, outcome: null })
    .where("tenant", "=", tenant)
    .where("runId", "=", runId)
    .execute();
}
