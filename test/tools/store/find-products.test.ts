import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Criteria } from "../../../src/tools/store/find-products-schema.ts";
import { contextOf, newStore } from "./support.ts";

async function ask(criteria: Criteria, { empty = [] as string[] } = {}) {
  const { find, adjust } = newStore();
  for (const item of empty) await adjust.run({ item, quantity: 0 }, contextOf(`empty-${item}`));
  const args = find.input.parse(criteria);
  const output = find.output.parse(await find.run(args, contextOf()));
  return { names: output.products.map(({ name }) => name), answer: find.summarize(args, output) };
}

describe("find_products", () => {
  test("round sunglasses in stock under $100 are the Classic alone", async () => {
    const { names, answer } = await ask({ text: "round", inStock: true, priceBelow: 100 });
    expect(names).toEqual(["Classic"]);
    expect(answer).toBe("Yes: Classic (SG005), $60.00, 10 in stock.");
  });

  test.each<[string, string[]]>([
    ["Round", ["Classic", "Moon"]],
    ["round sunglasses", ["Classic", "Moon"]],
    ["AVIATORS", ["Aviator"]],
    ["lens", ["Aviator", "Mystique", "Sport", "Moon"]],
    ["frames mirrored", ["Aviator"]],
    ["ound", []],
    ["round aviator", []],
    ["sunglasses", ["Aviator", "Wayfarer", "Mystique", "Sport", "Classic", "Moon"]],
    ["100%' or 1=1 --", []],
  ])("the words %j find %j", async (text, expected) => {
    expect((await ask({ text })).names).toEqual(expected);
  });

  test.each<[Criteria, string[]]>([
    [{ priceBelow: 80 }, ["Mystique", "Classic"]],
    [{ priceAtMost: 80 }, ["Aviator", "Mystique", "Classic"]],
    [{ priceAbove: 110 }, ["Moon"]],
    [{ priceAtLeast: 110 }, ["Sport", "Moon"]],
    [{ priceAbove: 70, priceBelow: 95 }, ["Aviator"]],
    [{ minQuantity: 11 }, ["Aviator", "Sport"]],
    [{ inStock: false }, []],
    [{}, ["Aviator", "Wayfarer", "Mystique", "Sport", "Classic", "Moon"]],
  ])("the criteria %j find %j", async (criteria, expected) => {
    expect((await ask(criteria)).names).toEqual(expected);
  });

  test.each<[Criteria, string]>([
    [{ text: "round", inStock: true, priceBelow: 50 }, "No round sunglasses under $50.00 are in stock."],
    [{ text: "round sunglasses", priceBelow: 50 }, "The store has no round sunglasses under $50.00."],
    [{ priceAtMost: 50 }, "The store has no sunglasses at $50.00 or less."],
    [{ priceAbove: 200, inStock: true }, "No sunglasses over $200.00 are in stock."],
    [{ priceAtLeast: 81, priceAtMost: 94.5 }, "The store has no sunglasses at $81.00 or more and at $94.50 or less."],
    [{ priceAtLeast: 81, priceAtMost: 81 }, "The store has no sunglasses at exactly $81.00."],
    [{ minQuantity: 50, inStock: true }, "The store has no sunglasses with at least 50 in stock."],
    [{ inStock: false }, "No sunglasses are out of stock."],
    [{ inStock: false, text: "moon", minQuantity: 0 }, "No moon sunglasses are out of stock."],
    [
      { text: "Aviators", priceBelow: 50, minQuantity: 3 },
      'The store has no sunglasses under $50.00 with at least 3 in stock that match "Aviators".',
    ],
    [{ text: "pink <b>plastic</b>" }, 'The store has no sunglasses that match "pink b plastic b".'],
  ])("finding nothing by %j is answered with %j", async (criteria, expected) => {
    const { names, answer } = await ask(criteria);
    expect(names).toEqual([]);
    expect(answer).toBe(expected);
  });

  test("several matches are listed with price and stock", async () => {
    expect((await ask({ text: "round" })).answer).toBe(
      "Yes, 2 products match: Classic (SG005), $60.00, 10 in stock; Moon (SG006), $120.00, 10 in stock.",
    );
    expect((await ask({})).answer).toMatch(/^The store has 6 products: Aviator \(SG001\), \$80\.00, 23 in stock; /);
  });

  test("what is out of stock is never announced as available", async () => {
    const empty = ["SG005"];
    expect((await ask({ text: "classic" }, { empty })).answer).toBe(
      "Not in stock at the moment: Classic (SG005), $60.00.",
    );
    expect((await ask({ text: "round" }, { empty })).answer).toBe(
      "Yes, 2 products match: Classic (SG005), $60.00, out of stock; Moon (SG006), $120.00, 10 in stock.",
    );
    expect((await ask({ text: "round", inStock: false }, { empty })).answer).toBe(
      "Yes: Classic (SG005), $60.00, out of stock.",
    );
    expect((await ask({ text: "classic", inStock: true }, { empty })).answer).toBe(
      "No classic sunglasses are in stock.",
    );
  });

  test("criteria that do not fit are refused with a message that names them", () => {
    const { find } = newStore();
    const problem = (criteria: unknown) => find.input.safeParse(criteria).error?.issues[0]?.message;
    expect(problem({ priceBelow: 1.005 })).toBe(
      "priceBelow must be a number of dollars, 0 or more, with at most two decimals, such as 79.5",
    );
    expect(problem({ minQuantity: 1.5 })).toBe("minQuantity must be a whole number of at least 0");
    expect(problem({ text: " ?! " })).toContain("text must hold at least one word");
    expect(problem({ colour: "red" })).toContain("colour");
  });

  test("the arguments of every action can be described to a model as JSON Schema", () => {
    const { find, sell, takeBack, adjust } = newStore();
    for (const action of [find, sell, takeBack, adjust]) {
      expect(z.toJSONSchema(action.input, { io: "input" })).toMatchObject({
        type: "object",
        additionalProperties: false,
      });
    }
  });
});
