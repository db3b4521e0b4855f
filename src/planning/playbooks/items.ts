/** The slots for what is bought, returned or put into stock: "3 pairs of classic sunglasses and a Moon at $95 each". */
import type { JsonObject } from "../../domain/json.ts";
import { readNumber } from "./numbers.ts";
import type { Misfit, Slot } from "./reader.ts";
import type { Sentence } from "./sentence.ts";
import { readUnitPrice, unclearPrice } from "./unit-price.ts";
import { quantityProblem, quote, quoteTokens } from "./values.ts";
import { GENERIC_NOUNS, isFreeWord, skipWhile, UNITS } from "./words.ts";

const MAX_ITEMS = 20;
const MAX_NAME_WORDS = 5;
const MAX_NAME_LENGTH = 60;
const ARTICLES = ["the", "these", "those"];
/** "my" is for what is returned or counted: whoever says "sell my Aviator" wants to sell, not to buy. */
const OWNERS = [...ARTICLES, "my", "our"];
const VAGUE = "all every everything some something any anything several many few both lot lots bunch dozens".split(" ");

interface Item {
  readonly end: number;
  readonly values: JsonObject;
  readonly problem?: string | undefined;
}

interface Quantity {
  readonly end: number;
  readonly value: number;
  readonly problem: string | undefined;
}

/** `{items}`: one or more, joined by commas and "and". `{items:priced}` takes a unit price after each. */
export const itemsSlot: Slot = (sentence, reading, option) => {
  const items: Item[] = [];
  let at = reading.end;
  for (;;) {
    const item = readItem(sentence, at, option === "priced");
    if ("failedAt" in item && items.length === 0) return item;
    if ("failedAt" in item) break;
    items.push(item);
    at = skipJoint(sentence, item.end);
    if (at === item.end) break;
  }
  const end = items.at(-1)?.end ?? reading.end;
  const problem = items.find((item) => item.problem)?.problem ?? listProblem(items);
  return { end, values: { ...reading.values, items: items.map((item) => item.values) }, problem };
};

/** `{item}`: one product without a quantity, as in "the stock of the Aviator". */
export const itemSlot: Slot = (sentence, reading) => {
  const name = readName(sentence, skipOwners(sentence, reading.end, OWNERS));
  if ("failedAt" in name) return name;
  return { end: name.end, values: { ...reading.values, item: name.text }, problem: name.problem };
};

/** `{quantity}`: a whole number; `{quantity:zero}` may be 0. */
export const quantitySlot: Slot = (sentence, reading, option) => {
  const amount = readNumber(sentence, reading.end);
  if (!amount) return { failedAt: reading.end };
  const problem = quantityProblem(sentence.excerpt(reading.end, amount.end), amount, option === "zero" ? 0 : 1);
  const end = skipWhile(amount.end, (at) => UNITS.has(sentence.word(at)), 1);
  return { end, values: { ...reading.values, quantity: amount.value }, problem };
};

function readItem(sentence: Sentence, start: number, priced: boolean): Item | Misfit {
  const owners = priced ? ARTICLES : OWNERS;
  const first = skipOwners(sentence, start, owners);
  const counted = readQuantity(sentence, first);
  const nameStart = skipCounting(sentence, counted?.end ?? first, owners);
  const name = readName(sentence, nameStart);
  if ("failedAt" in name) return counted ? nameless(sentence, start, nameStart, counted) : name;
  const problem = counted
    ? counted.problem
    : `How many of ${quote(name.text)}? Give a number, such as ${quote(`2 ${name.text}`)}.`;
  const quantity = counted?.value ?? 0;
  const price = priced ? readUnitPrice(sentence, name.end, quantity) : undefined;
  const values = { item: name.text, quantity, ...price?.values };
  return { end: price?.end ?? name.end, values, problem: problem ?? name.problem ?? price?.problem };
}

/** A quantity with nothing that says of what: "buy 2", "return everything", "sell 3 sunglasses". */
function nameless(sentence: Sentence, start: number, at: number, counted: Quantity): Item {
  const end = skipNouns(sentence, at);
  const problem =
    counted.problem ??
    `${quoteTokens(sentence, start, end)} does not say which product. Give its name, such as "2 Aviators".`;
  return { end, values: {}, problem };
}

function readQuantity(sentence: Sentence, at: number): Quantity | undefined {
  const vague = sentence.word(at) === "a" ? at + 1 : at;
  if (VAGUE.includes(sentence.word(vague))) {
    const problem = `${quoteTokens(sentence, at, vague + 1)} is not an exact quantity. Give a number.`;
    return { end: vague + 1, value: 0, problem };
  }
  const amount = readNumber(sentence, at);
  return amount && { ...amount, problem: quantityProblem(sentence.excerpt(at, amount.end), amount) };
}

/** What may stand between number and name: "2 x", "2 pairs of", "2 of the", "a couple of pairs of my". */
function skipCounting(sentence: Sentence, start: number, owners: string[]): number {
  let at = skipWhile(start, (place) => ["x", "×"].includes(sentence.word(place)), 1);
  for (const words of [["of"], owners, [...UNITS], ["of"], owners]) {
    if (words.includes(sentence.word(at))) at += 1;
  }
  return at;
}

function readName(
  sentence: Sentence,
  at: number,
): { end: number; text: string; problem?: string | undefined } | Misfit {
  const end = skipWhile(at, (place) => isFreeWord(sentence, place), MAX_NAME_WORDS);
  if (end === at) return { failedAt: at };
  const text = sentence.excerpt(at, end);
  const problem =
    text.length > MAX_NAME_LENGTH
      ? `The product name ${quote(text)} is longer than ${MAX_NAME_LENGTH} characters.`
      : undefined;
  return { end: skipNouns(sentence, end), text, problem };
}

function listProblem(items: readonly Item[]): string | undefined {
  if (items.length > MAX_ITEMS)
    return `The request names ${items.length} items; at most ${MAX_ITEMS} fit into one request.`;
  const isPriced = (item: Item | undefined): boolean => item?.values.unitPrice !== undefined;
  const unclear = items.find((item, index) => index > 0 && isPriced(item) && !isPriced(items[index - 1]));
  return unclear && unclearPrice(`$${unclear.values.unitPrice}`);
}

/** Past ",", "and", ", and", "plus"; the same place when the list ends here. */
function skipJoint(sentence: Sentence, at: number): number {
  const next = sentence.word(at) === "," ? at + 1 : at;
  return ["and", "plus"].includes(sentence.word(next)) ? next + 1 : next;
}

function skipOwners(sentence: Sentence, at: number, owners: string[]): number {
  return owners.includes(sentence.word(at)) ? at + 1 : at;
}

function skipNouns(sentence: Sentence, at: number): number {
  return skipWhile(at, (place) => GENERIC_NOUNS.has(sentence.word(place)) || UNITS.has(sentence.word(place)), 3);
}
