/** The figures of `npm run chaos` as a table in docs/guarantees.md. */
import { readFileSync, writeFileSync } from "node:fs";

export type Row = readonly (string | number)[];

export const HEAD: Row = [
  ...["killed", "receiver", "runs", "lost", "duplicated", "uncertain"],
  ...["plain node: lost", "plain node: duplicated"],
];

const PLACE = /(<!-- chaos: [^\n]*-->\n)[\s\S]*(<!-- \/chaos -->)/;

/** Puts the rows in place of those that are there. */
export function writeFigures(rows: readonly Row[]): void {
  const path = new URL("../docs/guarantees.md", import.meta.url);
  const line = (cells: Row) => `| ${cells.join(" | ")} |`;
  const table = [line(HEAD), line(HEAD.map(() => "---")), ...rows.map(line)].join("\n");
  const text = readFileSync(path, "utf8");
  if (!PLACE.test(text)) throw new Error("docs/guarantees.md has no place for the figures.");
  writeFileSync(
    path,
    text.replace(PLACE, (_all, begin, end) => `${begin}\n${table}\n\n${end}`),
  );
}
