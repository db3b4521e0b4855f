import { describe, expect, it } from "vitest";
import { callsOf, sell, takeBack, titlesOf } from "./plan-of.ts";

const SALES: [string, unknown[]][] = [
  ["Purchase 3 Wayfarer sunglasses for customer Alice.", [sell("Wayfarer", 3, { customer: "Alice" })]],
  [
    "I want to buy 3 pairs of classic sunglasses and 1 pair of aviator sunglasses.",
    [sell("classic", 3), sell("aviator", 1)],
  ],
  ["sell two Moons to Bob", [sell("Moons", 2, { customer: "Bob" })]],
  ["SELL TWO MOONS TO BOB", [sell("MOONS", 2, { customer: "BOB" })]],
  ["sell two moons to bob", [sell("moons", 2, { customer: "bob" })]],
  ["Buy 2 Aviators, a Moon and three Wayfarers", [sell("Aviators", 2), sell("Moon", 1), sell("Wayfarers", 3)]],
  ["Buy 2 Aviators, a Moon, and three Wayfarers", [sell("Aviators", 2), sell("Moon", 1), sell("Wayfarers", 3)]],
  ["order 2 Moons & 2 Moons", [sell("Moons", 2), sell("Moons", 2)]],
  ["get me an Aviator", [sell("Aviator", 1)]],
  ["I'll take a Moon", [sell("Moon", 1)]],
  ["I would like to have a Moon", [sell("Moon", 1)]],
  ["I need three Wayfarers", [sell("Wayfarers", 3)]],
  ["Can I have a couple of pairs of Moons, please?", [sell("Moons", 2)]],
  ["Hello! I’d like to purchase half a dozen “Aviator” sunglasses — thank you!", [sell("Aviator", 6)]],
  ["Buy 2x SG001", [sell("SG001", 2)]],
  ["Buy 2 × Aviator", [sell("Aviator", 2)]],
  ["buy 1,000 Moons", [sell("Moons", 1000)]],
  ["buy one hundred and five Moons", [sell("Moons", 105)]],
  ["buy nine hundred ninety-nine Moons", [sell("Moons", 999)]],
  ["buy 2 shiny Aviators", [sell("shiny Aviators", 2)]],
  ["Buy 2 Moons for me", [sell("Moons", 2)]],
  ["Sell 1 Moon to Ana de la Cruz", [sell("Moon", 1, { customer: "Ana de la Cruz" })]],
  ["Sell 1 Moon on behalf of Mr. O’Brien", [sell("Moon", 1, { customer: "Mr. O’Brien" })]],
  ["Sell 1 Moon to J. R. Smith-Jones.", [sell("Moon", 1, { customer: "J. R. Smith-Jones" })]],
  ["Sell 1 Moon to A. Smith", [sell("Moon", 1, { customer: "A. Smith" })]],
  ["Sell 1 Moon to Mr. van der Berg", [sell("Moon", 1, { customer: "Mr. van der Berg" })]],
  ["Sell 1 Moon to 山田太郎", [sell("Moon", 1, { customer: "山田太郎" })]],
  ["sell 2 moons to alice cooper", [sell("moons", 2, { customer: "alice cooper" })]],
  ["Sell 2 Moons to Alice Long", [sell("Moons", 2, { customer: "Alice Long" })]],
  ["For Zoë Müller, buy 2 Moons", [sell("Moons", 2, { customer: "Zoë Müller" })]],
  ["buy 2 Moons, customer: Alice", [sell("Moons", 2, { customer: "Alice" })]],
  ["Customer Alice would like to order 2 Moons", [sell("Moons", 2, { customer: "Alice" })]],
  ["Sell Alice 2 Moons", [sell("Moons", 2, { customer: "Alice" })]],
  ["sell 2 Moons to customer May", [sell("Moons", 2, { customer: "May" })]],
  ["Sell 2 Moons to Alice at $95 each", [sell("Moons", 2, { customer: "Alice", unitPrice: 95 })]],
  ["Sell 2 Moons at $95.50 each to Alice", [sell("Moons", 2, { customer: "Alice", unitPrice: 95.5 })]],
  ["Sell a Moon for $95 to Alice", [sell("Moon", 1, { customer: "Alice", unitPrice: 95 })]],
  ["buy 2 Moons at 95 dollars per pair", [sell("Moons", 2, { unitPrice: 95 })]],
  ["Buy 3 Aviators at $80 and 1 Moon", [sell("Aviators", 3, { unitPrice: 80 }), sell("Moon", 1)]],
];

const RETURNS: [string, unknown[]][] = [
  ["Return 2 Aviator sunglasses I bought last week.", [takeBack("Aviator", 2)]],
  ["I'd like to give back a pair of Moon sunglasses", [takeBack("Moon", 1)]],
  ["send back two Moons that I purchased yesterday", [takeBack("Moons", 2)]],
  ["Could you please refund 2 Moons which we ordered three weeks ago?", [takeBack("Moons", 2)]],
  ["Can I bring back the 2 Moons I bought on Monday?", [takeBack("Moons", 2)]],
  ["give 2 Moons back", [takeBack("Moons", 2)]],
  ["Return one of my Aviators", [takeBack("Aviators", 1)]],
  ["Return an Aviator and two Moons", [takeBack("Aviator", 1), takeBack("Moons", 2)]],
  ["I want a refund for 2 Moons", [takeBack("Moons", 2)]],
  ["return 1 Aviator purchased on Tuesday", [takeBack("Aviator", 1)]],
  ["Take back 2 Aviators from Alice", [takeBack("Aviators", 2, { customer: "Alice" })]],
  ["On behalf of Mr. O'Brien, return 2 Aviators", [takeBack("Aviators", 2, { customer: "Mr. O'Brien" })]],
  ["Alice would like to return 2 Moons", [takeBack("Moons", 2, { customer: "Alice" })]],
  ["Return 2 Moons I bought last week for customer Will", [takeBack("Moons", 2, { customer: "Will" })]],
];

describe("a sale", () => {
  it.each(SALES)("becomes one step for each item: %s", (request, calls) => {
    expect(callsOf(request)).toEqual(calls);
  });

  it("has titles that a person can decide on", () => {
    expect(titlesOf("Sell 3 Wayfarer sunglasses to Alice at $95 each")).toEqual([
      "Sell 3 × Wayfarer to Alice at $95.00 each",
    ]);
    expect(titlesOf("Buy 3 Wayfarer sunglasses")).toEqual(["Sell 3 × Wayfarer"]);
  });
});

describe("a return", () => {
  it.each(RETURNS)("becomes one step for each item: %s", (request, calls) => {
    expect(callsOf(request)).toEqual(calls);
  });

  it("has titles that a person can decide on", () => {
    expect(titlesOf("Return 2 Aviator sunglasses I bought last week.")).toEqual(["Take back 2 × Aviator"]);
  });
});
