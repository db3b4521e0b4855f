/**
 * A request, or a wording of a playbook, as words that are compared. Case, quotation marks, apostrophes and the marks
 * between words say nothing here; every other character belongs to a word, so that nothing is passed over. Scripts that
 * are written without spaces come apart into their characters: "为王伟办理入职" is seven words.
 */
export interface Word {
  /** For comparing. */
  readonly text: string;
  /** Where it stands in the request, with the quotation marks around it. */
  readonly start: number;
  readonly end: number;
  /** What stands between quotation marks is one word; this is how it was written. */
  readonly quoted?: string;
}

const UNSPACED = ["Han", "Hiragana", "Katakana", "Hangul", "Thai", "Lao", "Khmer", "Myanmar"]
  .map((script) => `\\p{scx=${script}}`)
  .join("");
const BETWEEN = String.raw`\s,;:!?…¡¿()'’‘ʼ\u0060"“”„«»‹›‚、。，．！？：；·・「」『』【】（）،؛؟।׳״`;
const QUOTED = [
  ['"', '"'],
  ["“", "”"],
  ["”", "”"],
  ["„", '“”"'],
  ["«", "»"],
  ["»", "«"],
  ["「", "」"],
  ["『", "』"],
]
  .map(([open = "", close = ""]) => `${open}[^${open}${close}]*[${close}]`)
  .join("|");
const CONTRACTION = String.raw`(?<![\p{L}\p{M}\p{N}])(?:i|we|you|they|what|that|there|how)['’‘ʼ](?:d|ll|m|ve|re|s)(?![\p{L}\p{M}\p{N}])`;
const CONTRACTED: Readonly<Record<string, string>> = {
  d: "would",
  ll: "will",
  m: "am",
  ve: "have",
  re: "are",
  s: "is",
};
/** A full stop, a comma or a colon inside "example.com", "1,000.50", "09:00" and "https://". */
const INSIDE = String.raw`(?<=[^${BETWEEN}])\.(?=[\p{L}\p{N}])|(?<=\p{N})[,:](?=\p{N})|:(?=\/\/)`;
const CHARACTERS = `(?:(?![${UNSPACED}])[^${BETWEEN}.]|${INSIDE})+`;
const WORD = new RegExp(
  `(?<quoted>${QUOTED})|(?<contraction>${CONTRACTION})|(?<unspaced>(?![${BETWEEN}])[${UNSPACED}]\\p{M}*)|${CHARACTERS}`,
  "giu",
);

/** @returns the words of a text, in order */
export function wordsOf(text: string): Word[] {
  return [...text.matchAll(WORD)].flatMap((match): Word[] => {
    const [said] = match;
    const place = { start: match.index, end: match.index + said.length };
    if (match.groups?.contraction) {
      const [stem = "", rest = ""] = said.toLowerCase().split(/['’‘ʼ]/u);
      return [stem, CONTRACTED[rest] ?? rest].map((part) => ({ text: part, ...place }));
    }
    const quoted = match.groups?.quoted === undefined ? {} : { quoted: said.slice(1, -1).trim() };
    const compared = fold(quoted.quoted ?? said);
    return /^-*$/u.test(compared) ? [] : [{ text: compared, ...place, ...quoted }];
  });
}

/** A text for comparing: without case, width and ways to write the same letter, and without marks that nobody sees. */
export function fold(text: string): string {
  const plain = text
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .replace(/[‐‑–—―−]/gu, "-");
  const folded = plain.toUpperCase().toLowerCase().normalize("NFC").replace(/\s+/gu, " ");
  return folded === "&" ? "and" : folded;
}

/** A request under reading. */
export class RequestWords {
  readonly text: string;
  readonly words: readonly Word[];
  /** The word where understanding ended. */
  furthest = 0;

  /** Quotation marks around the whole request are not part of it. */
  constructor(request: string) {
    const [only, ...others] = wordsOf(request);
    this.text = only?.quoted !== undefined && others.length === 0 ? only.quoted : request;
    this.words = wordsOf(this.text);
  }

  word(at: number): string {
    return this.words[at]?.text ?? "";
  }

  /** The words from `from` up to `to` as they were written, with what stands between them. */
  said(from: number, to: number): string {
    const [first, last] = [this.words[from], this.words[to - 1]];
    if (!first || !last) return "";
    const text = first === last && first.quoted !== undefined ? first.quoted : this.text.slice(first.start, last.end);
    return text.replace(/^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu, "");
  }

  /** What was written from a word on, with the whole of "don't" where only "t" is left. */
  rest(from: number): string {
    const start = this.words[from]?.start ?? this.text.length;
    const before = /[^\s]*$/u.exec(this.text.slice(0, start))?.[0] ?? "";
    return `${/['’‘ʼ]$/u.test(before) ? before : ""}${this.text.slice(start)}`.replace(/[\s.?!]+$/u, "");
  }

  /** What stands between a word and the next. */
  gapAfter(at: number): string {
    const [word, next] = [this.words[at], this.words[at + 1]];
    return word && next ? this.text.slice(word.end, next.start) : "";
  }
}
