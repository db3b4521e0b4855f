/**
 * Where each step of a plan stands, worked out from what the ledger recorded. State is only a picture of it: a step is
 * done because the ledger says so.
 */
import type { Json } from "../domain/json.ts";
import type { Plan, Step, StepStatus } from "../domain/plan.ts";
import type { Decision, Effect } from "../domain/proposal.ts";
import type { Ledger } from "../ledger/database.ts";
import { listDecisions } from "../ledger/decisions.ts";
import { listEffects } from "../ledger/effects.ts";
import { listReads, type ReadOutcome } from "../ledger/reads.ts";
import { dependenciesOf } from "../planning/references.ts";
import { editedPlan } from "./edits.ts";

/** What the ledger holds of a run. */
export interface RunRecord {
  readonly reads: readonly ReadOutcome[];
  readonly effects: readonly Effect[];
  readonly decisions: readonly Decision[];
}

/** Reads a run's record from the ledger. */
export async function loadRecord(ledger: Ledger, tenant: string, runId: string): Promise<RunRecord> {
  return {
    reads: await listReads(ledger, tenant, runId),
    effects: await listEffects(ledger, tenant, runId),
    decisions: await listDecisions(ledger, tenant, runId),
  };
}

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

function recordedState(step: Step, record: RunRecord): StepState | undefined {
  const read = record.reads.findLast((row) => row.step === step.id && row.action === step.action);
  if (read) return { status: read.status === "succeeded" ? "completed" : "failed", note: read.summary };
  const effect = record.effects.findLast((row) => row.step === step.id && row.action === step.action);
  if (effect) return { status: EFFECT_STATUS[effect.status], note: effect.note ?? "" };
  for (const decision of record.decisions) {
    const rejected = decision.actions.find((action) => action.step === step.id && action.verdict === "rejected");
    if (rejected) return { status: "skipped", note: rejected.reason ?? "" };
  }
  return undefined;
}

/** The state of every step, by id. */
export function stepStates(planned: Plan, record: RunRecord): Record<string, StepState> {
  const plan = editedPlan(planned, record.decisions);
  const states: Record<string, StepState> = {};
  const visit = (step: Step): StepState => {
    const known = states[step.id];
    if (known) return known;
    const recorded = recordedState(step, record);
    if (recorded) {
      states[step.id] = recorded;
      return recorded;
    }
    states[step.id] = { status: "pending", note: "" };
    const stuck = dependenciesOf(step).find((id) => {
      const dependency = plan.steps.find((other) => other.id === id);
      return dependency && ["failed", "skipped", "blocked"].includes(visit(dependency).status);
    });
    const state: StepState =
      stuck === undefined
        ? { status: "pending", note: "" }
        : { status: "blocked", note: `"${stuck}" did not complete` };
    states[step.id] = state;
    return state;
  };
  for (const step of plan.steps) visit(step);
  return states;
}

/** The outputs of completed steps, by step id. */
export function stepOutputs(record: RunRecord): Map<string, Json> {
  const outputs = new Map<string, Json>();
  for (const read of record.reads) if (read.status === "succeeded") outputs.set(read.step, read.output);
  for (const effect of record.effects) if (effect.status === "succeeded") outputs.set(effect.step, effect.output);
  return outputs;
}
