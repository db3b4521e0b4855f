import { describe, expect, it } from "vitest";
import { newOperations } from "./support.ts";

const DELIVERY = {
  updates: [
    { item: "Aviator", change: 12 },
    { item: "SG005", quantity: 8 },
  ],
  reason: "delivery 4711",
};
const BOUND = { ...DELIVERY, updates: [{ item: "SG001", change: 12 }, DELIVERY.updates[1] ?? {}] };

describe("update_inventory", () => {
  it("changes several products together, each by a difference or to a count", async () => {
    const { write, stockOf } = newOperations();
    const update = write("update_inventory");
    const changes = await update.preview(DELIVERY);
    expect(changes.map(({ key, before, after }) => [key, before?.quantity_in_stock, after?.quantity_in_stock])).toEqual(
      [
        ["SG001", 23, 35],
        ["SG005", 10, 8],
      ],
    );
    const { output } = await update.run(BOUND);
    expect([stockOf("SG001"), stockOf("SG005")]).toEqual([35, 8]);
    expect(update.action.summarize(BOUND, output)).toBe(
      "Stock of Aviator (SG001) is now 35 (was 23), of Classic (SG005) is now 8 (was 10): delivery 4711.",
    );
  });

  it("changes nothing at all where one of them cannot be", async () => {
    const { write, stockOf } = newOperations();
    const updates = [
      { item: "SG001", change: 5 },
      { item: "SG003", change: -4 },
    ];
    const run = write("update_inventory").run({ updates, reason: "broken" });
    await expect(run).rejects.toThrow("Not enough Mystique (SG003) in stock: asked for 4, available 3.");
    expect(stockOf("SG001")).toBe(23);
  });

  it("counts two at once both, and a repeat once", async () => {
    const { write, home, stockOf } = newOperations();
    const other = newOperations({ home });
    await Promise.all([write("update_inventory").run(BOUND, "a"), other.write("update_inventory").run(BOUND, "b")]);
    await write("update_inventory").run(BOUND, "a");
    expect([stockOf("SG001"), stockOf("SG005")]).toEqual([47, 8]);
  });

  it("is taken back by its difference: what was sold since stays sold", async () => {
    const { write, stockOf } = newOperations();
    const update = write("update_inventory");
    const effect = await update.done(BOUND);
    await write("sell").run({ item: "SG001", quantity: 3 }, "sale");
    expect(await update.movedOn(effect)).toEqual(["Aviator (SG001) had 35 in stock after it, and has 32 now."]);
    expect(await update.undo(effect)).toBe(
      "Undone: stock of Aviator (SG001) is 20 now (was 32); stock of Classic (SG005) is 10 now (was 8).",
    );
    expect([stockOf("SG001"), stockOf("SG005")]).toEqual([20, 10]);
    expect(await update.undo(effect)).toMatch(/^It was undone already/);
  });

  it("is not taken back below nothing, and then none of it is", async () => {
    const { write, stockOf } = newOperations();
    const update = write("update_inventory");
    const effect = await update.done(BOUND);
    await write("sell").run({ item: "SG001", quantity: 30 }, "sale");
    await expect(update.undo(effect)).rejects.toThrow(
      "Cannot undo: Aviator (SG001) would have to lose 12 in stock again, available 5.",
    );
    expect(stockOf("SG005")).toBe(8);
  });

  it.each([
    ["update_inventory", { updates: [{ item: "SG001", quantity: 40 }], reason: "count" }],
    ["adjust_stock", { item: "SG001", quantity: 40 }],
  ])("is not taken back under a count that %s made since, and says which", async (name, count) => {
    const { write, stockOf } = newOperations();
    const update = write("update_inventory");
    const effect = await update.done(BOUND);
    const later = await write(name).done(count, "count");
    await expect(update.undo(effect)).rejects.toThrow("Aviator (SG001) was counted since (40 by a later count)");
    expect(stockOf("SG005")).toBe(8);
    await write(name).undo(later);
    expect(await update.undo(effect)).toContain("stock of Aviator (SG001) is 23 now");
  });

  it.each([
    [{ updates: [] }, "updates must name at least one item"],
    [{ updates: [{ item: "SG001" }] }, "give either change"],
    [{ updates: [{ item: "SG001", change: 1, quantity: 2 }] }, "give either change"],
    [{ updates: [{ item: "SG001", change: 1.5 }] }, "change must be a whole number other than 0"],
    [{ reason: "" }, "reason must be one line"],
    [
      {
        updates: [
          { item: "SG001", change: 1 },
          { item: "aviator", change: 2 },
        ],
      },
      "SG001 is named twice",
    ],
    [{ updates: [{ item: "Laptop", change: 1 }] }, 'No product is called "Laptop"'],
  ])("refuses %j, naming what is wrong", async (wrong, message) => {
    await expect(
      newOperations()
        .write("update_inventory")
        .preview({ ...DELIVERY, ...wrong }),
    ).rejects.toThrow(message);
  });
});
