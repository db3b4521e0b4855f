/** Numbers and money as people say them. Whether a value makes sense is for the slots to judge. */
import type { Sentence } from "./sentence.ts";

/** `decimals` is how many digits follow the point: 0 for a whole number. */
export interface Amount {
  readonly end: number;
  readonly value: number;
  readonly decimals: number;
}

/** In dollars. `currency` is false when only a number was said. */
export interface Money extends Amount {
  readonly currency: boolean;
}

const ONES = "zero one two three four five six seven eight nine".split(" ");
const TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(" ");
const UNITS = [...ONES, ...TEENS];
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const DOLLARS: ReadonlySet<string> = new Set(["$", "dollar", "dollars", "buck", "bucks", "usd"]);

/**
 * The number that starts at this place: digits, words up to the thousands ("two hundred and five"), "a", "a dozen",
 * "half a dozen", "a couple"; also "minus two" and "two and a half", so that they can be refused by their value.
 */
export function readNumber(sentence: Sentence, at: number): Amount | undefined {
  const isNegative = isMinus(sentence.word(at));
  const start = isNegative ? at + 1 : at;
  const size = readFixed(sentence, start) ?? readThousands(sentence, start);
  const amount = size && withFraction(sentence, withDozen(sentence, size));
  return amount && isNegative ? { ...amount, value: -amount.value } : amount;
}

/** "$99.99", "100 dollars", "a hundred bucks", "USD 100", "100$", or a number alone (then `currency` is false). */
export function readMoney(sentence: Sentence, at: number): Money | undefined {
  const isNegative = isMinus(sentence.word(at));
  const first = isNegative ? at + 1 : at;
  const symbol = sentence.word(first) === "us" ? first + 1 : first;
  const prefixed = ["$", "usd"].includes(sentence.word(symbol));
  const size = readNumber(sentence, prefixed ? symbol + 1 : first);
  if (!size) return undefined;
  const amount = isNegative ? { ...size, value: -size.value } : size;
  const unit = sentence.word(amount.end) === "us" ? amount.end + 1 : amount.end;
  const suffixed = DOLLARS.has(sentence.word(unit));
  return { ...amount, end: suffixed ? unit + 1 : amount.end, currency: prefixed || suffixed };
}

/** "half a dozen", "a half dozen", "half", "a couple". */
function readFixed(sentence: Sentence, at: number): Amount | undefined {
  const start = isArticle(sentence.word(at)) ? at + 1 : at;
  const word = sentence.word(start);
  if (word === "couple") return { end: start + 1, value: 2, decimals: 0 };
  if (word !== "half") return undefined;
  const end = isArticle(sentence.word(start + 1)) ? start + 2 : start + 1;
  return sentence.word(end) === "dozen" ? { end: end + 1, value: 6, decimals: 0 } : { end, value: 0.5, decimals: 1 };
}

function readThousands(sentence: Sentence, at: number): Amount | undefined {
  const head = readHundreds(sentence, at);
  if (!head || sentence.word(head.end) !== "thousand") return head;
  const thousands = { ...head, end: head.end + 1, value: head.value * 1000 };
  const start = sentence.word(thousands.end) === "and" ? thousands.end + 1 : thousands.end;
  const tail = readSmall(sentence, start) && readHundreds(sentence, start);
  return tail ? { ...tail, value: thousands.value + tail.value } : thousands;
}

function readHundreds(sentence: Sentence, at: number): Amount | undefined {
  const head = readDigits(sentence, at) ?? readSmall(sentence, at) ?? readArticle(sentence, at);
  if (!head || sentence.word(head.end) !== "hundred") return head;
  const hundreds = { ...head, end: head.end + 1, value: head.value * 100 };
  const tail = readSmall(sentence, sentence.word(hundreds.end) === "and" ? hundreds.end + 1 : hundreds.end);
  // "between one hundred and two hundred": the two belongs to the next number
  if (!tail || ["hundred", "thousand"].includes(sentence.word(tail.end))) return hundreds;
  return { ...tail, value: hundreds.value + tail.value };
}

function readDigits(sentence: Sentence, at: number): Amount | undefined {
  const token = sentence.token(at);
  return token?.kind === "number" ? { end: at + 1, value: token.value, decimals: token.decimals } : undefined;
}

/** Words from zero to ninety-nine, with or without the hyphen. */
function readSmall(sentence: Sentence, at: number): Amount | undefined {
  const [first = "", second = ""] = sentence.word(at).split("-");
  const unit = UNITS.indexOf(first);
  if (unit >= 0) return second ? undefined : { end: at + 1, value: unit, decimals: 0 };
  const tens = (TENS.indexOf(first) + 2) * 10;
  if (!TENS.includes(first)) return undefined;
  const rest = ONES.indexOf(second || sentence.word(at + 1));
  const joined = rest > 0;
  if (second && !joined) return undefined;
  return { end: joined && !second ? at + 2 : at + 1, value: joined ? tens + rest : tens, decimals: 0 };
}

function readArticle(sentence: Sentence, at: number): Amount | undefined {
  return isArticle(sentence.word(at)) ? { end: at + 1, value: 1, decimals: 0 } : undefined;
}

function withDozen(sentence: Sentence, amount: Amount): Amount {
  return sentence.word(amount.end) === "dozen" ? { ...amount, end: amount.end + 1, value: amount.value * 12 } : amount;
}

/** "two and a half", "two point five". */
function withFraction(sentence: Sentence, amount: Amount): Amount {
  const { end } = amount;
  if (sentence.word(end) === "point") {
    const rest = readHundreds(sentence, end + 1);
    return rest ? { ...amount, end: rest.end, decimals: 1 } : amount;
  }
  if (sentence.word(end) !== "and") return amount;
  const part = isArticle(sentence.word(end + 1)) ? end + 2 : end + 1;
  const isFraction = ["half", "quarter", "third"].includes(sentence.word(part)) && sentence.word(part + 1) !== "dozen";
  return isFraction ? { end: part + 1, value: amount.value + 0.5, decimals: 1 } : amount;
}

function isMinus(word: string): boolean {
  return ["minus", "negative", "-"].includes(word);
}

function isArticle(word: string): boolean {
  return word === "a" || word === "an";
}
