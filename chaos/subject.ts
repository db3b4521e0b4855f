/** What is put to the test: two or three sends in one transaction, asked for and approved. */

import { PlanSchema } from "../src/domain/plan.ts";
import type { PlaybookResult } from "../src/planning/playbooks/match.ts";
import { createRuntime, type Runtime } from "../src/runtime.ts";
import { createSend, type KillByReceiver, look } from "./action.ts";
import type { Point } from "./points.ts";
import type { Kind } from "./receiver.ts";

export interface Subject {
  readonly kind: Kind;
  readonly url: string;
  readonly home: string;
  readonly scenario: Point["scenario"];
  /** Tells this run's texts from all others. */
  readonly id: string;
}

export const caller = { identity: { tenant: "chaos", principal: "operator" } };
export const threadId = "t";

export const textsOf = ({ id, scenario }: Pick<Subject, "id" | "scenario">): string[] => {
  if (scenario === "doubts") return [`${id}-a`, `${id}-half`];
  return [`${id}-a`, `${id}-b`, ...(scenario === "fails" ? [`${id}-refuse`] : [])];
};
export const requestOf = ({ id }: Pick<Subject, "id">): string => `Send ${id}.`;

export async function openSubject(subject: Subject, kill?: KillByReceiver): Promise<Runtime> {
  const steps = textsOf(subject).map((text, index) => ({
    ...{ id: `s${index + 1}`, title: `Send ${text}`, action: "send", args: { text } },
  }));
  const plan = PlanSchema.parse({ goal: "Sent.", source: { kind: "playbook", name: "chaos" }, steps });
  const matchRequest = (): PlaybookResult => ({ kind: "plan", playbook: "chaos", plan });
  const actions = [createSend(subject.kind, subject.url, kill), look];
  // What is put to the test are transactions.
  const parts = { actions, policy: { planReview: "never" } } as const;
  const isByModel = subject.scenario === "replans" || subject.scenario === "programs";
  if (!isByModel) return await createRuntime({ home: subject.home }, { ...parts, matchRequest });
  const names = { planner: "chaos", reviewer: "chaos", reflector: "chaos" };
  const models = { apiKey: "chaos", baseUrl: `${subject.url}v1`, timeoutMs: 30_000, ...names };
  const { createModels } = await import("../src/models/roles.ts"); // only here: its client takes long to load
  const { planner, reflector } = createModels(models);
  const planningMode = subject.scenario === "programs" ? "program" : "auto";
  return await createRuntime(
    { home: subject.home, models, planning: "model", planningMode },
    { ...parts, models: { ...(planner ? { planner } : {}), ...(reflector ? { reflector } : {}) } },
  );
}
