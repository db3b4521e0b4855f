/** Masking of answers, which are for a customer: only what nobody had named before, and what is never to be shown. */
import type { Kind } from "./find.ts";
import { findInAnswer } from "./find-in-text.ts";

/** Nobody needs to read these, whoever named them. */
const NEVER_SHOWN: readonly Kind[] = ["card", "iban", "token", "secret"];

const bare = (text: string): string => text.toLowerCase().replaceAll(/[\s()./-]/g, "");

/** Whether a find stands in what was named before, also where it was written otherwise. */
export function isNamed(known: readonly string[]): (found: string) => boolean {
  const all = known.map(bare);
  return (found) => all.some((text) => text.includes(bare(found)));
}

/**
 * The text with what it should not show replaced by marks such as `[mail]`.
 * @param named whether something was named before by those who asked and approved
 * @returns also what was replaced, in order
 */
export function maskAnswer(text: string, named: (found: string) => boolean): { text: string; masked: Kind[] } {
  let shown = "";
  let at = 0;
  const masked: Kind[] = [];
  for (const { start, end, kind } of findInAnswer(text)) {
    if (!NEVER_SHOWN.includes(kind) && named(text.slice(start, end))) continue;
    shown += `${text.slice(at, start)}[${kind}]`;
    at = end;
    masked.push(kind);
  }
  return { text: shown + text.slice(at), masked };
}
