/** Finds phone numbers. Shapes are looked for here, and whether a number can be one is left to libphonenumber-js. */
import { type CountryCode, isPossiblePhoneNumber, isValidPhoneNumber } from "libphonenumber-js/max";
import { type Find, findAll } from "./find.ts";

const INTERNATIONAL = /(?<![\w+.])(?:\+|00)[1-9](?:[ ()./-]{0,2}\d){6,17}/g;
/** Area code, exchange and line of North America, with something between them: ten bare digits may be anything. */
const NORTH_AMERICAN = /(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}(?![\w-])/g;
const NATIONAL = /(?<![\w.+:/-])\(?0\d{1,5}\)?[ /.-]{1,3}\d(?:[ /.-]?\d){4,10}(?![\w:-])/g;
const NAMED =
  /(?:phone|tel|mobile|cell|fax|call|sms|whatsapp|telefon|handy)[^\d\n+]{0,12}(?<value>\d(?:[ ()./-]?\d){6,14})(?!\w)/dgi;
const DATE = /^\d{1,2}([-/.])\d{1,2}\1\d{2,4}$/;
/** Where numbers with a leading zero are looked up. */
const COUNTRIES: readonly CountryCode[] = ["DE", "GB", "FR", "NL", "AT", "CH", "IT", "AU", "JP", "SE"];

/** So many numbers of a text are looked up, which takes time; those after them count as found. */
const MAX_LOOKED_UP = 200;

function nationalLookUp(): (text: string) => boolean {
  let left = MAX_LOOKED_UP;
  return (text) => !DATE.test(text) && (left-- <= 0 || COUNTRIES.some((country) => isValidPhoneNumber(text, country)));
}

/** The longest beginning of a run of digits that is a phone number, so that an amount behind it is none. */
function internationalAt({ start, end }: Find, text: string): Find | undefined {
  for (let cut = end; cut - start > 7; cut--) {
    if (/\d/.test(text[cut] ?? "") || !/\d/.test(text[cut - 1] ?? "")) continue; // not within a group of digits
    const number = text.slice(start, cut).replace(/^00/, "+");
    if (isPossiblePhoneNumber(number)) return { start, end: cut, kind: "phone" };
  }
  return undefined;
}

/** An id in whose digits a number would be found by chance (RFC 9562, in text). */
const UUID = /(?<![\w-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])/gi;

function outsideOfIds(finds: Find[], text: string): Find[] {
  if (finds.length === 0) return finds;
  const ids = [...text.matchAll(UUID)].map(({ index, 0: id }) => ({ start: index, end: index + id.length }));
  return finds.filter(({ start, end }) => !ids.some((id) => start >= id.start && end <= id.end));
}

/** Numbers with the code of their country, however they are written. */
export const findInternationalPhones = (text: string): Find[] =>
  outsideOfIds(
    findAll(text, INTERNATIONAL, "phone").flatMap((found) => internationalAt(found, text) ?? []),
    text,
  );

export const findPhones = (text: string): Find[] => [
  ...findInternationalPhones(text),
  ...findAll(text, NORTH_AMERICAN, "phone"),
  ...findAll(text, NATIONAL, "phone", nationalLookUp()),
  ...findAll(text, NAMED, "phone"),
];
