import { describe, expect, test } from "vitest";
import type { Change } from "../../../src/domain/proposal.ts";
import { contextOf, isBalanceCarried, NOW, newStore, rowsOf, startScript, stockOf } from "./support.ts";

describe("sell", () => {
  test("preparing binds the id and today's price", async () => {
    const { sell } = newStore();
    const args = sell.input.parse({ item: " wayfarers ", quantity: 3, customer: "  Alice " });
    expect(await sell.prepare?.(args, contextOf())).toEqual({
      item: "SG002",
      quantity: 3,
      customer: "Alice",
      unitPrice: 95,
    });
  });

  test("what is previewed is what happens", async () => {
    const { store, sell } = newStore();
    const args = { item: "SG002", quantity: 3, customer: "Alice", unitPrice: 95 };
    const preview = await sell.preview(args, contextOf());
    expect(stockOf(store, "SG002")).toBe(6);
    const { output, changes } = await sell.run(args, contextOf());
    expect(changes).toEqual(preview);
    expect(changes[1]).toEqual({
      table: "transactions",
      key: "TXN002",
      before: null,
      after: {
        transaction_id: "TXN002",
        customer_name: "Alice",
        summary: "Sold 3 × Wayfarer (SG002)",
        amount: "$285.00",
        balance_after: "$785.00",
        time: NOW,
      },
    });
    expect(rowsOf(store, "inventory")[1]).toEqual(changes[0]?.after);
    expect(rowsOf(store, "transactions")[1]).toEqual(changes[1]?.after);
    expect(sell.summarize(args, output)).toBe("Sold 3 × Wayfarer (SG002) to Alice for $285.00; 3 left in stock.");
  });

  test("a later sale of the same proposal is previewed on top of the earlier ones", async () => {
    const { sell, takeBack } = newStore();
    const staged: Change[] = [];
    staged.push(...(await sell.preview({ item: "SG002", quantity: 4 }, contextOf("a", staged))));
    staged.push(...(await takeBack.preview({ item: "SG001", quantity: 1 }, contextOf("b", staged))));
    const last = await sell.preview({ item: "SG002", quantity: 2 }, contextOf("c", staged));
    expect(last[0]?.before).toMatchObject({ quantity_in_stock: 2 });
    expect(last[0]?.after).toMatchObject({ quantity_in_stock: 0 });
    expect(last[1]).toMatchObject({ key: "TXN004", after: { amount: "$190.00", balance_after: "$990.00" } });
    await expect(sell.preview({ item: "SG002", quantity: 3 }, contextOf("c", staged))).rejects.toMatchObject({
      status: "insufficient_stock",
      message: "Not enough Wayfarer (SG002) in stock: asked for 3, available 2.",
    });
  });

  test("changes that other packs staged do not matter", async () => {
    const { sell } = newStore();
    const foreign: Change = { table: "tasks", key: "SG001", before: null, after: { quantity_in_stock: 0 } };
    const changes = await sell.preview({ item: "SG001", quantity: 23 }, contextOf("a", [foreign]));
    expect(changes[0]?.after).toMatchObject({ quantity_in_stock: 0 });
  });

  test("too little stock changes nothing at all", async () => {
    const { store, sell } = newStore();
    const before = store.snapshot();
    await expect(sell.run({ item: "SG003", quantity: 4 }, contextOf())).rejects.toMatchObject({
      code: "action_failed",
      status: "insufficient_stock",
      message: "Not enough Mystique (SG003) in stock: asked for 4, available 3.",
    });
    expect(store.snapshot()).toEqual(before);
    expect(await sell.lookup?.("key-1", contextOf())).toBeUndefined();
  });

  test("a repeated key has one effect and gives the recorded result", async () => {
    const { store, sell } = newStore();
    const args = { item: "SG001", quantity: 2 };
    const first = await sell.run(args, contextOf("same"));
    const after = store.snapshot();
    expect(await sell.run(args, contextOf("same"))).toEqual(first);
    expect(await sell.lookup?.("same", contextOf())).toEqual(first);
    expect(store.snapshot()).toEqual(after);
  });

  test("a key that stands for another call is refused", async () => {
    const { store, sell, takeBack } = newStore();
    await sell.run({ item: "SG001", quantity: 2 }, contextOf("same"));
    const after = store.snapshot();
    await expect(sell.run({ item: "SG001", quantity: 3 }, contextOf("same"))).rejects.toThrow("another sell");
    await expect(takeBack.run({ item: "SG001", quantity: 2 }, contextOf("same"))).rejects.toThrow("another sell");
    expect(await takeBack.lookup?.("same", contextOf())).toBeUndefined();
    expect(store.snapshot()).toEqual(after);
  });

  test("a price that changed since it was prepared is refused", async () => {
    const { store, sell } = newStore();
    const args = (await sell.prepare?.({ item: "Moon", quantity: 1 }, contextOf())) ?? { item: "", quantity: 1 };
    store.db.prepare("update inventory set price_cents = 12950 where item_id = 'SG006'").run();
    const before = store.snapshot();
    for (const attempt of [sell.run, sell.preview]) {
      await expect(attempt(args, contextOf())).rejects.toMatchObject({
        status: "invalid_request",
        message: "The price of Moon (SG006) is $129.50, not $120.00.",
      });
    }
    await expect(sell.prepare?.({ item: "Moon", quantity: 1, unitPrice: 75 }, contextOf())).rejects.toThrow(
      "is $129.50, not $75.00",
    );
    expect(store.snapshot()).toEqual(before);
  });

  test("a total too large to be kept exactly is refused, and nothing happens", async () => {
    const { store, sell } = newStore();
    store.db.prepare("update inventory set price_cents = 900000000000000 where item_id = 'SG001'").run();
    const before = store.snapshot();
    await expect(sell.run({ item: "SG001", quantity: 11 }, contextOf())).rejects.toMatchObject({
      status: "invalid_request",
      message: expect.stringContaining("too large to be kept exactly"),
    });
    expect(store.snapshot()).toEqual(before);
  });

  test("a product that is not there is named together with those that are", async () => {
    const { sell } = newStore();
    for (const item of ["Clubmaster", "Aviator or Moon", "SG00", "round"]) {
      await expect(sell.prepare?.({ item, quantity: 1 }, contextOf())).rejects.toMatchObject({
        status: "no_match",
        message: expect.stringContaining(`"${item}". The store has: Aviator (SG001), Wayfarer (SG002)`),
      });
    }
  });

  test.each([
    [{ item: "SG001", quantity: 0 }, "quantity must be a whole number of at least 1"],
    [{ item: "SG001", quantity: 2.5 }, "quantity must be a whole number of at least 1"],
    [{ item: "SG001", quantity: "2" }, "quantity must be a whole number of at least 1"],
    [{ item: "SG001" }, "quantity must be a whole number of at least 1"],
    [{ item: "SG001", quantity: 1_000_001 }, "quantity must be at most 1,000,000"],
    [{ item: " ", quantity: 1 }, "item must be one line of 1 to 100 characters"],
    [{ item: "SG001", quantity: 1, customer: "Bob\nEve" }, "customer must be one line of 1 to 100 characters"],
    [{ item: "SG001", quantity: 1, unitPrice: 0.1 + 0.2 }, "unitPrice must be a number of dollars"],
    [{ item: "SG001", quantity: 1, discount: 5 }, "discount"],
  ])("the arguments %j are refused because %s", (args, message) => {
    expect(newStore().sell.input.safeParse(args).error?.issues[0]?.message).toContain(message);
  });

  test.each([
    [{ item: "SG001", quantity: 1 }, "low"],
    [{ item: "SG001", quantity: 2 }, "medium"],
    [{ item: "SG001", quantity: 13 }, "high"],
    [{ item: "SG001", quantity: 130 }, "critical"],
  ] as const)("selling %j has an impact that is %s", async (args, level) => {
    const { sell, adjust } = newStore();
    await adjust.run({ item: "SG001", quantity: 1_000 }, contextOf("stock"));
    expect(sell.impact?.(args, await sell.preview(args, contextOf()))).toMatchObject({
      level,
      resources: ["inventory/SG001", "transactions/TXN002", "balance/of the store"],
      reversible: true,
    });
  });

  test("processes that sell at the same time never oversell and keep the balance carried", async () => {
    const { store, path, adjust } = newStore();
    await adjust.run({ item: "SG001", quantity: 120 }, contextOf("stock"));
    const scripts = ["a", "b"].map((prefix) => startScript("sell-script.ts", [path, prefix]));
    await Promise.all(scripts.map(({ ready }) => ready));
    for (const { go } of scripts) go();
    const sold = (await Promise.all(scripts.map(({ result }) => result))) as number[];
    expect(sold[0]).toBeGreaterThan(0);
    expect(sold[1]).toBeGreaterThan(0);
    expect((sold[0] ?? 0) + (sold[1] ?? 0)).toBe(120);
    expect(stockOf(store, "SG001")).toBe(0);
    expect(rowsOf(store, "transactions")).toHaveLength(121);
    expect(rowsOf(store, "transactions").at(-1)?.balance_after).toBe("$10,100.00");
    expect(isBalanceCarried(store)).toBe(true);
  }, 60_000);
});

describe("take_back", () => {
  test("goods come back into stock and their price is refunded", async () => {
    const { store, takeBack } = newStore();
    const args = { item: "SG001", quantity: 2 };
    const { output, changes } = await takeBack.run(args, contextOf());
    expect(changes.map(({ key }) => key)).toEqual(["SG001", "TXN002", "of the store"]);
    expect(stockOf(store, "SG001")).toBe(25);
    expect(rowsOf(store, "transactions").at(-1)).toMatchObject({ amount: "-$160.00", balance_after: "$340.00" });
    expect(takeBack.output.parse(output)).toEqual(output);
    expect(takeBack.summarize(args, output)).toBe("Took back 2 × Aviator (SG001); $160.00 refunded; 25 in stock now.");
  });

  test("a refund that exceeds the balance is refused, also when staged refunds have used it up", async () => {
    const { store, takeBack } = newStore();
    const before = store.snapshot();
    await expect(takeBack.run({ item: "SG001", quantity: 7 }, contextOf())).rejects.toMatchObject({
      status: "invalid_request",
      message: "The refund of $560.00 is more than the balance of $500.00.",
    });
    const staged = await takeBack.preview({ item: "SG001", quantity: 6 }, contextOf());
    await expect(takeBack.preview({ item: "SG001", quantity: 1 }, contextOf("b", staged))).rejects.toThrow(
      "The refund of $80.00 is more than the balance of $20.00.",
    );
    expect(store.snapshot()).toEqual(before);
  });
});
