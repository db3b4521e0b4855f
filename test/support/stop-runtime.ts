import { PlanSchema } from "../../src/domain/plan.ts";
import { createRuntime, type StoreRuntime } from "../../src/runtime.ts";
import type { Action, AnyRead, AnyWrite } from "../../src/tools/action.ts";
import { createNotebook } from "./notebook.ts";

const step = (id: string, action: string, args: object, dependsOn: string[] = []) => ({
  ...{ id, title: id, action, args, dependsOn },
});
const PLANS = {
  read: [step("slow", "slow_count", {}), step("next", "count_notes", {}, ["slow"])],
  write: [step("a", "slow_note", { text: "a" }), step("b", "note", { text: "b" })],
};

/** A runtime whose slow actions wait at a gate. */
export async function openStopRuntime(home: string, gate: () => Promise<void>): Promise<StoreRuntime> {
  const [note, count] = createNotebook(home).actions as [AnyWrite, AnyRead];
  const slow = <A extends Action>(action: A, name: string): A => ({
    ...action,
    name,
    run: async (...call: Parameters<A["run"]>) => {
      await gate();
      return await action.run(...(call as [never, never]));
    },
  });
  const actions = [note, count, slow(note, "slow_note"), slow(count, "slow_count")];
  const matchRequest = (request: string) => {
    const steps = PLANS[request as keyof typeof PLANS];
    const plan = PlanSchema.parse({ goal: request, source: { kind: "playbook", name: "stop" }, steps });
    return { kind: "plan" as const, playbook: "stop", plan };
  };
  return await createRuntime({ home }, { actions, matchRequest });
}
