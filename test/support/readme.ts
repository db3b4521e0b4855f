import { readFileSync } from "node:fs";

/** The code of an example in the README, which stands below the comment `<!-- example: name -->`. */
export function readmeExample(name: string): string {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, code] = new RegExp(`<!-- example: ${name} -->\\n+\`\`\`ts\\n(.*?)\`\`\``, "s").exec(readme) ?? [];
  if (code === undefined) throw new Error(`The README has no example "${name}".`);
  return code;
}
