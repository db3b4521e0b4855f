/**
 * Requests to the store as programs that a model writes: what is said, what is staged, and what is there afterwards.
 * Rows C1 to C4 and C7.
 */
import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/domain/answer.ts";
import type { StoreRuntime } from "../../src/runtime.ts";
import { snapshotOf } from "../../src/tools/store/views.ts";
import { playOpenAI } from "../support/openai-server.ts";
import { approve, ask, openPrograms, program, programmer } from "../support/programs.ts";

interface Scenario {
  request: string;
  code: string;
  status: Answer["status"];
  answer: string;
  /** Stock that is another one afterwards, by item; nothing is asked where none is. */
  stock?: Record<string, number>;
  /** Rows that are added to the transactions, after TXN001 with its 500.00. */
  rows?: { summary: string; customer?: string; amount: string; balance: string }[];
  /** A line of the answer's details. */
  detail?: RegExp;
}

const FIND_BY_NAME = `
const { products } = await find_products({});
const named = (name) => products.find((product) => product.name === name);`;

const SCENARIOS: Scenario[] = [
  {
    request: "Do you have any round sunglasses in stock that are under $100?",
    code: `
const { products } = await find_products({ text: "round", inStock: true, priceBelow: 100 });
if (products.length === 0) return { status: "no_match", answer: "No." };
const list = products.map(({ name, price }) => name + ", $" + price.toFixed(2)).join("; ");
return { status: "success", answer: "Yes: " + list + ".", rows: products.map(({ id, name, price }) => ({ id, name, price })) };`,
    status: "success",
    answer: "Yes: Classic, $60.00.",
    detail: /^SG005\s+Classic\s+60$/,
  },
  {
    request: "Return 2 Aviator sunglasses I bought last week.",
    code: `${FIND_BY_NAME}
const item = named("Aviator");
await take_back({ item: item.id, quantity: 2 });
return { status: "success", answer: "2 Aviators are taken back, and $" + 2 * item.price + " is refunded." };`,
    status: "success",
    answer: "2 Aviators are taken back, and $160 is refunded.",
    stock: { SG001: 25 },
    rows: [{ summary: "Took back 2 × Aviator (SG001)", amount: "-$160.00", balance: "$340.00" }],
  },
  {
    request: "Purchase 3 Wayfarer sunglasses for customer Alice.",
    code: `
const { changes } = await sell({ item: "Wayfarer", quantity: 3, customer: "Alice" });
const row = changes.find(({ table }) => table === "transactions").after;
return { status: "success", answer: "Alice buys 3 Wayfarer for " + row.amount + "." };`,
    status: "success",
    answer: "Alice buys 3 Wayfarer for $285.00.",
    stock: { SG002: 3 },
    rows: [{ summary: "Sold 3 × Wayfarer (SG002)", customer: "Alice", amount: "$285.00", balance: "$785.00" }],
  },
  {
    request: "I want to buy 3 pairs of classic sunglasses and 1 pair of aviator sunglasses.",
    code: `${FIND_BY_NAME}
let total = 0;
for (const [name, quantity] of [["Classic", 3], ["Aviator", 1]]) {
  const item = named(name);
  console.log(name, "is", item.id);
  await sell({ item: item.id, quantity });
  total += item.price * quantity;
}
return { status: "success", answer: "You buy 3 Classic and 1 Aviator for $" + total + "." };`,
    status: "success",
    answer: "You buy 3 Classic and 1 Aviator for $260.",
    stock: { SG005: 7, SG001: 22 },
    rows: [
      { summary: "Sold 3 × Classic (SG005)", amount: "$180.00", balance: "$680.00" },
      { summary: "Sold 1 × Aviator (SG001)", amount: "$80.00", balance: "$760.00" },
    ],
  },
  {
    request: "I want a pair of red clown glasses.",
    code: `
const { products } = await find_products({ text: "clown" });
if (products.length > 0) throw new Error("not expected");
const all = (await find_products({ inStock: true })).products;
const [nearest] = all.sort((one, other) => one.price - other.price);
return { status: "no_match", answer: "There are no clown glasses; the nearest is " + nearest.name + " at $" + nearest.price + "." };`,
    status: "no_match",
    answer: "There are no clown glasses; the nearest is Classic at $60.",
  },
  {
    request: "Buy 8 Wayfarer.",
    code: `${FIND_BY_NAME}
const item = named("Wayfarer");
try {
  await sell({ item: item.id, quantity: 8 });
} catch (error) {
  if (error.status !== "insufficient_stock") throw error;
  return { status: "insufficient_stock", answer: "Of Wayfarer, " + item.quantity + " can be had." };
}
return { status: "success", answer: "You buy 8 Wayfarer." };`,
    status: "insufficient_stock",
    answer: "Of Wayfarer, 6 can be had.",
  },
  {
    request: "I would like some Moon sunglasses.",
    code: `
return { status: "invalid_request", answer: "How many Moon would you like?" };`,
    status: "invalid_request",
    answer: "How many Moon would you like?",
  },
  {
    request: "Engrave my name on a pair of Aviators.",
    code: `
return { status: "unsupported_intent", answer: "We cannot engrave; we can sell you the Aviator." };`,
    status: "unsupported_intent",
    answer: "We cannot engrave; we can sell you the Aviator.",
  },
  {
    request: "Buy 2 Classic, 2 Moon and 9 Mystique.",
    code: `${FIND_BY_NAME}
for (const [name, quantity] of [["Classic", 2], ["Moon", 2], ["Mystique", 9]]) {
  const item = named(name);
  try {
    await sell({ item: item.id, quantity });
  } catch (error) {
    return { status: error.status, answer: "Nothing is sold: of " + name + " only " + item.quantity + " can be had." };
  }
}
return { status: "success", answer: "All sold." };`,
    status: "insufficient_stock",
    answer: "Nothing is sold: of Mystique only 3 can be had.",
  },
  {
    request: "What do you have from $70 to $100?",
    code: `
const { products } = await find_products({ priceAtLeast: 70, priceAtMost: 100, inStock: true });
const rows = products.map(({ name, price }) => ({ name, price })).sort((one, other) => one.price - other.price);
return { status: "success", answer: "There are " + rows.length + " between $70 and $100.", rows };`,
    status: "success",
    answer: "There are 3 between $70 and $100.",
    detail: /^Wayfarer\s+95$/,
  },
  {
    request: "One of the cheapest, please.",
    code: `
const { products } = await find_products({ inStock: true });
const [cheapest] = products.sort((one, other) => one.price - other.price);
console.log("cheapest of", products.length, "is", cheapest.id);
await sell({ item: cheapest.id, quantity: 1 });
return { status: "success", answer: "You buy one " + cheapest.name + " for $" + cheapest.price + "." };`,
    status: "success",
    answer: "You buy one Classic for $60.",
    stock: { SG005: 9 },
    rows: [{ summary: "Sold 1 × Classic (SG005)", amount: "$60.00", balance: "$560.00" }],
  },
  {
    request: "I return 7 Titanic glasses.",
    code: `${FIND_BY_NAME}
const item = named("Titanic");
if (!item) return { status: "no_match", answer: "We never sold Titanic; which of ours do you return?" };
await take_back({ item: item.id, quantity: 7 });
return { status: "success", answer: "Taken back." };`,
    status: "no_match",
    answer: "We never sold Titanic; which of ours do you return?",
  },
  {
    request: "Return one Sport, and sell me two Moon for it.",
    code: `
await take_back({ item: "Sport", quantity: 1 });
await sell({ item: "Moon", quantity: 2 });
const { products } = await find_products({ text: "Moon" });
return { status: "success", answer: "One Sport is taken back and two Moon are sold; " + products[0].quantity + " Moon are left." };`,
    status: "success",
    answer: "One Sport is taken back and two Moon are sold; 8 Moon are left.",
    stock: { SG004: 12, SG006: 8 },
    rows: [
      { summary: "Took back 1 × Sport (SG004)", amount: "-$110.00", balance: "$390.00" },
      { summary: "Sold 2 × Moon (SG006)", amount: "$240.00", balance: "$630.00" },
    ],
  },
  {
    request: "Bring everything under five in stock up to five.",
    code: `
const { products } = await find_products({});
const few = products.filter(({ quantity }) => quantity < 5);
for (const { id } of few) await adjust_stock({ item: id, quantity: 5, reason: "topped up" });
return { status: "success", answer: few.length + " products are topped up: " + few.map(({ name }) => name).join(", ") + "." };`,
    status: "success",
    answer: "1 products are topped up: Mystique.",
    stock: { SG003: 5 },
  },
];

const STOCK = { SG001: 23, SG002: 6, SG003: 3, SG004: 11, SG005: 10, SG006: 10 };

/** What the store holds, as the scenarios say it. */
function stateOf(runtime: StoreRuntime) {
  const [inventory, transactions] = snapshotOf(runtime.store.db);
  return {
    stock: Object.fromEntries((inventory?.rows ?? []).map((row) => [row.item_id, row.quantity_in_stock])),
    rows: (transactions?.rows ?? []).slice(1).map(({ summary, customer_name, amount, balance_after }) => ({
      ...{ summary, customer: customer_name, amount, balance: balance_after },
    })),
  };
}

describe("a program does what is asked, and no more", () => {
  it.each(SCENARIOS)("$request", async ({ request, code, status, answer, stock, rows = [], detail }) => {
    const server = await playOpenAI(programmer(/<functions>/).answer(program(code)));
    const runtime = await openPrograms(server);
    const view = await ask(runtime, request);
    const untouched = { stock: STOCK, rows: [] };
    expect(stateOf(runtime)).toEqual(untouched);
    expect(view.question !== null).toBe(stock !== undefined);
    const { run } = stock ? await approve(runtime, view) : view;
    const text = status === "success" ? answer : `${answer} Nothing was changed.`;
    expect(run.answer).toMatchObject({ status, text });
    const added = rows.map(({ customer = null, ...row }) => ({ ...row, customer }));
    expect(stateOf(runtime)).toEqual({ stock: { ...STOCK, ...stock }, rows: added });
    if (detail) expect(run.answer?.details).toContainEqual(expect.stringMatching(detail));
    expect(server.calls).toHaveLength(1);
  });
});
