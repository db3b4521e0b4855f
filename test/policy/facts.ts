import type { RuleFacts } from "../../src/policy/rule-facts.ts";

/** The facts of a sale of two pieces, as alice of acme asked for it. */
export function defaultFacts(): RuleFacts {
  const change = { table: "products", key: "SG001", before: { stock: 23 }, after: { stock: 21 } };
  return {
    action: {
      ...{ name: "sell", version: 1, title: "Sell 2 Aviators", step: "s1", reversibility: "reversible" },
      args: { item: "SG001", quantity: 2, customer: null },
    },
    impact: {
      level: "medium",
      rank: 1,
      resources: ["products/SG001"],
      reversible: true,
      durationMs: 1000,
      amount: 500,
      outside: ["a@example.org"],
    },
    changes: [change],
    rows: 1,
    run: { id: "run_1", request: "Buy 2 Aviators", requester: "alice" },
    tenant: "acme",
    transaction: { size: 1, actions: ["sell"] },
    edited: false,
  };
}
