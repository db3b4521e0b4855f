/** Migration 0013: how long calls took, and when and how runs ended, in columns of their own, which can be measured. */
import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { z } from "zod";

export const measures: Migration = {
  async up(db: Kysely<unknown>) {
    for (const table of ["reads", "effects"]) {
      await db.schema.alterTable(table).addColumn("duration_ms", "integer").execute();
    }
    await db.schema.alterTable("runs").addColumn("answer_status", "text").execute();
    const byAction = (table: string, time: string) =>
      db.schema.createIndex(`${table}_by_action`).on(table).columns(["tenant", "action", time]).execute();
    await byAction("reads", "finished_at");
    await byAction("effects", "updated_at");
    await fillEnds(db as Kysely<Older>);
  },
};

/** The tables as this migration finds them, as far as it reads and writes them. */
interface Older {
  runs: { tenant: string; id: string; status: string; idleSince: number | null; answerStatus: string | null };
  auditLog: {
    tenant: string;
    seq: number;
    at: string;
    event: string;
    runId: string | null;
    data: string;
    detail: string | null;
  };
}

const PAGE = 1000;
const EndedSchema = z.object({ status: z.string() });

/** Of runs that have ended, the audit log says when and how. What it holds no more stays unknown. */
async function fillEnds(db: Kysely<Older>): Promise<void> {
  let after = { tenant: "", seq: 0 };
  for (;;) {
    const { tenant, seq } = after;
    const page = await db
      .selectFrom("auditLog")
      .select(["tenant", "seq", "at", "runId", "data", "detail"])
      .where("event", "=", "run.ended")
      .where((eb) => eb.or([eb("tenant", ">", tenant), eb.and([eb("tenant", "=", tenant), eb("seq", ">", seq)])]))
      .orderBy("tenant")
      .orderBy("seq")
      .limit(PAGE)
      .execute();
    for (const entry of page) {
      const runs = db
        .updateTable("runs")
        .where("tenant", "=", entry.tenant)
        .where("id", "=", entry.runId ?? "")
        .where("status", "=", "ended");
      await runs.set({ answerStatus: statusIn(entry.detail) ?? statusIn(entry.data) ?? null }).execute();
      await runs
        .set({ idleSince: Date.parse(entry.at) })
        .where("idleSince", "is", null)
        .execute();
    }
    const last = page.at(-1);
    if (!last) return;
    after = last;
  }
}

/** The status in what an entry holds; older entries hold it in another column, and of forgotten ones it is gone. */
function statusIn(text: string | null): string | undefined {
  try {
    return EndedSchema.safeParse(JSON.parse(text ?? "null")).data?.status;
  } catch {
    return undefined;
  }
}
