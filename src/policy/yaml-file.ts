/** YAML files that people write: every fault is told with file, line and column, and nothing is passed over. */
import { readFileSync } from "node:fs";
import { isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from "yaml";
import { HoldpointError } from "../errors.ts";
import type { Fault } from "./faults.ts";

export interface YamlFile {
  /** What the file holds, as JSON has it. */
  readonly content: unknown;
  /** Where a fault is, from 1 on. */
  placeOf(fault: Fault): { readonly line: number; readonly column: number };
  /** One error for faults in the content; paths begin at its root. */
  error(faults: readonly Fault[]): HoldpointError;
}

/** Larger files are refused: nobody writes them. */
const MAX_FILE = 1_000_000;

/**
 * @param document what says how it is to be written
 * @throws HoldpointError `usage` when the file cannot be read or is no YAML
 */
export function readYaml(path: string, document = "docs/policy.md"): YamlFile {
  return parseYaml(readYamlText(path), path, document);
}

/**
 * @param path what the text is called in errors
 * @throws HoldpointError `usage` when it is no YAML
 */
export function parseYaml(text: string, path: string, document = "docs/policy.md"): YamlFile {
  return parse(text, path, `See ${document}.`);
}

function parse(text: string, path: string, hint: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, version: "1.2", uniqueKeys: true, prettyErrors: false });
  const told = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}: ${message}.`;
  };
  const fail = (messages: readonly string[]) => new HoldpointError("usage", messages.join(" "), { hint });
  // A warning is an unknown tag: what it would mean is passed over.
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw fail([told(problem.pos[0], problem.message.replace(/[.\s]+$/, ""))]);
  const placeOf = (fault: Fault) => {
    const { line, col } = lines.linePos(offsetOf(document.contents, fault, text));
    return { line, column: col };
  };
  return {
    placeOf,
    content: contentOf(() => document.toJS({ maxAliasCount: 100 }), fail, path),
    error: (faults) => fail(faults.map((fault) => told(offsetOf(document.contents, fault, text), fault.message))),
  };
}

function contentOf(read: () => unknown, fail: (messages: string[]) => HoldpointError, path: string): unknown {
  try {
    return read();
  } catch (error) {
    throw fail([`${path}: ${(error as Error).message}.`]);
  }
}

/** @throws HoldpointError `usage` when the file cannot be read, is too large, or is no text */
export function readYamlText(path: string): string {
  const fail = (what: string) => new HoldpointError("usage", `${path} ${what}.`, { hint: "Name a file of YAML." });
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw fail((error as NodeJS.ErrnoException).code === "ENOENT" ? "does not exist" : "cannot be read");
  }
  if (bytes.length > MAX_FILE) throw fail(`has ${bytes.length} bytes; at most ${MAX_FILE} are taken`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw fail("is not UTF-8 text");
  }
}

/** Where a fault is, in characters; of a field that is missing, where that stands which lacks it. */
function offsetOf(root: ParsedNode | null, { path, offset, isName = false }: Fault, text: string): number {
  let node: Node | undefined = root ?? undefined;
  let at = root?.range[0] ?? 0;
  for (const [index, key] of path.entries()) {
    const { name, value } = childOf(node, key);
    const place: Node | undefined = isName && index === path.length - 1 ? name : (value ?? name);
    if (!place?.range) return at;
    at = place.range[0];
    node = value;
  }
  return offset === undefined ? at : inside(node, at, offset, text);
}

function childOf(node: Node | undefined, key: PropertyKey): { name?: Node | undefined; value?: Node | undefined } {
  if (isSeq(node)) return { value: node.items[Number(key)] as Node | undefined };
  const pair = isMap(node) ? node.items.find(({ key: name }) => isScalar(name) && name.value === key) : undefined;
  return pair ? { name: pair.key as Node, value: (pair.value ?? undefined) as Node | undefined } : {};
}

/** Where a character of a text stands in the file: quotes and the indentation of blocks are not part of it. */
function inside(node: Node | undefined, at: number, offset: number, source: string): number {
  if (!isScalar(node) || typeof node.value !== "string") return at;
  if (node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE") return at + 1 + offset;
  if (node.type === "PLAIN") return at + offset;
  const before = node.value.slice(0, offset).split("\n");
  let line = source.indexOf("\n", at) + 1;
  for (let skipped = 1; skipped < before.length; skipped++) line = source.indexOf("\n", line) + 1;
  const indentation = /^ */.exec(source.slice(line))?.[0].length ?? 0;
  return line + indentation + (before.at(-1)?.length ?? 0);
}
