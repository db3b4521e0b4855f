/** What the tests of the playbooks compare: the calls of a plan, or why there is none. */
import { matchPlaybooks } from "../../../src/planning/playbooks/match.ts";
import { storePlaybooks } from "../../../src/planning/playbooks/store.ts";

/** `[action, args]` for each step, or the refusal as it is. */
export function callsOf(request: string): unknown {
  const result = matchPlaybooks(storePlaybooks, request);
  return result.kind === "plan" ? result.plan.steps.map((step) => [step.action, step.args]) : result;
}

export function titlesOf(request: string): string[] {
  const result = matchPlaybooks(storePlaybooks, request);
  return result.kind === "plan" ? result.plan.steps.map((step) => step.title) : [];
}

export function sell(item: string, quantity: number, more: object = {}): unknown {
  return ["sell", { item, quantity, ...more }];
}

export function takeBack(item: string, quantity: number, more: object = {}): unknown {
  return ["take_back", { item, quantity, ...more }];
}
