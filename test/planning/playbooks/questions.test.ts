import { describe, expect, it } from "vitest";
import { callsOf, titlesOf } from "./plan-of.ts";

const QUESTIONS: [string, object][] = [
  ["Do you have any round sunglasses in stock that are under $100?", { text: "round", inStock: true, priceBelow: 100 }],
  ["What sunglasses do you have?", {}],
  ["Which sunglasses cost less than 100 dollars?", { priceBelow: 100 }],
  ["Show me all sunglasses between $50 and $100", { priceAtLeast: 50, priceAtMost: 100 }],
  ["show me sunglasses from $50 to $100 that are available", { priceAtLeast: 50, priceAtMost: 100, inStock: true }],
  ["list products", {}],
  ["What do you sell?", {}],
  ["Show the whole inventory", {}],
  ["How many Aviators do you have?", { text: "aviator" }],
  ["How many Aviators are in stock?", { text: "aviator" }],
  ["how many classic sunglasses are left", { text: "classic" }],
  ["Is the Moon in stock?", { text: "moon", inStock: true }],
  ["Are Aviators still available?", { text: "aviator", inStock: true }],
  ["Could you check whether the Moon is in stock?", { text: "moon", inStock: true }],
  ["What's in stock?", { inStock: true }],
  ["Have you got anything under 70 dollars?", { priceBelow: 70 }],
  ["Any round ones over $100?", { text: "round", priceAbove: 100 }],
  ["Any round sunglasses?", { text: "round" }],
  ["How much is the Classic?", { text: "classic" }],
  ["What does the Classic cost?", { text: "classic" }],
  ["price of Wayfarer", { text: "wayfarer" }],
  ["What’s the Aviator’s price?", { text: "aviator" }],
  ["Please show me the price of SG001", { text: "sg001" }],
  ["Hi, could you tell me if you have any metal frames? Thanks!", { text: "metal" }],
  ["I'm looking for round sunglasses for less than a hundred bucks", { text: "round", priceBelow: 100 }],
  ["which ones are under 100?", { priceBelow: 100 }],
  ["What round sunglasses under USD 99.50 do you have in stock?", { text: "round", inStock: true, priceBelow: 99.5 }],
  ["sunglasses up to one hundred and twenty dollars", { priceAtMost: 120 }],
  ["sunglasses that are at most $120", { priceAtMost: 120 }],
  ["Which sunglasses cost no more than 120?", { priceAtMost: 120 }],
  ["sunglasses for $100 or less", { priceAtMost: 100 }],
  ["sunglasses at least $100", { priceAtLeast: 100 }],
  ["sunglasses for 1,000 dollars and up", { priceAtLeast: 1000 }],
  ["sunglasses over $50 but under $100", { priceAbove: 50, priceBelow: 100 }],
  ["Do you have at least 5 Aviators in stock?", { text: "aviator", minQuantity: 5, inStock: true }],
  ["Do you have more than 3 Classics?", { text: "classic", minQuantity: 4 }],
  ["Do you have a dozen Aviators?", { text: "aviator", minQuantity: 12 }],
  ["Do you have a pair of Moons?", { text: "moon" }],
  ["Do you have any in-stock round shades?", { text: "round", inStock: true }],
];

describe("a product question", () => {
  it.each(QUESTIONS)("becomes one look-up: %s", (request, args) => {
    expect(callsOf(request)).toEqual([["find_products", args]]);
  });

  it("has a title that says what is looked up", () => {
    expect(titlesOf("Do you have any round sunglasses in stock that are under $100?")).toEqual([
      "Look up round sunglasses in stock under $100.00",
    ]);
    expect(titlesOf("sunglasses between $50 and $99.99")).toEqual(["Look up sunglasses from $50.00 up to $99.99"]);
    expect(titlesOf("Do you have at least 5 Aviators?")).toEqual(["Look up at least 5 aviator sunglasses"]);
  });
});
