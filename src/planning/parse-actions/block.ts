/** The lines below an action in prose: `PARAMETERS: ...`, `confidence: 0.8`, and arguments, each on its line. */
import type { Json } from "../../domain/json.ts";
import { beginsNumbered } from "./head.ts";
import {
  type Cursor,
  type Pairs,
  ProseFault,
  readInnerJson,
  readLinePairs,
  readWholeLine,
  take,
  takeLine,
} from "./values.ts";
import { ACTION_LABEL, NOTHING, plainKey, roleOf, takesBack } from "./words.ts";

export type BlockLine =
  | { kind: "args"; value: Json }
  | { kind: "pairs"; pairs: Pairs; isArguments: boolean }
  /** Goes on with the reasoning. */
  | { kind: "words"; text: string };

interface Place {
  /** Blanks before the item that the block belongs to. */
  readonly indent: number;
  /** It began with `ACTION:`, so that its lines need not stand further right. */
  readonly isLabelled: boolean;
  readonly isKnown: (name: string) => boolean;
  readonly isArgument: (key: string) => boolean;
}

interface Line {
  readonly at: number;
  readonly text: string;
  readonly isAfterBlank: boolean;
}

/** What has been read of a block. */
interface Reading {
  readonly lines: BlockLine[];
  /** Arguments below `PARAMETERS:`, each on its line; undefined before that. */
  listed: Pairs | undefined;
  /** What the last line was: behind a plain value, words may belong to it. */
  last: "nothing" | "plain value" | "reasoning" | "closed";
}

const KEY_LINE =
  /[ \t]*(?:[-*+•◦][ \t]+)?(?:\*\*|__|`)?([\p{L}_][\p{L}\p{N}_ .-]{0,40}?)(?:\*\*|__|`)?[ \t]*[:：=＝](?:\*\*|__)?[ \t]*/uy;

/** Takes the lines that belong to an action; the cursor stands behind the last of them. @throws ProseFault */
export function readBlock(cursor: Cursor, place: Place): BlockLine[] {
  const reading: Reading = { lines: [], listed: undefined, last: "nothing" };
  for (let line = nextLine(cursor, place); line; line = nextLine(cursor, place)) {
    if (!readLine(cursor, line, { place, reading })) break;
  }
  const { lines, listed } = reading;
  if (!listed) return lines;
  if (listed.size === 0) throw new ProseFault("they are announced and do not stand there", { field: "arguments" });
  return [...lines, { kind: "pairs", pairs: listed, isArguments: true }];
}

/** @returns false where the line is no part of the block; the cursor stays before it then */
function readLine(cursor: Cursor, line: Line, { place, reading }: { place: Place; reading: Reading }): boolean {
  const before = cursor.at;
  cursor.at = line.at;
  if (line.text.startsWith("{") && !line.isAfterBlank) {
    reading.lines.push(readArgsObject(cursor));
    if (reading.listed?.size === 0) reading.listed = undefined;
    reading.last = "closed";
    return true;
  }
  const [, key] = take(cursor, KEY_LINE) ?? [];
  const isForeign = key !== undefined && plainKey(key) === "observation";
  const isKey = key !== undefined && !isForeign && !(line.isAfterBlank && !isFamiliar(key, place));
  if (isKey) {
    readKeyLine(cursor, key, { place, reading });
    return true;
  }
  cursor.at = before;
  if (isForeign || !isMore(line, { place, reading })) return false;
  cursor.at = line.at;
  reading.lines.push({ kind: "words", text: takeLine(cursor) });
  return true;
}

function readKeyLine(cursor: Cursor, key: string, { place, reading }: { place: Place; reading: Reading }): void {
  const role = place.isArgument(key) ? undefined : roleOf(key);
  if (role === "args") {
    const given = readArgs(cursor);
    reading.last = "closed";
    if (given) reading.lines.push(given);
    else if (reading.listed) throw new ProseFault("they are given twice", { field: "arguments" });
    else reading.listed = new Map();
    return;
  }
  const value = readWholeLine(cursor, key);
  if (value.written === "") throw new ProseFault('it has no value; write "" for an empty text', { field: key });
  reading.last = role === "reasoning" ? "reasoning" : value.written === undefined || role ? "closed" : "plain value";
  if (role || !reading.listed) {
    reading.lines.push({ kind: "pairs", pairs: new Map([[key, value]]), isArguments: false });
    return;
  }
  if (reading.listed.has(key)) throw new ProseFault("it is given twice", { field: key });
  reading.listed.set(key, value);
}

/** What stands behind `PARAMETERS:`. @returns undefined where they follow on lines of their own */
function readArgs(cursor: Cursor): BlockLine | undefined {
  const rest = takeLine({ text: cursor.text, at: cursor.at });
  if (rest === "") return undefined;
  if (rest.startsWith("{")) return readArgsObject(cursor);
  if (NOTHING.test(rest)) {
    takeLine(cursor);
    return { kind: "args", value: {} };
  }
  const { pairs, rest: behind } = readLinePairs(cursor);
  if (behind !== "") throw new ProseFault(`behind them stands "${behind.slice(0, 30)}"`, { field: "arguments" });
  return { kind: "pairs", pairs, isArguments: true };
}

function readArgsObject(cursor: Cursor): BlockLine {
  take(cursor, /[ \t]*/y);
  const value = readInnerJson(cursor, "arguments");
  const behind = takeLine(cursor);
  if (behind !== "") throw new ProseFault(`behind them stands "${behind.slice(0, 30)}"`, { field: "arguments" });
  return { kind: "args", value };
}

/** The next line that may belong to the block. */
function nextLine({ text, at }: Cursor, place: Place): Line | undefined {
  let isAfterBlank = false;
  let start = at + 1;
  let end = text.indexOf("\n", start);
  while (end >= 0 && text.slice(start, end).trim() === "") {
    isAfterBlank = true;
    start = end + 1;
    end = text.indexOf("\n", start);
  }
  const line = text.slice(start, end < 0 ? text.length : end);
  const trimmed = line.trim();
  const indent = line.length - line.trimStart().length;
  if (trimmed === "" || (!place.isLabelled && indent <= place.indent)) return undefined;
  const unlisted = trimmed.replace(/^[-*+•◦][ \t]+/, "");
  const beginsAnother = ACTION_LABEL.test(unlisted) || beginsNumbered(trimmed) || beginsAction(trimmed, place);
  return beginsAnother ? undefined : { at: start, text: trimmed, isAfterBlank };
}

function beginsAction(line: string, { isKnown, isArgument }: Place): boolean {
  const [, name = ""] = /^(?:[-*+•◦][ \t]+)?[`*_]*([A-Za-z][\w.-]{0,63})[`*_]*[ \t]*[(（:：]/.exec(line) ?? [];
  return isKnown(name) && !isArgument(name);
}

const isFamiliar = (key: string, { isLabelled, isArgument }: Place): boolean =>
  isLabelled && (isArgument(key) || roleOf(key) !== undefined);

/** Whether a line without a key goes on with what was said before it. @throws ProseFault where nobody can tell */
function isMore(line: Line, { place, reading }: { place: Place; reading: Reading }): boolean {
  if (line.isAfterBlank) return false;
  if (reading.last === "plain value") {
    throw new ProseFault(`it is not clear whether "${line.text.slice(0, 30)}" belongs to the value above it`);
  }
  if (reading.last === "reasoning") return true;
  if (place.isLabelled && reading.last === "closed") return false;
  if (takesBack(line.text)) {
    throw new ProseFault(
      `below it stands "${line.text.slice(0, 40)}", which may mean that it is not simply to be done`,
    );
  }
  return true;
}
