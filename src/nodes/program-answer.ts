/** The answer that a program gives, where all that it staged was done as it was told. */
import type { Answer } from "../domain/answer.ts";
import { type ProgramResult, type ProgramWrite, rowLines } from "../domain/program.ts";
import type { Change, Effect, Row } from "../domain/proposal.ts";
import { snapshotsOf } from "../domain/snapshots.ts";
import type { Registry } from "../tools/registry.ts";
import { type Facts, summaryOf } from "./answer.ts";

/**
 * @param composed the answer that the record gives
 * @returns the program's own words, where nothing of it was changed, left out or done before, and no value that they name
 * came out otherwise; else `composed`. In both, what stands behind them.
 */
export function answerOfProgram(facts: Facts, composed: Answer, registry: Registry): Answer {
  const { record, program } = facts;
  const outcome = program?.outcome;
  if (!outcome?.result || composed.status !== "success") return composed;
  const done = record.effects.filter(({ status }) => status === "succeeded");
  const tables = snapshotsOf(done.flatMap(({ changes }) => changes));
  const pairs = pairsOf(facts, outcome.writes);
  if (!pairs || !holds(outcome.result, pairs)) return { ...composed, tables };
  const { answer, rows = [] } = outcome.result;
  const recorded = done.map((effect) => `Recorded: ${summaryOf(effect, registry)}`);
  return { status: "success", text: answer, details: [...recorded, ...rowLines(rows)], tables };
}

/** What was foretold of a write, and what it did; undefined where not each of them was done as it was staged, and nothing besides. */
function pairsOf({ record, revision, proposal }: Facts, writes: readonly ProgramWrite[]): Pair[] | undefined {
  const { effects } = record;
  const isEdited = proposal?.actions.some(({ edited }) => edited !== null) ?? false;
  const steps = revision?.plan.steps ?? [];
  if (isEdited || record.kept.length > 0 || steps.length !== writes.length || effects.length !== writes.length) {
    return undefined;
  }
  const pairs = writes.flatMap((write, index) => {
    const effect = effects.find(({ step }) => step === steps[index]?.id);
    return effect?.status === "succeeded" && effect.action === write.action ? [{ write, effect }] : [];
  });
  return pairs.length === writes.length ? pairs : undefined;
}

interface Pair {
  readonly write: ProgramWrite;
  readonly effect: Effect;
}

/** Whether what it says still holds: others may have changed between staging and doing what it had computed with. */
function holds({ answer, rows = [] }: ProgramResult, pairs: readonly Pair[]): boolean {
  const said = `${answer}\n${JSON.stringify(rows)}`;
  const numbers = new Set(numbersIn(said));
  const isSaid = (value: string) => said.includes(value) || numbersIn(value).some((number) => numbers.has(number));
  return !pairs.flatMap(({ write, effect }) => untrue(write.changes, effect.changes)).some(isSaid);
}

/** Amounts and counts however they are written: $1,095.00 is 1095. Digits in an id are none. */
const numbersIn = (text: string): number[] =>
  (text.match(/(?<![\w.,:-])\$?\d[\d,]*(?:\.\d+)?(?![\w:-])/g) ?? []).map((found) =>
    Number(found.replaceAll(/[$,]/g, "")),
  );

/** The values that were foretold and did not come true. */
function untrue(foretold: readonly Change[], real: readonly Change[]): string[] {
  return foretold.flatMap(({ before, after }, index) => [
    ...otherValues(before, real[index]?.before),
    ...otherValues(after, real[index]?.after),
  ]);
}

const otherValues = (foretold: Row | null, real: Row | null | undefined): string[] =>
  Object.entries(foretold ?? {})
    .filter(([field, value]) => value !== null && value !== real?.[field])
    .map(([, value]) => String(value));
