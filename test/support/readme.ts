import { readFileSync } from "node:fs";

/** The code of an example in the README, or another document, which stands below the comment `<!-- example: name -->`. */
export function readmeExample(name: string, { file = "README.md", language = "ts" } = {}): string {
  const text = readDocument(file);
  const [, code] = new RegExp(`<!-- example: ${name} -->\\n+\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(text) ?? [];
  if (code === undefined) throw new Error(`${file} has no example "${name}".`);
  return code;
}

/** @param file a path from the project's root */
export function readDocument(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
}
