/** The task that is measured: 12 calls, 4 levels of 3, planned once; each level needs the one before it. */
import { z } from "zod";
import type { PlaybookPlan } from "../../src/index.ts";
import { type Action, defineAction } from "../../src/tools/action.ts";
import type { Receiver } from "./receiver.ts";

export const REQUEST = "Get a delivery quote for the latest orders of Alice, Bob and Carol.";
export const CUSTOMERS = ["Alice", "Bob", "Carol"];

/** The kinds of calls, one for each level, with what one of them is about. */
export const TOOLS = [
  { name: "find_customer", purpose: "Finds a customer by name.", needs: "name", about: "Find customer" },
  { name: "latest_order", purpose: "The latest order of a customer.", needs: "customer", about: "Latest order of" },
  { name: "check_stock", purpose: "Whether an order is in stock.", needs: "order", about: "Check stock for" },
  { name: "delivery_quote", purpose: "What delivering costs.", needs: "stock", about: "Quote delivery for" },
] as const;

const OutputSchema = z.object({ id: z.string(), text: z.string() });

/** The calls as actions that read. */
export function taskActions(receiver: Receiver, latencyMs: number): Action[] {
  return TOOLS.map(({ name, purpose, needs, about }) =>
    defineAction({
      kind: "read",
      name,
      version: 1,
      title: about,
      description: purpose,
      input: z.strictObject({ [needs]: z.string() }),
      output: OutputSchema,
      run: async (_args, { signal }) => await receiver.call(latencyMs, 1, signal),
      summarize: (_args, { id }) => `${about}: ${id}.`,
    }),
  ) as Action[];
}

/** The plan of the task, as a model answers it. */
export const STEPS: PlaybookPlan["steps"] = TOOLS.flatMap(({ name, needs, about }, level) =>
  CUSTOMERS.map((customer, place) => ({
    id: `s${level * 3 + place + 1}`,
    title: `${about} ${customer}`,
    action: name,
    args: { [needs]: level === 0 ? customer : { $ref: `s${(level - 1) * 3 + place + 1}.id` } },
    dependsOn: level === 0 ? [] : CUSTOMERS.map((_, other) => `s${(level - 1) * 3 + other + 1}`),
  })),
);

/** The calls with plain `fetch` and promises: nothing can be faster that waits for each level. */
export async function plainCalls(receiver: Receiver, latencyMs: number): Promise<void> {
  for (const _tool of TOOLS) await Promise.all(CUSTOMERS.map((_, n) => receiver.call(latencyMs, n)));
}
