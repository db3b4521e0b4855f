/** What is wrong with a plan, whoever made it. */
import type { Plan } from "../domain/plan.ts";
import type { Finding } from "../domain/proposal.ts";
import type { StepState } from "../execution/progress.ts";
import { getSettings } from "../ledger/settings.ts";
import { unplannable } from "../planning/check-expand.ts";
import { checkPlan } from "../planning/check-plan.ts";
import { checkLength } from "../policy/policy.ts";
import type { NodeDeps } from "./deps.ts";

/**
 * @param states of its steps
 * @returns a finding for each fault, of steps that are settled, too
 */
export async function planFaults(
  deps: NodeDeps,
  tenant: string,
  plan: Plan,
  states: Readonly<Record<string, StepState>>,
): Promise<Finding[]> {
  const { settings } = await getSettings(deps.ledger, tenant);
  return [
    ...checkPlan(plan, (name) => deps.registry.of(tenant).find(name), states),
    ...checkLength("plan", plan.steps.length, settings),
    ...(deps.models.planner ? [] : unplannable(plan)),
    ...deps.policy.checkPlan(plan),
  ];
}
