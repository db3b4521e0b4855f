/**
 * Reads tokens with a form. All readings are followed side by side and equal ones are merged, so there is no
 * backtracking: the work grows with the length of the request times the size of the form.
 */

import type { JsonObject } from "../../domain/json.ts";
import { HoldpointError } from "../../errors.ts";
import type { Form } from "./form.ts";
import type { Sentence } from "./sentence.ts";

/** How far a form got (`end` is a token position) and what its slots found; `problem` is the first bad value. */
export interface Reading {
  readonly end: number;
  readonly values: JsonObject;
  readonly problem?: string | undefined;
}

/** The slot does not fit here; `failedAt` is the token that it could not take. */
export interface Misfit {
  readonly failedAt: number;
}

/** What forms are read on: a text as tokens. `furthest` is the token where understanding ended. */
interface Tokens {
  furthest: number;
  /** The word or mark at this place, for comparing. */
  word(at: number): string;
}

/** Takes the tokens from `reading.end` on and adds to the values: in one way, or in every way that there is. */
export type Slot<T extends Tokens = Sentence> = (
  tokens: T,
  reading: Reading,
  option: string | undefined,
) => Reading | Misfit | readonly Reading[];
export type Slots<T extends Tokens = Sentence> = Readonly<Record<string, Slot<T>>>;

export interface Reader<T extends Tokens = Sentence> {
  readonly tokens: T;
  readonly slots: Slots<T>;
  /** How often something may be repeated; left out, as often as the text has it. */
  readonly mostRounds?: number;
  /** Drops readings that need not be followed, where slots have several ways. */
  narrow?(readings: Reading[]): Reading[];
}

/** Every way in which the form can go on from a reading. */
export function readForm<T extends Tokens>(form: Form, from: readonly Reading[], reader: Reader<T>): Reading[] {
  if (from.length === 0) return [];
  switch (form.kind) {
    case "word":
      return from.flatMap((reading) => readWord(form.word, reading, reader.tokens));
    case "slot": {
      const readings = from.flatMap((reading) => readSlot(form, reading, reader));
      return reader.narrow ? reader.narrow(readings) : readings;
    }
    case "sequence":
      return form.parts.reduce<Reading[]>((readings, part) => readForm(part, readings, reader), [...from]);
    case "choice":
      return merge(form.options.flatMap((option) => readForm(option, from, reader)));
    case "repeat":
      return readRepeat(form.part, from, reader);
  }
}

function readWord(word: string, reading: Reading, tokens: Tokens): Reading[] {
  tokens.furthest = Math.max(tokens.furthest, reading.end);
  return tokens.word(reading.end) === word ? [{ ...reading, end: reading.end + 1 }] : [];
}

function readSlot<T extends Tokens>(form: Form & { kind: "slot" }, reading: Reading, reader: Reader<T>): Reading[] {
  const slot = reader.slots[form.name];
  if (!slot)
    throw new HoldpointError("internal", `A playbook uses the unknown slot {${form.name}}.`, {
      hint: "Mend the playbook.",
    });
  const { tokens } = reader;
  const result = slot(tokens, reading, form.option);
  if ("failedAt" in result) {
    tokens.furthest = Math.max(tokens.furthest, result.failedAt);
    return [];
  }
  return [result].flat().map((next) => {
    tokens.furthest = Math.max(tokens.furthest, next.end);
    return { ...next, problem: reading.problem ?? next.problem };
  });
}

/** Each round must take at least one token, so the rounds end. */
function readRepeat<T extends Tokens>(part: Form, from: readonly Reading[], reader: Reader<T>): Reading[] {
  const found = new Map(from.map((reading) => [keyOf(reading), reading]));
  let latest: Reading[] = [...from];
  for (let round = 0; latest.length > 0 && round < (reader.mostRounds ?? Number.POSITIVE_INFINITY); round++) {
    const next = latest.flatMap((reading) =>
      readForm(part, [reading], reader).filter((after) => after.end > reading.end),
    );
    latest = merge(next).filter((reading) => !found.has(keyOf(reading)));
    for (const reading of latest) found.set(keyOf(reading), reading);
  }
  return [...found.values()];
}

function merge(readings: Reading[]): Reading[] {
  if (readings.length < 2) return readings;
  return [...new Map(readings.map((reading) => [keyOf(reading), reading])).values()];
}

function keyOf(reading: Reading): string {
  return JSON.stringify([reading.end, reading.values, reading.problem ?? null]);
}
