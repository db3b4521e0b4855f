/** What people made of proposed arguments, from the decisions that the ledger recorded. A plan itself stays as it was. */
import type { JsonObject } from "../domain/json.ts";
import type { Plan } from "../domain/plan.ts";
import type { Decision } from "../domain/proposal.ts";

export interface Edit {
  readonly args: JsonObject;
  /** Everybody who changed them, in order. */
  readonly by: string[];
  /** As they were proposed before the first change. */
  readonly before: JsonObject;
}

/**
 * The edits by step: the last one counts.
 * @param decisions oldest first
 */
export function editsOf(decisions: readonly Decision[]): Map<string, Edit> {
  const edits = new Map<string, Edit>();
  for (const { actions, principal } of decisions) {
    for (const { step, edit } of actions) {
      if (!edit) continue;
      const earlier = edits.get(step);
      const by = [...new Set([...(earlier?.by ?? []), principal])];
      edits.set(step, { args: edit.after, by, before: earlier?.before ?? edit.before });
    }
  }
  return edits;
}

/** The plan with the arguments that people gave its steps. */
export function editedPlan(plan: Plan, decisions: readonly Decision[]): Plan {
  const edits = editsOf(decisions);
  return { ...plan, steps: plan.steps.map((step) => ({ ...step, args: edits.get(step.id)?.args ?? step.args })) };
}
