/** What one piece costs, where the request says so: "at $95 each". */
import type { JsonObject } from "../../domain/json.ts";
import { readMoney } from "./numbers.ts";
import type { Slot } from "./reader.ts";
import type { Sentence } from "./sentence.ts";
import { priceProblem, quote, quoteTokens } from "./values.ts";

const EACH = ["each one", "each", "apiece", "per pair", "per piece", "per item", "per unit", "a pair", "a piece"];

interface UnitPrice {
  readonly end: number;
  readonly values: { unitPrice: number };
  readonly problem: string | undefined;
}

/** `{price}`: the unit price of the only item, when it comes after the customer. */
export const priceSlot: Slot = (sentence, reading) => {
  const { items } = reading.values;
  const [item] = Array.isArray(items) ? (items as JsonObject[]) : [];
  const price = readUnitPrice(sentence, reading.end, Number(item?.quantity));
  if (!price) return { failedAt: reading.end };
  const sole = Array.isArray(items) && items.length === 1 && item?.unitPrice === undefined;
  const problem = sole ? price.problem : unclearPrice(sentence.excerpt(reading.end, price.end));
  return { end: price.end, values: { ...reading.values, items: [{ ...item, ...price.values }] }, problem };
};

/** "at $95 each", "at $95", "for $95" (only of a single piece: for more it might be the total). */
export function readUnitPrice(sentence: Sentence, at: number, quantity: number): UnitPrice | undefined {
  const preposition = sentence.word(at);
  if (!["at", "for", "@"].includes(preposition)) return undefined;
  const money = readMoney(sentence, at + 1);
  if (!money) return undefined;
  const next = [sentence.word(money.end), sentence.word(money.end + 1)];
  const each = EACH.find((words) => words === next.join(" ") || words === next[0]);
  if (!money.currency && !each) return undefined;
  const end = money.end + (each?.split(" ").length ?? 0);
  const said = sentence.excerpt(at + 1, money.end);
  const isUnclear = preposition === "for" && !each && quantity > 1;
  const problem = isUnclear
    ? `${quoteTokens(sentence, at, end)} may be the price of each or of all ${quantity}. Say ${quote(`at ${said} each`)}.`
    : priceProblem(said, money);
  return { end, values: { unitPrice: money.value }, problem };
}

export function unclearPrice(said: string): string {
  return `It is not clear which items the price ${quote(said)} is for. Give it right after each of them.`;
}
