import { z } from "zod";
import { PlanSchema } from "../../src/domain/plan.ts";
import { createRuntime, type StoreRuntime } from "../../src/runtime.ts";
import { defineAction } from "../../src/tools/action.ts";

/** How many reads stand side by side, and one that waits for them all. */
export const READS = 40;

/** A runtime with one plan: many reads at once of a receiver over HTTP, and then one more. */
export async function openReadsRuntime(home: string, url: string): Promise<StoreRuntime> {
  const read = defineAction({
    ...{ kind: "read", name: "fetch_page", version: 1, title: "Fetch a page", description: "Fetches a page." },
    input: z.strictObject({ page: z.string() }),
    output: z.object({ text: z.string() }),
    run: async ({ page }, { signal }) => {
      const response = await fetch(`${url}${page}`, { signal });
      return { text: await response.text() };
    },
    summarize: ({ page }) => `Read ${page}.`,
  });
  const ids = Array.from({ length: READS }, (_, n) => `p${n}`);
  const step = (id: string, dependsOn: string[] = []) => ({
    ...{ id, title: `Fetch ${id}`, action: "fetch_page", args: { page: id }, dependsOn },
  });
  const steps = [...ids.map((id) => step(id)), step("last", ids)];
  const plan = PlanSchema.parse({ goal: "Every page is read.", source: { kind: "playbook", name: "reads" }, steps });
  return await createRuntime(
    { home },
    {
      actions: [read],
      concurrency: READS,
      policy: { planReview: "never" },
      matchRequest: () => ({ kind: "plan", playbook: "reads", plan }),
    },
  );
}
