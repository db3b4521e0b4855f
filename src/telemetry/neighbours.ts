/** Finds what is split over neighbouring fields of one object, or items of one list: each part alone says nothing. */
import type { Json } from "../domain/json.ts";
import type { Find, Kind } from "./find.ts";
import { findCertainOrEncoded, findInText, isOwn, isPlain } from "./find-in-text.ts";
import { isCard } from "./personal.ts";

/** Over so many neighbours a find may be split, and so long may a part be. */
const MAX_PARTS = 6;
const MAX_PART = 400;
/** Complete in themselves: what has one of these goes into no other. */
const COMPLETE: readonly Kind[] = ["mail", "card", "iban", "token"];
/** May be the rest of a token: one word with digits or letters of both cases. */
const REST = /^(?=.*(?:\d|[a-z][A-Z]|[A-Z][a-z]|=$))[\w+/=.-]{6,}$/;

/** A value as a part of something split, or undefined. */
function partOf(value: Json): string | undefined {
  if (typeof value === "number")
    return Number.isInteger(value) && value >= 1000 && value <= 9999 ? `${value}` : undefined;
  if (typeof value !== "string" || value.length < 2 || value.length > MAX_PART || isOwn(value)) return undefined;
  return value.trim();
}

/** What parts are together, of which not all are plain: a find that begins in the first and ends in the last. */
function togetherAre(parts: readonly string[]): Kind | undefined {
  const joined = parts.join("");
  if (parts.every((part) => /^[\d -]+$/.test(part))) return isCard(joined) ? "card" : undefined;
  const first = parts[0]?.length ?? 0;
  const last = joined.length - (parts.at(-1)?.length ?? 0);
  return findCertainOrEncoded(joined).find(({ start, end }) => start < first && end > last)?.kind;
}

/**
 * @param values of the fields or items, in their order
 * @returns for each what the whole is that it is a part of, or undefined
 */
export function findSplit(values: readonly Json[]): (Kind | undefined)[] {
  const kinds: (Kind | undefined)[] = values.map(() => undefined);
  const own = values.map((value) => (typeof value === "string" ? findInText(value.slice(0, MAX_PART)) : []));
  const parts = values.map((value, index) => {
    const part = partOf(value);
    return part !== undefined && !own[index]?.some(({ kind }) => COMPLETE.includes(kind)) ? part : undefined;
  });
  const telling = parts.map((part) => part !== undefined && !isPlain(part));
  for (let size = 2; size <= Math.min(MAX_PARTS, values.length); size++) {
    for (let start = 0; start + size <= values.length; start++) {
      if (!telling.slice(start, start + size).includes(true)) continue;
      const window = parts.slice(start, start + size).filter((part) => part !== undefined);
      const kind = window.length === size ? togetherAre(window) : undefined;
      if (kind) {
        kinds.fill(kind, start, start + size);
        parts.fill(undefined, start, start + size);
      }
    }
  }
  continueTokens(values, own, kinds);
  return kinds;
}

/** A token that ends where its field ends may go on in the next one. */
function continueTokens(values: readonly Json[], own: readonly Find[][], kinds: (Kind | undefined)[]): void {
  for (const [index, value] of values.entries()) {
    const before = values[index - 1];
    const last = own[index - 1]?.at(-1);
    const open = kinds[index - 1] === "token" || (last?.kind === "token" && last.end === String(before).length);
    if (open && typeof value === "string" && REST.test(value) && !isOwn(value)) kinds[index] ??= "token";
  }
}
