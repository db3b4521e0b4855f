/**
 * Cuts an answer into what it says in words and what stands in fences. What it only quotes (`> ...`) and what it thought
 * before it answered (`<think>`) is left out: neither is what it says.
 */
import { printable } from "../../domain/printable.ts";

/** Where something stands in an answer. */
export interface Where {
  /** The line, from 1. */
  readonly line: number;
  /** The beginning of it, on one line. */
  readonly excerpt: string;
}

export interface Segment {
  readonly text: string;
  /** Where it begins in the answer, in UTF-16 code units. */
  readonly start: number;
  /** What stands behind the opening marks of a fence, its language first; undefined for prose. */
  readonly tag: string | undefined;
  /** The last line of words before a fence. */
  readonly intro: string;
}

const MAX_EXCERPT = 100;
const FENCE = /^[ \t]*(`{3,}|~{3,})([^`\n]*)$/;

export function segmentsOf(answer: string): Segment[] {
  const segments: Segment[] = [];
  let intro = "";
  let current = { tag: undefined as string | undefined, start: 0, end: 0, marks: "" };
  const close = (next: typeof current) => {
    const { tag, start, end } = current;
    const text = answer.slice(start, Math.max(start, end));
    if (text.trim() !== "") segments.push({ text, start, tag, intro: tag === undefined ? "" : intro });
    if (tag === undefined) intro = text.trimEnd().split("\n").at(-1) || intro;
    current = next;
  };
  for (let at = 0; at <= answer.length; ) {
    const newline = answer.indexOf("\n", at);
    const end = newline < 0 ? answer.length : newline;
    const line = answer.slice(at, end);
    const [, marks = "", tag = ""] = FENCE.exec(line) ?? [];
    const inFence = current.tag !== undefined;
    const next = { start: end + 1, end: end + 1, marks: "" };
    if (inFence ? closes(current.marks, marks, tag) : marks === "" && /^\s*>/.test(line)) {
      close({ ...next, tag: undefined });
    } else if (!inFence && marks !== "") {
      close({ ...next, tag: tag.trim().toLowerCase(), marks });
    } else {
      current.end = end;
    }
    at = end + 1;
  }
  close(current);
  return segments;
}

const closes = (opened: string, marks: string, tag: string): boolean =>
  marks.length >= opened.length && marks[0] === opened[0] && tag.trim() === "";

const THINKING = "(?:think|thinking|reasoning)";

/** The answer without what a reasoning model thought before it, its lines where they were. */
export function withoutThoughts(answer: string): { readonly text: string } | { readonly fault: string } {
  const begins = new RegExp(`^\\s*<${THINKING}>`, "i").test(answer);
  const ends = [...answer.matchAll(new RegExp(`${begins ? "" : "^[ \\t]*"}</${THINKING}>`, "gim"))];
  const [end] = ends;
  if (!end) return begins ? { fault: "The answer ends while it is still thinking." } : { text: answer };
  if (ends.length > 1) return { fault: `The answer says twice where its thinking ends (${printable(end[0].trim())}).` };
  const thoughts = answer.slice(0, end.index + end[0].length);
  return { text: thoughts.replaceAll(/[^\n]/g, " ") + answer.slice(thoughts.length) };
}

/** Tells where in an answer an offset is. */
export function createLocator(answer: string): (offset: number) => Where {
  const starts = [0, ...[...answer.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, excerpt: excerptOf(answer.slice(offset, offset + 2 * MAX_EXCERPT)) };
  };
}

/** The first line of a text with something on it, short enough to be shown. */
export function excerptOf(text: string): string {
  const [line = ""] = text.trimStart().split("\n");
  const shown = printable(line.toWellFormed());
  return shown.length > MAX_EXCERPT ? `${shown.slice(0, MAX_EXCERPT).toWellFormed()}…` : shown;
}
