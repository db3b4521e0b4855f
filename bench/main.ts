/**
 * `npm run bench -- <name>...` runs the measurements of those names in this folder, one after the other; without, all.
 * A figure that has a limit says `ok` or `OVER`; with `--strict` the exit status is 1 when one is over. Time is never a
 * reason for a test to fail: these figures are for people, and ratios within one run are what compares.
 */
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { createReport, type Report } from "./support/report.ts";

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".ts") && file !== basename(import.meta.filename))
  .map((file) => basename(file, ".ts"))
  .toSorted();
const words = process.argv.slice(2);
const strict = words.includes("--strict");
const wanted = words.filter((word) => word !== "--strict");
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`There is no measurement "${unknown}". There are: ${names.join(", ")}.\n`);
  process.exitCode = 2;
} else {
  const report = createReport((text) => void process.stdout.write(text));
  for (const name of wanted.length > 0 ? wanted : names) {
    const { measure } = (await import(`./${name}.ts`)) as { measure(report: Report): Promise<void> };
    process.stdout.write(`${name}\n`);
    await measure(report);
  }
  const over = report.limits.filter(({ ok }) => !ok).length;
  if (report.limits.length > 0) process.stdout.write(`\n${report.limits.length} limits, ${over} over.\n`);
  if (strict && over > 0) process.exitCode = 1;
}
