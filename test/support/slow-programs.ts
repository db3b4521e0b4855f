/** A runtime whose planner writes programs that read slowly, to be cut off in the middle of one. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { createRuntime, type StoreRuntime } from "../../src/runtime.ts";
import { defineAction } from "../../src/tools/action.ts";
import { createNotebook } from "./notebook.ts";
import { clientOf } from "./openai/client.ts";

const callsIn = (home: string) => join(home, "calls");

/** The numbers that were weighed so far, in order: one line for each call, whoever made it. */
export const weighed = (home: string): number[] =>
  existsSync(callsIn(home)) ? readFileSync(callsIn(home), "utf8").trim().split("\n").map(Number) : [];

const sampledIn = (home: string) => join(home, "sampled");

/** How often a model was shown what `list_scales` answers, as far as it was called for that. */
export const sampled = (home: string): number =>
  existsSync(sampledIn(home)) ? readFileSync(sampledIn(home), "utf8").length : 0;

/** From now on nothing is slow. */
export const letGo = (home: string): void => writeFileSync(join(home, "go"), "");

/** Five reads, two of them at once, and two writes that hold what was read, and the time that the program sees. */
export const SLOW_CODE = `
const one = await weigh({ n: 1 });
const two = await weigh({ n: 2 });
const more = await Promise.all([weigh({ n: 3 }), weigh({ n: 4 })]);
const last = await weigh({ n: 5 });
const calls = [one, two, ...more, last].map(({ call }) => call);
const grams = [one, two, ...more, last].reduce((sum, { grams }) => sum + grams, 0);
console.log("all of it is", grams);
await note({ text: grams + " grams at " + new Date().toISOString() });
await note({ text: "calls " + calls.join(" ") });
return { status: "success", answer: "It is " + grams + " grams." };`.trim();

/**
 * `weigh` gives another `call` each time that it is called, and waits until {@link letGo}; but the weighing of 1 is done
 * at once.
 */
export async function openSlowPrograms(home: string, model: { url: string; apiKey: string }): Promise<StoreRuntime> {
  const weigh = defineAction({
    ...{ kind: "read", name: "weigh", version: 1, title: "Weigh", description: "Weighs a number." },
    input: z.strictObject({ n: z.number() }),
    output: z.object({ grams: z.number(), call: z.number() }),
    run: async ({ n }, { signal }) => {
      appendFileSync(callsIn(home), `${n}\n`);
      const call = weighed(home).length;
      while (n > 1 && !existsSync(join(home, "go"))) await sleep(10, undefined, { signal });
      return { grams: n * 100, call };
    },
    summarize: ({ n }, { grams }) => `${n} weighs ${grams} grams.`,
  });
  const scales = defineAction({
    ...{ kind: "read", name: "list_scales", version: 1, title: "List scales", description: "Lists the scales." },
    ...{ input: z.strictObject({}), output: z.object({ scales: z.array(z.string()) }), sample: {} },
    run: async () => {
      appendFileSync(sampledIn(home), ".");
      return { scales: ["the old one"] };
    },
    summarize: () => "There is one.",
  });
  return await createRuntime(
    { home, planning: "model", planningMode: "program" },
    {
      actions: [weigh, scales, ...createNotebook(home).actions],
      policy: { planReview: "never" },
      models: { planner: clientOf(model as never) },
    },
  );
}
