/** Proposals: what was put before policy, reviewer and person. State moves by compare-and-set. */
import type { Insertable, Selectable } from "kysely";
import type { Failure } from "../domain/answer.ts";
import { canonicalJson, derivedId, storedJson } from "../domain/json.ts";
import {
  type Finding,
  type Impact,
  type Proposal,
  ProposalSchema,
  type ProposalStatus,
  type ProposedAction,
  proposalDigest,
  type Review,
} from "../domain/proposal.ts";
import type { Run, Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { appendAudit } from "./audit.ts";
import { type Ledger, type LedgerTransaction, writeBehind } from "./database.ts";
import { keptInsert, keptQuery } from "./kept-query.ts";
import { tellOfNeedIn } from "./notices.ts";
import { getRun, setRunStatus } from "./runs.ts";
import type { ProposalsTable } from "./schema.ts";
import { opened, openedOne, sealed } from "./sealed-columns.ts";

export function toProposal(row: Selectable<ProposalsTable>): Proposal {
  return ProposalSchema.parse({
    ...row,
    actions: JSON.parse(row.actions),
    impact: JSON.parse(row.impact),
    findings: JSON.parse(row.findings),
    review: row.review === null ? null : JSON.parse(row.review),
    failure: row.failure === null ? null : JSON.parse(row.failure),
  });
}

const selectProposals = keptQuery((db, tenant: string, runId: string) =>
  db.selectFrom("proposals").selectAll().where("tenant", "=", tenant).where("runId", "=", runId).orderBy("number"),
);

/** A run's proposals, oldest first. */
export async function listProposals(db: Ledger, tenant: string, runId: string): Promise<Proposal[]> {
  const rows = await selectProposals(db, tenant, runId);
  return (await opened(db, "proposals", tenant, rows)).map(toProposal);
}

/** The run's newest transaction, or undefined. A reconciliation of it may be newer. */
export async function findTransaction(db: Ledger, tenant: string, runId: string): Promise<Proposal | undefined> {
  return (await listProposals(db, tenant, runId)).findLast((proposal) => proposal.kind === "transaction");
}

/** The run's newest proposal of whichever kind, or undefined. */
export async function findLatestProposal(db: Ledger, tenant: string, runId: string): Promise<Proposal | undefined> {
  return (await listProposals(db, tenant, runId)).at(-1);
}

const selectProposal = keptQuery((db, tenant: string, id: string) =>
  db.selectFrom("proposals").selectAll().where("tenant", "=", tenant).where("id", "=", id),
);

/** @throws HoldpointError `unknown_thread` when this tenant has no such proposal */
export async function getProposal(db: Ledger, tenant: string, id: string): Promise<Proposal> {
  const [row] = await selectProposal(db, tenant, id);
  const proposal = await openedOne(db, "proposals", tenant, row);
  if (!proposal) throw new HoldpointError("unknown_thread", `There is no proposal "${id}" for tenant "${tenant}".`);
  return toProposal(proposal);
}

export interface NewProposal {
  runId: string;
  kind?: Proposal["kind"];
  actions: ProposedAction[];
  impact: Impact;
  /** The revision of the plan that it is made for. */
  revision: number;
  /** Of a reconciliation, which no policy checks: why a person is asked. */
  findings?: Finding[];
  /** The newest proposal of which `actions` were made, null for none: one that came meanwhile is not overwritten. */
  after?: string | null;
}

/**
 * Records a proposal. When the run's newest one is still open and says the same (equal digest), that one is returned
 * instead, so that a node that runs again finds its own row; an open one that says something else is superseded.
 * @throws HoldpointError `busy` when an approved transaction of the run has not ended yet, or another process proposed
 * something meanwhile
 */
export async function openProposal(db: Ledger, stamp: Stamp, input: NewProposal): Promise<Proposal> {
  return await writeBehind(db, (trx) => openProposalIn(trx, stamp, input));
}

/** Also a cancelled run asks what became of its writes. */
function assertProposes(run: Run, kind: Proposal["kind"]): void {
  if (run.status !== "ended" && (!run.cancellation || kind === "reconciliation")) return;
  throw new HoldpointError("not_paused", `Run "${run.id}" has ended or was cancelled: it proposes nothing more.`);
}

const insertRow = keptInsert((db, rows: Insertable<ProposalsTable>[]) => db.insertInto("proposals").values(rows));

/** {@link openProposal}, inside a transaction. */
export async function openProposalIn(trx: LedgerTransaction, stamp: Stamp, input: NewProposal): Promise<Proposal> {
  const { kind = "transaction", findings = [] } = input;
  const digest = proposalDigest(stamp.tenant, input.runId, input.actions, kind);
  assertProposes(await getRun(trx, stamp.tenant, input.runId), kind);
  const earlier = await listProposals(trx, stamp.tenant, input.runId);
  const latest = earlier.at(-1);
  if (input.after !== undefined && input.after !== (latest?.id ?? null)) {
    throw new HoldpointError("busy", `Run "${input.runId}" was advanced by another process meanwhile.`, {
      hint: "Look at it with `show`.",
    });
  }
  const unfinished = earlier.findLast((one) => one.kind === "transaction");
  if (unfinished && unfinished.id !== latest?.id && unfinished.status === "approved") {
    throw new HoldpointError("busy", `Proposal "${unfinished.id}" is approved and has not been carried out yet.`);
  }
  if (latest && (latest.status === "pending" || latest.status === "approved")) {
    if (latest.digest === digest) return latest;
    if (latest.status === "approved") {
      throw new HoldpointError("busy", `Proposal "${latest.id}" is approved and has not been carried out yet.`);
    }
    await moveProposal(trx, stamp, latest, "superseded");
  }
  const number = (latest?.number ?? 0) + 1;
  const id = derivedId("prop", { tenant: stamp.tenant, runId: input.runId, number, digest });
  const row = {
    tenant: stamp.tenant,
    id,
    runId: input.runId,
    number,
    revision: input.revision,
    kind,
    status: "pending" satisfies ProposalStatus,
    digest,
    actions: storedJson(input.actions),
    impact: canonicalJson(input.impact),
    findings: canonicalJson(findings),
    review: null,
    failure: null,
    expiresAt: null,
    createdAt: stamp.at,
    updatedAt: stamp.at,
  };
  await insertRow(trx, [await sealed(trx, "proposals", stamp.tenant, row)]);
  const actions = input.actions.map(({ step, action, version, args }) => ({ step, action, version, args }));
  const data = { proposal: id, digest, actions };
  await appendAudit(trx, { ...stamp, event: "proposal.opened", runId: input.runId, data: { ...data, kind } });
  return toProposal(row);
}

/**
 * Moves a proposal from the status that it was read with to another.
 * @returns false when somebody else moved it first: nothing changed then
 */
export async function moveProposal(
  trx: LedgerTransaction,
  stamp: Stamp,
  proposal: Pick<Proposal, "id" | "runId" | "status">,
  to: ProposalStatus,
  failure: Failure | null = null,
): Promise<boolean> {
  const moved = await trx
    .updateTable("proposals")
    .set(
      await sealed(trx, "proposals", stamp.tenant, {
        status: to,
        failure: failure && canonicalJson(failure),
        updatedAt: stamp.at,
      }),
    )
    .where("tenant", "=", stamp.tenant)
    .where("id", "=", proposal.id)
    .where("status", "=", proposal.status)
    .executeTakeFirst();
  if (Number(moved.numUpdatedRows) === 0) return false;
  const data = { proposal: proposal.id, failure };
  await appendAudit(trx, { ...stamp, event: `proposal.${to}`, runId: proposal.runId, data });
  return true;
}

const updateFindings = keptQuery(
  (db, findings: string, expiresAt: string | null, at: string, tenant: string, id: string) =>
    db
      .updateTable("proposals")
      .set({ findings, expiresAt, updatedAt: at })
      .where("tenant", "=", tenant)
      .where("id", "=", id)
      .where("status", "=", "pending")
      .returning("id"),
);

/** Stores what the guardrail found; `waits` tells that a person will be asked, until `expiresAt` at the latest. */
export async function recordFindingsIn(
  trx: LedgerTransaction,
  stamp: Stamp,
  input: { proposal: Proposal; findings: Finding[]; waits: boolean; expiresAt?: string | null },
): Promise<void> {
  const { proposal, findings, expiresAt = null } = input;
  const said = await sealed(trx, "proposals", stamp.tenant, { findings: canonicalJson(findings) });
  const recorded = await updateFindings(trx, said.findings, expiresAt, stamp.at, stamp.tenant, proposal.id);
  if (recorded.length === 0) return;
  if (input.waits) {
    await setRunStatus(trx, stamp, proposal.runId, "waiting");
    await tellOfNeedIn(trx, stamp, { ...proposal, expiresAt });
  }
  const data = { proposal: proposal.id, reasons: findings.map((finding) => `${finding.verdict}: ${finding.reason}`) };
  await appendAudit(trx, { ...stamp, event: "proposal.checked", runId: proposal.runId, data });
}

const updateReview = keptQuery((db, review: string, at: string, tenant: string, id: string) =>
  db
    .updateTable("proposals")
    .set({ review, updatedAt: at })
    .where("tenant", "=", tenant)
    .where("id", "=", id)
    .where("review", "is", null)
    .returning("id"),
);

/** Stores what the reviewer said. */
export async function recordReview(db: Ledger, stamp: Stamp, proposal: Proposal, review: Review): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const said = await sealed(trx, "proposals", stamp.tenant, { review: canonicalJson(review) });
    const recorded = await updateReview(trx, said.review, stamp.at, stamp.tenant, proposal.id);
    if (recorded.length === 0) return;
    const data = { proposal: proposal.id, verdict: review.verdict, reasons: review.reasons };
    await appendAudit(trx, { ...stamp, event: "proposal.reviewed", runId: proposal.runId, data });
  });
}
