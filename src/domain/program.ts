/** A program: the plan as one short piece of JavaScript, what it did when it was tried, and what came of that. */
import { z } from "zod";
import { AnswerSchema } from "./answer.ts";
import { ChangeSchema, type Row } from "./change.ts";
import { JsonObjectSchema } from "./json.ts";

/** How a program ends: `success`, or why nothing is to be changed. */
const ProgramStatusSchema = AnswerSchema.shape.status.extract([
  "success",
  "no_match",
  "insufficient_stock",
  "invalid_request",
  "unsupported_intent",
]);

const CellSchema = z.union(
  [z.string().max(500), z.number(), z.boolean(), z.null()],
  "expected a text of at most 500 characters, a number, true, false or null",
);

/** The most rows that a program may give besides its answer. */
const MAX_ROWS = 100;

/** The most columns that they may have together: every row is shown with all of them, in line. */
const MAX_COLUMNS = 30;
const columnsOf = (rows: readonly Row[]): string[] => [...new Set(rows.flatMap((row) => Object.keys(row)))];

/** What a program returns. */
export const ProgramResultSchema = z.strictObject(
  {
    status: z.enum(ProgramStatusSchema.options, `expected one of ${ProgramStatusSchema.options.join(", ")}`),
    answer: z
      .string("expected one or two sentences for the customer")
      .trim()
      .min(1, "expected one or two sentences for the customer")
      .max(600, "expected at most 600 characters: one or two sentences for the customer"),
    rows: z
      .array(z.record(z.string().max(60), CellSchema), "expected a list of flat objects")
      .max(MAX_ROWS, `expected at most ${MAX_ROWS} rows`)
      .optional(),
  },
  { error: (issue) => (issue.code === "invalid_type" ? "expected { status, answer, rows? }" : undefined) },
);
export type ProgramResult = z.infer<typeof ProgramResultSchema>;

/** A write that a program called: it is staged, and no more. */
const ProgramWriteSchema = z.object({
  action: z.string(),
  /** With what the action filled in. */
  args: JsonObjectSchema,
  changes: z.array(ChangeSchema),
  /** The writes of the same program, from 0, of whose outcome it had been told before. */
  after: z.array(z.int().nonnegative()),
  /** It had read what is not to be trusted before. */
  untrusted: z.literal(true).optional(),
});
export type ProgramWrite = z.infer<typeof ProgramWriteSchema>;

/** What came of trying a program. */
export const ProgramOutcomeSchema = z.object({
  /** Why it was not taken, a sentence each; none where it was. */
  faults: z.array(z.string()),
  /** Whether the faults may hold what is not to be trusted. */
  untrusted: z.boolean(),
  /** How a call had failed that it ended by. */
  failure: AnswerSchema.shape.status.nullable(),
  /** What it returned; null where it came to no end, or to one that does not count. */
  result: ProgramResultSchema.nullable(),
  log: z.array(z.string()),
  /** In the order in which it called them; they count only where the result is a success. */
  writes: z.array(ProgramWriteSchema),
  /** How many calls it made, and for how long it worked itself, in milliseconds. */
  calls: z.int().nonnegative(),
  workedMs: z.number().nonnegative(),
});
export type ProgramOutcome = z.infer<typeof ProgramOutcomeSchema>;

/** One program of a run. */
export interface Program {
  /** From 1, in the run. */
  readonly number: number;
  /** The revision of the plan that it is to become. */
  readonly revision: number;
  readonly goal: string;
  /** Why it is a program, and no list of steps. */
  readonly why: string;
  readonly code: string;
  /** The time that it sees, ISO 8601 UTC. */
  readonly startedAt: string;
  /** Null while it has not been tried to its end. */
  readonly outcome: ProgramOutcome | null;
}

/** Whether it came to a result that counts. */
export const isTaken = ({ outcome }: Program): boolean => outcome !== null && outcome.faults.length === 0;

/** The step under which a call of a program is journalled; no step of a plan is called so. */
export const programStep = (program: number, call: number): string => `program.${program}.${call}`;

export const isProgramStep = (step: string): boolean => step.startsWith("program.");

/** Why rows cannot be shown, in words; undefined where they can. */
export const rowsFault = (rows: readonly Row[]): string | undefined =>
  columnsOf(rows).length > MAX_COLUMNS ? `expected at most ${MAX_COLUMNS} columns` : undefined;

/** Rows as text, a line each, their columns in line. */
export function rowLines(rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const columns = columnsOf(rows);
  const cells = [
    columns,
    ...rows.map((row) => columns.map((column) => (Object.hasOwn(row, column) ? String(row[column] ?? "") : ""))),
  ];
  const widths = columns.map((_column, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  return cells.map((line) =>
    line
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
