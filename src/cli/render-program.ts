/** Programs, and the tables that they touch, before and after. */
import { printable } from "../domain/printable.ts";
import type { Program } from "../domain/program.ts";
import type { Row } from "../domain/proposal.ts";
import type { Snapshot } from "../domain/snapshots.ts";
import type { ToldProgram } from "../nodes/told-program.ts";
import { dim, heading, indent, listed, table } from "./text.ts";

/** The program that staged a proposal, what it logged, and what it will say. */
export function renderToldProgram({ number, code, log, untrusted, triedBefore, answer }: ToldProgram): string[] {
  const before = triedBefore === 0 ? "" : ` ${dim(`after ${triedBefore} that could not be taken`)}`;
  return [
    `${heading(`Program ${number}`)}${before}`,
    codeLines(code),
    ...listed("It logged", log),
    ...(untrusted ? [heading("It read text from outside, which is not to be trusted.")] : []),
    ...listed("It will say", [answer]),
  ];
}

/** All programs of a run, with what came of each. */
export function renderPrograms(programs: readonly Program[]): string {
  const parts = programs.flatMap(({ number, why, code, outcome }) => [
    `${heading(`Program ${number}`)} ${dim(printable(why))}`,
    codeLines(code),
    ...(outcome ? outcomeLines(outcome) : ["  It has not been tried to its end."]),
  ]);
  return parts.join("\n");
}

function outcomeLines({ faults, result, log, writes, calls, workedMs }: NonNullable<Program["outcome"]>): string[] {
  const work = dim(`(${calls} call(s), worked for ${workedMs} ms)`);
  const end = result ? `${result.status}: ${result.answer}` : "it was not taken";
  const staged = result?.status === "success" ? `, ${writes.length} write(s) staged` : ", nothing staged";
  return [
    ...listed("It logged", log),
    ...listed("Why it was not taken", faults),
    `${heading("It came to")} ${work}`,
    `  ${printable(end)}${staged}`,
  ];
}

function codeLines(code: string): string {
  const lines = code.replace(/^\n+|\s+$/g, "").split("\n");
  const width = String(lines.length).length;
  return lines.map((line, at) => `  ${dim(String(at + 1).padStart(width))} ${printable(line)}`).join("\n");
}

/** Each table with the rows that are touched: as they are, and as they will be. */
export function renderSnapshots(tables: readonly Snapshot[]): string {
  return tables.map(({ table: name, rows }) => `${printable(name)}\n${indent(drawn(rows))}`).join("\n");
}

function drawn(rows: Snapshot["rows"]): string {
  const columns = [
    ...new Set(rows.flatMap(({ before, after }) => [...Object.keys(before ?? {}), ...Object.keys(after ?? {})])),
  ];
  const line = (key: string, when: string, row: Row | null) =>
    row ? [[key, when, ...columns.map((column) => cell(row[column]))]] : [];
  return table(
    ["", "", ...columns],
    rows.flatMap(({ key, before, after }) => {
      if (!before) return line(key, "new", after);
      return [...line(key, "before", before), ...(after ? line("", "after", after) : [["", "removed"]])];
    }),
  );
}

/** The most characters of a value: tables are to fit, and what is cut stands in the changes. */
const MAX_CELL = 28;

function cell(value: Row[string] | undefined): string {
  const text = String(value ?? "-");
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…` : text;
}
