/** What was made of an outcome: that it is done, or that another plan is wanted, and whether one came. */
import type { Insertable } from "kysely";
import { z } from "zod";
import { AnswerSchema } from "../domain/answer.ts";
import { canonicalJson } from "../domain/json.ts";
import type { Stamp } from "../domain/run.ts";
import { appendAudit } from "./audit.ts";
import type { Ledger } from "./database.ts";
import { keptInsert, keptQuery } from "./kept-query.ts";
import type { ReflectionsTable } from "./schema.ts";
import { opened, sealed } from "./sealed-columns.ts";

const ReflectionSchema = z.object({
  /** The revision of the plan whose outcome was looked at. */
  revision: z.number().int(),
  /** `done`: no other plan is wanted. `replan`: one is. `stop`: none came of that. */
  verdict: z.enum(["done", "replan", "stop"]),
  /** What went well, in a sentence; empty where nobody said so. */
  wentWell: z.string(),
  /** What was asked for and is not done, or not as it should be, a sentence each. */
  missing: z.array(z.string()),
  /** For the next plan: what went wrong or is missing, a sentence each. */
  feedback: z.array(z.string()),
  /** What the revision came to. */
  answer: AnswerSchema,
});
export type Reflection = z.infer<typeof ReflectionSchema>;

const selectReflections = keptQuery((db, tenant: string, runId: string) =>
  db.selectFrom("reflections").selectAll().where("tenant", "=", tenant).where("runId", "=", runId).orderBy("revision"),
);

/** A run's reflections, oldest first. */
export async function listReflections(db: Ledger, tenant: string, runId: string): Promise<Reflection[]> {
  const rows = await selectReflections(db, tenant, runId);
  return (await opened(db, "reflections", tenant, rows)).map((row) =>
    ReflectionSchema.parse({
      ...row,
      wentWell: row.wentWell ?? "",
      missing: row.missing === null ? [] : JSON.parse(row.missing),
      feedback: JSON.parse(row.feedback),
      answer: JSON.parse(row.answer),
    }),
  );
}

const insertRow = keptInsert((db, rows: Insertable<ReflectionsTable>[]) =>
  db
    .insertInto("reflections")
    .values(rows)
    .onConflict((c) => c.columns(["tenant", "runId", "revision"]).doNothing())
    .returning("revision"),
);

/** Records what was made of a revision's outcome; what is recorded already changes only from `replan` to `stop`. */
export async function recordReflection(
  db: Ledger,
  stamp: Stamp,
  runId: string,
  { revision, verdict, wentWell, missing, feedback, answer }: Reflection,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const row = { tenant: stamp.tenant, runId, revision, verdict, createdAt: stamp.at };
    const made = { wentWell, missing: canonicalJson(missing), feedback: canonicalJson(feedback) };
    const said = { ...made, answer: canonicalJson(answer) };
    const written = await insertRow(trx, [await sealed(trx, "reflections", stamp.tenant, { ...row, ...said })]);
    if (written.length === 0) {
      const moved = await trx
        .updateTable("reflections")
        .set(await sealed(trx, "reflections", stamp.tenant, { verdict, answer: said.answer }))
        .where("tenant", "=", stamp.tenant)
        .where("runId", "=", runId)
        .where("revision", "=", revision)
        .where("verdict", "=", "replan")
        .where("verdict", "!=", verdict)
        .executeTakeFirst();
      if (Number(moved.numUpdatedRows) === 0) return;
    }
    await appendAudit(trx, { ...stamp, event: `reflection.${verdict}`, runId, data: { revision, feedback } });
  });
}
