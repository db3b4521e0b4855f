/** Finds what an answer holds: JSON, whole, in fences or among words, and actions in lists. Each character is read once. */
import type { Json } from "../../domain/json.ts";
import { beginsItem, NamedFault, readHead } from "./head.ts";
import { callsIn, readItem } from "./prose.ts";
import type { RawAction, Refusal } from "./raw.ts";
import { type JsonFaults, jsonExtent, readJson, readJsonSequence } from "./read-json.ts";
import { createLocator, type Segment, segmentsOf, type Where } from "./segments.ts";
import { type Cursor, ProseFault, takeLine } from "./values.ts";
import { speakAgainst } from "./words.ts";

/** One JSON object or list. */
export interface JsonDocument {
  readonly where: Where;
  readonly value: Json;
  readonly faults: JsonFaults;
}

export interface Found {
  /** What is JSON, or was meant to be, in order. */
  readonly documents: (JsonDocument | Refusal)[];
  /** What stands in lists in words, in order. */
  readonly items: (RawAction | Refusal)[];
  /** The answer is JSON and nothing else. */
  readonly isWhole: boolean;
}

/** What is known of the actions that there are. */
export interface Vocabulary {
  isKnown(name: string): boolean;
  isArgument(action: string, key: string): boolean;
}

/** @param answer its lines ending with \n */
export function findIn(answer: string, vocabulary: Vocabulary): Found {
  const whole = readJsonSequence(answer);
  const locate = createLocator(answer);
  if (whole?.every(({ read }) => "value" in read)) {
    const documents = whole.flatMap(({ at, read }) => ("value" in read ? [{ where: locate(at), ...read }] : []));
    return { documents, items: [], isWhole: true };
  }
  const found: Found = { documents: [], items: [], isWhole: false };
  for (const segment of segmentsOf(answer)) {
    if (segment.tag === undefined || !readFence(segment, { found, locate })) {
      if (isWords(segment.tag)) readProse(segment, { found, locate, vocabulary });
    }
  }
  return found;
}

type Locate = (offset: number) => Where;

/** Languages of fences that hold words; what stands in any other is JSON or code. */
const WORDS = [
  "",
  "text",
  "txt",
  "plain",
  "plaintext",
  "md",
  "markdown",
  "plan",
  "action",
  "actions",
  "tool",
  "tool_call",
];
const isWords = (tag: string | undefined): boolean => tag === undefined || WORDS.includes(tag.split(/\s/)[0] ?? "");

const AGAINST = "the words before it say that it is not to be done, or is an example";

/** @returns false when the fence does not begin with JSON */
function readFence({ text, start, intro }: Segment, { found, locate }: { found: Found; locate: Locate }): boolean {
  const sequence = readJsonSequence(text);
  if (!sequence) return false;
  for (const { at, read } of sequence) {
    const where = locate(start + at);
    if ("fault" in read) found.documents.push({ where, reason: read.fault });
    else if (speakAgainst(intro)) found.documents.push({ where, reason: AGAINST });
    else found.documents.push({ where, ...read });
  }
  return true;
}

/** JSON objects, or lists of them, or what looks as if it were meant to be one. */
const JSON_BEGIN = /\{\s{0,100}(?:["'“„”«「‘]|[\p{L}_][\p{L}\p{N}_]{0,40}\s{0,5}[:：])|\[\s{0,100}\{/gu;
const OPENING_QUOTE = /["'“„‘‚«‹「『]$/u;

interface ProseContext {
  readonly found: Found;
  readonly locate: Locate;
  readonly vocabulary: Vocabulary;
}

/** What has been read of a segment's words. */
interface Progress {
  /** The last line that was no action. */
  intro: string;
  /** Where the last JSON ends. */
  jsonEnd: number;
  readonly nextJson: (from: number) => number;
}

function readProse(segment: Segment, context: ProseContext): void {
  const { text } = segment;
  const cursor: Cursor = { text, at: 0 };
  const progress: Progress = { intro: segment.intro, jsonEnd: 0, nextJson: createSearch(text) };
  while (cursor.at < text.length) {
    const line = cursor.at;
    const item = readListItem(cursor, segment, { ...context, intro: progress.intro });
    if (item === "stop") return;
    if (item === "none") {
      const stray = strayCall(lineAt(text, line), context.vocabulary);
      if (stray)
        context.found.items.push({ where: context.locate(segment.start + line), action: stray, reason: NOT_FIRST });
      progress.intro = lineAt(text, line).trim() || progress.intro;
      if (!readLineJson(cursor, segment, { ...context, progress })) return;
    }
    takeLine(cursor);
    if (item === "fault") skipItem(cursor, line);
    cursor.at++;
  }
}

function lineEnd(text: string, at: number): number {
  const newline = text.indexOf("\n", at);
  return newline < 0 ? text.length : newline;
}

const lineAt = (text: string, at: number): string => text.slice(at, lineEnd(text, at));

const NOT_FIRST = "it is read only where its name begins the list item";

/** The action that a list item names behind other words. */
const strayCall = (line: string, { isKnown }: Vocabulary): string | undefined =>
  beginsItem(line.trim()) ? callsIn(line).find(isKnown) : undefined;

/** Past the lines that belong to an item that could not be read; it began on the line at `start`. */
function skipItem(cursor: Cursor, start: number): void {
  const indentOf = (line: string) => line.length - line.trimStart().length;
  const indent = indentOf(lineAt(cursor.text, start));
  while (cursor.at < cursor.text.length) {
    const line = lineAt(cursor.text, cursor.at + 1);
    const begins = beginsItem(line.trim()) && indentOf(line) <= indent;
    if (line.trim() === "" || begins) return;
    cursor.at += 1 + line.length;
  }
}

/** The next place from an offset on where JSON may begin, each found once. */
function createSearch(text: string): (from: number) => number {
  let next = -1;
  return (from) => {
    if (next < from && next !== text.length) {
      JSON_BEGIN.lastIndex = from;
      next = JSON_BEGIN.exec(text)?.index ?? text.length;
    }
    return next;
  };
}

/** Reads the JSON that begins on the line. @returns false when nothing behind it is to be read */
function readLineJson(
  cursor: Cursor,
  { text, start }: Segment,
  { found, locate, progress }: ProseContext & { progress: Progress },
): boolean {
  for (;;) {
    const at = progress.nextJson(cursor.at);
    if (at >= lineEnd(text, cursor.at)) return true;
    const where = locate(start + at);
    const extent = jsonExtent(text, at);
    const read = "fault" in extent ? extent : readJson(text.slice(at, extent.end));
    if ("fault" in extent || "fault" in read) {
      const { fault = "" } = "fault" in read ? read : {};
      // Where it ends is not certain, so that what follows may be part of a text in it.
      found.documents.push({ where, reason: `${fault}; nothing behind it was read` });
      return false;
    }
    const doubt = doubtOf(text.slice(Math.max(progress.jsonEnd, at - 400), at));
    found.documents.push(doubt ? { where, reason: doubt } : { where, ...read });
    progress.jsonEnd = extent.end;
    cursor.at = extent.end;
  }
}

/** Why JSON is not what the answer says, as far as the words before it tell. */
function doubtOf(before: string): string | undefined {
  if (OPENING_QUOTE.test(before)) return "it stands in quotation marks";
  return speakAgainst(before) ? AGAINST : undefined;
}

/** @returns `stop` when nothing behind it is to be read */
function readListItem(
  cursor: Cursor,
  { start }: Segment,
  { found, locate, vocabulary, intro }: ProseContext & { intro: string },
): "item" | "none" | "fault" | "stop" {
  const where = locate(start + cursor.at);
  let action: string | undefined;
  try {
    const head = readHead(cursor, vocabulary.isKnown);
    if (!head) return "none";
    action = head.name;
    const isArgument = (key: string) => vocabulary.isArgument(head.name, key);
    const item = readItem(cursor, head, { where, isKnown: vocabulary.isKnown, isArgument });
    found.items.push(speakAgainst(intro) ? { where, action, reason: AGAINST } : item);
    return "item";
  } catch (error) {
    const fault = error instanceof NamedFault ? error.fault : error;
    if (!(fault instanceof ProseFault)) throw error;
    if (error instanceof NamedFault) action = error.action;
    const behind = fault.ends ? "; nothing behind it was read" : "";
    found.items.push({ where, action, field: fault.field, reason: `${fault.message}${behind}` });
    return fault.ends ? "stop" : "fault";
  }
}
