/** The memory of a run, in a process of its own. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * The most memory that a process held that ran so many steps through `createHoldpoint`, in MB (resident set).
 * @param flags of V8
 */
export async function peakOf(steps: number, flags: readonly string[] = []): Promise<number> {
  const script = fileURLToPath(new URL("./memory-worker.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, String(steps)]);
  return Number(stdout) / 1024;
}
