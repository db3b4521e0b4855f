/** The slots of questions: which products are asked for, and within which prices. */
import type { JsonObject } from "../../domain/json.ts";
import { readMoney, readNumber } from "./numbers.ts";
import type { Slot } from "./reader.ts";
import type { Sentence } from "./sentence.ts";
import { priceProblem, quantityProblem, quote } from "./values.ts";
import { GENERIC_NOUNS, isFreeWord, singular, skipWhile, UNITS } from "./words.ts";

const MAX_DESCRIPTION_WORDS = 4;
const MAX_DESCRIPTION_LENGTH = 60;
const DETERMINERS = ["any", "all", "every", "some", "the", "a", "an", "your", "of", "these", "those"];
const ANYTHING = ["anything", "something", "everything"];
const LOWER = ["priceAbove", "priceAtLeast"];
const UPPER = ["priceBelow", "priceAtMost"];
/** After a number without a currency, these show that it was a price and no count. */
const AFTER_BARE_PRICE = ["", ",", "and", "that", "which", "?", ".", "!", "please", "thanks"];

/**
 * `{products}`: "any round sunglasses", "at least 5 Aviators", "anything". `{products:named}` takes no number;
 * `{products:noun}` neither, and ends with a word for sunglasses.
 */
export const productsSlot: Slot = (sentence, reading, option) => {
  if (ANYTHING.includes(sentence.word(reading.end))) return { ...reading, end: reading.end + 1 };
  const count = option === undefined ? readCount(sentence, reading.end) : undefined;
  const determined = count?.end ?? skipWhile(reading.end, (at) => DETERMINERS.includes(sentence.word(at)), 3);
  const stock = skipStock(sentence, determined);
  const start = skipPairsOf(sentence, stock);
  const wordsEnd = skipWhile(start, (at) => isFreeWord(sentence, at), MAX_DESCRIPTION_WORDS);
  const end = skipNouns(sentence, wordsEnd, wordsEnd > start);
  if (end === start || (option === "noun" && end === wordsEnd)) return { failedAt: end };
  const values: JsonObject = { ...reading.values };
  if (wordsEnd > start) values.text = searchText(sentence.excerpt(start, wordsEnd), end > wordsEnd);
  if (count) values.minQuantity = count.least;
  if (stock > determined) values.inStock = true;
  return { end, values, problem: count?.problem ?? descriptionProblem(sentence.excerpt(start, wordsEnd)) };
};

/** `{minQuantity}`: a count in "at least 5 in stock". `{minQuantity:above}` is for "more than". */
export const minQuantitySlot: Slot = (sentence, reading, option) => {
  const amount = readNumber(sentence, reading.end);
  if (!amount) return { failedAt: reading.end };
  const minQuantity = amount.value + (option === "above" ? 1 : 0);
  const problem = quantityProblem(sentence.excerpt(reading.end, amount.end), { ...amount, value: minQuantity });
  return { end: amount.end, values: { ...reading.values, minQuantity }, problem };
};

/** `{inStock}`: takes no words; it stands in a form after the words that say it. */
export const inStockSlot: Slot = (_sentence, reading) => ({ ...reading, values: { ...reading.values, inStock: true } });

/** `{priceBelow}` and its three sisters take money; with the option `bare` also a number that can be nothing else. */
export function boundSlot(name: string): Slot {
  return (sentence, reading, option) => {
    const money = readMoney(sentence, reading.end);
    const isBare = money !== undefined && !money.currency;
    if (!money || (isBare && (option !== "bare" || !AFTER_BARE_PRICE.includes(sentence.word(money.end))))) {
      return { failedAt: reading.end };
    }
    const said = sentence.excerpt(reading.end, money.end);
    const values = { ...reading.values, [name]: money.value };
    const problem =
      priceProblem(said, money, name !== "priceBelow") ?? boundsProblem(said, name, reading.values, values);
    return { end: money.end, values, problem };
  };
}

function boundsProblem(said: string, name: string, before: JsonObject, after: JsonObject): string | undefined {
  const side = LOWER.includes(name) ? LOWER : UPPER;
  if (side.some((bound) => before[bound] !== undefined)) {
    return `The price ${quote(said)} is a second ${side === LOWER ? "lower" : "upper"} limit. Give one.`;
  }
  const least = Number(after.priceAbove ?? after.priceAtLeast ?? -1);
  const most = Number(after.priceBelow ?? after.priceAtMost ?? Number.POSITIVE_INFINITY);
  const isStrict = after.priceAbove !== undefined || after.priceBelow !== undefined;
  if (least < most || (least === most && !isStrict)) return undefined;
  return `The price limits contradict each other: no price is above $${least} and below $${most}.`;
}

function descriptionProblem(words: string): string | undefined {
  if (words.length <= MAX_DESCRIPTION_LENGTH) return undefined;
  return `The description ${quote(words)} is longer than ${MAX_DESCRIPTION_LENGTH} characters.`;
}

/** A number that is more than an article: "3", "at least five", "more than 2", "a dozen". */
function readCount(
  sentence: Sentence,
  at: number,
): { end: number; least: number; problem: string | undefined } | undefined {
  const [first, second] = [sentence.word(at), sentence.word(at + 1)];
  const isLeast = first === "at" && second === "least";
  const isMore = first === "more" && second === "than";
  const start = isLeast || isMore ? at + 2 : at;
  const amount = readNumber(sentence, start);
  if (!amount || (amount.end === start + 1 && ["a", "an"].includes(sentence.word(start)))) return undefined;
  const end = skipWhile(amount.end, (place) => sentence.word(place) === "of", 1);
  const least = amount.value + (isMore ? 1 : 0);
  return { end, least, problem: quantityProblem(sentence.excerpt(start, amount.end), { ...amount, value: least }) };
}

/** "in stock", "in-stock" or "available" before the noun. */
function skipStock(sentence: Sentence, at: number): number {
  const next = (place: number): boolean => isFreeWord(sentence, place) || GENERIC_NOUNS.has(sentence.word(place));
  if (["available", "in-stock"].includes(sentence.word(at)) && next(at + 1)) return at + 1;
  return sentence.word(at) === "in" && sentence.word(at + 1) === "stock" && next(at + 2) ? at + 2 : at;
}

function skipPairsOf(sentence: Sentence, at: number): number {
  if (!UNITS.has(sentence.word(at))) return at;
  return sentence.word(at + 1) === "of" ? at + 2 : at + 1;
}

/** Past generic nouns; "one" is one of them after a description ("a round one"). */
function skipNouns(sentence: Sentence, at: number, described: boolean): number {
  const isNoun = (place: number): boolean => GENERIC_NOUNS.has(sentence.word(place)) || UNITS.has(sentence.word(place));
  return described && sentence.word(at) === "one" ? at + 1 : skipWhile(at, isNoun, 3);
}

/** In small letters; the last word in the singular where it stands for the product itself ("Aviators"). */
function searchText(words: string, hasNoun: boolean): string {
  const text = words.toLowerCase();
  const head = text.lastIndexOf(" ") + 1;
  return hasNoun ? text : text.slice(0, head) + singular(text.slice(head));
}
