/** `npm run bench -- <name>...` runs the measurements of those names in this folder, one after the other; without, all. */
import { readdirSync } from "node:fs";
import { basename } from "node:path";

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".ts") && file !== basename(import.meta.filename))
  .map((file) => basename(file, ".ts"))
  .toSorted();
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`There is no measurement "${unknown}". There are: ${names.join(", ")}.\n`);
  process.exitCode = 2;
} else {
  for (const name of wanted.length > 0 ? wanted : names) {
    const { measure } = (await import(`./${name}.ts`)) as { measure(): Promise<void> };
    process.stdout.write(`${name}\n`);
    await measure();
  }
}
