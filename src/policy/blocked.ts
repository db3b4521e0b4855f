/** Finds blocked text, however it is written: see disguises.ts for encodings; here what is split across arguments. */

import { HoldpointError } from "../errors.ts";
import { type BlockedPattern, defaultBlockedPatterns } from "./blocked-patterns.ts";
import { readingsOf } from "./disguises.ts";
import { linearPattern } from "./linear-pattern.ts";

/** What was found: the pattern's name, the words that matched, and how they were disguised, if they were. */
export interface Blocked {
  readonly name: string;
  readonly match: string;
  readonly how?: string;
}

export interface BlockedText {
  /** The first blocked pattern in a text, or undefined. */
  find(text: string): Blocked | undefined;
  /** The same for arguments: in each text of them, names included, and in texts that stand next to each other. */
  findIn(args: unknown): Blocked | undefined;
}

interface Matcher {
  readonly name: string;
  find(text: string): string | undefined;
}

/** @throws HoldpointError `usage` that names a pattern that the linear-time engine does not take */
export function createBlockedText(patterns: readonly BlockedPattern[] = defaultBlockedPatterns): BlockedText {
  const matchers = patterns.map(matcherOf);
  const find = (text: string) => first(readingsOf(text), (reading) => match(matchers, reading));
  return {
    find,
    findIn: (args) => first(textsIn(args), find) ?? findSplit(args, find),
  };
}

/** Holdpoint's own patterns are known to run in linear time on the engine of JavaScript, which is faster. */
function matcherOf({ name, pattern }: BlockedPattern): Matcher {
  if (defaultBlockedPatterns.some((own) => own.pattern === pattern)) {
    return { name, find: (text) => pattern.exec(text)?.[0] };
  }
  try {
    const { find } = linearPattern(pattern);
    return { name, find };
  } catch (error) {
    const message = `The blocked pattern "${name}" (${pattern}) cannot run in linear time: ${(error as Error).message}.`;
    throw new HoldpointError("usage", message, { hint: "Write it without look-around and back-references." });
  }
}

function match(matchers: readonly Matcher[], { text, how }: { text: string; how?: string }): Blocked | undefined {
  return first(matchers, ({ name, find }) => {
    const words = find(text);
    return words === undefined ? undefined : { name, match: words, ...(how === undefined ? {} : { how }) };
  });
}

/** A receiver may put neighbouring values together, with or without a space: `["rm", "-rf", "/"]`. */
function findSplit(args: unknown, find: (text: string) => Blocked | undefined): Blocked | undefined {
  const values = valuesIn(args);
  if (values.length < 2) return undefined;
  const found = find(values.join(" ")) ?? find(values.join(""));
  return found && { ...found, how: ["several arguments", found.how].filter(Boolean).join(", ") };
}

function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every text inside a JSON value, keys included. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => [key, ...textsIn(item)]);
  }
  return [];
}

/** Every value inside a JSON value, in its order, as text. */
function valuesIn(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  return typeof value === "object" ? Object.values(value).flatMap(valuesIn) : [String(value)];
}
