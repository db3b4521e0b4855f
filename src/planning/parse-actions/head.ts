/** Where an action in prose begins: a list item or an `ACTION:` line, with the action's name first. */
import { type Cursor, ProseFault, take } from "./values.ts";
import { ACTION_LABEL, STEP_WORD } from "./words.ts";

/** How a list item or block begins. */
export interface Head {
  readonly name: string;
  readonly number: string | undefined;
  readonly isLabelled: boolean;
  /** Blanks before it. */
  readonly indent: number;
  /** What stands directly behind the name. */
  readonly follows: "call" | "pairs" | "nothing" | "words";
}

const MARKER = new RegExp(
  `[ \\t]*(?:[-*+•‣·◦–—▪●]|[(（]?([0-9０-９]{1,3})[.)）．、]|([0-9])\\uFE0F?\\u20E3|\\p{Extended_Pictographic}\\uFE0F?|${STEP_WORD}[ \\t]*([0-9０-９]{1,3})[ \\t]*[.:：)-])[ \\t]+|[(（]?([0-9０-９]{1,3})[.)）．、](?=[A-Za-z*_\`])`,
  "iuy",
);
const CHECKBOX = /\[([ xX✓])\][ \t]*/uy;
const VERB = /(?:call|use|run|execute|invoke|perform)[ \t]+(?=[`*_]*[A-Za-z][\w.-]*[`*_]*[ \t]*[(（])/iuy;
const NAME = /(~~)?(?:\*\*|__|`+|\*|_(?=[A-Za-z]))?([A-Za-z][A-Za-z0-9_.-]{0,63})/y;
const CLOSING_MARK = /(?:\*\*|__|`+|\*)?/y;
const OPENING_BRACKET = /[ \t]*[(（]/y;
const COLON = /[ \t]*[:：](?:\*\*|__)?/y;

/** @returns undefined when the line that the cursor stands on begins no action; the cursor stays where it is then */
export function readHead(cursor: Cursor, isKnown: (name: string) => boolean): Head | undefined {
  const start = cursor.at;
  const head = findHead(cursor, isKnown);
  if (!head) cursor.at = start;
  return head;
}

function findHead(cursor: Cursor, isKnown: (name: string) => boolean): Head | undefined {
  const indent = take(cursor, /[ \t]*/y)?.[0].length ?? 0;
  const marker = take(cursor, MARKER);
  const box = marker && take(cursor, CHECKBOX);
  const label = takeLabel(cursor);
  if (!marker && !label) return undefined;
  if (marker) take(cursor, VERB);
  const [, struck, found = ""] = take(cursor, NAME) ?? [];
  const name = trimName(cursor, found, isKnown);
  take(cursor, CLOSING_MARK);
  const follows = whatFollows(cursor);
  if (!isMeant({ name, follows, isLabelled: label, isKnown: isKnown(name) })) return undefined;
  if (struck || /[xX✓]/.test(box?.[1] ?? "")) {
    throw new NamedFault(name, new ProseFault(struck ? "it is struck out" : "it is ticked off as done"));
  }
  const number = marker?.slice(1).find(Boolean)?.normalize("NFKC");
  return { name, number, isLabelled: label, indent, follows };
}

/** A fault of an action of which the name is known. */
export class NamedFault extends Error {
  readonly action: string;
  readonly fault: ProseFault;

  constructor(action: string, fault: ProseFault) {
    super(fault.message);
    this.action = action;
    this.fault = fault;
  }
}

function takeLabel(cursor: Cursor): boolean {
  const [label = ""] = ACTION_LABEL.exec(cursor.text.slice(cursor.at, cursor.at + 60)) ?? [];
  cursor.at += label.length;
  return label !== "";
}

/** Marks and full stops that stand behind a name are no part of it. */
function trimName(cursor: Cursor, found: string, isKnown: (name: string) => boolean): string {
  if (isKnown(found)) return found;
  const name = found.replace(/[._-]+$/, "");
  if (!isKnown(name)) return found;
  cursor.at -= found.length - name.length;
  return name;
}

function whatFollows(cursor: Cursor): Head["follows"] {
  if (take(cursor, OPENING_BRACKET)) return "call";
  if (take(cursor, COLON)) return "pairs";
  return /^[ \t]*(?:\n|$)/.test(cursor.text.slice(cursor.at, cursor.at + 200)) ? "nothing" : "words";
}

/** An unknown word counts as an action's name only where it looks like one. */
function isMeant({ name, follows, isLabelled, isKnown }: Omit<Head, "number" | "indent"> & { isKnown: boolean }) {
  if (name === "") return false;
  if (isLabelled) return true;
  if (isKnown) return follows !== "words";
  return (follows === "call" || follows === "pairs") && /\w_\w|[a-z][A-Z]|\w\.\w/.test(name);
}

const NUMBERED = new RegExp(
  `^(?:[(（]?[0-9０-９]{1,3}[.)）．、]|${STEP_WORD}[ \\t]*[0-9０-９]{1,3}[ \\t]*[.:：)-])`,
  "iu",
);

export const beginsNumbered = (line: string): boolean => NUMBERED.test(line);

/** Whether a line begins something of its own in a list. */
export const beginsItem = (line: string): boolean =>
  NUMBERED.test(line) || ACTION_LABEL.test(line) || /^(?:[-*+•‣·◦–—▪●]|\p{Extended_Pictographic})/u.test(line);
