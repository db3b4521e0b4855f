/** What the detectors of this folder find: a place in a text, and what stands there. */

/** What a find is replaced by, in brackets. `secret` is what a name of a field says, whatever it looks like. */
export type Kind = "mail" | "card" | "iban" | "phone" | "ip" | "token" | "address" | "secret";

export interface Find {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly kind: Kind;
}

/** Every match of a global pattern, or of its group `value` where it has one (which needs the flag `d`), that passes. */
export function findAll(text: string, pattern: RegExp, kind: Kind, passes = (_match: string) => true): Find[] {
  const finds: Find[] = [];
  if (text.search(pattern) < 0) return finds; // matchAll makes a copy of the pattern, and mostly nothing is there
  for (const match of text.matchAll(pattern)) {
    const [start, end] = match.indices?.groups?.value ?? [match.index, match.index + match[0].length];
    if (passes(text.slice(start, end))) finds.push({ start, end, kind });
  }
  return finds;
}

/** Finds in order, those that overlap as one; it is what the one that begins first is, of two the longer. */
export function merged(finds: readonly Find[]): Find[] {
  const result: Find[] = [];
  for (const find of finds.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = result.at(-1);
    if (!last || find.start >= last.end) result.push(find);
    else if (find.end > last.end) result[result.length - 1] = { ...last, end: find.end };
  }
  return result;
}
