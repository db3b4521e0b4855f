/** What a transaction goes on without. */
import type { Effect, Proposal } from "../domain/proposal.ts";

/** The steps of a proposal that failed and may, and those that depend on them: the others do not need them. */
export function leftOut({ actions }: Pick<Proposal, "actions">, effects: readonly Effect[]): Set<string> {
  const failed = new Set(effects.filter(({ status }) => status === "failed").map(({ step }) => step));
  const left = new Set<string>();
  if (failed.size === 0) return left;
  // What an action depends on stands before it.
  for (const { step, optional, dependsOn } of actions) {
    if ((optional && failed.has(step)) || dependsOn.some((id) => left.has(id))) left.add(step);
  }
  return left;
}
