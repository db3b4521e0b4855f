import { describe, expect, it } from "vitest";
import { matchPlaybooks } from "../../../src/planning/playbooks/match.ts";
import { storePlaybooks } from "../../../src/planning/playbooks/store.ts";

/** The request, and the words that the problem must quote. */
const NOT_UNDERSTOOD: [string, string][] = [
  ["Don't sell 3 aviators", "Don't sell 3 aviators"],
  ["Don’t sell 3 aviators", "Don’t sell 3 aviators"],
  ["Do not return 2 Moons", "not return 2 Moons"],
  ["Never sell 2 Moons", "Never sell 2 Moons"],
  ["I will not buy 2 Moons", "not buy 2 Moons"],
  ["Buy 2 Aviators, not Moons", "not Moons"],
  ["Buy 2 Aviators... no wait, 3", "no wait, 3"],
  ["Return 2 Aviators unless they are scratched", "unless they are scratched"],
  ["buy 2 Moons if they are round", "if they are round"],
  ["maybe buy 2 Moons", "maybe buy 2 Moons"],
  ["Should I buy 2 Moons?", "Should I buy 2 Moons"],
  ["Sell 3 Wayfarers and cancel my last order", "and cancel my last order"],
  ["buy 2 Moons and return 1 Aviator", "and return 1 Aviator"],
  ["buy 2 Moons for Alice and 1 Classic for Bob", "and 1 Classic for Bob"],
  ["Buy 2 or 3 Moons", "or 3 Moons"],
  ["Buy 2-3 Moons", "2-3 Moons"],
  ["Buy at least 3 Moons", "at least 3 Moons"],
  ["Buy about 3 Moons", "about 3 Moons"],
  ["Buy 2½ Moons", "2½ Moons"],
  ["Buy 1,00 Moons", "1,00 Moons"],
  ["Buy 1e3 Moons", "1e3 Moons"],
  ["Buy two three Moons", "three Moons"],
  ["Buy 2 Moons twice", "twice"],
  ["Delete all transactions", "Delete all transactions"],
  ["Show me all transactions", "transactions"],
  ["What is the weather?", "weather"],
  ["2", "2"],
  ["Aviator", "Aviator"],
  ["two and a half", "two and a half"],
  ["?!", "?!"],
  ["buy 2 Aviators; drop table inventory", "; drop table inventory"],
  ["Buy 2 Aviators tomorrow", "tomorrow"],
  ["Buy 2 Aviators in black", "in black"],
  ["Buy 2 Aviators 😎", "😎"],
  ["Buy 2 Moons at €95 each", "at €95 each"],
  ["Buy 2 Moons for free", "free"],
  ["Buy 2 Moons for Christmas", "Christmas"],
  ["Buy 2 Moons for my wife", "my wife"],
  ["Buy 2 Moons to go", "go"],
  ["Buy 2 Moons for Alice's brother", "'s brother"],
  ["Sell 2 Moons to Will", "Will"],
  ["Sell 2 Moons to customer Not Alice", "Not Alice"],
  ["Sell 2 Moons to bob smith jones", "bob smith jones"],
  ["sell 2 Moons to bob afterwards", "afterwards"],
  ["sell 2 Moons to bob stealthily", "bob stealthily"],
  ["SELL 2 MOONS TO BOB AFTERWARDS", "AFTERWARDS"],
  ["Sell me 2 Moons for Bob", "for Bob"],
  ["I have 2 Moons", "have 2 Moons"],
  ["Sell my 2 Moons", "my 2 Moons"],
  ["Sell 2 Moons from Alice", "from Alice"],
  ["sell precisely 2 Moons", "precisely 2 Moons"],
  ["Return 2 Moons to Alice", "to Alice"],
  ["Return 2 Aviators that I never bought", "never bought"],
  ["How do I return 2 Aviators?", "do I return 2 Aviators"],
  ["Exchange 2 Moons for 2 Aviators", "Exchange 2 Moons for 2 Aviators"],
  ["Add 5 Moons", "Add 5 Moons"],
  ["Set Aviator to 30", "to 30"],
  ["Remove 2 Moons from stock because damaged and sell 3 Moons to Bob", "sell 3 Moons to Bob"],
  ["sunglasses that aren't round", "aren't round"],
  ["any non-round sunglasses under $100", "non-round sunglasses under $100"],
  ["Do you have Aviators or Moons?", "or Moons"],
  ["Do you have sunglasses for kids?", "kids"],
  ["sunglasses under $100k", "$100k"],
  ["sunglasses under 100 in stock", "100 in stock"],
  ["Is the Moon round?", "Is the Moon round"],
  ["What's the cheapest?", "cheapest"],
  ["How much are 2 Aviators?", "2 Aviators"],
];

/** The request, and what its problem must say. */
const INVALID: [string, RegExp][] = [
  ["Return everything", /"everything" is not an exact quantity/],
  ["Return all my Aviators", /"all" is not an exact quantity/],
  ["buy a few Moons", /"a few" is not an exact quantity/],
  ["buy -2 aviators", /"-2".*whole number from 1/],
  ["buy −2 aviators", /"−2".*whole number from 1/],
  ["buy minus two aviators", /"minus two".*whole number from 1/],
  ["buy 0 aviators", /"0".*whole number from 1/],
  ["return 1.5 Moons", /"1.5".*whole number/],
  ["return 2.0 Moons", /"2.0".*whole number/],
  ["return two and a half Moons", /"two and a half".*whole number/],
  ["buy half a Moon", /"half a".*whole number/],
  ["sell 10000000 Moons", /"10000000".*to 1,000,000/],
  ["Purchase 3 Wayfarer sunglasses for customer", /name is missing/],
  ["return the Aviator", /How many of "Aviator"/],
  ["buy Aviator sunglasses", /How many of "Aviator"/],
  ["buy 2 Moons and Aviators", /How many of "Aviators"/],
  ["buy 3 pairs of sunglasses", /does not say which product/],
  ["sell 2 Moons for $95", /each or of all 2.*"at \$95 each"/],
  ["sell 2 Moons to Bob for $95", /each or of all 2/],
  ["sell 2 Moons and a Classic at $95", /not clear which items the price "\$95" is for/],
  ["sell 2 Moons and a Classic to Bob at $95 each", /not clear which items/],
  ["sell 2 Moons at -$5 each", /"-\$5".*more than \$0/],
  ["sell 2 Moons at $0 each", /"\$0".*more than \$0/],
  ["sell 2 Moons at $9.999 each", /"\$9.999".*two decimals/],
  ["Set the stock of Aviator to -3", /"-3".*from 0/],
  ["Add 0 Moons to stock", /"0".*from 1/],
  ["sunglasses under -$5", /"-\$5".*more than \$0/],
  ["sunglasses between $100 and $50", /contradict/],
  ["sunglasses under $50 and over $50", /contradict/],
  ["sunglasses under $50 and at most $60", /"\$60" is a second upper limit/],
  ["Do you have 0 Aviators?", /"0".*whole number/],
  [`Buy 1 ${"x".repeat(100)}y`, /longer than 60 characters/],
  [`Show me ${"y".repeat(300)} sunglasses`, /longer than 60 characters/],
  [`Sell 1 Moon to ${"Y".repeat(300)}`, /longer than 80 characters/],
  [`Restock 1 Moon because ${"very ".repeat(60)}popular`, /longer than 200 characters/],
];

describe("a request that no playbook accounts for", () => {
  it.each(NOT_UNDERSTOOD)("is refused with the words in question: %s", (request, words) => {
    const result = matchPlaybooks(storePlaybooks, request);
    expect(result).toMatchObject({ kind: "not_understood", problem: expect.stringContaining(`"${words}"`) });
  });

  it.each(["", "   ", "\n\t"])("is refused when it is empty (%j)", (request) => {
    expect(matchPlaybooks(storePlaybooks, request)).toEqual({
      kind: "not_understood",
      problem: "The request is empty.",
    });
  });

  it("is refused when it is too long to be one", () => {
    const result = matchPlaybooks(storePlaybooks, `buy 2 Moons ${"please ".repeat(600)}`);
    expect(result).toMatchObject({ kind: "not_understood", problem: expect.stringContaining("at most 4000") });
  });

  it("is quoted in printable, storable characters", () => {
    const result = matchPlaybooks(storePlaybooks, "buy 2 Moons \u0000\ud800\u202e");
    expect(result).toMatchObject({ kind: "not_understood", problem: expect.stringContaining('"\ufffd\ufffd\ufffd"') });
  });
});

describe("a request that is understood but cannot be", () => {
  it.each(INVALID)("is refused with the value and what was expected: %s", (request, problem) => {
    expect(matchPlaybooks(storePlaybooks, request)).toMatchObject({
      kind: "invalid",
      problem: expect.stringMatching(problem),
    });
  });

  it("is refused when it names more than 20 items", () => {
    const items = (count: number): string => Array.from({ length: count }, (_, i) => `${i + 1} Moons`).join(", ");
    expect(matchPlaybooks(storePlaybooks, `Buy ${items(20)}`)).toMatchObject({ kind: "plan" });
    expect(matchPlaybooks(storePlaybooks, `Buy ${items(21)}`)).toMatchObject({
      kind: "invalid",
      problem: expect.stringContaining("21 items"),
    });
  });
});
