/** Finds what is hidden by an encoding: base64 (also of URLs) and hexadecimal text whose content would be found. */
import type { Find, Kind } from "./find.ts";

const BASE64 = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{12,8000}={0,2}/g;
const HEX = /(?<![A-Za-z0-9])(?:[0-9A-Fa-f]{2}){8,2000}(?![A-Za-z0-9])/g;
const READABLE = /[\x20-\x7e\r\n\t]{8,}/g;

/** The readable parts of what a word decodes to; it may begin within a word, so at each of the four places. */
function readable(word: string): string[] {
  const texts: string[] = [];
  for (let skip = 0; skip < 4; skip++) {
    const decoded = Buffer.from(word.slice(skip), "base64").toString("latin1");
    texts.push(...(decoded.match(READABLE) ?? []));
  }
  return texts;
}

/**
 * @param look what finds a kind in plain text
 * @returns finds of the whole encoded words
 */
export function findEncoded(text: string, look: (plain: string) => Kind | undefined): Find[] {
  const finds: Find[] = [];
  const add = (match: RegExpExecArray, plain: readonly string[]) => {
    const kind = plain.map(look).find((found) => found !== undefined);
    if (kind) finds.push({ start: match.index, end: match.index + match[0].length, kind });
  };
  for (const match of text.search(BASE64) < 0 ? [] : text.matchAll(BASE64)) {
    // Readable text in base64 has letters of both cases; most ids and names have not.
    if (/[a-z]/.test(match[0]) && /[A-Z]/.test(match[0])) add(match, readable(match[0]));
  }
  for (const match of text.search(HEX) < 0 ? [] : text.matchAll(HEX)) {
    const plain = Buffer.from(match[0], "hex").toString("latin1");
    if (/^[\x20-\x7e\r\n\t]+$/.test(plain)) add(match, [plain]);
  }
  return finds;
}
