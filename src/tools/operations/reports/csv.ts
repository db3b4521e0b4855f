/**
 * A report for spreadsheets (RFC 4180). A text that a spreadsheet would take for a formula gets an apostrophe before it
 * (OWASP, "CSV Injection").
 */
import type { Cell, Column } from "./data.ts";
import type { Page } from "./page.ts";

const FORMULA = /^[=+\-@\t\r]/;

export function toCsv({ data: { columns, rows } }: Page): string {
  const lines = [
    columns.map(({ name }) => quoted(name)),
    ...rows.map((row) => columns.map((one, at) => cell(one, row[at] ?? null))),
  ];
  return `${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
}

/** Amounts as plain decimals, so that they can be reckoned with. */
function cell({ kind }: Column, value: Cell): string {
  if (value === null) return "";
  if (kind === "text") return quoted(guarded(String(value)));
  return kind === "money" ? (Number(value) / 100).toFixed(2) : String(value);
}

const guarded = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
