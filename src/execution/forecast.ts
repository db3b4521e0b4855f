/**
 * How long the rest of a plan will take: along its critical path, each step as long as its action took before. How many
 * reads run at once does not count; writes run one after the other. A step whose time is not known makes the whole
 * unknown: nothing is guessed.
 */

import { inOrder } from "../domain/order.ts";
import type { Plan, Step, StepStatus } from "../domain/plan.ts";
import { hasEnded } from "../domain/progress.ts";
import type { Proposal } from "../domain/proposal.ts";
import { dependenciesOf } from "../planning/references.ts";

/** What is known of a step. */
export interface StepOutlook {
  readonly status: StepStatus;
  /** How long it takes as a whole, in milliseconds; undefined when nobody knows. */
  readonly expectedMs: number | undefined;
  /** For how long it has been under way, in milliseconds. */
  readonly runningMs: number;
}

interface Node {
  readonly step: Step;
  /** Places of what it waits for. */
  readonly after: readonly number[];
  readonly isWrite: boolean;
  readonly notBefore: number;
}

/** @returns what tells how long the rest takes: in milliseconds, or null when nobody knows. `now` is in milliseconds, too */
export function createForecast(plan: Plan, isWrite: (action: string) => boolean) {
  const nodes = nodesOf(plan, isWrite);
  return (outlook: (step: Step) => StepOutlook, now: number): number | null => {
    const ends: number[] = [];
    let lastWrite = 0;
    for (const node of nodes) {
      const free = node.after.reduce(
        (latest, place) => Math.max(latest, ends[place] ?? 0),
        node.isWrite ? lastWrite : 0,
      );
      const end = endOf(outlook(node.step), Math.max(free, node.notBefore - now));
      if (end === undefined) return null;
      if (node.isWrite) lastWrite = Math.max(lastWrite, end);
      ends.push(end);
    }
    return Math.round(ends.reduce((last, end) => Math.max(last, end), 0));
  };
}

/** How long the writes of a proposal say that they take, by step, in milliseconds. */
export function stagedDurations(proposal: Proposal | null | undefined): Map<string, number> {
  const writes = proposal?.kind === "transaction" ? proposal.actions : [];
  return new Map(writes.map(({ step, impact }) => [step, impact.durationMs]));
}

/** When a step ends, in milliseconds from now; undefined when nobody knows. @param start when it can begin */
function endOf({ status, expectedMs, runningMs }: StepOutlook, start: number): number | undefined {
  if (hasEnded(status)) return 0;
  if (expectedMs === undefined) return undefined;
  return (status === "running" ? 0 : start) + Math.max(0, expectedMs - runningMs);
}

/** The steps, each after those that it waits for. */
function nodesOf(plan: Plan, isWrite: (action: string) => boolean): Node[] {
  const ordered = inOrder(plan.steps.map((step) => ({ id: step.id, step, dependsOn: dependenciesOf(step) })));
  const places = new Map(ordered.map(({ id }, place) => [id, place]));
  return ordered.map(({ step, dependsOn }, place) => ({
    step,
    after: dependsOn.map((id) => places.get(id) ?? place).filter((other) => other < place),
    isWrite: isWrite(step.action),
    notBefore: step.notBefore === undefined ? 0 : Date.parse(step.notBefore),
  }));
}
