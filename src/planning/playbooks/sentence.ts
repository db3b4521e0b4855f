/**
 * A request as tokens. Nothing is thrown away but white space and quotation marks: what no playbook accounts for stays
 * a token, and a token that nothing accounts for refuses the request.
 */

/** `text` is for comparing: lower case, straight apostrophes, plain hyphens. `start` and `end` are the place in the request. */
interface TokenBase {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** `odd` starts like a number and is none ("2½", "2-3", "1,00", "10k"); no playbook takes one. */
export type Token =
  | (TokenBase & { readonly kind: "word" | "mark" | "odd" })
  | (TokenBase & { readonly kind: "number"; readonly value: number; readonly decimals: number });

// Inside one repetition no two alternatives start with the same character, so each pattern reads a text once.
const NUMBERISH = String.raw`(?:(?<=^|[\s$])[-−–+])?\d+(?:[.,]\d+)*(?:[\p{L}\p{N}\p{M}]|[-'’‐‑–−/](?=[\p{L}\p{N}]))*`;
const WORD = String.raw`\p{L}[\p{L}\p{N}\p{M}]*(?:[-'’‘ʼ‐‑–][\p{L}\p{N}\p{M}]+)*`;
const TOKEN = new RegExp(String.raw`(?<numberish>${NUMBERISH})|(?<word>${WORD})|\S`, "gu");
const WHOLE_NUMBER = /^[-−–+]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.(?<decimals>\d+))?x?$/iu;
const CONTRACTION = /^(?<stem>i|we|you|they|what|that|there|how)'(?<rest>d|ll|m|ve|re|s)$/;
const CONTRACTED: Record<string, string> = { d: "would", ll: "will", m: "am", ve: "have", re: "are", s: "is" };
const QUOTES = /["“”„«»]/gu;

/** A request under reading. `furthest` is the token where understanding ended; `work` counts the looks at tokens. */
export class Sentence {
  readonly text: string;
  readonly tokens: readonly Token[];
  furthest = 0;
  work = 0;

  constructor(text: string) {
    this.text = text;
    this.tokens = tokenize(text);
  }

  token(at: number): Token | undefined {
    this.work += 1;
    return this.tokens[at];
  }

  /** The word or mark at this place, for comparing; "" past the end and for numbers. */
  word(at: number): string {
    const token = this.token(at);
    return token && token.kind !== "number" && token.kind !== "odd" ? token.text : "";
  }

  /** The tokens from `from` up to `to` as they were written, in one line and without quotation marks. */
  excerpt(from: number, to: number): string {
    const first = this.tokens[from];
    const last = this.tokens[to - 1];
    if (!first || !last) return "";
    return this.text.slice(first.start, last.end).replace(QUOTES, "").replace(/\s+/gu, " ").trim();
  }

  /** True when the word at this place was written with a capital, or in a script that has none. */
  isCapitalised(at: number): boolean {
    const token = this.tokens[at];
    const initial = token ? String.fromCodePoint(this.text.codePointAt(token.start) ?? 0) : "";
    return initial !== initial.toLowerCase() || initial === initial.toUpperCase();
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const place = { start: match.index, end: match.index + match[0].length };
    if (match.groups?.numberish) tokens.push(numberToken(match[0], place));
    else if (match.groups?.word) tokens.push(...wordTokens(match[0], place));
    else if (!/["“”„«»'‘’]/u.test(match[0])) tokens.push({ kind: "mark", text: plainMark(match[0]), ...place });
  }
  return tokens;
}

function numberToken(raw: string, place: { start: number; end: number }): Token {
  const match = WHOLE_NUMBER.exec(raw);
  if (!match) return { kind: "odd", text: raw, ...place };
  const value = Number(raw.replace(/[,x+]/giu, "").replace(/^[−–]/u, "-"));
  return { kind: "number", text: raw, value, decimals: match.groups?.decimals?.length ?? 0, ...place };
}

/** One word; two for a contraction ("I'd" reads as "I would") and for a possessive ("Moon's" as "moon" and "'s"). */
function wordTokens(raw: string, place: { start: number; end: number }): Token[] {
  const text = raw.toLowerCase().replace(/[’‘ʼ]/gu, "'").replace(/[‐‑–]/gu, "-");
  const { stem, rest = "" } = CONTRACTION.exec(text)?.groups ?? {};
  if (stem !== undefined)
    return [stem, CONTRACTED[rest] ?? rest].map((word) => ({ kind: "word", text: word, ...place }));
  if (!text.endsWith("'s")) return [{ kind: "word", text, ...place }];
  const cut = place.end - 2;
  return [
    { kind: "word", text: text.slice(0, -2), start: place.start, end: cut },
    { kind: "word", text: "'s", start: cut, end: place.end },
  ];
}

function plainMark(raw: string): string {
  if (/[-‐‑–—―−]/u.test(raw)) return "-";
  return raw === "&" ? "and" : raw;
}
