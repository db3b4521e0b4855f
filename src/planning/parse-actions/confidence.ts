/** How sure an answer says that it is, as a number. */
import type { Json } from "../../domain/json.ts";

/**
 * Words stay below 0.9, the default from which automation may do without a person: nobody said a number.
 * Where a number could be a percentage or points out of ten, the lower reading counts.
 */
const WORDS: readonly [value: number, words: string][] = [
  [0.85, "very high|high|sehr hoch|hoch|élevée|élevé|haute|alta|alto|muy alta|高|很高|عالية|عالي"],
  [0.6, "medium|moderate|mittel|moyenne|moyen|media|medio|中|中等|متوسطة|متوسط"],
  [0.3, "very low|low|sehr niedrig|niedrig|gering|faible|baja|bajo|低|很低|منخفضة|منخفض"],
];
const VALUE_OF: ReadonlyMap<string, number> = new Map(
  WORDS.flatMap(([value, words]) => words.split("|").map((word) => [word, value] as const)),
);

const NUMBER = /^(\d{1,3}(?:[.,]\d{1,20})?)\s*(%|percent|prozent|pour ?cent|por ?ciento|\/\s*(?:1|10|100))?$/;

/** @returns 0 to 1, or undefined when the value says nothing of the kind */
export function readConfidence(given: Json): number | undefined {
  if (typeof given === "number") return scaled(given, "");
  if (typeof given !== "string" || given.length > 40) return undefined;
  const text = given
    .normalize("NFKC")
    .replaceAll(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replaceAll("٪", "%")
    .replaceAll("٫", ".")
    .trim()
    .toLowerCase();
  const word = VALUE_OF.get(text);
  if (word !== undefined) return word;
  const [, number, unit = ""] = NUMBER.exec(text) ?? [];
  return number === undefined ? undefined : scaled(Number(number.replace(",", ".")), unit);
}

function scaled(number: number, unit: string): number | undefined {
  const whole = unit.startsWith("/") ? Number(unit.slice(1)) : unit || number > 1 ? 100 : 1;
  const value = number / whole;
  return value >= 0 && value <= 1 ? value : undefined;
}
