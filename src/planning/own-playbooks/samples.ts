/** Values to try a playbook with: what its parameters take at their limits. Whatever they let through, an action must take. */
import type { Json, JsonObject } from "../../domain/json.ts";
import type { ItemType, Parameter, Parameters } from "./declaration.ts";
import { checkValue } from "./values.ts";

const WORDS = { text: "blue door", name: "Ada Lovelace", email: "ada@example.org" } as const;
/** A number without limits is tried in this range, and with a fraction. */
const RANGE = 1_000_000.5;

/** The first is an ordinary one; all of them are taken. Without an example there may be none for narrow limits. */
export function samplesOf(parameter: Parameter): readonly Json[] {
  const given = [parameter.example, parameter.default].filter((value) => value !== undefined);
  const made = parameter.pattern === undefined ? madeFor(parameter) : [];
  return [...given, ...made].filter((value) => "value" in checkValue(parameter, value));
}

/**
 * Values for all parameters: an ordinary one for each, then each of the others with the rest ordinary, then without
 * what can be left out. `varied` names the parameter that is not ordinary.
 */
export function* sampleValues(parameters: Parameters): Generator<{ values: JsonObject; varied: string | undefined }> {
  const samples = Object.entries(parameters).map(([name, parameter]) => [name, samplesOf(parameter)] as const);
  const ordinary = Object.fromEntries(samples.map(([name, [first = null]]) => [name, first]));
  yield { values: ordinary, varied: undefined };
  for (const [name, [, ...others]] of samples) {
    for (const value of others) yield { values: { ...ordinary, [name]: value }, varied: name };
  }
  for (const [name, { optional }] of Object.entries(parameters)) {
    if (optional) yield { values: { ...ordinary, [name]: null }, varied: name };
  }
}

function madeFor(parameter: Parameter): Json[] {
  const { type } = parameter;
  if (typeof type !== "object" || !("listOf" in type)) return itemsFor(parameter, type);
  const [first, ...others] = itemsFor({ type: type.listOf, currency: parameter.currency }, type.listOf);
  if (first === undefined) return [];
  const { min = 1, max = Math.max(Number(min), 3) } = parameter;
  const many = Array.from({ length: Number(max) }, () => first);
  return [many.slice(0, Number(min)), many, ...others.map((other) => [other, ...many.slice(1, Number(min))])];
}

function itemsFor({ min, max }: Parameter, type: ItemType): Json[] {
  if (typeof type === "object") return [...type.oneOf];
  switch (type) {
    case "boolean":
      return [true, false];
    case "date":
      return timesFor(min, max, "2030-01-31");
    case "datetime":
      return timesFor(min, max, "2030-01-31T09:00:00+01:00");
    case "text":
    case "name":
    case "email":
      return textsFor(type, { min: Number(min ?? 1), max: Number(max ?? (type === "name" ? 80 : 200)) });
    case "integer":
      return numbersFor(Number(min ?? -1), Number(max ?? Math.floor(RANGE)));
    case "money":
      return [...numbersFor(Number(min ?? 0), Number(max ?? Math.floor(RANGE))), Number(min ?? 0) + 0.25];
    default:
      return [...numbersFor(Number(min ?? -RANGE), Number(max ?? RANGE)), Number(min ?? 0) + 0.5];
  }
}

const numbersFor = (min: number, max: number): number[] => [Math.min(Math.max(2, min), max), min, max];

const timesFor = (min: Json | undefined, max: Json | undefined, usual: string): Json[] =>
  [usual, min, max].filter((time) => time !== undefined);

function textsFor(type: keyof typeof WORDS, { min, max }: { min: number; max: number }): string[] {
  const word = WORDS[type];
  if (type === "email") return [word, `${"a".repeat(Math.max(1, Math.min(max, 64) - 12))}@example.org`];
  const sized = (length: number) =>
    `${word} `
      .repeat(Math.ceil(length / word.length))
      .slice(0, length)
      .replace(/ $/, "r");
  return [word, sized(min), sized(max)].filter((text) => text.length >= min && text.length <= max);
}
