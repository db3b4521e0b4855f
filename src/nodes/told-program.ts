/** A program as people are shown it: its text, what it logged, and what it says. */
import { isTaken, type Program, type ProgramOutcome } from "../domain/program.ts";
import { shortened } from "../domain/text.ts";

export interface ToldProgram {
  /** In the run, from 1. */
  readonly number: number;
  /** Why it is a program, and no list of steps. */
  readonly why: string;
  readonly code: string;
  readonly log: readonly string[];
  /** What it says to the customer once its writes are done. */
  readonly answer: string;
  /** It read what is not to be trusted. */
  readonly untrusted: boolean;
  /** How many programs were tried before it, and were not taken. */
  readonly triedBefore: number;
}

/** The most lines of a log that are shown with a proposal, and characters of a line. */
const MAX_LINES = 50;
const MAX_LINE = 300;

/** The program that a proposal for a revision comes from; null where that was planned in another way. */
export function toldProgram(programs: readonly Program[], revision: number): ToldProgram | null {
  const own = programs.filter((program) => program.revision === revision);
  const found = own.find(isTaken);
  if (!found?.outcome) return null;
  const { number, why, code, outcome } = found;
  const { result, untrusted } = outcome;
  const triedBefore = own.length - 1;
  return { number, why, code, log: logOf(outcome), answer: result?.answer ?? "", untrusted, triedBefore };
}

function logOf({ log }: ProgramOutcome): string[] {
  const shown = log.slice(0, MAX_LINES).map((line) => shortened(line, MAX_LINE));
  return log.length > MAX_LINES ? [...shown, `(${log.length - MAX_LINES} more lines: see show)`] : shown;
}
