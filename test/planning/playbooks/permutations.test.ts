import { describe, expect, it } from "vitest";
import { callsOf } from "./plan-of.ts";

const FILLERS = ["", "Please ", "Hi, could you ", "I’d like to ", "Hello! Can I please "];
const ENDINGS = ["", ".", ", please!", ". Thank you very much."];
const NOUNS: [string, string][] = [
  ["Aviator sunglasses", "Aviator"],
  ["pairs of Moon glasses", "Moon"],
  ["Wayfarers", "Wayfarers"],
  ["of the SG004", "SG004"],
];
const NUMBERS: [string, number][] = [
  ["2", 2],
  ["two", 2],
  ["a couple of", 2],
  ["a", 1],
  ["an", 1],
  ["a dozen", 12],
  ["half a dozen", 6],
  ["twenty-five", 25],
  ["twenty five", 25],
  ["one hundred and one", 101],
  ["nine hundred ninety-nine", 999],
  ["1,000", 1000],
];
const CUSTOMERS: [string, object][] = [
  ["", {}],
  [" for customer Alice", { customer: "Alice" }],
  [" for Alice Smith", { customer: "Alice Smith" }],
  [" on behalf of Mr. O'Brien", { customer: "Mr. O'Brien" }],
  [", customer: Zoë", { customer: "Zoë" }],
];
const VERBS: [string, string][] = [
  ["buy", "sell"],
  ["purchase", "sell"],
  ["order", "sell"],
  ["sell", "sell"],
  ["return", "take_back"],
  ["give back", "take_back"],
  ["send back", "take_back"],
  ["refund", "take_back"],
  ["bring back", "take_back"],
];
// what could change the meaning of an order wherever it stands
const INTRUDERS =
  "not never don't no maybe unless if when or except without instead all cancel tomorrow yesterday 7 ; /".split(" ");

/** Every verb with every number, the rest in turn: some 100 wordings with all pairs of neighbours among them. */
function wordings(): { request: string; calls: unknown }[] {
  const found: { request: string; calls: unknown }[] = [];
  for (const [v, [verb, action]] of VERBS.entries()) {
    for (const [n, [number, quantity]] of NUMBERS.entries()) {
      const turn = v * NUMBERS.length + n;
      const [noun, item] = NOUNS[(turn + v) % NOUNS.length] ?? ["", ""];
      const [customer, args] = CUSTOMERS[turn % CUSTOMERS.length] ?? ["", {}];
      const frame = [FILLERS[turn % FILLERS.length], ENDINGS[(turn + v) % ENDINGS.length]] as const;
      const request = `${frame[0]}${verb} ${number} ${noun}${customer}${frame[1]}`;
      found.push({ request, calls: [[action, { item, quantity, ...args }]] });
    }
  }
  return found;
}

describe("every combination of verb, number, noun and customer", () => {
  it.each(wordings())("means the same: $request", ({ request, calls }) => {
    expect(callsOf(request)).toEqual(calls);
  });

  it("means the same in capitals, in small letters and with wide spaces", () => {
    for (const { request, calls } of wordings()) {
      expect(callsOf(`  ${request.replaceAll(" ", "\u00a0 ")}\n`)).toEqual(calls);
      for (const other of [request.toUpperCase(), request.toLowerCase()]) {
        expect(JSON.stringify(callsOf(other)).toLowerCase(), other).toBe(JSON.stringify(calls).toLowerCase());
      }
    }
  });

  it("is refused with one word more that could change its meaning, wherever that stands", () => {
    for (const [turn, { request }] of wordings().entries()) {
      const words = request.split(" ");
      for (let at = 0; at <= words.length; at += 1) {
        const intruder = INTRUDERS[(turn + 5 * at) % INTRUDERS.length] ?? "";
        const changed = [...words.slice(0, at), intruder, ...words.slice(at)].join(" ");
        expect(Array.isArray(callsOf(changed)), changed).toBe(false);
      }
    }
  });
});
