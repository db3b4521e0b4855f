/** Decisions. One for each proposal, taken once by compare-and-set on the pending proposal (invariant 5). */
import type { Selectable } from "kysely";
import { canonicalJson } from "../domain/json.ts";
import { type Decision, DecisionSchema, type Proposal, type ProposalStatus } from "../domain/proposal.ts";
import type { Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { appendAudit } from "./audit.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { getProposal } from "./proposals.ts";
import { getRun, setRunStatus } from "./runs.ts";
import type { DecisionsTable } from "./schema.ts";

function toDecision(row: Selectable<DecisionsTable>): Decision {
  return DecisionSchema.parse({ ...row, actions: JSON.parse(row.actions) });
}

/** The decision on a proposal, or undefined while it is open. */
export async function findDecision(db: Ledger, tenant: string, proposalId: string): Promise<Decision | undefined> {
  const row = await db
    .selectFrom("decisions")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("proposalId", "=", proposalId)
    .executeTakeFirst();
  return row && toDecision(row);
}

/** The decisions on a run's proposals, oldest first. */
export async function listDecisions(db: Ledger, tenant: string, runId: string): Promise<Decision[]> {
  const rows = await db
    .selectFrom("decisions")
    .innerJoin("proposals", (join) =>
      join.onRef("proposals.tenant", "=", "decisions.tenant").onRef("proposals.id", "=", "decisions.proposalId"),
    )
    .selectAll("decisions")
    .where("decisions.tenant", "=", tenant)
    .where("proposals.runId", "=", runId)
    .orderBy("proposals.number")
    .execute();
  return rows.map(toDecision);
}

export type DecisionInput = Omit<Decision, "principal" | "decidedAt"> & {
  /** Refuse a decision by the person who asked (invariant 9). */
  separateApprover: boolean;
};

const STATUS_AFTER: Record<Decision["verdict"], ProposalStatus> = {
  approved: "approved",
  partly_approved: "approved",
  rejected: "rejected",
  cancelled: "rejected",
  superseded: "superseded",
};

/**
 * Takes a decision, or finds that one was taken. The stored decision is what counts.
 * @returns `taken: false` with the decision of whoever came first; nothing was changed then
 * @throws HoldpointError `usage` when the digest is not the proposal's, or the requester may not decide
 */
export async function takeDecision(
  db: Ledger,
  stamp: Stamp,
  input: DecisionInput,
): Promise<{ taken: boolean; decision: Decision }> {
  return await db.transaction().execute((trx) => takeDecisionIn(trx, stamp, input));
}

/** {@link takeDecision}, inside a transaction. */
export async function takeDecisionIn(
  trx: LedgerTransaction,
  stamp: Stamp,
  input: DecisionInput,
): Promise<{ taken: boolean; decision: Decision }> {
  const stored = await findDecision(trx, stamp.tenant, input.proposalId);
  if (stored) return { taken: false, decision: stored };
  const proposal = await getProposal(trx, stamp.tenant, input.proposalId);
  await assertDecidable(trx, stamp, proposal, input);
  const moved = await trx
    .updateTable("proposals")
    .set({ status: STATUS_AFTER[input.verdict], updatedAt: stamp.at })
    .where("tenant", "=", stamp.tenant)
    .where("id", "=", proposal.id)
    .where("status", "=", "pending")
    .executeTakeFirst();
  if (Number(moved.numUpdatedRows) === 0) {
    // On Postgres the update waited for whoever came first.
    const first = await findDecision(trx, stamp.tenant, input.proposalId);
    if (first) return { taken: false, decision: first };
    throw new HoldpointError("not_paused", `Proposal "${proposal.id}" is ${proposal.status}: it takes no decision.`);
  }
  const { separateApprover: _policy, ...rest } = input;
  const decision: Decision = { ...rest, principal: stamp.principal, decidedAt: stamp.at };
  const row = { ...decision, tenant: stamp.tenant, actions: canonicalJson(decision.actions) };
  await trx.insertInto("decisions").values(row).execute();
  await setRunStatus(trx, stamp, proposal.runId, "running");
  const { proposalId, digest, decider, actions, reason } = decision;
  const data = { proposal: proposalId, digest, decider, actions, reason };
  await appendAudit(trx, { ...stamp, event: `decision.${input.verdict}`, runId: proposal.runId, data });
  return { taken: true, decision };
}

async function assertDecidable(
  trx: LedgerTransaction,
  stamp: Stamp,
  proposal: Proposal,
  input: DecisionInput,
): Promise<void> {
  if (proposal.digest !== input.digest) {
    throw new HoldpointError("usage", `The decision was made on another version of proposal "${proposal.id}".`, {
      hint: "Look at the proposal again, then decide.",
    });
  }
  if (!input.separateApprover || input.decider !== "person") return;
  const run = await getRun(trx, stamp.tenant, proposal.runId);
  if (run.requester === stamp.principal) {
    throw new HoldpointError("usage", `"${stamp.principal}" asked for this and may not decide it.`, {
      hint: "Let somebody else decide: --as <person>.",
    });
  }
}
