/** Checks of steps that are planned when they are reached: they put nothing out, and call nothing. */
import { EXPAND, ExpandArgsSchema, type Plan, type Step } from "../domain/plan.ts";
import type { Finding } from "../domain/proposal.ts";
import { findReferences } from "./references.ts";
import { conditionUses } from "./step-conditions.ts";

/** @returns a sentence for each fault of an expand step itself */
export function expandFaults({ id, args, success, onFailure }: Step): string[] {
  const parsed = ExpandArgsSchema.safeParse(args);
  return [
    ...(parsed.success ? [] : [`Step "${id}" (${EXPAND}) takes { "goal": "<what it is for>" }, and nothing else.`]),
    ...(findReferences(args).length === 0
      ? []
      : [`Step "${id}" (${EXPAND}) says its goal in words, without references: name in dependsOn what it needs.`]),
    ...(success?.check === undefined ? [] : [`Step "${id}" (${EXPAND}) puts nothing out that could be checked.`]),
    ...(onFailure === "retry" ? [`Step "${id}" (${EXPAND}) cannot be done again.`] : []),
  ];
}

/** @returns a sentence for each use of what an expand step would have to put out */
export function expandUses(step: Step, isExpand: (id: string) => boolean): string[] {
  const { id, args, when, success } = step;
  const conditions = [when, success?.check].filter((text) => text !== undefined);
  const used = [...findReferences(args).map((path) => path.split(".")[0] ?? ""), ...conditions.flatMap(conditionUses)];
  return [...new Set(used.filter(isExpand))].map(
    (other) =>
      `Step "${id}" uses the output of "${other}", which is planned only when it is reached and puts nothing out: let it depend on "${other}", or leave it to be planned, too.`,
  );
}

/** @returns a finding for each expand step of a plan, where there is no model that could plan it */
export const unplannable = ({ steps }: Plan): Finding[] =>
  steps
    .filter(({ action }) => action === EXPAND)
    .map(({ id }) => {
      const reason = `Step "${id}" is to be planned when it is reached, and there is no model that plans.`;
      return { rule: "plan-expand", verdict: "deny", reason, step: id };
    });
