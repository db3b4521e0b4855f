/** Finds personal data in text: mail addresses, cards, bank accounts, IP addresses and postal addresses. */
import { isIPv4, isIPv6 } from "node:net";
import { countrySpecs, isValidIBAN } from "ibantools";
import { type Find, findAll } from "./find.ts";

// A look-behind at each start keeps these linear: no start is tried in the middle of a word.
const MAIL =
  /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]{1,64}[\u00ad\u200b-\u200d\u2060\ufeff]{0,8}(?:@|%40)[\u00ad\u200b-\u200d\u2060\ufeff]{0,8}(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})\.){1,8}\p{L}{2,24}/gu;

export const findMails = (text: string): Find[] =>
  text.includes("@") || text.includes("%40") ? findAll(text, MAIL, "mail") : [];

const CARD = /(?<![\d.])(?:\d{4}[ .-]?\d{4}[ .-]?\d{4}[ .-]?\d{2,7}|\d{4}[ .-]\d{6}[ .-]\d{4,5})(?![\d-]|\.\d)/g;
/** The number ranges of the issuers (ISO/IEC 7812) with their lengths; a number outside them is no card's. */
const ISSUED =
  /^(?:4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01]|720)\d{12,13}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|6(?:011|4[4-9]\d|5\d{2})\d{12}(?:\d{3})?|35\d{14}|62\d{14,17})$/;

/** Whether digits, with spaces, dots and dashes, are the number of a payment card: issued range, and Luhn's check digit. */
export function isCard(text: string): boolean {
  const digits = text.replace(/[ .-]/g, "");
  if (!ISSUED.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, character, index) => {
    const digit = Number(character) * (index % 2 === 1 ? 2 : 1);
    return total + (digit > 9 ? digit - 9 : digit);
  }, 0);
  return sum % 10 === 0;
}

export const findCards = (text: string): Find[] => findAll(text, CARD, "card", isCard);

const IBAN_START = /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ -]?[A-Za-z0-9])/g;

/** Bank accounts by their country's length and check digits (ISO 13616), with spaces or dashes inside or without. */
export function findIbans(text: string): Find[] {
  const finds: Find[] = [];
  if (text.search(IBAN_START) < 0) return finds;
  for (const { index } of text.matchAll(IBAN_START)) {
    const length = countrySpecs[text.slice(index, index + 2).toUpperCase()]?.chars;
    if (!length) continue;
    const { end, signs } = take(text, index, length);
    if (isValidIBAN(signs.toUpperCase())) finds.push({ start: index, end, kind: "iban" });
  }
  return finds;
}

/** So many letters and digits from a place on, spaces and dashes between them left out. */
function take(text: string, start: number, count: number): { end: number; signs: string } {
  let end = start;
  let signs = "";
  for (; signs.length < count && end - start < 2 * count && /[A-Za-z0-9 -]/.test(text[end] ?? ""); end++) {
    signs += (text[end] ?? "").trim().replace("-", "");
  }
  return { end, signs };
}

const IP4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d|[A-Za-z_])/g;
const IP6 = /(?<![\w:.])[0-9A-Fa-f:]{2,39}(?:\.\d{1,3}){0,3}(?![\w:])/g;
/** Says nothing of anybody. */
const isOwnMachine = (text: string): boolean => text.startsWith("127.") || text === "0.0.0.0" || text === "::1";

export const findIps = (text: string): Find[] => [
  ...findAll(text, IP4, "ip", (found) => isIPv4(found) && !isOwnMachine(found)),
  ...findAll(text, IP6, "ip", (found) => found.length > 2 && isIPv6(found) && !isOwnMachine(found)),
];

const STREET_WORD =
  "(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Square|Sq|Terrace|Place|Pl|Highway|Hwy|Parkway|Pkwy|Close|Crescent)";
/** What may follow a street: a flat, a town, a state, a code, a country. */
const TOWN =
  "(?:,? (?:Apt|Suite|Unit|Flat|#)\\.? ?\\w{1,6})?(?:,? [A-Z]{0,2}-?\\d{4,5}(?:-\\d{4})?)?(?:, [\\p{Lu}\\d][\\p{L}\\d .'-]{1,40}){0,3}";
const ADDRESSES = [
  `(?<![\\p{L}\\d])\\d{1,5}[A-Za-z]?,? (?:[\\p{Lu}\\d][\\p{L}\\d.'-]{0,30} ){1,4}${STREET_WORD}\\b\\.?(?: [NSEW]{1,2}\\b)?${TOWN}`,
  `(?<![\\p{L}\\d])(?:\\p{Lu}[\\p{L}-]{1,40}(?:straße|strasse|str\\.|weg|platz|allee|gasse|ufer|damm)|(?:\\p{Lu}\\p{L}{1,30}[ -]){1,3}(?:Straße|Strasse|Str\\.|Weg|Platz|Allee|Gasse)) \\d{1,4} ?[a-zA-Z]?\\b(?:,? (?:[A-Z]{1,2}-)?\\d{4,5} \\p{Lu}[\\p{L}-]{1,40})?`,
  `(?<![\\p{L}\\d])\\d{1,4}(?: bis| ter)?,? (?:rue|avenue|boulevard|place|allée|chemin|via|viale|calle|plaza) (?:[\\p{L}'-]{1,30} ){0,4}\\p{Lu}[\\p{L}'-]{1,30}(?:,? \\d{5} \\p{Lu}[\\p{L}-]{1,40})?`,
  "(?<![\\p{L}\\d])P\\.? ?O\\.? Box \\d{1,7}",
].map((source) => new RegExp(source, "gu"));

export const findAddresses = (text: string): Find[] =>
  /\d/.test(text) ? ADDRESSES.flatMap((pattern) => findAll(text, pattern, "address")) : [];
