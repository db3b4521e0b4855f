/**
 * Actions in a list in words: `1. sell(item: "SG001") — because ...`, `- sell: item=SG001`, a block that begins with
 * `ACTION: sell`. Only what begins a list item or such a block is read: a call in the middle of a sentence may be an
 * example, or what is not to be done.
 */
import type { Json, JsonObject } from "../../domain/json.ts";
import { type BlockLine, readBlock } from "./block.ts";
import type { Head } from "./head.ts";
import type { RawAction } from "./raw.ts";
import type { Where } from "./segments.ts";
import {
  type Cursor,
  type Pairs,
  ProseFault,
  readCallPairs,
  readInnerJson,
  readLinePairs,
  take,
  takeLine,
} from "./values.ts";
import { CONFIDENCE_WORD, givesReason, takesBack } from "./words.ts";

const CLOSING_MARK = /(?:\*\*|__|`+|\*)?/y;

export interface ItemContext {
  readonly where: Where;
  readonly isKnown: (name: string) => boolean;
  /** Whether the action takes an argument of that name. */
  readonly isArgument: (key: string) => boolean;
}

/** Reads what stands behind the head, up to where the next thing begins. @throws ProseFault */
export function readItem(cursor: Cursor, head: Head, context: ItemContext): RawAction {
  const { name, number, isLabelled, indent, follows } = head;
  if (follows === "words") throw new ProseFault(`behind its name stands "${takeLine(cursor).slice(0, 30)}"`);
  const given = new Given();
  if (follows === "call") given.trailing = readCall(cursor, given);
  if (follows === "pairs") given.trailing = readInline(cursor, given);
  for (const line of readBlock(cursor, { indent, isLabelled, ...context })) given.add(line);
  const other = given.words.flatMap(callsIn).find(context.isKnown);
  if (other !== undefined)
    throw new ProseFault(`what is said of it names ${other}(): begin each action on a line of its own`);
  if (!isLabelled && follows !== "call" && given.isEmpty) {
    throw new ProseFault(`nothing says that it is to be done; write ${name}() where it takes no arguments`);
  }
  return { where: context.where, form: "prose", name, number, ...given.read() };
}

/** The names that words seem to call. */
export const callsIn = (words: string): string[] =>
  [...words.matchAll(/([A-Za-z][\w.-]{0,63})[ \t]?[(（]/g)].map((match) => match[1] ?? "");

function readCall(cursor: Cursor, given: Given): string {
  take(cursor, /\s*/y);
  if (cursor.text[cursor.at] === "{") {
    given.setArgs(readInnerJson(cursor, "arguments"));
    if (!take(cursor, /\s*[)）]/y)) throw new ProseFault("its bracket is not closed", { ends: true });
  } else {
    given.addPairs(readCallPairs(cursor), "argument");
  }
  take(cursor, CLOSING_MARK);
  return takeLine(cursor);
}

function readInline(cursor: Cursor, given: Given): string {
  take(cursor, /[ \t]*/y);
  const next = cursor.text[cursor.at] ?? "\n";
  if (next === "\n") return "";
  if (next === "{") {
    given.setArgs(readInnerJson(cursor, "arguments"));
    return takeLine(cursor);
  }
  const { pairs, rest } = readLinePairs(cursor);
  given.addPairs(pairs, "other");
  return rest;
}

const CONFIDENCE = new RegExp(
  `[(（[]?\\s{0,5}${CONFIDENCE_WORD}\\s{0,5}(?:[:=：]|is|of)?\\s{0,5}([\\p{N}.,٫]{1,8}\\s?[%٪]?|[\\p{L}]{1,15})\\s{0,5}[)）\\]]?`,
  "iu",
);

/** What an item says of its action, from the line of the call and the lines below it. */
class Given {
  trailing = "";
  #args: JsonObject | undefined;
  readonly #others = new Map<string, Json>();
  readonly #written = new Map<string, string>();
  readonly #words: string[] = [];

  /** What is said in words, the trailing ones first. */
  get words(): string[] {
    return [this.trailing, ...this.#words];
  }

  get isEmpty(): boolean {
    return this.#args === undefined && this.#others.size === 0;
  }

  setArgs(value: Json): void {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new ProseFault("expected an object with named arguments", { field: "arguments" });
    }
    if (this.#args !== undefined) throw new ProseFault("they are given twice", { field: "arguments" });
    this.#args = value;
  }

  addPairs(pairs: Pairs, kind: "argument" | "other"): void {
    if (kind === "argument") this.setArgs(Object.fromEntries([...pairs].map(([key, { value }]) => [key, value])));
    for (const [key, { value, written }] of pairs) {
      if (kind === "other") this.#addOther(key, value);
      if (written !== undefined) this.#written.set(key, written);
    }
  }

  add(line: BlockLine): void {
    if (line.kind === "words") this.#words.push(line.text);
    else if (line.kind === "args") this.setArgs(line.value);
    else if (line.kind === "pairs") this.addPairs(line.pairs, line.isArguments ? "argument" : "other");
  }

  #addOther(key: string, value: Json): void {
    if (this.#others.has(key)) throw new ProseFault("it is given twice", { field: key });
    this.#others.set(key, value);
  }

  read(): Pick<RawAction, "args" | "others" | "written" | "said"> {
    const behind = readTrailing(this.trailing);
    const reasoning = [behind.reasoning, ...this.#words].filter(Boolean).join("\n");
    const said = { reasoning, confidence: behind.confidence };
    return { args: this.#args, others: Object.fromEntries(this.#others), written: this.#written, said };
  }
}

/** What is said behind a call on its line. @throws ProseFault where it may take the call back */
function readTrailing(trailing: string): { reasoning: string; confidence: string | undefined } {
  const [part, confidence] = CONFIDENCE.exec(trailing) ?? [];
  const words = (part === undefined ? trailing : trailing.replace(part, " ")).replace(/(?:\*\*|__|`)$/, "").trim();
  const isApart = /^(?:[—–\-(（[.。;；:：,，#|/→]|$)/u.test(words) || givesReason(words);
  if (!isApart || takesBack(words)) {
    throw new ProseFault(`behind it stands "${words.slice(0, 40)}", which may mean that it is not simply to be done`);
  }
  const reasoning = words.replace(/^(?:[—–\-.。;；:：,，#|/→]\s*)+/u, "").replace(/^[(（]([^()（）]*)[)）]$/u, "$1");
  return { reasoning, confidence: confidence?.trim() };
}
