import { describe, expect, test } from "vitest";
import { contextOf, isBalanceCarried, newStore, rowsOf, stockOf, undo } from "./support.ts";

describe("undo", () => {
  test("undoing the last effects in reverse restores every row exactly", async () => {
    const { store, sell, takeBack, adjust } = newStore();
    const before = store.snapshot();
    await sell.run({ item: "SG005", quantity: 3 }, contextOf("a"));
    await takeBack.run({ item: "SG001", quantity: 1 }, contextOf("b"));
    await adjust.run({ item: "SG006", quantity: 15 }, contextOf("c"));
    expect(await undo(adjust, "c")).toBe("Undone: stock of Moon (SG006) is 10 now (was 15).");
    expect(await undo(takeBack, "b")).toBe("Undone: stock of Aviator (SG001) is 23 now (was 24); TXN003 is removed.");
    expect(await undo(sell, "a")).toBe("Undone: stock of Classic (SG005) is 10 now (was 7); TXN002 is removed.");
    expect(store.snapshot()).toEqual(before);
  });

  test("undoing an effect whose balance later rows carry appends a reversal", async () => {
    const { store, sell } = newStore();
    await sell.run({ item: "SG005", quantity: 3, customer: "Bob" }, contextOf("a"));
    await sell.run({ item: "SG001", quantity: 1 }, contextOf("b"));
    const rows = rowsOf(store, "transactions");
    expect(await undo(sell, "a")).toContain("TXN004 reverses TXN002");
    expect(rowsOf(store, "transactions").slice(0, 3)).toEqual(rows);
    expect(rowsOf(store, "transactions")[3]).toMatchObject({
      transaction_id: "TXN004",
      customer_name: "Bob",
      summary: "Reversal of TXN002: Sold 3 × Classic (SG005)",
      amount: "-$180.00",
      balance_after: "$580.00",
    });
    expect(stockOf(store, "SG005")).toBe(10);
    expect(isBalanceCarried(store)).toBe(true);
  });

  test("an id that was undone is not used again, and the preview knows", async () => {
    const { sell } = newStore();
    await sell.run({ item: "SG005", quantity: 1 }, contextOf("a"));
    await undo(sell, "a");
    const args = { item: "SG005", quantity: 1 };
    const preview = await sell.preview(args, contextOf("b"));
    expect(preview[1]?.key).toBe("TXN003");
    expect((await sell.run(args, contextOf("b"))).output.transactionId).toBe("TXN003");
  });

  test("undoing what never happened says so, and a late run of it is refused", async () => {
    const { store, sell } = newStore();
    const before = store.snapshot();
    expect(await undo(sell, "never")).toBe("Nothing had happened, so there was nothing to undo.");
    expect(await undo(sell, "never")).toBe("Nothing had happened, so there was nothing to undo.");
    await expect(sell.run({ item: "SG005", quantity: 1 }, contextOf("never"))).rejects.toMatchObject({
      code: "action_failed",
      status: "failed",
    });
    expect(store.snapshot()).toEqual(before);
  });

  test("undoing twice undoes once", async () => {
    const { store, sell } = newStore();
    await sell.run({ item: "SG005", quantity: 1 }, contextOf("a"));
    await undo(sell, "a");
    const after = store.snapshot();
    expect(await undo(sell, "a")).toBe("It was undone already, at 2026-11-05T12:00:00.000Z.");
    expect(store.snapshot()).toEqual(after);
  });

  test("an undone key is never run again", async () => {
    const { store, sell, adjust } = newStore();
    await sell.run({ item: "SG005", quantity: 1 }, contextOf("a"));
    await adjust.run({ item: "SG005", change: 1 }, contextOf("b"));
    await undo(adjust, "b");
    await undo(sell, "a");
    const after = store.snapshot();
    await expect(sell.run({ item: "SG005", quantity: 1 }, contextOf("a"))).rejects.toMatchObject({ status: "failed" });
    await expect(adjust.run({ item: "SG005", change: 1 }, contextOf("b"))).rejects.toThrow("is not done again");
    expect(await sell.lookup?.("a", contextOf())).toBeUndefined();
    expect(store.snapshot()).toEqual(after);
  });

  test("goods that were sold on cannot leave the stock again, and nothing is undone", async () => {
    const { store, sell, takeBack, adjust } = newStore();
    await takeBack.run({ item: "SG003", quantity: 2 }, contextOf("a"));
    await adjust.run({ item: "SG002", change: 4 }, contextOf("b"));
    await sell.run({ item: "SG003", quantity: 4 }, contextOf("c"));
    await sell.run({ item: "SG002", quantity: 10 }, contextOf("d"));
    const before = store.snapshot();
    await expect(undo(takeBack, "a")).rejects.toMatchObject({
      status: "insufficient_stock",
      message: "Cannot undo: Mystique (SG003) would have to lose 2 in stock again, available 1.",
    });
    await expect(undo(adjust, "b")).rejects.toMatchObject({ status: "insufficient_stock" });
    expect(store.snapshot()).toEqual(before);
    await undo(sell, "c");
    expect(await undo(takeBack, "a")).toContain("reverses TXN002");
  });

  test("a sale whose money was paid out since cannot be undone, and nothing is undone", async () => {
    const { store, sell, takeBack } = newStore();
    await sell.run({ item: "SG001", quantity: 2 }, contextOf("a"));
    await takeBack.run({ item: "SG001", quantity: 8 }, contextOf("b"));
    const before = store.snapshot();
    await expect(undo(sell, "a")).rejects.toMatchObject({
      status: "invalid_request",
      message: "Cannot undo: paying back $160.00 is more than the balance of $20.00.",
    });
    expect(store.snapshot()).toEqual(before);
  });

  test("stock that changed meanwhile keeps its other changes", async () => {
    const { store, sell, adjust } = newStore();
    await adjust.run({ item: "SG006", quantity: 15 }, contextOf("a"));
    await sell.run({ item: "SG006", quantity: 2 }, contextOf("b"));
    await undo(adjust, "a");
    expect(stockOf(store, "SG006")).toBe(8);
  });
});
