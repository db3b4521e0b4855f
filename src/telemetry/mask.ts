/**
 * Masking: secrets and personal data are replaced by marks such as `[mail]` before anything is logged, told, or audited.
 * It finds what it can know by its looks, its name or its neighbours. A short password in running text, which nothing
 * announces, is not among that.
 */
import type { Json, JsonObject } from "../domain/json.ts";
import type { Kind } from "./find.ts";
import { findInText } from "./find-in-text.ts";
import { kindOfField } from "./names.ts";
import { findSplit } from "./neighbours.ts";

/** Characters of one text, and levels and values of one JSON value; what goes beyond is left out, and says so. */
const MAX_TEXT = 100_000;
const MAX_DEPTH = 40;
const MAX_VALUES = 20_000;

/** How a find is written. */
type Mark = (kind: Kind, found: string) => string;
const plainMark: Mark = (kind) => `[${kind}]`;

/** The text with every find replaced by its mark. */
export function maskText(text: string, mark: Mark = plainMark): string {
  const read = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
  let masked = "";
  let at = 0;
  for (const { start, end, kind } of findInText(read)) {
    masked += read.slice(at, start) + mark(kind, read.slice(start, end));
    at = end;
  }
  const cut = text.length - read.length;
  return masked + read.slice(at) + (cut > 0 ? `[${cut} characters left out]` : "");
}

/** The value with every find in its texts, and every value under a name of a secret, replaced by a mark. */
export function maskJson<T extends Json>(value: T, mark: Mark = plainMark): T {
  return maskValue(value, { mark, depth: 0, left: { values: MAX_VALUES } }) as T;
}

interface Walk {
  readonly mark: Mark;
  readonly depth: number;
  readonly left: { values: number };
}

function maskValue(value: Json, walk: Walk): Json {
  if (typeof value === "string") return maskText(value, walk.mark);
  if (typeof value !== "object" || value === null) return value;
  if (walk.depth >= MAX_DEPTH || walk.left.values <= 0) return "[left out]";
  const inner = { ...walk, depth: walk.depth + 1 };
  const entries = Object.entries(value);
  walk.left.values -= entries.length;
  const split = findSplit(entries.map(([, item]) => item));
  const masked = entries.map(([name, item], index): [string, Json] => {
    const kind = split[index] ?? (Array.isArray(value) ? undefined : kindOfField(name));
    const key = Array.isArray(value) ? name : maskText(name, walk.mark);
    return [
      key,
      kind && item !== null && typeof item !== "boolean" ? maskWhole(item, kind, walk) : maskValue(item, inner),
    ];
  });
  return Array.isArray(value) ? masked.map(([, item]) => item) : objectOf(masked);
}

function maskWhole(item: Json, kind: Kind, { mark }: Walk): Json {
  return item === "" ? item : mark(kind, typeof item === "string" ? item : JSON.stringify(item));
}

/** Two names that were masked to the same do not overwrite each other. */
function objectOf(entries: readonly [string, Json][]): JsonObject {
  const result: JsonObject = {};
  for (const [name, item] of entries) {
    let free = name;
    for (let n = 2; Object.hasOwn(result, free); n++) free = `${name} ${n}`;
    Object.defineProperty(result, free, { value: item, enumerable: true, writable: true, configurable: true });
  }
  return result;
}
