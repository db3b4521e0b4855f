/** What people made of proposed arguments, from the decisions that the ledger recorded. A plan itself stays as it was. */
import { canonicalJson, type JsonObject } from "../domain/json.ts";
import type { Plan } from "../domain/plan.ts";
import type { Decision } from "../domain/proposal.ts";

interface Edit {
  readonly action: string;
  readonly planned: JsonObject;
  readonly args: JsonObject;
  /** Everybody who changed them, in order. */
  readonly by: string[];
  /** As they were proposed before the first change. */
  readonly before: JsonObject;
}

/** The edits by step: the last one counts. */
function collect(decisions: readonly Decision[]): Map<string, Edit> {
  const edits = new Map<string, Edit>();
  for (const { actions, principal } of decisions) {
    for (const { step, edit } of actions) {
      if (!edit) continue;
      const known = edits.get(step);
      const earlier = known && isSame(known, edit) ? known : undefined;
      const by = [...new Set([...(earlier?.by ?? []), principal])];
      const { action, planned, after } = edit;
      edits.set(step, { action, planned, args: after, by, before: earlier?.before ?? edit.before });
    }
  }
  return edits;
}

/**
 * The edits of a plan's steps. What was edited of a step that this revision of the plan changed does not count.
 * @param decisions oldest first
 */
export function editsOf(plan: Plan, decisions: readonly Decision[]): Map<string, Edit> {
  const edits = collect(decisions);
  for (const { id, action, args } of plan.steps) {
    const edit = edits.get(id);
    if (edit && !isSame(edit, { action, planned: args })) edits.delete(id);
  }
  return edits;
}

type Planned = Pick<Edit, "action" | "planned">;
const isSame = (a: Planned, b: Planned) =>
  a.action === b.action && canonicalJson(a.planned) === canonicalJson(b.planned);

/** The plan with the arguments that people gave its steps. */
export function editedPlan(plan: Plan, decisions: readonly Decision[]): Plan {
  const edits = editsOf(plan, decisions);
  return { ...plan, steps: plan.steps.map((step) => ({ ...step, args: edits.get(step.id)?.args ?? step.args })) };
}
