/** The packages that are measured beside Holdpoint have a package of their own, installed when they are wanted. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../peers", import.meta.url));

/** @returns why they are not there, or undefined when they are */
export function installPeers(): string | undefined {
  if (existsSync(`${FOLDER}/node_modules/langchain`)) return undefined;
  process.stdout.write(`  Installing what is measured, in ${FOLDER}\n`);
  try {
    execFileSync("npm", ["ci", "--silent"], { cwd: FOLDER, stdio: ["ignore", "ignore", "inherit"] });
    return undefined;
  } catch (error) {
    return `They could not be installed (${error instanceof Error ? error.message : String(error)}).`;
  }
}
