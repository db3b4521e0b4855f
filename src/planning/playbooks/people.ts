/** The slots for customers and reasons: text that is kept as it was written. */
import type { Reading, Slot } from "./reader.ts";
import type { Sentence } from "./sentence.ts";
import { quote } from "./values.ts";
import { isCustomerWord, isReasonWord, isTitleCase, NAME_PARTICLES, skipWhile, TITLES } from "./words.ts";

const MAX_NAME_WORDS = 6;
const MAX_SMALL_NAME_WORDS = 2;
const MAX_NAME_LENGTH = 80;
const MAX_REASON_LENGTH = 200;

/**
 * `{name}`: a customer after "for" or "to", where a word like "resale" could stand as well. `{name:capital}` takes only
 * names with a capital, for places where any adverb could stand ("sell precisely 2").
 */
export const nameSlot: Slot = (sentence, reading, option) => {
  if (option === "capital" && !isTitleCase(sentence, skipTitle(sentence, reading.end)))
    return { failedAt: reading.end };
  const end = readName(sentence, reading.end, false);
  return end === undefined ? { failedAt: reading.end } : withCustomer(sentence, reading, end);
};

/** `{customer}`: a name after the word "customer"; a name must follow there. */
export const customerSlot: Slot = (sentence, reading) => {
  const next = sentence.token(reading.end);
  if (!next || next.kind === "mark") {
    return {
      ...reading,
      problem: 'The customer\'s name is missing after "customer". Give it, such as "for customer Alice".',
    };
  }
  const end = readName(sentence, reading.end, true);
  return end === undefined ? { failedAt: reading.end } : withCustomer(sentence, reading, end);
};

/** `{reason}`: the rest of the sentence, as long as it says nothing that would be a request of its own. */
export const reasonSlot: Slot = (sentence, reading) => {
  let end = skipWhile(reading.end, (at) => isReasonWord(sentence, at), sentence.tokens.length);
  while (end > reading.end && sentence.word(end - 1) === ",") end -= 1;
  if (end === reading.end || sentence.word(reading.end) === "of") return { failedAt: reading.end };
  const reason = sentence.excerpt(reading.end, end);
  const problem =
    reason.length > MAX_REASON_LENGTH
      ? `The reason ${quote(reason)} is longer than ${MAX_REASON_LENGTH} characters.`
      : undefined;
  return { end, values: { ...reading.values, reason }, problem };
};

function withCustomer(sentence: Sentence, reading: Reading, end: number): Reading {
  const customer = sentence.excerpt(reading.end, end);
  const problem =
    customer.length > MAX_NAME_LENGTH
      ? `The name ${quote(customer)} is longer than ${MAX_NAME_LENGTH} characters.`
      : undefined;
  return { end, values: { ...reading.values, customer }, problem };
}

/**
 * The place after the name at `start`. A name with a capital goes on with capitals ("Ana de la Cruz"); one without may
 * have two words: nothing but the vocabulary tells where it ends.
 */
function readName(sentence: Sentence, start: number, labelled: boolean): number | undefined {
  const first = skipTitle(sentence, start);
  const isWord = (at: number): boolean =>
    sentence.token(at)?.kind === "word" && (isInitial(sentence, at) || isCustomerWord(sentence, at, labelled));
  if (!isWord(first)) return undefined;
  const capital = sentence.isCapitalised(skipWhile(first, (at) => isParticle(sentence, at), 3));
  const limit = capital ? MAX_NAME_WORDS : MAX_SMALL_NAME_WORDS;
  let end = skipWord(sentence, first);
  let words = 1;
  for (; isWord(end) && words <= limit; words += 1) {
    const fits = capital
      ? sentence.isCapitalised(end) || isParticle(sentence, end)
      : !sentence.isCapitalised(end) && !sentence.word(end).endsWith("ly");
    if (!fits) return undefined;
    end = skipWord(sentence, end);
  }
  return words <= limit ? end : undefined;
}

function skipTitle(sentence: Sentence, at: number): number {
  if (!TITLES.has(sentence.word(at))) return at;
  return sentence.word(at + 1) === "." ? at + 2 : at + 1;
}

/** Past one word of a name, with the full stop of an initial. */
function skipWord(sentence: Sentence, at: number): number {
  return isInitial(sentence, at) ? at + 2 : at + 1;
}

/** "J." with more of the name behind it; else the full stop ends the sentence. */
function isInitial(sentence: Sentence, at: number): boolean {
  const isLetter = sentence.word(at).length === 1 && sentence.isCapitalised(at);
  return isLetter && sentence.word(at + 1) === "." && sentence.token(at + 2)?.kind === "word";
}

/** "de" in "Ana de la Cruz": a name goes on after it. */
function isParticle(sentence: Sentence, at: number): boolean {
  return NAME_PARTICLES.has(sentence.word(at)) && sentence.token(at + 1)?.kind === "word";
}
