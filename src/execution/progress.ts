/**
 * Where each step of a plan stands, worked out from what the ledger recorded. State is only a picture of it: a step is
 * done because the ledger says so.
 */
import type { Plan, Step } from "../domain/plan.ts";
import type { RunRecord } from "./record.ts";
import type { StepState } from "./recorded-steps.ts";
import { StepBoard } from "./step-board.ts";

export { callOf, loadRecord, type RunRecord, stepOutputs } from "./record.ts";
export { EFFECT_STATUS, type StepState } from "./recorded-steps.ts";

/** The state of every step, by id. */
export const stepStates = (plan: Plan, record: RunRecord): Record<string, StepState> =>
  new StepBoard(plan, record).states();

/** A step that was carried out, and did not do what it is for. */
export interface UnmetCheck {
  readonly step: Step;
  /** What its check says, in words. */
  readonly reason: string;
}

/** The writes that are done, and whose check of success is not met; of a read, that is a failure. */
export function unmetChecks(plan: Plan, record: RunRecord): UnmetCheck[] {
  const board = new StepBoard(plan, record);
  return [...board.linked.values()].flatMap((linked) => {
    const reason = board.unmetOf(linked);
    return reason === undefined ? [] : [{ step: linked.step, reason }];
  });
}

/** The step that failed, and whose plan says that nothing more is to be begun then; undefined without one. */
export const stoppedBy = (plan: Plan, record: RunRecord): Step | undefined => new StepBoard(plan, record).stoppedBy();

/** Whether a step may begin as far as time goes. @param now ISO 8601 UTC */
export const isDue = ({ notBefore }: Step, now: string): boolean =>
  notBefore === undefined || Date.parse(notBefore) <= Date.parse(now);
