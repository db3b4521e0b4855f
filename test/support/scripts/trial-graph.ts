/**
 * A graph for the Agent Server that writes lines into a notebook, in the folder `trial` of HOLDPOINT_HOME. The request
 * is the plan: `write p q` in one stage, `write p then q` in two, `write slowly p`, `count`, `count slowly`. What is
 * slow makes a file `begun`, and goes on once there is a file `end`.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Plan, PlanSchema } from "../../../src/domain/plan.ts";
import { createRuntime } from "../../../src/runtime.ts";
import type { AnyRead, AnyWrite } from "../../../src/tools/action.ts";
import { createNotebook } from "../notebook.ts";

const home = join(process.env.HOLDPOINT_HOME ?? "", "trial");
mkdirSync(home, { recursive: true });

async function gate(): Promise<void> {
  writeFileSync(join(home, "begun"), "");
  while (!existsSync(join(home, "end"))) await sleep(20);
}

const [note, count] = createNotebook(home).actions as [AnyWrite, AnyRead];
const slowNote: AnyWrite = {
  ...note,
  name: "slow_note",
  run: async (args, context) => {
    await gate();
    return await note.run(args, context);
  },
};
const slowCount: AnyRead = {
  ...count,
  name: "slow_count",
  run: async (args, context) => {
    await gate();
    return await count.run(args, context);
  },
};

const step = (id: string, action: string, args: object, dependsOn: string[] = []) => ({
  id,
  title: `Step ${id}`,
  action,
  args,
  dependsOn,
});

function planFor(request: string): Plan {
  const slow = request.includes(" slowly");
  const [verb, ...words] = request.replace(" slowly", "").split(" ");
  const stages = words
    .join(" ")
    .split(" then ")
    .map((texts) => texts.split(" "));
  const writes = stages.flatMap((texts, index) => {
    const before = index > 0 ? [step(`stage-${index}`, "count_notes", {}, stages[index - 1])] : [];
    const after = before.map((read) => read.id);
    return [...before, ...texts.map((text) => step(text, slow ? "slow_note" : "note", { text }, after))];
  });
  const steps = verb === "count" ? [step("count", slow ? "slow_count" : "count_notes", {})] : writes;
  return PlanSchema.parse({ goal: request, source: { kind: "playbook", name: "trial" }, steps });
}

const runtime = await createRuntime(
  { home },
  {
    actions: [note, count, slowNote, slowCount],
    policy: { planReview: "never" }, // it is about transactions
    matchRequest: (request) => ({ kind: "plan", playbook: "trial", plan: planFor(request) }),
  },
);
process.once("exit", () => void runtime.close());

export const graph = runtime.graph;
