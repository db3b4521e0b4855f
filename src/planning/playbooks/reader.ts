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

/** Takes the tokens from `reading.end` on and adds to the values. A slot takes one way of reading: the longest. */
export type Slot = (sentence: Sentence, reading: Reading, option: string | undefined) => Reading | Misfit;
export type Slots = Readonly<Record<string, Slot>>;

/** Every way in which the form can go on from a reading. */
export function readForm(form: Form, from: readonly Reading[], sentence: Sentence, slots: Slots): Reading[] {
  if (from.length === 0) return [];
  switch (form.kind) {
    case "word":
      return from.flatMap((reading) => readWord(form.word, reading, sentence));
    case "slot":
      return from.flatMap((reading) => readSlot(form, reading, sentence, slots));
    case "sequence":
      return form.parts.reduce<Reading[]>((readings, part) => readForm(part, readings, sentence, slots), [...from]);
    case "choice":
      return merge(form.options.flatMap((option) => readForm(option, from, sentence, slots)));
    case "repeat":
      return readRepeat(form.part, from, sentence, slots);
  }
}

function readWord(word: string, reading: Reading, sentence: Sentence): Reading[] {
  sentence.furthest = Math.max(sentence.furthest, reading.end);
  return sentence.word(reading.end) === word ? [{ ...reading, end: reading.end + 1 }] : [];
}

function readSlot(form: Form & { kind: "slot" }, reading: Reading, sentence: Sentence, slots: Slots): Reading[] {
  const slot = slots[form.name];
  if (!slot)
    throw new HoldpointError("internal", `A playbook uses the unknown slot {${form.name}}.`, {
      hint: "Mend the playbook.",
    });
  const result = slot(sentence, reading, form.option);
  const reached = "failedAt" in result ? result.failedAt : result.end;
  sentence.furthest = Math.max(sentence.furthest, reached);
  if ("failedAt" in result) return [];
  return [{ ...result, problem: reading.problem ?? result.problem }];
}

/** Each round must take at least one token, so the rounds end. */
function readRepeat(part: Form, from: readonly Reading[], sentence: Sentence, slots: Slots): Reading[] {
  const found = new Map(from.map((reading) => [keyOf(reading), reading]));
  let latest: Reading[] = [...from];
  while (latest.length > 0) {
    const next = latest.flatMap((reading) =>
      readForm(part, [reading], sentence, slots).filter((after) => after.end > reading.end),
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
