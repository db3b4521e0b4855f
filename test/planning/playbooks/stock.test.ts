import { describe, expect, it } from "vitest";
import { callsOf, titlesOf } from "./plan-of.ts";

const ADJUSTMENTS: [string, object][] = [
  ["Add 5 Moon sunglasses to stock", { item: "Moon", change: 5 }],
  ["Please put a dozen Moons into the inventory.", { item: "Moons", change: 12 }],
  ["Restock 10 Classic", { item: "Classic", change: 10 }],
  ["Restock the Moon with 20", { item: "Moon", change: 20 }],
  ["Increase the stock of Moon by 5", { item: "Moon", change: 5 }],
  ["Set the stock of Aviator to 30", { item: "Aviator", quantity: 30 }],
  ["Set the Moon's stock to 0.", { item: "Moon", quantity: 0 }],
  ["Update the inventory of SG003 to twelve", { item: "SG003", quantity: 12 }],
  ["Remove 2 Sport sunglasses from stock", { item: "Sport", change: -2 }],
  ["Remove 2 Sport sunglasses from inventory", { item: "Sport", change: -2 }],
  ["Take 2 Moons out of stock", { item: "Moons", change: -2 }],
  ["Reduce the Moon stock by two pairs", { item: "Moon", change: -2 }],
  [
    "Remove 2 Sport sunglasses from stock because the customer's dog bit them, thanks",
    { item: "Sport", change: -2, reason: "the customer's dog bit them" },
  ],
  ["Write off 1 Sport due to a broken hinge", { item: "Sport", change: -1, reason: "a broken hinge" }],
  ["Set the stock of Aviator to 30 because of a recount", { item: "Aviator", quantity: 30, reason: "a recount" }],
];

describe("a stock adjustment", () => {
  it.each(ADJUSTMENTS)("becomes one step: %s", (request, args) => {
    expect(callsOf(request)).toEqual([["adjust_stock", args]]);
  });

  it("has one step for each item of a list", () => {
    expect(callsOf("Add 3 Moons and 2 Aviators to stock")).toEqual([
      ["adjust_stock", { item: "Moons", change: 3 }],
      ["adjust_stock", { item: "Aviators", change: 2 }],
    ]);
  });

  it("has titles that a person can decide on", () => {
    expect(titlesOf("Add 5 Moon sunglasses to stock")).toEqual(["Add 5 × Moon to stock"]);
    expect(titlesOf("Remove 2 Sport sunglasses from stock")).toEqual(["Remove 2 × Sport from stock"]);
    expect(titlesOf("Set the stock of Aviator to 30")).toEqual(["Set the stock of Aviator to 30"]);
  });
});
