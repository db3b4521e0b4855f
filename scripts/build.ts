/**
 * Builds what the package ships: `dist`, as JavaScript with types. Besides compiling it
 * 1. rewrites the relative imports in type files from .ts to .js, which the compiler leaves as they are;
 * 2. takes the SQLite saver in as a copy: as a dependency it would bring a second better-sqlite3, of an older line that
 *    has to be compiled where the package is installed.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const SAVER = "@langchain/langgraph-checkpoint-sqlite";

function rewrite(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, "utf8")));
}

function compile(): void {
  rmSync("dist", { recursive: true, force: true });
  execFileSync(process.execPath, [require.resolve("typescript/bin/tsc"), "-p", "tsconfig.build.json"], {
    stdio: "inherit",
  });
  const types = readdirSync("dist", { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".d.ts"));
  for (const path of types) {
    rewrite(join("dist", path), (text) => text.replaceAll(/((?:from |import\()"\.[^"]*)\.ts"/g, '$1.js"'));
  }
}

function takeInSaver(): void {
  const folder = dirname(require.resolve(`${SAVER}/package.json`));
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  mkdirSync("dist/vendor");
  copyFileSync(join(folder, "LICENSE"), "dist/vendor/LICENSE");
  const code = readFileSync(join(folder, "dist/index.js"), "utf8").replace(/\n\/\/# sourceMappingURL=.*/, "");
  const head = `// ${SAVER} ${version}, unchanged; ${license}, see LICENSE beside this file.\n`;
  writeFileSync("dist/vendor/checkpoint-sqlite.js", head + code);
  rewrite("dist/checkpoints.js", (text) => {
    const own = text.replace(`from "${SAVER}"`, 'from "./vendor/checkpoint-sqlite.js"');
    if (own === text) throw new Error(`dist/checkpoints.js does not import ${SAVER} as this script expects.`);
    return own;
  });
}

compile();
takeInSaver();
