/** What the ledger holds of a run. */
import { canonicalJson, digestOf, type Json } from "../domain/json.ts";
import type { Plan, Step } from "../domain/plan.ts";
import { isProgramStep } from "../domain/program.ts";
import type { Decision, Effect, Proposal } from "../domain/proposal.ts";
import type { Ledger } from "../ledger/database.ts";
import { listDecisions } from "../ledger/decisions.ts";
import { listEffects } from "../ledger/effects.ts";
import { type KeptStep, listKeptSteps } from "../ledger/kept-steps.ts";
import { listProposals } from "../ledger/proposals.ts";
import { listReads, type ReadOutcome } from "../ledger/reads.ts";
import { listRevisions } from "../ledger/revisions.ts";

export interface RunRecord {
  readonly reads: readonly ReadOutcome[];
  /** Oldest first. */
  readonly proposals: readonly Proposal[];
  readonly effects: readonly Effect[];
  readonly decisions: readonly Decision[];
  /** Steps that are what an effect of another step has done. */
  readonly kept: readonly KeptStep[];
  /** The plan that each proposal was made for, by the proposal's id. */
  readonly plans: ReadonlyMap<string, Plan>;
}

/** Reads a run's record from the ledger. */
export async function loadRecord(ledger: Ledger, tenant: string, runId: string): Promise<RunRecord> {
  // What a program read is no step's: it is in the program's own record.
  const reads = (await listReads(ledger, tenant, runId)).filter(({ step }) => !isProgramStep(step));
  const proposals = await listProposals(ledger, tenant, runId);
  // Everything else came of a proposal.
  if (proposals.length === 0) return { reads, proposals, effects: [], decisions: [], kept: [], plans: new Map() };
  return {
    ...{ reads, proposals },
    effects: await listEffects(ledger, tenant, runId),
    decisions: await listDecisions(ledger, tenant, runId),
    kept: await listKeptSteps(ledger, tenant, runId),
    plans: await loadPlans(ledger, tenant, runId, proposals),
  };
}

async function loadPlans(
  ledger: Ledger,
  tenant: string,
  runId: string,
  proposals: readonly Proposal[],
): Promise<Map<string, Plan>> {
  const plans = new Map<string, Plan>();
  const revisions = await listRevisions(ledger, tenant, runId);
  for (const { id, revision } of proposals) {
    const found = revisions.find(({ number }) => number === revision) ?? revisions[0];
    if (found) plans.set(id, found.plan);
  }
  return plans;
}

type Call = Pick<Step, "action" | "args">;

/** What a step calls, as a digest of its action and its planned arguments. */
export const callOf = ({ action, args }: Call): string => digestOf({ action, args });

/** Whether two steps call the same. */
export const isSameCall = (a: Call, b: Call): boolean =>
  a.action === b.action && (a.args === b.args || canonicalJson(a.args) === canonicalJson(b.args));

/** The outputs of completed steps, by step id. */
export function stepOutputs(record: RunRecord): Map<string, Json> {
  const outputs = new Map<string, Json>();
  for (const read of record.reads) if (read.status === "succeeded") outputs.set(read.step, read.output);
  const done = new Map(record.effects.filter(({ status }) => status === "succeeded").map((one) => [one.key, one]));
  for (const effect of done.values()) outputs.set(effect.step, effect.output);
  for (const { step, effectKey } of record.kept) {
    const effect = done.get(effectKey);
    if (effect) outputs.set(step, effect.output);
  }
  return outputs;
}
