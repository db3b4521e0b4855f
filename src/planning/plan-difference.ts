/** What a plan makes different from the one before it. Steps are the same where their ids are: no other step ever has them. */
import { isDeepStrictEqual } from "node:util";
import type { Plan, Step, StepStatus } from "../domain/plan.ts";

export interface PlanDifference {
  /** As they were, each with where it stands. */
  readonly kept: readonly { readonly step: Step; readonly status: StepStatus }[];
  readonly added: readonly Step[];
  /** Those that are in the plan no more. */
  readonly dropped: readonly Step[];
  /** Those of which something is otherwise, if only what they wait for. */
  readonly changed: readonly { readonly before: Step; readonly after: Step }[];
}

/** @param states of the steps, by id; silence is pending */
export function planDifference(
  earlier: Plan,
  next: Plan,
  states: Readonly<Record<string, { readonly status: StepStatus }>>,
): PlanDifference {
  const before = new Map(earlier.steps.map((step) => [step.id, step]));
  const after = new Set(next.steps.map(({ id }) => id));
  const statusOf = ({ id }: Step) => (Object.hasOwn(states, id) ? states[id]?.status : undefined) ?? "pending";
  const both = next.steps.flatMap((step) => {
    const old = before.get(step.id);
    return old ? [{ before: old, after: step }] : [];
  });
  const isSame = (one: (typeof both)[number]) => isDeepStrictEqual(one.before, one.after);
  return {
    kept: both.filter(isSame).map(({ after: step }) => ({ step, status: statusOf(step) })),
    added: next.steps.filter(({ id }) => !before.has(id)),
    dropped: earlier.steps.filter(({ id }) => !after.has(id)),
    changed: both.filter((one) => !isSame(one)),
  };
}

/** A sentence for each kind of difference that there is; what is done is told as that. */
export function describeDifference({ kept, added, dropped, changed }: PlanDifference): string[] {
  const listed = (what: string, steps: readonly Step[]): string[] =>
    steps.length === 0 ? [] : [`${what}: ${named(steps)}.`];
  const [done, open] = [true, false].map((is) =>
    kept.filter(({ status }) => ["completed", "skipped"].includes(status) === is).map(({ step }) => step),
  );
  return [
    ...listed("New", added),
    ...listed(
      "Changed",
      changed.map(({ after }) => after),
    ),
    ...listed("Not any more", dropped),
    ...listed("Kept, and settled", done ?? []),
    ...listed("Kept, and still to be done", open ?? []),
  ];
}

const MAX_NAMED = 10;

function named(steps: readonly Step[]): string {
  const names = steps.slice(0, MAX_NAMED).map(({ id, title }) => `${id} (${title})`);
  const more = steps.length - names.length;
  return [...names, ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}
