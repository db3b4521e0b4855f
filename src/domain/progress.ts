/**
 * How far a run has come. Each step counts with its weight. A step has ended when nothing more of it is to be done, one
 * way or the other: completed, failed, skipped or blocked.
 *
 * - The percentage is the weight of what has ended, of the weight of all; whole, rounded down.
 * - It never goes down within a revision of the plan: what has ended stays so, also while it is undone.
 * - It is 100 exactly when the run has ended and no step is left. Before, it is at most 99: the outcome has yet to be
 *   looked at, which may mean undoing, or another plan.
 * - A run that ends early, such as one that is denied, stays where it was.
 */
import { z } from "zod";
import { type Step, type StepStatus, StepStatusSchema } from "./plan.ts";

/** What a run is at. `waiting` is for a person; `paused` until something can be reached, or a time has come. */
export const PhaseSchema = z.enum([
  "planning",
  "reading",
  "staging",
  "reviewing",
  "waiting",
  "committing",
  "undoing",
  "reflecting",
  "paused",
  "ended",
]);
export type Phase = z.infer<typeof PhaseSchema>;

/** Where a step stands. */
const StepProgressSchema = z.object({
  id: z.string(),
  title: z.string(),
  status: StepStatusSchema,
  /** The steps that it waits for. */
  dependsOn: z.array(z.string()),
  weight: z.number(),
  /** When it was begun, ISO 8601 UTC; null when it was not, or nobody knows. */
  since: z.string().nullable(),
  /** How long it took, in milliseconds; null while it has not ended, and when nobody knows. */
  durationMs: z.number().int().nullable(),
});
export type StepProgress = z.infer<typeof StepProgressSchema>;

/** At most so many of the steps under way are named. */
export const MAX_CURRENT = 20;

const ProgressSchema = z.object({
  runId: z.string(),
  /** The revision of the plan that all of this is about; 0 while there is none. */
  revision: z.number().int(),
  phase: PhaseSchema,
  percent: z.number().int().min(0).max(100),
  /** How many steps have ended, of how many. */
  done: z.number().int(),
  total: z.number().int(),
  /** How many steps are under way, and which: those begun first, 20 at most. */
  running: z.number().int(),
  current: z.array(StepProgressSchema.pick({ id: true, title: true, since: true })).max(MAX_CURRENT),
  /** For how long the run has been worked on, in milliseconds: without the time in which it waited for people or was paused. */
  elapsedMs: z.number().int(),
  /**
   * How long the steps that are left will take, in milliseconds, as far as earlier calls of their actions tell; null when
   * they do not. Models and people are not in it.
   */
  expectedMs: z.number().int().nullable(),
});
export type Progress = z.infer<typeof ProgressSchema>;

/**
 * One event of LangGraph's `custom` stream. It comes at each change of phase, and otherwise at most ten times a second.
 * Titles are masked.
 */
export const ProgressEventSchema = ProgressSchema.extend({
  type: z.literal("progress"),
  /** The steps that have changed since the event before; in the first event of each revision, all of them. */
  steps: z.array(StepProgressSchema),
});
export type ProgressEvent = z.infer<typeof ProgressEventSchema>;

const ENDED: readonly StepStatus[] = ["completed", "failed", "skipped", "blocked"];

export const hasEnded = (status: StepStatus): boolean => ENDED.includes(status);

/** What silence means. */
export const weightOf = ({ weight = 1 }: Pick<Step, "weight">): number => weight;

/** Whole, so that sums do not depend on their order. */
const units = (weight: number): number => Math.max(1, Math.round(weight * 1_000_000));

/** Adds up how far a run has come, step by step: each call takes the same time however many steps there are. */
export class Tally {
  #all = 0;
  #ended = 0;
  total = 0;
  done = 0;

  /** Takes a step in, as it stands. */
  add(weight: number, status: StepStatus): void {
    this.total++;
    this.#all += units(weight);
    if (hasEnded(status)) this.#count(weight, 1);
  }

  /** Takes notice that a step stands otherwise now. */
  move(weight: number, from: StepStatus, to: StepStatus): void {
    const change = Number(hasEnded(to)) - Number(hasEnded(from));
    if (change !== 0) this.#count(weight, change);
  }

  #count(weight: number, change: number): void {
    this.done += change;
    this.#ended += change * units(weight);
  }

  /** @param isOver whether the run has ended */
  percent(isOver: boolean): number {
    if (this.done === this.total) return isOver ? 100 : this.total === 0 ? 0 : 99;
    return Math.min(99, Math.floor((100 * this.#ended) / this.#all));
  }
}
