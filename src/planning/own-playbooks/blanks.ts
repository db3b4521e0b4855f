/**
 * Blanks in the steps of a playbook: `{name}` is the value of a parameter. A text that is a blank and nothing else takes
 * the value with its type; inside a text it is written out. `${s1.x}` is a reference to a step, as in every plan, and
 * `{{` and `}}` are braces.
 */
import type { Json } from "../../domain/json.ts";
import { findReferences } from "../references.ts";
import { conditionUses } from "../step-conditions.ts";
import type { Parameter, Parameters, StepTemplate } from "./declaration.ts";
import { valueInText } from "./values.ts";

/** Inside a step with `each`: the item of the list that it is done for. */
export const ITEM = "each";

type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "blank" | "reference"; readonly name: string; readonly offset: number };

const SYMBOL = /\$\{(?<reference>[^{}]*)\}|\{\{|\}\}|\{(?<blank>[^{}]*)\}/gu;

/** The pieces of a text, in order. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(SYMBOL)) {
    const { blank, reference } = match.groups ?? {};
    const offset = match.index;
    if (offset > end) pieces.push({ kind: "text", text: text.slice(end, offset) });
    if (blank !== undefined) pieces.push({ kind: "blank", name: blank, offset });
    else if (reference !== undefined) pieces.push({ kind: "reference", name: reference, offset });
    else pieces.push({ kind: "text", text: match[0].charAt(0) });
    end = offset + match[0].length;
  }
  if (end < text.length) pieces.push({ kind: "text", text: text.slice(end) });
  return pieces;
}

export const blanksIn = (text: string): { name: string; offset: number }[] =>
  piecesOf(text).flatMap((piece) => (piece.kind === "blank" ? [piece] : []));

/** What blanks stand for: parameters and their values; null where one was not given. */
export interface Filling {
  readonly parameters: Parameters;
  readonly values: Readonly<Record<string, Json>>;
}

/** A blank that was not given, inside a text. */
export class MissingBlank extends Error {
  constructor(name: string) {
    super(`it says {${name}}, which may be left out: give it a default, or the step an \`if\``);
  }
}

/**
 * A value with its blanks filled. Entries and items that are a blank which was not given are left out.
 * @throws MissingBlank
 */
export function fillBlanks(template: Json, filling: Filling): Json | undefined {
  if (typeof template === "string") return fillWhole(template, filling);
  if (typeof template !== "object" || template === null) return template;
  if (Array.isArray(template)) {
    return template.map((item) => fillBlanks(item, filling)).filter((item) => item !== undefined);
  }
  const entries = Object.entries(template).map(([key, value]) => [key, fillBlanks(value, filling)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

function fillWhole(template: string, filling: Filling): Json | undefined {
  const pieces = piecesOf(template);
  const [only] = pieces;
  if (pieces.length !== 1 || only?.kind !== "blank") return fillText(template, filling);
  return filling.values[only.name] ?? undefined;
}

/** A text with its blanks written out. @throws MissingBlank */
export function fillText(template: string, { parameters, values }: Filling): string {
  const written = piecesOf(template).map((piece) => {
    if (piece.kind === "text") return piece.text;
    if (piece.kind === "reference") return `\${${piece.name}}`;
    const value = values[piece.name] ?? null;
    if (value === null) throw new MissingBlank(piece.name);
    return valueInText(parameters[piece.name] as Parameter, value);
  });
  return written.join("");
}

const IN_CONDITION = /\{(?<blank>[a-z][A-Za-z0-9_]*)\}/gu;

/** The blanks of a condition; other braces there are CEL's own. */
export const blanksInCondition = (text: string): { name: string; offset: number }[] =>
  [...text.matchAll(IN_CONDITION)].map((match) => ({ name: match.groups?.blank ?? "", offset: match.index }));

/**
 * A condition with its blanks written as CEL has them. Only numbers and booleans may stand there: they cannot be read as
 * anything else.
 * @throws MissingBlank
 */
export function fillCondition(template: string, { values }: Filling): string {
  return template.replace(IN_CONDITION, (_said, name: string) => {
    const value = values[name] ?? null;
    if (value === null) throw new MissingBlank(name);
    return `(${JSON.stringify(value)})`;
  });
}

/** The steps whose outputs a step uses, by the field in which it does. */
export function usesOf({ args, when, success }: StepTemplate): Record<"args" | "when" | "success", string[]> {
  // A blank is no name: a number stands there, which is one.
  const inCondition = (text: string | undefined) =>
    text === undefined ? [] : [...conditionUses(text.replace(IN_CONDITION, "0"))];
  return {
    args: [...new Set(findReferences(args).map((path) => path.split(".")[0] ?? ""))],
    when: inCondition(when),
    success: inCondition(success?.check),
  };
}
