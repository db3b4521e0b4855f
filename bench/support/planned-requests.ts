/**
 * Requests that a list of steps and a program can both meet, with what a model that plans well says to each of them.
 *
 * Steps: what is named is one plan. What has to be filtered or computed first is a plan that reads, and a step `expand`
 * that is planned once the read is done; for the same end that takes fewest calls, since no read finds the cheapest one,
 * or what is few in stock. Program: one program that is taken at once. Auto: whichever takes fewer calls, so steps for
 * what is named, and for the others the word that it is left to a program, and the program.
 */

import type { PlanningMode } from "../../src/domain/plan.ts";
import { json, type Reply } from "../../test/support/openai/reply.ts";

export interface PlannedRequest {
  readonly request: string;
  /** What the planner says, in turn. */
  readonly planner: Readonly<Record<PlanningMode, readonly Reply[]>>;
  /** Whether the steps are several, so that a reflection is asked for after them. */
  readonly reflects: boolean;
}

interface Said {
  readonly id: string;
  readonly title: string;
  readonly action: string;
  readonly args: object;
  readonly dependsOn?: readonly string[];
}

const plan = (goal: string, ...steps: readonly Said[]): Reply =>
  json({ outcome: "plan", message: "", goal, steps: steps.map((step) => ({ dependsOn: [], ...step })) });

const program = (goal: string, code: string): Reply => json({ goal, code: code.trim() });

const LEFT = json({ outcome: "program", message: "The products have to be compared first.", goal: "", steps: [] });

/** What is named in the request: auto takes the steps. */
const named = (request: string, steps: Reply, code: Reply, reflects = false): PlannedRequest => ({
  ...{ request, reflects },
  planner: { steps: [steps], program: [code], auto: [steps] },
});

/** What has to be found out of what is read. */
const computed = (request: string, steps: readonly Reply[], code: Reply): PlannedRequest => ({
  ...{ request, reflects: true },
  planner: { steps, program: [code], auto: [LEFT, code] },
});

const sale = (id: string, item: string, { quantity = 1, ...more }: { quantity?: number; customer?: string } = {}) => ({
  ...{ id, title: `Sell ${quantity} ${item}`, action: "sell", args: { item, quantity, ...more } },
});

const READ_ALL = { id: "all", title: "Find what there is", action: "find_products" };

const expand = (goal: string): Said => ({
  ...{ id: "rest", title: goal, action: "expand", args: { goal }, dependsOn: ["all"] },
});

export const REQUESTS: readonly PlannedRequest[] = [
  named(
    "Do you have any round sunglasses in stock that are under $100?",
    plan("It is known whether there are round sunglasses under $100.", {
      ...{ id: "s1", title: "Find round sunglasses under $100", action: "find_products" },
      args: { text: "round", inStock: true, priceBelow: 100 },
    }),
    program(
      "It is known whether there are round sunglasses under $100.",
      `
const { products } = await find_products({ text: "round", inStock: true, priceBelow: 100 });
if (products.length === 0) return { status: "no_match", answer: "No." };
const list = products.map(({ name, price }) => name + ", $" + price.toFixed(2)).join("; ");
return { status: "success", answer: "Yes: " + list + "." };`,
    ),
  ),
  named(
    "Purchase 3 Wayfarer sunglasses for customer Alice.",
    plan("Alice has 3 Wayfarer.", sale("s1", "Wayfarer", { quantity: 3, customer: "Alice" })),
    program(
      "Alice has 3 Wayfarer.",
      `
const { changes } = await sell({ item: "Wayfarer", quantity: 3, customer: "Alice" });
const row = changes.find(({ table }) => table === "transactions").after;
return { status: "success", answer: "Alice buys 3 Wayfarer for " + row.amount + "." };`,
    ),
  ),
  named(
    "I want to buy 3 pairs of classic and 1 pair of aviator.",
    plan("3 Classic and 1 Aviator are sold.", sale("s1", "Classic", { quantity: 3 }), sale("s2", "Aviator")),
    program(
      "3 Classic and 1 Aviator are sold.",
      `
let total = 0;
for (const [item, quantity] of [["Classic", 3], ["Aviator", 1]]) {
  const { products } = await find_products({ text: item });
  await sell({ item: products[0].id, quantity });
  total += products[0].price * quantity;
}
return { status: "success", answer: "You buy 3 Classic and 1 Aviator for $" + total + "." };`,
    ),
    true,
  ),
  computed(
    "One of the cheapest, please.",
    [
      plan(
        "One of the cheapest is sold.",
        { ...READ_ALL, args: { inStock: true } },
        expand("Sell one of the cheapest product found."),
      ),
      plan("One of the cheapest is sold.", sale("s1", "SG005")),
    ],
    program(
      "One of the cheapest is sold.",
      `
const { products } = await find_products({ inStock: true });
const [cheapest] = products.sort((one, other) => one.price - other.price);
console.log("cheapest of", products.length, "is", cheapest.id);
await sell({ item: cheapest.id, quantity: 1 });
return { status: "success", answer: "You buy one " + cheapest.name + " for $" + cheapest.price + "." };`,
    ),
  ),
  computed(
    "Bring everything under five in stock up to five.",
    [
      plan(
        "Of each product there are at least five.",
        { ...READ_ALL, args: {} },
        expand("Bring each product found with a quantity under 5 up to 5."),
      ),
      plan("Of each product there are at least five.", {
        ...{ id: "s1", title: "Bring Mystique up to 5", action: "adjust_stock" },
        args: { item: "SG003", quantity: 5 },
      }),
    ],
    program(
      "Of each product there are at least five.",
      `
const { products } = await find_products({});
const few = products.filter(({ quantity }) => quantity < 5);
for (const { id } of few) await adjust_stock({ item: id, quantity: 5 });
return { status: "success", answer: "Topped up: " + few.map(({ name }) => name).join(", ") + "." };`,
    ),
  ),
];
