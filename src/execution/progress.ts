/**
 * Where each step of a plan stands, worked out from what the ledger recorded. State is only a picture of it: a step is
 * done because the ledger says so.
 */
import { digestOf, type Json } from "../domain/json.ts";
import type { Plan, Step, StepStatus } from "../domain/plan.ts";
import type { Decision, Effect } from "../domain/proposal.ts";
import type { Ledger } from "../ledger/database.ts";
import { listDecisions } from "../ledger/decisions.ts";
import { listEffects } from "../ledger/effects.ts";
import { type KeptStep, listKeptSteps } from "../ledger/kept-steps.ts";
import { listProposals } from "../ledger/proposals.ts";
import { listReads, type ReadOutcome } from "../ledger/reads.ts";
import { listRevisions } from "../ledger/revisions.ts";
import { dependenciesOf } from "../planning/references.ts";
import { editedPlan } from "./edits.ts";

/** What the ledger holds of a run. */
export interface RunRecord {
  readonly reads: readonly ReadOutcome[];
  readonly effects: readonly Effect[];
  readonly decisions: readonly Decision[];
  /** Steps that are what an effect of another step has done. */
  readonly kept: readonly KeptStep[];
  /** The plan that each proposal was made for, by the proposal's id. */
  readonly plans: ReadonlyMap<string, Plan>;
}

/** Reads a run's record from the ledger. */
export async function loadRecord(ledger: Ledger, tenant: string, runId: string): Promise<RunRecord> {
  return {
    reads: await listReads(ledger, tenant, runId),
    effects: await listEffects(ledger, tenant, runId),
    decisions: await listDecisions(ledger, tenant, runId),
    kept: await listKeptSteps(ledger, tenant, runId),
    plans: await loadPlans(ledger, tenant, runId),
  };
}

async function loadPlans(ledger: Ledger, tenant: string, runId: string): Promise<Map<string, Plan>> {
  const revisions = await listRevisions(ledger, tenant, runId);
  const plans = new Map<string, Plan>();
  for (const { id, revision } of await listProposals(ledger, tenant, runId)) {
    const found = revisions.find(({ number }) => number === revision) ?? revisions[0];
    if (found) plans.set(id, found.plan);
  }
  return plans;
}

/** What a step calls, as a digest of its action and its planned arguments. */
export const callOf = ({ action, args }: Pick<Step, "action" | "args">): string => digestOf({ action, args });

export interface StepState {
  status: StepStatus;
  /** Why, for a person; empty when there is nothing to say. */
  note: string;
}

/** Where an effect leaves its step. */
export const EFFECT_STATUS: Record<Effect["status"], StepStatus> = {
  intended: "running",
  executing: "running",
  succeeded: "completed",
  failed: "failed",
  uncertain: "failed",
  undoing: "failed",
  undone: "failed",
  undo_failed: "failed",
};

/** @param call what the plan says that the step calls */
function recordedState(step: Step, record: RunRecord, call: string): StepState | undefined {
  const read = record.reads.findLast((row) => row.step === step.id && row.action === step.action);
  if (read) return { status: read.status === "succeeded" ? "completed" : "failed", note: read.summary };
  const kept = record.kept.find((row) => row.step === step.id && row.call === call);
  const effect = kept
    ? record.effects.find(({ key }) => key === kept.effectKey)
    : record.effects.findLast((row) => row.step === step.id && isOf(row, step, record, call));
  if (effect) return { status: EFFECT_STATUS[effect.status], note: effect.note ?? "" };
  for (const decision of record.decisions) {
    const rejected = decision.actions.find((action) => action.step === step.id && action.verdict === "rejected");
    if (rejected) return { status: "skipped", note: rejected.reason ?? "" };
  }
  return undefined;
}

/** Whether an effect is of this step as it is planned now: one that somebody changed since is another one. */
function isOf({ proposalId, action }: Effect, step: Step, { plans }: RunRecord, call: string): boolean {
  const planned = plans.get(proposalId)?.steps.find(({ id }) => id === step.id);
  return action === step.action && (planned === undefined || callOf(planned) === call);
}

/** The state of every step, by id. */
export function stepStates(planned: Plan, record: RunRecord): Record<string, StepState> {
  const plan = editedPlan(planned, record.decisions);
  const states = new Map<string, StepState>(); // a step may be called "constructor"
  const calls = new Map(planned.steps.map((step) => [step.id, callOf(step)]));
  const visit = (step: Step): StepState => {
    const known = states.get(step.id);
    if (known) return known;
    const recorded = recordedState(step, record, calls.get(step.id) ?? "");
    if (recorded) {
      states.set(step.id, recorded);
      return recorded;
    }
    states.set(step.id, { status: "pending", note: "" });
    const stuck = dependenciesOf(step).find((id) => {
      const dependency = plan.steps.find((other) => other.id === id);
      return dependency && ["failed", "skipped", "blocked"].includes(visit(dependency).status);
    });
    const state: StepState =
      stuck === undefined
        ? { status: "pending", note: "" }
        : { status: "blocked", note: `"${stuck}" did not complete` };
    states.set(step.id, state);
    return state;
  };
  for (const step of plan.steps) visit(step);
  return Object.fromEntries(states);
}

/** Whether a step may begin as far as time goes. @param now ISO 8601 UTC */
export const isDue = ({ notBefore }: Step, now: string): boolean =>
  notBefore === undefined || Date.parse(notBefore) <= Date.parse(now);

/** The outputs of completed steps, by step id. */
export function stepOutputs(record: RunRecord): Map<string, Json> {
  const outputs = new Map<string, Json>();
  for (const read of record.reads) if (read.status === "succeeded") outputs.set(read.step, read.output);
  const done = record.effects.filter((effect) => effect.status === "succeeded");
  for (const effect of done) outputs.set(effect.step, effect.output);
  for (const { step, effectKey } of record.kept) {
    const effect = done.find(({ key }) => key === effectKey);
    if (effect) outputs.set(step, effect.output);
  }
  return outputs;
}
