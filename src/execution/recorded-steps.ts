/** What the record says of single steps, found by their ids. */
import { type FailureStatus, FailureStatusSchema } from "../domain/answer.ts";
import type { Json } from "../domain/json.ts";
import type { Plan, Step, StepStatus } from "../domain/plan.ts";
import type { Effect } from "../domain/proposal.ts";
import type { KeptStep } from "../ledger/kept-steps.ts";
import type { ReadOutcome } from "../ledger/reads.ts";
import { callOf, isSameCall, type RunRecord } from "./record.ts";

export interface StepState {
  status: StepStatus;
  /** Why, for a person; empty when there is nothing to say. */
  note: string;
}

/** Where the record leaves a step. */
export interface Standing extends StepState {
  /** How it failed, where it did by itself and not because of others. */
  readonly failed?: FailureStatus;
  /** A person did not want it. */
  readonly rejected?: true;
  /** What was done, where it writes. */
  readonly effect?: Effect;
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

/** How often a step is done at the most that is to be done again when it fails. */
const MAX_ATTEMPTS = 3;

/**
 * Where a failure leaves a step; with `skip`, the plan goes on without it.
 * @param output what is recorded in place of an output: how it failed
 */
export function failedStanding({ onFailure }: Step, note: string, output: Json): Standing {
  if (onFailure === "skip") return { status: "skipped", note: `it failed: ${note}` };
  const known = FailureStatusSchema.safeParse(output);
  return { status: "failed", note, failed: known.success ? known.data : "failed" };
}

export class RecordedSteps {
  readonly #reads: Map<string, ReadOutcome[]>;
  readonly #effects: Map<string, Effect[]>;
  readonly #effectsByKey: Map<string, Effect>;
  readonly #kept: Map<string, KeptStep[]>;
  /** Why people did not want steps. */
  readonly #rejections = new Map<string, string>();
  readonly #plans: ReadonlyMap<string, Plan>;
  readonly #planned = new Map<Plan, Map<string, Step>>();

  constructor({ reads, effects, kept, decisions, plans }: RunRecord) {
    this.#reads = Map.groupBy(reads, ({ step }) => step);
    this.#effects = Map.groupBy(effects, ({ step }) => step);
    this.#effectsByKey = new Map(effects.map((effect) => [effect.key, effect]));
    this.#kept = Map.groupBy(kept, ({ step }) => step);
    this.#plans = plans;
    for (const { step, verdict, reason } of decisions.flatMap(({ actions }) => actions)) {
      if (verdict === "rejected" && !this.#rejections.has(step)) this.#rejections.set(step, reason ?? "");
    }
  }

  /** Adds what a read has come to since. */
  add(read: ReadOutcome): void {
    const known = this.#reads.get(read.step);
    if (known) known.push(read);
    else this.#reads.set(read.step, [read]);
  }

  /** How often a step has failed so far, where it is to be done again then. */
  attemptsOf(step: Step): number {
    return this.#readsOf(step).length;
  }

  /**
   * Where a step stands, or undefined where nothing is recorded that decides it.
   * @param planned the step as the plan has it, before anybody edited its arguments
   */
  standingOf(step: Step, planned: Step): Standing | undefined {
    const reads = this.#readsOf(step);
    const last = reads.at(-1);
    if (last) return standingOfReads(step, reads, last);
    const effect = this.#effectOf(step, planned);
    if (effect) return standingOfEffect(step, effect);
    const rejection = this.#rejections.get(step.id);
    return rejection === undefined ? undefined : { status: "skipped", note: rejection, rejected: true };
  }

  #readsOf({ id, action }: Step): ReadOutcome[] {
    return this.#reads.get(id)?.filter((read) => read.action === action) ?? [];
  }

  #effectOf(step: Step, planned: Step): Effect | undefined {
    const kept = this.#kept.get(step.id);
    const call = kept && callOf(planned);
    const same = kept?.find((row) => row.call === call);
    if (same) return this.#effectsByKey.get(same.effectKey);
    return this.#effects.get(step.id)?.findLast((effect) => this.#isOf(effect, planned));
  }

  /** Whether an effect is of this step as it is planned now: one that somebody changed since is another one. */
  #isOf({ proposalId, action, step }: Effect, planned: Step): boolean {
    if (action !== planned.action) return false;
    const then = this.#stepIn(this.#plans.get(proposalId), step);
    return then === undefined || isSameCall(then, planned);
  }

  #stepIn(plan: Plan | undefined, id: string): Step | undefined {
    if (!plan) return undefined;
    const known = this.#planned.get(plan) ?? new Map(plan.steps.toReversed().map((step) => [step.id, step]));
    this.#planned.set(plan, known);
    return known.get(id);
  }
}

function standingOfReads(step: Step, reads: readonly ReadOutcome[], last: ReadOutcome): Standing | undefined {
  const done = reads.find(({ status }) => status === "succeeded");
  if (done) return { status: "completed", note: done.summary };
  if (step.onFailure === "retry" && reads.length < MAX_ATTEMPTS) return undefined;
  return failedStanding(step, last.summary, last.output);
}

function standingOfEffect(step: Step, effect: Effect): Standing {
  const note = effect.note ?? "";
  if (effect.status === "failed") return failedStanding(step, note, effect.output);
  const standing: Standing = { status: EFFECT_STATUS[effect.status], note, effect };
  return effect.status === "uncertain" ? { ...standing, failed: "failed" } : standing;
}
