/** Values as they stand in prose: `item: "SG001", change = -2`. Quoted, as JSON, or plain up to the next key. */
import type { Json } from "../../domain/json.ts";
import { faultIn, jsonExtent, readJson } from "./read-json.ts";
import { givesReason } from "./words.ts";

/** What is wrong with an action in prose. */
export class ProseFault extends Error {
  /** What stands behind it may still be inside of a text, so that nothing more is read. */
  readonly ends: boolean;
  readonly field: string | undefined;

  constructor(message: string, { ends = false, field }: { ends?: boolean; field?: string | undefined } = {}) {
    super(message);
    this.ends = ends;
    this.field = field;
  }
}

export interface Cursor {
  readonly text: string;
  at: number;
}

export interface ProseValue {
  readonly value: Json;
  /** How it was written, where it stood without quotes: it may be meant as text. */
  readonly written?: string;
}

export type Pairs = Map<string, ProseValue>;

const QUOTES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "＂": "＂",
  "“": "”",
  "„": "“”",
  "”": "”",
  "‘": "’",
  "‚": "‘’",
  "«": "»",
  "»": "«",
  "‹": "›",
  "「": "」",
  "『": "』",
};

const KEY = /(?:["“'‘`]?)([\p{L}_][\p{L}\p{N}_.-]{0,63})(?:["”'’`]?)[ \t]{0,20}(?:=>|[=:＝：])/uy;
const NEXT_KEY = /[,，;；][ \t\n]{0,200}["“'‘`]?[\p{L}_][\p{L}\p{N}_.-]{0,63}["”'’`]?[ \t]{0,20}[=:＝：]/uy;
const SEPARATOR = /[,，;；]/y;
const UNCLEAR_END = "it is not clear where its value ends; put it in quotation marks";
const DASH = /[ \t](?:[—–]|-{1,2})[ \t]/u;

/** The pairs between the brackets of a call, in which lines may end; the cursor stands behind the opening one. */
export function readCallPairs(cursor: Cursor): Pairs {
  const pairs: Pairs = new Map();
  for (;;) {
    skipBlanks(cursor, true);
    if (take(cursor, /[)）]/y)) return pairs;
    const key = readKey(cursor, pairs);
    skipBlanks(cursor, true);
    const isQuoted = startsQuoted(cursor);
    pairs.set(key, readValue(cursor, key, true));
    skipBlanks(cursor, true);
    if (!take(cursor, SEPARATOR) && !/[)）]/.test(cursor.text[cursor.at] ?? ""))
      throw notSeparated(cursor, key, isQuoted);
  }
}

/** The pairs up to the end of the line. @returns `rest`, what is said behind the last of them */
export function readLinePairs(cursor: Cursor): { pairs: Pairs; rest: string } {
  const pairs: Pairs = new Map();
  for (;;) {
    const key = readKey(cursor, pairs);
    skipBlanks(cursor, false);
    const isQuoted = startsQuoted(cursor);
    const { rest, ...value } = readLineValue(cursor, key);
    pairs.set(key, value);
    if (rest !== undefined) return { pairs, rest };
    skipBlanks(cursor, false);
    if (!take(cursor, SEPARATOR)) throw notSeparated(cursor, key, isQuoted);
    skipBlanks(cursor, false);
  }
}

function readKey(cursor: Cursor, pairs: Pairs): string {
  const [, key] = take(cursor, KEY) ?? [];
  if (key === undefined) throw new ProseFault(`expected a name and a value, such as item: "…", at "${ahead(cursor)}"`);
  if (pairs.has(key)) throw new ProseFault("it is given twice", { field: key });
  return key;
}

function notSeparated(cursor: Cursor, field: string, isQuoted: boolean): ProseFault {
  const next = ahead(cursor);
  const problem = `behind its value stands "${next}"; expected a comma or a closing bracket`;
  // A quotation mark within a text closes it too early.
  return new ProseFault(problem, { field, ends: isQuoted && next !== "" });
}

/** A value among pairs on one line. @returns `rest`, what stands behind the last of them */
function readLineValue(cursor: Cursor, key: string): ProseValue & { rest?: string } {
  const isPlain = !startsQuoted(cursor);
  const { value, written } = readValue(cursor, key, false);
  if (!isPlain) {
    skipBlanks(cursor, false);
    if (/[,，;；]/.test(cursor.text[cursor.at] ?? "")) return { value };
    return { value, rest: takeLine(cursor) };
  }
  const { plain, rest } = splitReason(written ?? "", key);
  if (cursor.text[cursor.at] === "\n" || cursor.at >= cursor.text.length) return { ...given(plain), rest };
  if (rest !== "") throw new ProseFault(UNCLEAR_END, { field: key });
  return given(plain);
}

/** Parts a plain value at the end of a line from what is said behind it: "3 — because he asked (confidence 0.8)". */
function splitReason(written: string, key: string): { plain: string; rest: string } {
  const bracket = /\s[(（][^()（）]{0,200}[)）]$/u.exec(written);
  const dash = DASH.exec(written);
  const at = Math.min(dash?.index ?? written.length, bracket?.index ?? written.length);
  if (at === written.length) return { plain: written, rest: "" };
  const rest = written.slice(at).trim();
  const words = rest.replace(/^(?:[—–(（]|-{1,2})\s*/u, "");
  if (dash?.index === at && !givesReason(words)) {
    throw new ProseFault(UNCLEAR_END, { field: key });
  }
  return { plain: written.slice(0, at).trimEnd(), rest };
}

/** A value that has its line to itself, such as `title: Fix it - today`. */
export function readWholeLine(cursor: Cursor, key: string): ProseValue {
  skipBlanks(cursor, false);
  if (startsQuoted(cursor)) {
    const { value } = readValue(cursor, key, false);
    const rest = takeLine(cursor);
    if (!/^,?$/.test(rest))
      throw new ProseFault(`after its value stands "${rest.slice(0, 20)}"`, { field: key, ends: true });
    return { value };
  }
  const line = takeLine(cursor);
  if (/^[|>][-+]?$|[,，]$/.test(line)) {
    throw new ProseFault(UNCLEAR_END, { field: key });
  }
  return given(line);
}

/** The rest of the line, without blanks around it; the cursor stands on its end then. */
export function takeLine(cursor: Cursor): string {
  const newline = cursor.text.indexOf("\n", cursor.at);
  const end = newline < 0 ? cursor.text.length : newline;
  const line = cursor.text.slice(cursor.at, end).trim();
  cursor.at = end;
  return line;
}

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ...(["true", "True"] as const).map((word) => [word, true] as const),
  ...(["false", "False"] as const).map((word) => [word, false] as const),
  ...(["null", "None"] as const).map((word) => [word, null] as const),
]);

/** What a plain word says: a JSON number, truth value or null, else a text. */
function given(written: string): ProseValue {
  const constant = CONSTANTS.get(written);
  if (constant !== undefined) return { value: constant, written };
  const isNumber = /^-?(?:0|[1-9]\d{0,15})(?:\.\d{1,20})?$/.test(written);
  const number = Number(written);
  const isKept = isNumber && (written.includes(".") || Number.isSafeInteger(number));
  return { value: isKept ? number : written, written };
}

const startsQuoted = ({ text, at }: Cursor): boolean => {
  const first = text[at] ?? "";
  return first in QUOTES || first === "{" || first === "[" || first === "`";
};

function readValue(cursor: Cursor, key: string, inCall: boolean): ProseValue {
  const { text } = cursor;
  const first = text[cursor.at] ?? "";
  if (first === "{" || first === "[") return { value: readInnerJson(cursor, key) };
  const closing = first === "`" ? "`" : QUOTES[first];
  if (closing !== undefined) return { value: readQuoted(cursor, key, closing) };
  const written = readPlain(cursor, inCall);
  if (written === "") throw new ProseFault('it has no value; write "" for an empty text', { field: key });
  if (/[\s][\p{L}_][\p{L}\p{N}_]{0,63}[=＝]/u.test(written)) {
    throw new ProseFault("its value holds another argument; part arguments by commas", { field: key });
  }
  return given(written);
}

export function readInnerJson(cursor: Cursor, key: string): Json {
  const extent = jsonExtent(cursor.text, cursor.at);
  if ("fault" in extent) throw new ProseFault(extent.fault, { field: key, ends: true });
  const read = readJson(cursor.text.slice(cursor.at, extent.end));
  const fault = "fault" in read ? read.fault : faultIn(read.value, read.faults);
  if ("fault" in read || fault !== undefined) throw new ProseFault(fault ?? "", { field: key, ends: true });
  cursor.at = extent.end;
  return read.value;
}

function readQuoted(cursor: Cursor, key: string, closing: string): string {
  const { text } = cursor;
  const opening = text[cursor.at] ?? "";
  const start = cursor.at + 1;
  const hasEscapes = opening === '"' || opening === "'";
  let end = start;
  while (end < text.length && !closing.includes(text[end] ?? "")) end += hasEscapes && text[end] === "\\" ? 2 : 1;
  if (end >= text.length) throw new ProseFault("its text is not closed", { field: key, ends: true });
  cursor.at = end + 1;
  // A quotation mark within the text would have closed it too early.
  if (/^[\p{L}\p{N}"'“”„]/u.test(text.slice(cursor.at, cursor.at + 2))) {
    throw new ProseFault(`after its text stands "${ahead(cursor)}"; write quotation marks within it as \\"`, {
      field: key,
      ends: true,
    });
  }
  const content = text.slice(start, end);
  return hasEscapes ? withoutEscapes(content, key) : content;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

function withoutEscapes(content: string, key: string): string {
  return content.replace(/\\(u[0-9a-fA-F]{4}|.)/gs, (_whole, code: string) => {
    if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/["'\\/]/.test(code)) return code;
    const meant = ESCAPES[code];
    if (meant === undefined) throw new ProseFault(`"\\${code}" means nothing in a text`, { field: key });
    return meant;
  });
}

/** Up to the next key, the end of the call, or the end of the line. */
function readPlain(cursor: Cursor, inCall: boolean): string {
  const { text } = cursor;
  const start = cursor.at;
  const next = inCall ? NEXT_IN_CALL : NEXT_KEY;
  let depth = 0;
  for (; cursor.at < text.length && text[cursor.at] !== "\n"; cursor.at++) {
    const closes = /[)）]/.test(text[cursor.at] ?? "");
    if (closes && inCall && depth === 0) break;
    depth += BRACKETS[text[cursor.at] ?? ""] ?? 0;
    if (depth <= 0 && isBefore(cursor, next)) break;
  }
  return text.slice(start, cursor.at).trim();
}

const BRACKETS: Readonly<Record<string, number>> = { "(": 1, "（": 1, ")": -1, "）": -1 };

/** In a call, a comma at the end of a line or before the closing bracket ends a value, too. */
const NEXT_IN_CALL = new RegExp(`${NEXT_KEY.source}|[,，][ \\t\\n]{0,200}[)）]`, "uy");

function isBefore({ text, at }: Cursor, pattern: RegExp): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

export function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (found) cursor.at = pattern.lastIndex;
  return found;
}

function skipBlanks(cursor: Cursor, overLines: boolean): void {
  take(cursor, overLines ? /\s*/y : /[ \t]*/y);
}

const ahead = ({ text, at }: Cursor): string => text.slice(at, at + 20).split("\n")[0] ?? "";
