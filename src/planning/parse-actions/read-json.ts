/**
 * JSON out of a model's answer, as it stands there or not at all. Comments and commas before a closing bracket are let
 * pass, since they change nothing of what is said. What could be read in two ways is a fault of the object or list that
 * holds it: a key that stands there twice, a number that would be rounded, a key that reaches into prototypes.
 */
import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Json } from "../../domain/json.ts";
import { printable } from "../../domain/printable.ts";

export type JsonRead = { readonly value: Json; readonly faults: JsonFaults } | { readonly fault: string };
/** What is wrong with objects and lists in a value, none of which may be used. */
export type JsonFaults = ReadonlyMap<Json, string>;

const MAX_DEPTH = 64;
const FORBIDDEN: readonly string[] = ["__proto__", "constructor", "prototype"];

/** jsonc-parser's kinds of token: its `const enum` does not exist at run time. */
const TOKEN = { openBrace: 1, closeBrace: 2, openBracket: 3, closeBracket: 4, comma: 5, string: 10, end: 17 } as const;

const UNCLOSED = 2;
const OPEN_TEXT = "the JSON is not well-formed: a text in it is not closed on its line";
const INCOMPLETE = "the JSON is incomplete: it ends before it is closed";

/** @returns where the JSON that begins at `start` ends, or why that cannot be told; in time linear in its length */
export function jsonExtent(text: string, start: number): { readonly end: number } | { readonly fault: string } {
  const scanner = createScanner(text, true);
  scanner.setPosition(start);
  const open: number[] = [];
  do {
    const token: number = scanner.scan();
    const isCutOff = token === TOKEN.end || scanner.getPosition() >= text.length;
    if (token === TOKEN.string && scanner.getTokenError() === UNCLOSED)
      return { fault: isCutOff ? INCOMPLETE : OPEN_TEXT };
    if (token === TOKEN.end) return { fault: INCOMPLETE };
    if (!follow(open, token)) return { fault: "the JSON is not well-formed: its brackets do not match" };
    if (open.length > MAX_DEPTH) return { fault: `the JSON is nested deeper than ${MAX_DEPTH} levels` };
  } while (open.length > 0);
  return { end: scanner.getPosition() };
}

/** Keeps the brackets that are open. @returns whether the token may stand there */
function follow(open: number[], token: number): boolean {
  if (token === TOKEN.openBrace || token === TOKEN.openBracket) open.push(token);
  const closes = token === TOKEN.closeBrace || token === TOKEN.closeBracket;
  return !closes || open.pop() === token - 1;
}

/** One JSON object or list, which is the whole text. */
export function readJson(text: string): JsonRead {
  const extent = jsonExtent(text, 0);
  if ("fault" in extent) return extent;
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error || !root) return { fault: `the JSON is not well-formed: ${error ? explain(error, text) : "it is empty"}` };
  const faults = new Map<Json, string>();
  return { value: jsonOf(root, text, faults), faults };
}

/** What is wrong with a value or anything in it. */
export function faultIn(value: Json, faults: JsonFaults): string | undefined {
  if (faults.size === 0 || typeof value !== "object" || value === null) return undefined;
  const own = faults.get(value);
  if (own !== undefined) return own;
  for (const item of Object.values(value)) {
    const fault = faultIn(item, faults);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

interface JsonPart {
  readonly at: number;
  readonly end: number;
  readonly read: JsonRead;
}

/**
 * Several JSON objects or lists, one after the other, with nothing between them but commas and white space.
 * @returns undefined when the text does not begin with one; behind a fault nothing is read
 */
export function readJsonSequence(text: string): JsonPart[] | undefined {
  const parts: JsonPart[] = [];
  const scanner = createScanner(text, true);
  for (let token: number = scanner.scan(); token !== TOKEN.end; token = scanner.scan()) {
    if (token === TOKEN.comma && parts.length > 0) continue;
    const at = scanner.getTokenOffset();
    const begins = token === TOKEN.openBrace || token === TOKEN.openBracket;
    if (!begins && parts.length === 0) return undefined;
    const part = begins ? readPart(text, at) : notJson(text, at);
    parts.push(part);
    if ("fault" in part.read) return parts;
    scanner.setPosition(part.end);
  }
  return parts.length > 0 ? parts : undefined;
}

function readPart(text: string, at: number): JsonPart {
  const extent = jsonExtent(text, at);
  if ("fault" in extent) return { at, end: text.length, read: extent };
  return { at, end: extent.end, read: readJson(text.slice(at, extent.end)) };
}

function notJson(text: string, at: number): JsonPart {
  const fault = `behind the JSON stands "${printable(text.slice(at, at + 20))}", which is none`;
  return { at, end: text.length, read: { fault } };
}

function explain({ error, offset }: ParseError, text: string): string {
  const words = printParseErrorCode(error)
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toLowerCase();
  return `${words} at "${printable(text.slice(offset, offset + 20))}"`;
}

function jsonOf(node: Node, text: string, faults: Map<Json, string>): Json {
  const children = node.children ?? [];
  if (node.type === "object") return objectOf(children, text, faults);
  if (node.type !== "array") return node.value as Json;
  const list = children.map((child) => jsonOf(child, text, faults));
  const rounded = children.map((child) => roundedNumber(child, text)).find(Boolean);
  if (rounded) faults.set(list, rounded);
  return list;
}

function objectOf(properties: readonly Node[], text: string, faults: Map<Json, string>): Json {
  const entries = new Map<string, Json>();
  const problems: (string | undefined)[] = [];
  for (const { children: [name, value] = [] } of properties) {
    const key = String(name?.value);
    const shown = `the key "${printable(key.slice(0, 40).toWellFormed())}"`;
    if (FORBIDDEN.includes(key)) problems.push(`${shown} is not allowed`);
    else if (entries.has(key)) problems.push(`${shown} stands in one object twice`);
    else if (value) entries.set(key, jsonOf(value, text, faults));
    if (value) problems.push(roundedNumber(value, text));
  }
  const object = Object.fromEntries(entries);
  const problem = problems.find(Boolean);
  if (problem) faults.set(object, problem);
  return object;
}

/** Why a number cannot be taken as it is written. */
function roundedNumber({ type, offset, length, value }: Node, text: string): string | undefined {
  if (type !== "number") return undefined;
  const written = text.slice(offset, offset + length);
  const isRounded = /^-?\d+$/.test(written) && !Number.isSafeInteger(value);
  if (!isRounded && Number.isFinite(value)) return undefined;
  return `the number ${written.slice(0, 40)} cannot be kept as it is; write it as text`;
}
