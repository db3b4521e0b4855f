/** What a number must be to be a quantity or a price, and how to say that it is not. */
import type { Amount, Money } from "./numbers.ts";
import type { Sentence } from "./sentence.ts";

const MAX_QUANTITY = 1_000_000;
const MAX_PRICE = 1_000_000;
const MAX_QUOTE = 80;

/** What is wrong with a quantity, or undefined. */
export function quantityProblem(said: string, amount: Amount, least = 1): string | undefined {
  const { value, decimals } = amount;
  if (decimals === 0 && Number.isInteger(value) && value >= least && value <= MAX_QUANTITY) return undefined;
  return `The quantity ${quote(said)} is not possible: it must be a whole number from ${least} to ${MAX_QUANTITY.toLocaleString("en-US")}.`;
}

/** What is wrong with a price in dollars, or undefined. Zero is a price only where `zero` says so. */
export function priceProblem(said: string, money: Money, zero = false): string | undefined {
  const { value, decimals } = money;
  if (decimals <= 2 && (zero ? value >= 0 : value > 0) && value <= MAX_PRICE) return undefined;
  const least = zero ? "at least $0" : "more than $0";
  return `The price ${quote(said)} is not possible: it must be ${least}, at most $${MAX_PRICE.toLocaleString("en-US")}, and have at most two decimals.`;
}

/** Words of the request between quotation marks: in one line, shortened, and safe to store and to print. */
export function quote(words: string): string {
  const printable = words.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "\uFFFD");
  const characters = [...printable];
  return `"${characters.length > MAX_QUOTE ? `${characters.slice(0, MAX_QUOTE - 1).join("")}…` : printable}"`;
}

/** The words of the request from one token to another, in quotation marks. */
export function quoteTokens(sentence: Sentence, from: number, to = sentence.tokens.length): string {
  return quote(sentence.excerpt(from, to));
}
