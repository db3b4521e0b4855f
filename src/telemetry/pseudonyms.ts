/** Marks that tell one value from another, such as `[mail 1]` and `[mail 2]`, for whoever has to compare without seeing. */
import type { Json } from "../domain/json.ts";
import { maskJson, maskText } from "./mask.ts";
import { findIssuedTokens } from "./secrets.ts";

export interface Pseudonyms {
  /** The value with a mark for each find; the same find always has the same mark. */
  mask<T extends Json>(value: T): T;
  /** A text with what stands behind its marks. */
  restore(text: string): string;
  /** JavaScript with a mark for each find, and for what it holds of those before, such as a password that was known by its name. */
  maskCode(code: string): string;
  /** JavaScript with what stands behind its marks, written so that a text with a mark in it, however it is quoted, means just that. */
  restoreCode(code: string): string;
  /** A value with what stands behind the marks in its texts and names. */
  restoreJson<T extends Json>(value: T): T;
  /** What looks like a mark in a text, and stands for nothing. */
  unknownMarks(text: string): string[];
  /** The marks in a text that stand for what is certainly a secret, and for no id that only looks like one. */
  secretMarks(text: string): string[];
}

const MARK = /\[[a-z]{2,8} \d{1,6}\]/g;

/** Shorter ones stand in any program by chance. */
const MIN_KNOWN = 4;

/** A text as it can stand in a JavaScript literal, whatever that is quoted with. */
const escaped = (text: string): string => JSON.stringify(text).slice(1, -1).replaceAll(/['`$]/g, "\\$&");

const literally = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

export function createPseudonyms(): Pseudonyms {
  const marks = new Map<string, string>();
  const counts = new Map<string, number>();
  const mark = (kind: string, found: string): string => {
    const known = marks.get(`${kind} ${found}`);
    if (known !== undefined) return known;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    marks.set(`${kind} ${found}`, `[${kind} ${count}]`);
    return `[${kind} ${count}]`;
  };
  const found = () => new Map([...marks].map(([key, name]) => [name, key.slice(key.indexOf(" ") + 1)]));
  const restore = (text: string, write = (found: string) => found): string => {
    const known = found();
    return text.replaceAll(MARK, (name) => write(known.get(name) ?? name));
  };
  const restoreJson = (value: Json): Json => {
    if (typeof value === "string") return restore(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(restoreJson);
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [restore(name), restoreJson(item)]));
  };
  return {
    mask: (value) => maskJson(value, mark),
    restore: (text) => restore(text),
    maskCode(code) {
      const known = [...found()].filter(([, text]) => text.length >= MIN_KNOWN);
      const names = new Map(known.map(([name, text]) => [escaped(text), name]));
      const places = [...names.keys()].toSorted((one, other) => other.length - one.length).map(literally);
      // What is written in a special way already could not be restored by escaping it.
      const plain = (kind: string, text: string) => (escaped(text) === text ? mark(kind, text) : text);
      const parts = places.length === 0 ? [code] : code.split(new RegExp(`(${places.join("|")})`));
      return parts.map((part) => names.get(part) ?? maskText(part, plain)).join("");
    },
    restoreCode: (code) => restore(code, escaped),
    restoreJson: restoreJson as Pseudonyms["restoreJson"],
    unknownMarks(text) {
      const known = found();
      return (text.match(MARK) ?? []).filter((name) => !known.has(name));
    },
    secretMarks(text) {
      const known = found();
      return (text.match(MARK) ?? []).filter((name) => {
        return name.startsWith("[secret ") || findIssuedTokens(known.get(name) ?? "").length > 0;
      });
    },
  };
}
