/** Holes: which words of a request a parameter takes, and what they are as a value. */
import type { Json } from "../../domain/json.ts";
import { readMoney, readNumber } from "../playbooks/numbers.ts";
import { customerSlot } from "../playbooks/people.ts";
import type { Reading, Slot } from "../playbooks/reader.ts";
import { Sentence } from "../playbooks/sentence.ts";
import { TITLES } from "../playbooks/words.ts";
import type { ItemType, Parameter } from "./declaration.ts";
import { readDate, readDateTime } from "./read-time.ts";
import { fold, type RequestWords } from "./request-words.ts";
import { joinsItems, turns } from "./turning-words.ts";
import { checkValue, currencyOf } from "./values.ts";

/** Words that a value has at the most, and characters of scripts without spaces. */
const MAX_WORDS = 12;
const MAX_CHARACTERS = 40;
/** Items that are read of a list. How many it may have, its parameter says. */
const MAX_READ = 200;

/** A hole takes every run of words that its parameter can be: which of them is meant, the words around it tell. */
export function holeSlot(name: string, parameter: Parameter): Slot<RequestWords> {
  return (request, reading) => {
    const found = [...runsFrom(request, reading.end, parameter)];
    if (found.length === 0) return { failedAt: reading.end };
    return found.map(({ end, value }): Reading => {
      const checked = checkValue(parameter, value);
      const problem = "problem" in checked ? `{${name}}: ${checked.problem}.` : undefined;
      return { end, values: { ...reading.values, [name]: "value" in checked ? checked.value : value }, problem };
    });
  };
}

interface Run {
  readonly end: number;
  readonly value: Json;
}

function* runsFrom(request: RequestWords, start: number, parameter: Parameter): Generator<Run> {
  const { type } = parameter;
  if (typeof type === "object" && "listOf" in type)
    yield* listsFrom(request, start, { ...parameter, type: type.listOf });
  else yield* itemsFrom(request, start, { parameter, type, isListed: false });
}

interface Wanted {
  readonly parameter: Parameter;
  readonly type: ItemType;
  readonly isListed: boolean;
}

function* itemsFrom(request: RequestWords, start: number, wanted: Wanted): Generator<Run> {
  for (let end = start + 1; end <= request.words.length && fits(request, start, end); end++) {
    const value = readItem(request, start, end, wanted);
    if (value !== undefined) yield { end, value };
    if (wanted.isListed && separatesItems(request, end - 1)) return;
  }
}

function fits(request: RequestWords, start: number, end: number): boolean {
  const count = end - start;
  return count <= MAX_WORDS || (count <= MAX_CHARACTERS && request.said(start, end).length <= MAX_CHARACTERS);
}

/** Lists have commas between their items, and a comma, a word such as "and", or both before the last. */
function* listsFrom(request: RequestWords, start: number, parameter: Parameter): Generator<Run> {
  const { type } = parameter as { type: ItemType };
  const wanted = { parameter, type, isListed: true };
  const before: Json[] = [];
  let at = start;
  while (before.length < MAX_READ) {
    const runs = [...itemsFrom(request, at, wanted)];
    for (const { end, value } of runs) yield { end, value: [...before, value] };
    const whole = runs.find(({ end }) => separatesItems(request, end - 1) || joinsItems(request.word(end)));
    if (!whole) return;
    before.push(whole.value);
    at = joinsItems(request.word(whole.end)) ? whole.end + 1 : whole.end;
  }
}

const separatesItems = (request: RequestWords, at: number): boolean => /[,;、，；،؛]/u.test(request.gapAfter(at));

/** What the words from `start` to `end` are as a value; undefined where they are none. */
function readItem(request: RequestWords, start: number, end: number, wanted: Wanted): Json | undefined {
  const said = request.said(start, end);
  const { type, parameter } = wanted;
  if (typeof type === "object") return type.oneOf.find((option) => fold(option) === fold(said));
  switch (type) {
    case "text":
    case "name":
      return isWholeQuote(request, start, end) || isPlain(request, start, end, wanted) ? said : undefined;
    case "email":
      return end === start + 1 && said.includes("@") ? said : undefined;
    case "date":
      return readDate(said);
    case "datetime":
      return readDateTime(said);
    case "boolean":
      return { yes: true, true: true, no: false, false: false }[fold(said)];
    case "money":
      return readAmount(said, currencyOf(parameter));
    default:
      return readPlainNumber(said, type === "integer");
  }
}

const isWholeQuote = ({ words }: RequestWords, start: number, end: number): boolean =>
  end === start + 1 && words[start]?.quoted !== undefined;

/** Whether words stand for a text or a name without quotation marks around them. */
function isPlain(request: RequestWords, start: number, end: number, { type, isListed }: Wanted): boolean {
  const words = request.words.slice(start, end);
  if (words[0]?.quoted !== undefined) return false; // what is put between quotation marks is meant as a whole
  const parts = words.map((word) => ({ text: word.text, said: request.text.slice(word.start, word.end) }));
  if (parts.some(({ said }) => !/[\p{L}\p{N}]/u.test(said)) || turns(parts)) return false;
  if (endsInside(request, start, end)) return false;
  if (type === "name") return isName(request.said(start, end));
  const [first] = parts;
  return !isListed || (first !== undefined && !isSmall(first.said, request.text));
}

/** An item of a list that begins small could be anything ("Ana, Bob and delete everything"). */
const isSmall = (word: string, text: string): boolean =>
  (word.charAt(0) !== word.charAt(0).toUpperCase() || text === text.toUpperCase()) && !/^\p{Lo}|^\p{N}/u.test(word);

/** Whether a sentence ends, or a clause begins, between the words. The full stop of "Dr." and of initials does not. */
function endsInside(request: RequestWords, start: number, end: number): boolean {
  for (let at = start; at < end - 1; at++) {
    const gap = request.gapAfter(at);
    const isShort = request.word(at).length === 1 || TITLES.has(request.word(at));
    if (/[,;:!?…¡¿。！？；：、，،؛؟।\n]/u.test(gap) || (gap.includes(".") && !isShort)) return true;
  }
  return false;
}

/** "d'" in "Jeanne d'Arc". */
const ELIDED = /(?<!\p{L})(?:d|l|dell|dall|t)['’ʼ](?=\p{Lu})/gu;

/** As the example store reads customers: words with capitals, or one or two small ones that mean nothing else. */
function isName(said: string): boolean {
  const sentence = new Sentence(said.replace(ELIDED, ""));
  if (sentence.token(0)?.kind !== "word") return false;
  const read = customerSlot(sentence, { end: 0, values: {} }, undefined);
  return "end" in read && read.end === sentence.tokens.length;
}

/** "12", "1,000.5", "a dozen", "two hundred and five". "1.000" is one here and a thousand there, and so it is none. */
function readPlainNumber(said: string, isWhole = false): number | undefined {
  const sentence = new Sentence(said);
  const amount = readNumber(sentence, 0);
  if (!amount || amount.end !== sentence.tokens.length || /\d\.\d{3}$/.test(said)) return undefined;
  if (isWhole && amount.decimals > 0) return undefined;
  return isExact(amount.decimals, said) ? amount.value : undefined;
}

/** "two and a half" and "two point five" are read as no exact number. */
const isExact = (decimals: number, said: string): boolean => decimals === 0 || /\d/.test(said);

/** "$95", "95 dollars", "EUR 95", "95 €", or a number alone, which is in the parameter's currency. */
function readAmount(said: string, currency: string): number | undefined {
  if (currency !== "USD") return readPlainNumber(withoutCurrency(said, currency));
  const sentence = new Sentence(said);
  const money = readMoney(sentence, 0);
  if (!money || money.end !== sentence.tokens.length || /\d\.\d{3}$/.test(said)) return undefined;
  return isExact(money.decimals, said) ? money.value : undefined;
}

function withoutCurrency(said: string, currency: string): string {
  const names = (["code", "narrowSymbol", "name"] as const).flatMap((currencyDisplay) =>
    [1, 2].map((amount) => partOf(currency, currencyDisplay, amount)),
  );
  const text = said.trim();
  const name = names.find((one) => fold(text).startsWith(fold(one)) || fold(text).endsWith(fold(one)));
  if (name === undefined) return text;
  return fold(text).startsWith(fold(name)) ? text.slice(name.length).trim() : text.slice(0, -name.length).trim();
}

function partOf(currency: string, currencyDisplay: "code" | "narrowSymbol" | "name", amount: number): string {
  const parts = new Intl.NumberFormat("en-US", { style: "currency", currency, currencyDisplay }).formatToParts(amount);
  const written = parts.find((part) => part.type === "currency")?.value ?? currency;
  return written.split(" ").at(-1) ?? written; // "pounds" of "British pounds"
}
