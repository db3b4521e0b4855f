/**
 * Where each step of a plan stands: what the record says of it, and what follows from that for the steps that wait for
 * it. Everything follows from plan and record alone, so that it is the same after a crash; outcomes are added one by one,
 * and only what hangs on them is looked at again.
 *
 * A step that nothing is recorded of is, the first that holds:
 * 1. skipped, when its condition is false, or a step that it waits for is skipped;
 * 2. failed, when its condition cannot be judged (invariant 7), as soon as what it uses is known;
 * 3. blocked, when a step that it waits for failed, is blocked, or was refused by a person;
 * 4. pending.
 */
import type { Json } from "../domain/json.ts";
import type { Plan, Step } from "../domain/plan.ts";
import { shortened } from "../domain/text.ts";
import type { ReadOutcome } from "../ledger/reads.ts";
import type { StepCondition } from "../planning/step-conditions.ts";
import { editedPlan } from "./edits.ts";
import { type LinkedStep, linkPlan } from "./linked-plan.ts";
import { type RunRecord, stepOutputs } from "./record.ts";
import { failedStanding, RecordedSteps, type Standing, type StepState } from "./recorded-steps.ts";

interface Place extends Standing {
  /** The step that it hangs on in the end, where it is skipped or blocked because of one. */
  readonly root?: string;
}

/** Of a note in {@link StepBoard.states}, in characters. */
const MAX_NOTE = 500;
const PENDING: Place = { status: "pending", note: "" };
const STUCK: readonly StepState["status"][] = ["failed", "blocked"];

export class StepBoard {
  /** What people made of the arguments is in it. */
  readonly plan: Plan;
  readonly #linked: ReadonlyMap<string, LinkedStep>;
  readonly #planned: ReadonlyMap<string, Step>;
  readonly #recorded: RecordedSteps;
  readonly #outputs: Map<string, Json>;
  readonly #places = new Map<string, Place>();
  /** Those of which the record says enough. */
  readonly #settled = new Set<string>();
  /** What came of judging conditions. */
  readonly #verdicts = new Map<string, Judgement>();
  readonly #failed = new Set<string>();
  /** How many of the steps that each waits for have not completed. */
  readonly #open = new Map<string, number>();
  /** Steps whose turn came since {@link takeReady} was asked. */
  #ready: LinkedStep[] = [];

  constructor(planned: Plan, record: RunRecord) {
    this.plan = editedPlan(planned, record.decisions);
    this.#linked = linkPlan(this.plan);
    this.#planned = new Map(planned.steps.toReversed().map((step) => [step.id, step]));
    this.#recorded = new RecordedSteps(record);
    this.#outputs = stepOutputs(record);
    for (const { step } of this.#linked.values()) {
      const standing = this.#standingOf(step);
      this.#put(step, standing ?? PENDING);
      if (standing) this.#settled.add(step.id);
    }
    this.#spread(this.#linked.values());
    for (const linked of this.#linked.values()) {
      const open = linked.dependencies.filter((id) => this.#places.get(id)?.status !== "completed").length;
      this.#open.set(linked.step.id, open);
      if (this.#isReady(linked)) this.#ready.push(linked);
    }
  }

  /** What completed steps put out, by step id. */
  get outputs(): ReadonlyMap<string, Json> {
    return this.#outputs;
  }

  get linked(): ReadonlyMap<string, LinkedStep> {
    return this.#linked;
  }

  /** The state of every step, by id, for state and for pictures: a text that was written stands in the ledger alone. */
  states(): Record<string, StepState> {
    const states = [...this.#linked.values()].map((linked): [string, StepState] => {
      const { status } = this.placeOf(linked.step.id);
      return [linked.step.id, { status, note: shortened(this.#noteOf(linked), MAX_NOTE) }];
    });
    return Object.fromEntries(states);
  }

  placeOf(id: string): Standing {
    return this.#places.get(id) ?? PENDING;
  }

  /** Whether the record says where a step stands; otherwise it follows from others. */
  isRecorded(id: string): boolean {
    return this.#settled.has(id);
  }

  /** How often a read that is pending has failed by now. */
  attemptsOf(step: Step): number {
    return this.#recorded.attemptsOf(step);
  }

  /** The steps that failed by themselves, in the order of the plan. */
  failures(): Step[] {
    const failed = [...this.#failed].flatMap((id) => this.#linked.get(id) ?? []);
    return failed.sort((a, b) => a.index - b.index).map(({ step }) => step);
  }

  /** The step that failed, and whose plan says that nothing more is to be begun then; undefined without one. */
  stoppedBy(): Step | undefined {
    return this.#failed.size === 0 ? undefined : this.failures().find(({ onFailure }) => onFailure === "stop");
  }

  /** Every step that is pending while all that it waits for has completed, in the order of the plan. */
  ready(): Step[] {
    return [...this.#linked.values()].filter((linked) => this.#isReady(linked)).map(({ step }) => step);
  }

  /** Those of {@link ready} whose turn came since this was asked, or that are to be done again since. */
  takeReady(): LinkedStep[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  /** Takes what reads came to, as it is recorded. @returns the steps that have another status since */
  take(outcomes: readonly ReadOutcome[]): LinkedStep[] {
    const taken: LinkedStep[] = [];
    const behind = new Set<LinkedStep>();
    for (const outcome of outcomes) {
      const linked = this.#linked.get(outcome.step);
      if (!linked || this.#settled.has(outcome.step)) continue;
      taken.push(linked);
      for (const next of this.#settle(linked, outcome)) behind.add(next);
    }
    const changed = this.#spread(behind);
    for (const linked of new Set([...taken, ...behind])) if (this.#isReady(linked)) this.#ready.push(linked);
    return [...taken, ...changed].filter(({ step }) => this.placeOf(step.id).status !== "pending");
  }

  /** What its success check says against a step that completed; undefined when it says nothing. */
  unmetOf({ step, check }: LinkedStep): string | undefined {
    const { effect, status } = this.placeOf(step.id);
    if (!effect || status !== "completed") return undefined; // of a read, an unmet check is a failure
    return check && unmetCheck(step, check, { outputs: this.#outputs, own: effect.output });
  }

  #noteOf(linked: LinkedStep): string {
    const { note } = this.placeOf(linked.step.id);
    return [note, this.unmetOf(linked)].filter(Boolean).join(" ");
  }

  #isReady({ step }: LinkedStep): boolean {
    return this.#open.get(step.id) === 0 && this.placeOf(step.id).status === "pending";
  }

  #standingOf(step: Step): Standing | undefined {
    return this.#recorded.standingOf(step, this.#planned.get(step.id) ?? step);
  }

  #put({ id }: Step, place: Place): void {
    this.#places.set(id, place);
    if (place.failed) this.#failed.add(id);
    else this.#failed.delete(id);
  }

  /** @returns the steps behind it that it makes a difference to */
  #settle(linked: LinkedStep, outcome: ReadOutcome): LinkedStep[] {
    const { id } = linked.step;
    this.#recorded.add(outcome);
    const standing = this.#standingOf(linked.step);
    if (!standing) return [];
    this.#put(linked.step, standing);
    this.#settled.add(id);
    if (standing.status !== "completed") return [...linked.dependants];
    this.#outputs.set(id, outcome.output);
    return linked.dependants.filter(({ step, condition }) => {
      const open = (this.#open.get(step.id) ?? 0) - 1;
      this.#open.set(step.id, open);
      return open === 0 || condition?.uses.includes(id);
    });
  }

  /** Looks again at steps, and at what hangs on those that change. What has changed can only go up in the list above. */
  #spread(given: Iterable<LinkedStep>): Set<LinkedStep> {
    const changed = new Set<LinkedStep>();
    const waiting = new Set(given);
    for (const linked of waiting) {
      waiting.delete(linked); // it may have to be looked at again
      const { id } = linked.step;
      if (this.#settled.has(id)) continue;
      const before = this.#places.get(id);
      const after = this.#derive(linked);
      if (before?.status === after.status && before.note === after.note) continue;
      this.#put(linked.step, after);
      changed.add(linked);
      for (const next of linked.dependants) waiting.add(next);
    }
    return changed;
  }

  #derive(linked: LinkedStep): Place {
    const { step } = linked;
    const verdict = this.#judge(linked);
    if (verdict === false) return { status: "skipped", note: `its condition is false: ${step.when}` };
    const before = linked.dependencies.map((id) => ({ id, ...this.placeOf(id) }));
    const skipped = before.find(({ status, rejected }) => status === "skipped" && !rejected);
    if (skipped) return behind("skipped", skipped, "was skipped");
    if (typeof verdict === "object") {
      const note = `its condition cannot be judged: ${step.when} (${verdict.problem})`;
      return failedStanding(step, note, "failed");
    }
    const stuck = before.find(({ status, rejected }) => STUCK.includes(status) || rejected);
    return stuck ? behind("blocked", stuck, "did not complete") : PENDING;
  }

  /** Undefined where it has no condition, or where what that uses is not known yet. */
  #judge({ step: { id }, condition }: LinkedStep): Judgement | undefined {
    const known = this.#verdicts.get(id);
    if (known !== undefined || !condition) return known;
    if (!condition.uses.every((other) => this.placeOf(other).status === "completed")) return undefined;
    const verdict = condition.judge(this.#outputs);
    this.#verdicts.set(id, verdict);
    return verdict;
  }
}

type Judgement = ReturnType<StepCondition["judge"]>;

function behind(status: "skipped" | "blocked", before: Place & { id: string }, what: string): Place {
  const root = before.root ?? before.id;
  return { status, note: `"${root}" ${what}`, root };
}

/**
 * What a step's check says against what it put out; undefined when it is met.
 * @param known `outputs`: of the steps before it; `own`: what it put out itself
 */
export function unmetCheck(
  step: Step,
  check: StepCondition,
  { outputs, own }: { outputs: ReadonlyMap<string, Json>; own: Json },
): string | undefined {
  const verdict = check.judge(outputs, own);
  if (verdict === true) return undefined;
  const text = step.success?.check ?? "";
  return verdict === false ? `its check is false: ${text}` : `its check cannot be judged: ${text} (${verdict.problem})`;
}
