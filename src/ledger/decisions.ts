/** Decisions. One for each proposal, taken once by compare-and-set on the pending proposal (invariant 5). */
import type { Selectable } from "kysely";
import { canonicalJson, type Json } from "../domain/json.ts";
import type { Plan } from "../domain/plan.ts";
import {
  type Decision,
  DecisionSchema,
  editorsOf,
  type Impact,
  type Proposal,
  type ProposalStatus,
  type ProposedAction,
} from "../domain/proposal.ts";
import type { Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { appendAudit } from "./audit.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { keptQuery } from "./kept-query.ts";
import { tellOfDecisionIn } from "./notices.ts";
import { getProposal, openProposalIn } from "./proposals.ts";
import { decideRevisionIn, recordRevisionIn } from "./revisions.ts";
import { getRun, setRunStatus } from "./runs.ts";
import type { DecisionsTable } from "./schema.ts";
import { opened, openedOne, sealed } from "./sealed-columns.ts";
import { getSettings } from "./settings.ts";
import { recordUsesIn } from "./uses.ts";

export function toDecision(row: Selectable<DecisionsTable>): Decision {
  return DecisionSchema.parse({ ...row, actions: JSON.parse(row.actions) });
}

const selectDecision = keptQuery((db, tenant: string, proposalId: string) =>
  db.selectFrom("decisions").selectAll().where("tenant", "=", tenant).where("proposalId", "=", proposalId),
);

/** The decision on a proposal, or undefined while it is open. */
export async function findDecision(db: Ledger, tenant: string, proposalId: string): Promise<Decision | undefined> {
  const [row] = await selectDecision(db, tenant, proposalId);
  const decision = await openedOne(db, "decisions", tenant, row);
  return decision && toDecision(decision);
}

/** The decisions on a run's proposals, oldest first. */
export async function listDecisions(db: Ledger, tenant: string, runId: string): Promise<Decision[]> {
  return (await opened(db, "decisions", tenant, await selectDecisions(db, tenant, runId))).map(toDecision);
}

const selectDecisions = keptQuery((db, tenant: string, runId: string) =>
  db
    .selectFrom("decisions")
    .innerJoin("proposals", (join) =>
      join.onRef("proposals.tenant", "=", "decisions.tenant").onRef("proposals.id", "=", "decisions.proposalId"),
    )
    .selectAll("decisions")
    .where("decisions.tenant", "=", tenant)
    .where("proposals.runId", "=", runId)
    .orderBy("proposals.number"),
);

export type DecisionInput = Omit<Decision, "principal" | "decidedAt" | "role"> & {
  // Left out, `settingsVersion` is that of the settings of this moment.
  /** Refuse a decision by the person who asked (invariant 9). */
  separateApprover: boolean;
  /** Refuse a decision that is taken later than this, by the clock at that moment; ISO 8601 UTC. */
  deadline?: { readonly until: string | null; now(): string };
};

/** Where a decision leaves a proposal; a plan that is approved has nothing to commit. */
const statusAfter = (kind: Proposal["kind"], verdict: Decision["verdict"]): ProposalStatus =>
  kind === "plan" && verdict === "approved" ? "accepted" : STATUS_AFTER[verdict];

const STATUS_AFTER: Record<Decision["verdict"], ProposalStatus> = {
  approved: "approved",
  partly_approved: "approved",
  edited: "edited",
  reconciled: "approved",
  sent_back: "sent_back",
  rejected: "rejected",
  cancelled: "rejected",
  superseded: "superseded",
  expired: "expired",
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
    .set({ status: statusAfter(proposal.kind, input.verdict), updatedAt: stamp.at })
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
  const { separateApprover: _policy, deadline: _deadline, ...rest } = input;
  const settingsVersion = input.settingsVersion ?? (await getSettings(trx, stamp.tenant)).version;
  const role = input.decider === "person" && !input.onBehalfOf ? (stamp.role ?? null) : null;
  const whose = { principal: stamp.principal, onBehalfOf: input.onBehalfOf ?? null, settingsVersion, role };
  const decision: Decision = { ...rest, ...whose, decidedAt: stamp.at };
  const row = { ...decision, tenant: stamp.tenant, actions: canonicalJson(decision.actions) };
  await trx
    .insertInto("decisions")
    .values(await sealed(trx, "decisions", stamp.tenant, row))
    .execute();
  await setRunStatus(trx, stamp, proposal.runId, "running");
  const steps = decision.actions.filter((action) => action.verdict === "approved").map((action) => action.step);
  if (proposal.kind === "plan") await decideRevisionIn(trx, stamp, proposal, decision);
  else await recordUsesIn(trx, stamp, proposal, { steps, automatic: decision.decider === "policy" });
  const { proposalId, digest, decider, reason, onBehalfOf } = decision;
  const by = { decider, ...(onBehalfOf ? { onBehalfOf } : {}), ...(role ? { role } : {}), settingsVersion };
  const data = { proposal: proposalId, digest, ...by, actions: JSON.parse(row.actions) as Json, reason };
  await appendAudit(trx, { ...stamp, event: `decision.${input.verdict}`, runId: proposal.runId, data });
  await tellOfDecisionIn(trx, stamp, proposal, decision);
  return { taken: true, decision };
}

/**
 * A person changed arguments of a proposal: decides it as edited and opens the one that takes its place, or finds that
 * it was decided before.
 * @returns `taken: false` with the decision of whoever came first; nothing was changed then
 * @throws HoldpointError `usage` as {@link takeDecision}
 */
export async function replaceProposal(
  db: Ledger,
  stamp: Stamp,
  input: { decision: DecisionInput; runId: string; revision: number; actions: ProposedAction[]; impact: Impact },
): Promise<{ taken: true; proposal: Proposal } | { taken: false; decision: Decision }> {
  return await db.transaction().execute(async (trx) => {
    const { taken, decision } = await takeDecisionIn(trx, stamp, input.decision);
    if (!taken) return { taken, decision };
    return { taken, proposal: await openProposalIn(trx, stamp, input) };
  });
}

/**
 * A person changed a plan: decides its proposal as edited, records the plan as it is now, and opens the proposal that
 * takes its place, or finds that it was decided before.
 * @returns `taken: false` with the decision of whoever came first; nothing was changed then
 * @throws HoldpointError `usage` as {@link takeDecision}
 */
export async function replacePlan(
  db: Ledger,
  stamp: Stamp,
  decided: DecisionInput,
  next: { runId: string; number: number; plan: Plan; action: ProposedAction },
): Promise<{ taken: boolean; decision: Decision }> {
  return await db.transaction().execute(async (trx) => {
    const { taken, decision } = await takeDecisionIn(trx, stamp, decided);
    if (!taken) return { taken, decision };
    const { runId, number, plan, action } = next;
    await recordRevisionIn(trx, stamp, { runId, number, plan });
    const { impact } = action;
    await openProposalIn(trx, stamp, { runId, kind: "plan", actions: [action], impact, revision: number });
    return { taken, decision };
  });
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
  const run = await getRun(trx, stamp.tenant, proposal.runId);
  if (run.status === "ended")
    throw new HoldpointError("not_paused", `Run "${run.id}" has ended: nothing is decided any more.`);
  const until = input.deadline?.until ?? null;
  if (until !== null && input.deadline && until <= input.deadline.now()) {
    throw new HoldpointError("usage", `The answer came after ${until}, when it was too late to decide.`);
  }
  if (!input.separateApprover || input.decider !== "person") return;
  const hint = "Let somebody else decide.";
  const involved = [stamp.principal, input.onBehalfOf];
  if (involved.includes(run.requester)) {
    throw new HoldpointError("usage", `"${run.requester}" asked for this and may not decide it.`, { hint });
  }
  const approves = input.verdict === "approved" || input.verdict === "partly_approved";
  const editor = editorsOf(proposal).find((name) => involved.includes(name));
  if (approves && editor !== undefined) {
    throw new HoldpointError("usage", `"${editor}" edited this and may not approve it.`, { hint });
  }
}
