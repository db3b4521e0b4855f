/**
 * Outcomes that nobody can tell (invariant 4): they are put before a person as a reconciliation, and the transaction
 * goes on from what the person says. Nothing runs here but look-ups.
 */
import type { Decision, Effect, Finding, Proposal, ProposedAction } from "../domain/proposal.ts";
import { HoldpointError } from "../errors.ts";
import type { Ledger } from "../ledger/database.ts";
import { findDecision } from "../ledger/decisions.ts";
import { listEffects } from "../ledger/effects.ts";
import { tellOfNeedIn } from "../ledger/notices.ts";
import { findTransaction, moveProposal, openProposalIn } from "../ledger/proposals.ts";
import { setRunStatus } from "../ledger/runs.ts";
import type { Registry } from "../tools/registry.ts";
import { type CommitContext, lookAgain, settleByWord, stampOf } from "./run-effect.ts";

/** Ends a transaction for now: its unknown outcomes become a reconciliation, and a person is awaited. */
export async function askForReconciliation(
  context: CommitContext,
  transaction: Proposal,
  effects: readonly Effect[],
): Promise<boolean> {
  const stamp = stampOf(context);
  const unknown = effects.filter((effect) => effect.status === "uncertain");
  const actions = unknown.map((effect) => asked(transaction, effect));
  const findings = unknown.map(({ step, note }): Finding => {
    return { rule: "outcome-unknown", verdict: "escalate", reason: note ?? "Its outcome is not known.", step };
  });
  return await context.ledger.transaction().execute(async (trx) => {
    const failure = { status: "failed" as const, message: findings.map(({ reason }) => reason).join(" ") };
    if (!(await moveProposal(trx, stamp, transaction, "uncertain", failure))) return false;
    const { runId, impact, revision } = transaction;
    const opened = await openProposalIn(trx, stamp, {
      ...{ runId, revision, kind: "reconciliation", actions, impact, findings },
    });
    await setRunStatus(trx, stamp, runId, "waiting");
    await tellOfNeedIn(trx, stamp, opened);
    return true;
  });
}

/** What was called, with the arguments that it was called with. */
function asked(transaction: Proposal, effect: Effect): ProposedAction {
  const proposed = transaction.actions.find((action) => action.step === effect.step);
  if (!proposed) {
    throw new HoldpointError("internal", `Effect "${effect.key}" belongs to no action of "${transaction.id}".`);
  }
  return { ...proposed, args: effect.args, dependsOn: [] };
}

/**
 * Settles what a person said of unknown outcomes, and gives the transaction back to be carried on. Run again after a
 * crash, it goes on where it was.
 */
export async function applyReconciliation(
  context: CommitContext,
  registry: Registry,
  found: { reconciliation: Proposal; decision: Decision },
): Promise<void> {
  const { reconciliation, decision } = found;
  const { tenant } = context.identity;
  const effects = await listEffects(context.ledger, tenant, reconciliation.runId);
  for (const effect of effects.filter(({ status }) => status === "uncertain")) {
    const verdict = decision.actions.find((action) => action.step === effect.step)?.verdict;
    const action = registry.find(effect.action);
    if (verdict === "look_again") await lookAgain(context, action?.kind === "write" ? action : undefined, effect);
    else if (verdict === "happened") await settleByWord(context, effect, { by: decision.principal, happened: true });
    else if (verdict === "not_happened") {
      await settleByWord(context, effect, { by: decision.principal, happened: false });
    }
  }
  const stamp = stampOf(context);
  await context.ledger.transaction().execute(async (trx) => {
    const transaction = await findTransaction(trx, tenant, reconciliation.runId);
    if (transaction?.status === "uncertain") await moveProposal(trx, stamp, transaction, "approved");
    await moveProposal(trx, stamp, reconciliation, "committed");
  });
}

/** The run's reconciliation that a person has answered and that is not settled yet, or undefined. */
export async function findAnswered(
  ledger: Ledger,
  tenant: string,
  proposals: readonly Proposal[],
): Promise<{ reconciliation: Proposal; decision: Decision } | undefined> {
  const reconciliation = proposals.at(-1);
  if (reconciliation?.kind !== "reconciliation" || reconciliation.status !== "approved") return undefined;
  const decision = await findDecision(ledger, tenant, reconciliation.id);
  return decision && { reconciliation, decision };
}
