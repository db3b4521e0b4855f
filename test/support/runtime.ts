import type { Dialect } from "kysely";
import { onTestFinished } from "vitest";
import { type Plan, PlanSchema } from "../../src/domain/plan.ts";
import type { Models } from "../../src/models/roles.ts";
import type { Policy, PolicyOptions } from "../../src/policy/policy.ts";
import { createRuntime, type RuntimeOverrides, type StoreRuntime } from "../../src/runtime.ts";
import type { Action } from "../../src/tools/action.ts";
import type { Caller } from "../../src/work/threads.ts";
import { tempDir } from "./temp.ts";

export const alice: Caller = { identity: { tenant: "acme", principal: "alice" } };
export const bob: Caller = { identity: { tenant: "acme", principal: "bob" } };
export const mallory: Caller = { identity: { tenant: "evil", principal: "mallory" } };

type Step = Plan["steps"][number];
export type PlannedStep = Pick<Step, "id"> & Partial<Omit<Step, "repeat">>;

/** Opens a runtime on real files; `plans` gives the plan for a request, for requests that are no store requests. */
export async function openTestRuntime(
  options: {
    home?: string;
    actions?: readonly Action[];
    policy?: Policy | PolicyOptions;
    plans?: Record<string, PlannedStep[]>;
    models?: Models;
    now?: () => string;
    ledger?: Dialect;
    modelTimeoutMs?: number;
    validators?: RuntimeOverrides["validators"];
  } = {},
): Promise<StoreRuntime> {
  const { plans } = options;
  const runtime = await createRuntime(
    { home: options.home ?? tempDir() },
    {
      ...(options.actions ? { actions: options.actions } : {}),
      // Most tests are about transactions; those about plans say so.
      policy: options.policy ?? { planReview: "never" },
      ...(options.models ? { models: options.models } : {}),
      ...(options.ledger ? { ledger: options.ledger } : {}),
      ...(options.now ? { now: options.now } : {}),
      ...(options.modelTimeoutMs ? { modelTimeoutMs: options.modelTimeoutMs } : {}),
      ...(options.validators ? { validators: options.validators } : {}),
      ...(plans ? { matchRequest: (request: string) => planFor(request, plans) } : {}),
    },
  );
  onTestFinished(() => runtime.close());
  return runtime;
}

export function planFor(request: string, plans: Record<string, PlannedStep[]>) {
  const steps = plans[request];
  if (!steps) return { kind: "not_understood" as const, problem: `"${request}" was not understood.` };
  const plan = PlanSchema.parse({
    goal: request,
    source: { kind: "playbook", name: "test" },
    steps: steps.map((step) => ({ title: `Step ${step.id}`, action: "note", args: { text: step.id }, ...step })),
  });
  return { kind: "plan" as const, playbook: "test", plan };
}

export const approveAll = (question: { proposalId: string; actions: { step: string }[] }) => ({
  proposalId: question.proposalId,
  decisions: question.actions.map(({ step }) => ({ type: "approve" as const, step })),
});

export const rejectAll = (question: { proposalId: string; actions: { step: string }[] }, message = "no") => ({
  proposalId: question.proposalId,
  decisions: question.actions.map(({ step }) => ({ type: "reject" as const, step, message })),
});
