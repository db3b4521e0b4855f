/** Marks that tell one value from another, such as `[mail 1]` and `[mail 2]`, for whoever has to compare without seeing. */
import type { Json } from "../domain/json.ts";
import { maskJson } from "./mask.ts";

export interface Pseudonyms {
  /** The value with a mark for each find; the same find always has the same mark. */
  mask<T extends Json>(value: T): T;
  /** A text with what stands behind its marks. */
  restore(text: string): string;
}

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
  return {
    mask: (value) => maskJson(value, mark),
    restore(text) {
      const found = new Map([...marks].map(([key, name]) => [name, key.slice(key.indexOf(" ") + 1)]));
      return text.replaceAll(/\[[a-z]{2,8} \d{1,6}\]/g, (name) => found.get(name) ?? name);
    },
  };
}
