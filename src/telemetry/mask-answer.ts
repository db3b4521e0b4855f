/** Masking of answers, which are for a customer: only what nobody had named before, and what is never to be shown. */
import { isIP } from "node:net";
import type { Kind } from "./find.ts";
import { findInAnswer } from "./find-in-text.ts";

/** Nobody needs to read these, whoever named them. */
const NEVER_SHOWN: readonly Kind[] = ["card", "iban", "token", "secret"];

/** Signs that are left out or put in freely when a number or an address is written once more. */
const LOOSE = "[\\s()./-]";

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** What a find looks like where it is named: whole, and not as a part of something longer. */
function patternOf(found: string): RegExp {
  const text = found.toLowerCase().replaceAll("%40", "@");
  if (text.includes("@"))
    return new RegExp(`(?<![\\p{L}\\p{N}._%+-])${escaped(text)}(?![\\p{L}\\p{N}_]|[.-][\\p{L}\\p{N}])`, "u");
  if (isIP(text) !== 0) return new RegExp(`(?<![\\w.:])${escaped(text)}(?![\\w:]|\\.\\w)`, "u");
  const signs = [...text.replaceAll(new RegExp(LOOSE, "gu"), "")].map(escaped);
  return new RegExp(`(?<![\\p{L}\\p{N}])${signs.join(`${LOOSE}*`)}(?![\\p{L}\\p{N}])`, "u");
}

/** Whether a find stands in what was named before, also where it was written otherwise. */
export function isNamed(known: readonly string[]): (found: string) => boolean {
  // In JSON the end of a line is written with a letter.
  const all = known.map((text) =>
    text
      .toLowerCase()
      .replaceAll("%40", "@")
      .replaceAll(/\\[bfnrt]/g, " "),
  );
  return (found) => {
    const pattern = patternOf(found);
    return all.some((text) => pattern.test(text));
  };
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
