/** Plan revisions: what was planned, under (run, number). Written once; the guardrail's verdict is added later. */
import type { Insertable, Selectable } from "kysely";
import { z } from "zod";
import { canonicalJson, digestOf } from "../domain/json.ts";
import { type Plan, PlanSchema } from "../domain/plan.ts";
import {
  type Decision,
  type Finding,
  FindingSchema,
  type Proposal,
  type Verdict,
  VerdictSchema,
} from "../domain/proposal.ts";
import type { Stamp } from "../domain/run.ts";
import { appendAudit } from "./audit.ts";
import { type Ledger, type LedgerTransaction, writeBehind } from "./database.ts";
import { keptInsert, keptQuery } from "./kept-query.ts";
import type { PlanRevisionsTable } from "./schema.ts";
import { opened, sealed } from "./sealed-columns.ts";

export interface Revision {
  number: number;
  digest: string;
  plan: Plan;
  /** Null until the guardrail has looked at it. */
  verdict: Verdict | null;
  findings: Finding[];
}

function toRevision(row: Selectable<PlanRevisionsTable>): Revision {
  return {
    number: row.number,
    digest: row.digest,
    plan: PlanSchema.parse(JSON.parse(row.plan)),
    verdict: row.verdict === null ? null : VerdictSchema.parse(row.verdict),
    findings: row.findings === null ? [] : z.array(FindingSchema).parse(JSON.parse(row.findings)),
  };
}

const selectRevisions = keptQuery((db, tenant: string, runId: string) =>
  db.selectFrom("planRevisions").selectAll().where("tenant", "=", tenant).where("runId", "=", runId).orderBy("number"),
);

/** A run's revisions, oldest first. */
export async function listRevisions(db: Ledger, tenant: string, runId: string): Promise<Revision[]> {
  const rows = await selectRevisions(db, tenant, runId);
  return (await opened(db, "planRevisions", tenant, rows)).map(toRevision);
}

/** The run's newest revision, or undefined. */
export async function findLatestRevision(db: Ledger, tenant: string, runId: string): Promise<Revision | undefined> {
  return (await listRevisions(db, tenant, runId)).at(-1);
}

const selectJudgement = keptQuery((db, tenant: string, runId: string) =>
  db
    .selectFrom("planRevisions")
    .select(["digest", "verdict"])
    .where("tenant", "=", tenant)
    .where("runId", "=", runId)
    .orderBy("number", "desc")
    .limit(1),
);

/** Whether a plan, by its digest, is the run's newest revision, and the guardrail or a person allowed it. */
export async function isLatestAllowed(db: Ledger, tenant: string, runId: string, digest: string): Promise<boolean> {
  const [latest] = await selectJudgement(db, tenant, runId);
  return latest?.digest === digest && latest.verdict === ("allow" satisfies Verdict);
}

const insertRow = keptInsert((db, rows: Insertable<PlanRevisionsTable>[]) =>
  db.insertInto("planRevisions").values(rows),
);

/** Records a revision under (run, number), or returns the one that is recorded there. */
export async function recordRevision(
  db: Ledger,
  stamp: Stamp,
  input: { runId: string; number: number; plan: Plan },
): Promise<Revision> {
  const { runId, number, plan } = input;
  return await writeBehind(db, (trx) => recordRevisionIn(trx, stamp, { runId, number, plan }));
}

/** {@link recordRevision}, inside a transaction. */
export async function recordRevisionIn(
  trx: LedgerTransaction,
  stamp: Stamp,
  { runId, number, plan }: { runId: string; number: number; plan: Plan },
): Promise<Revision> {
  const existing = (await listRevisions(trx, stamp.tenant, runId)).find((revision) => revision.number === number);
  if (existing) return existing;
  const row = {
    tenant: stamp.tenant,
    runId,
    number,
    digest: digestOf(plan),
    plan: canonicalJson(plan),
    verdict: null,
    findings: null,
    createdAt: stamp.at,
  };
  await insertRow(trx, [await sealed(trx, "planRevisions", stamp.tenant, row)]);
  const data = { number, source: plan.source.kind, steps: plan.steps.map((step) => `${step.id}: ${step.title}`) };
  await appendAudit(trx, { ...stamp, event: "plan.recorded", runId, data });
  return toRevision(row);
}

/** What a person decided of a plan: approved it may be carried out, sent back it is planned anew with their words. */
export async function decideRevisionIn(
  trx: LedgerTransaction,
  stamp: Stamp,
  { runId, revision }: Pick<Proposal, "runId" | "revision">,
  { verdict, reason, principal }: Pick<Decision, "verdict" | "reason" | "principal">,
): Promise<void> {
  if (verdict !== "approved" && verdict !== "sent_back") return;
  const words = `${principal} sent the plan back: ${reason ?? "make another one"}`;
  const findings: Finding[] = verdict === "approved" ? [] : [{ rule: SENT_BACK, verdict: "deny", reason: words }];
  await trx
    .updateTable("planRevisions")
    .set(
      await sealed(trx, "planRevisions", stamp.tenant, {
        verdict: verdict === "approved" ? "allow" : "deny",
        findings: canonicalJson(findings),
      }),
    )
    .where("tenant", "=", stamp.tenant)
    .where("runId", "=", runId)
    .where("number", "=", revision)
    .where("verdict", "=", "escalate")
    .execute();
}

/** The rule of a finding that is a person's word on a plan. */
const SENT_BACK = "plan-sent-back";

/** Whether a person sent it back: such a plan did not fail. */
export const isSentBack = ({ verdict, findings }: Revision): boolean =>
  verdict === "deny" && findings.some(({ rule }) => rule === SENT_BACK);

const updateVerdict = keptQuery(
  (db, verdict: string, findings: string, tenant: string, runId: string, number: number) =>
    db
      .updateTable("planRevisions")
      .set({ verdict, findings })
      .where("tenant", "=", tenant)
      .where("runId", "=", runId)
      .where("number", "=", number)
      .where("verdict", "is", null)
      .returning("number"),
);

/** Stores the guardrail's verdict on a revision, once. */
export async function judgeRevision(
  db: Ledger,
  stamp: Stamp,
  input: { runId: string; number: number; verdict: Verdict; findings: Finding[] },
): Promise<void> {
  await writeBehind(db, async (trx) => {
    const said = { verdict: input.verdict, findings: canonicalJson(input.findings) };
    const { verdict, findings } = await sealed(trx, "planRevisions", stamp.tenant, said);
    const judged = await updateVerdict(trx, verdict, findings, stamp.tenant, input.runId, input.number);
    if (judged.length === 0) return;
    const data = { number: input.number, reasons: input.findings.map((finding) => finding.reason) };
    await appendAudit(trx, { ...stamp, event: `plan.${input.verdict}`, runId: input.runId, data });
  });
}
