import { describe, expect, test } from "vitest";
import { contextOf, newStore, rowsOf, stockOf } from "./support.ts";

describe("adjust_stock", () => {
  test("stock is set to a number without a transaction row", async () => {
    const { store, adjust } = newStore();
    const args = { item: "SG006", quantity: 15, reason: "delivery" };
    const preview = await adjust.preview(args, contextOf());
    const { output, changes } = await adjust.run(args, contextOf());
    expect(changes).toEqual(preview);
    expect(changes).toHaveLength(1);
    expect(stockOf(store, "SG006")).toBe(15);
    expect(rowsOf(store, "transactions")).toHaveLength(1);
    expect(adjust.summarize(args, adjust.output.parse(output))).toBe("Stock of Moon (SG006) is now 15 (was 10).");
  });

  test("stock is changed by a difference, on top of what is staged", async () => {
    const { sell, adjust } = newStore();
    const staged = await sell.preview({ item: "SG006", quantity: 4 }, contextOf());
    const changes = await adjust.preview({ item: "SG006", change: -6 }, contextOf("b", staged));
    expect(changes[0]?.after).toMatchObject({ quantity_in_stock: 0 });
    await expect(adjust.preview({ item: "SG006", change: -7 }, contextOf("b", staged))).rejects.toMatchObject({
      status: "insufficient_stock",
      message: "Not enough Moon (SG006) in stock: asked for 7, available 6.",
    });
  });

  test("preparing binds the id and leaves the rest", async () => {
    const { adjust } = newStore();
    expect(await adjust.prepare?.({ item: "moons", quantity: 15 }, contextOf())).toEqual({
      item: "SG006",
      quantity: 15,
    });
  });

  test("a stock that is right already needs no change", async () => {
    const { store, adjust } = newStore();
    const before = store.snapshot();
    const { changes } = await adjust.run({ item: "SG006", quantity: 10 }, contextOf());
    expect(changes).toEqual([]);
    expect(store.snapshot()).toEqual(before);
  });

  test("a repeated key has one effect", async () => {
    const { store, adjust } = newStore();
    const first = await adjust.run({ item: "SG006", change: 5 }, contextOf("same"));
    expect(await adjust.run({ item: "SG006", change: 5 }, contextOf("same"))).toEqual(first);
    expect(stockOf(store, "SG006")).toBe(15);
  });

  test.each([
    [{ item: "SG001" }, "give either change"],
    [{ item: "SG001", change: 1, quantity: 1 }, "give either change"],
    [{ item: "SG001", change: 0 }, "change must be a whole number other than 0"],
    [{ item: "SG001", change: 0.5 }, "change must be a whole number other than 0"],
    [{ item: "SG001", change: -1_000_001 }, "change must be between -1,000,000 and 1,000,000"],
    [{ item: "SG001", quantity: -1 }, "quantity must be a whole number of at least 0"],
  ])("the arguments %j are refused because %s", (args, message) => {
    expect(newStore().adjust.input.safeParse(args).error?.issues[0]?.message).toContain(message);
  });

  test.each([
    [10, "low"],
    [-11, "medium"],
    [100, "medium"],
    [101, "high"],
  ] as const)("a change by %i has an impact that is %s", async (change, level) => {
    const { adjust } = newStore();
    const args = { item: "SG001", change };
    const impact = adjust.impact?.(args, await adjust.preview(args, contextOf()));
    expect(impact).toMatchObject({ level, resources: ["inventory/SG001"], reversible: true });
  });
});
