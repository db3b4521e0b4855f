/** Whether a write would do what is done already: under another name, or in other words (invariant 3). */
import { canonicalJson, type JsonObject } from "../domain/json.ts";
import type { Plan, Step } from "../domain/plan.ts";
import type { Effect, ProposedAction } from "../domain/proposal.ts";
import type { AnyWrite } from "../tools/action.ts";

/** What a run has done so far. */
export interface DoneSoFar {
  readonly effects: readonly Effect[];
  /** The plan that each proposal was made for, by the proposal's id. */
  readonly plans: ReadonlyMap<string, Plan>;
}

export interface Done {
  readonly effect: Effect;
  /** It is to be done once more: it is marked so, or one plan had both steps, and a person saw them both. */
  readonly isWanted: boolean;
}

/** Those that are still in the world, undone or not. */
const THERE: readonly Effect["status"][] = ["succeeded", "undoing", "undo_failed"];

/**
 * The effect of another step that a write would do again, or undefined.
 * @param args as they would run
 */
export function findDone(action: AnyWrite, step: Step, args: JsonObject, done: DoneSoFar): Done | undefined {
  const key = workOf(action, args);
  const same = done.effects.filter(
    (effect) =>
      effect.action === action.name &&
      effect.step !== step.id &&
      THERE.includes(effect.status) &&
      workOf(action, effect.args) === key,
  );
  const [effect] = same;
  if (!effect) return undefined;
  const together = same.every(({ proposalId }) => hasStep(done.plans.get(proposalId), step));
  return { effect, isWanted: step.repeat === true || together };
}

/** The action proposed before that does the same, or undefined. */
export function findSame(action: AnyWrite, args: JsonObject, staged: readonly ProposedAction[]): string | undefined {
  const key = workOf(action, args);
  return staged.find((other) => other.action === action.name && workOf(action, other.args) === key)?.step;
}

const hasStep = (plan: Plan | undefined, { id, action, args }: Step): boolean =>
  plan?.steps.some(
    (other) => other.id === id && other.action === action && canonicalJson(other.args) === canonicalJson(args),
  ) ?? false;

/** What tells one piece of work from another. Where the action cannot say, all its arguments do. */
function workOf(action: AnyWrite, args: JsonObject): string {
  try {
    const parsed = action.input.safeParse(args);
    if (action.dedupeKey && parsed.success) return canonicalJson(action.dedupeKey(parsed.data));
  } catch {
    // Its key is no JSON, or could not be made.
  }
  return canonicalJson(args);
}
