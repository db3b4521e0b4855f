/** All detectors over one text. Each is linear in its length. */
import { findEncoded } from "./encoded.ts";
import { type Find, type Kind, merged } from "./find.ts";
import { findAddresses, findCards, findIbans, findIps, findMails } from "./personal.ts";
import { findInternationalPhones, findPhones } from "./phones.ts";
import { findGivenTokens, findIssuedTokens, findRandomTokens } from "./secrets.ts";

const OTHER_SIGNS = /[\uff10-\uff19\uff20\u00a0\u2007\u202f]/g;

/** Digits and `@` in full width, and spaces that do not break, as the usual ones: each sign stays in its place. */
function inPlainSigns(text: string): string {
  if (text.search(OTHER_SIGNS) < 0) return text;
  return text.replaceAll(OTHER_SIGNS, (sign) => {
    const code = sign.charCodeAt(0);
    return code >= 0xff10 ? String.fromCharCode(code - 0xfee0) : " ";
  });
}

/** What is certain without the words around it, so that it may be looked for in decoded and in joined text. */
function findCertain(text: string): Find[] {
  return [findIssuedTokens, findCards, findIbans, findMails, findInternationalPhones].flatMap((find) => find(text));
}

/** Only what is readable is looked at, so more may be looked for than in joined text. */
const lookInDecoded = (plain: string): Kind | undefined =>
  [findCertain, findGivenTokens, findIps, findAddresses].flatMap((find) => find(plain))[0]?.kind;

/** Without any of this, nothing is certain or encoded. */
const CERTAIN = /[@+]|%40|\S{11}|\d(?:[ ()./-]{0,2}\d){7}|[A-Za-z]{2}\d\d|-----/;

/** {@link findCertain}, also behind an encoding. */
export function findCertainOrEncoded(given: string): Find[] {
  const text = inPlainSigns(given);
  if (!CERTAIN.test(text)) return [];
  return merged([...findCertain(text), ...findEncoded(text, lookInDecoded)]);
}

/** Ids, digests and times of our own, which stay as they are. */
const OWN = /^(?:[a-z]{1,10}[_-][0-9a-f-]{8,40}|[0-9a-f]{64}|\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?)$/;
/** Without any of this no detector finds anything. */
const TELLING = /[@:=\d%]|\S{12}|-----/;

/** Whether nothing can be found in a text, at a glance. */
export const isPlain = (text: string): boolean => text.length < 4 || OWN.test(text) || !TELLING.test(text);

export const isOwn = (text: string): boolean => OWN.test(text);

/**
 * What is found in an answer, of which as little as possible may be taken for what it is not: numbers of orders look like
 * telephone numbers without a country's code, and their ids like random tokens.
 */
export function findInAnswer(given: string): Find[] {
  const text = inPlainSigns(given);
  if (isPlain(text)) return [];
  return merged([
    ...findCertain(text),
    ...findEncoded(text, lookInDecoded),
    ...[findGivenTokens, findIps, findAddresses].flatMap((find) => find(text)),
  ]);
}

/** Everything that is found in a text, in order and without overlaps. */
export function findInText(given: string): Find[] {
  const text = inPlainSigns(given);
  if (isPlain(text)) return [];
  const others = [findPhones, findGivenTokens, findRandomTokens, findIps, findAddresses];
  // Of two that find the same place, the first says what it is.
  return merged([...findCertain(text), ...findEncoded(text, lookInDecoded), ...others.flatMap((find) => find(text))]);
}
