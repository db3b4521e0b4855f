/** Playbooks that are functions of a program: from a request to its plan. */
import { type Plan, PlanSchema } from "../../domain/plan.ts";
import { HoldpointError } from "../../errors.ts";
import type { PlaybookResult } from "../playbooks/match.ts";

/** A predefined plan. Each step calls an action; `args` may refer to other steps, `{ "$ref": "s1.count" }`. */
export interface PlaybookPlan {
  readonly goal?: string;
  readonly steps: readonly (Omit<Plan["steps"][number], "dependsOn"> & { readonly dependsOn?: readonly string[] })[];
}

/** The plan for a request; undefined where it does not know the request. */
export type PlaybookFunction = (request: string) => PlaybookPlan | undefined;

/**
 * A function that asks each in turn.
 * @returns a function that throws HoldpointError `usage` where a plan does not fit
 */
export function matchFunctions(functions: readonly PlaybookFunction[]): (request: string) => PlaybookResult {
  return (request) => {
    for (const playbook of functions) {
      const made = playbook(request);
      if (made) return { kind: "plan", playbook: "own", plan: checkedPlan(made, request) };
    }
    return { kind: "not_understood", problem: "No playbook knows this request, and there is no model." };
  };
}

function checkedPlan(made: PlaybookPlan, request: string): Plan {
  const source = { kind: "playbook", name: "own" };
  const plan = PlanSchema.safeParse({ goal: request.slice(0, 500).toWellFormed(), ...made, source });
  if (plan.success) return plan.data;
  const faults = plan.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new HoldpointError("usage", `The playbook's plan does not fit: ${faults.join("; ")}.`, {
    hint: "Mend the function in `playbooks` that createHoldpoint was given.",
  });
}
