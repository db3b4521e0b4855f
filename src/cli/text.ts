/** Text for a terminal. */
import Table from "cli-table3";
import colors from "picocolors";
import { printable } from "../domain/printable.ts";
import { type Change, changedFields } from "../domain/proposal.ts";

export const heading = (text: string): string => colors.bold(text);
export const dim = (text: string): string => colors.dim(text);

/** A heading with a line for each text; nothing without any. Texts are made printable. */
export const listed = (title: string, texts: readonly string[]): string[] =>
  texts.length === 0 ? [] : [heading(title), ...texts.map((text) => `  ${printable(text)}`)];

export function indent(text: string, spaces = 2): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? line : " ".repeat(spaces) + line))
    .join("\n");
}

const MAX_COLUMNS = 100;

/** A text in lines that fit the terminal, or 100 columns where it is wider or there is none; from the second on they are set in. */
export function wrap(text: string, spaces: number): string {
  const width = Math.max(40, Math.min(MAX_COLUMNS, process.stdout.columns ?? MAX_COLUMNS));
  const lines: string[] = [];
  let line = " ".repeat(spaces);
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line.length + word.length > width) {
      lines.push(line.trimEnd());
      line = " ".repeat(spaces + 2);
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join("\n");
}

/** A table with a head; cells are made printable. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    head: head.map((cell) => colors.bold(cell)),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) drawn.push(row.map(printable));
  return drawn.toString();
}

const show = (value: unknown): string => (value === null || value === undefined ? "-" : String(value));

/**
 * Changes as one before/after table: of an altered row the fields that differ, of a row that comes or goes all that
 * have a value.
 */
export function changesTable(changes: readonly Change[]): string {
  return table(["", "", "before", "after"], changes.flatMap(changeRows));
}

function changeRows(change: Change): string[][] {
  const { table: name, key, before, after } = change;
  const what = before === null ? " (new)" : after === null ? " (removed)" : "";
  return changedFields(change).map((field, index) => [
    index === 0 ? `${name} ${key}${what}` : "",
    field,
    show(before?.[field]),
    show(after?.[field]),
  ]);
}
