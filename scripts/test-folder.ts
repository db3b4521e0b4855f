/**
 * Vitest's global set-up: where the tests put their files. In memory, where there is enough of it: SQLite waits for the
 * disk at every commit, which takes longer than all it computes, and no test cuts off the power.
 */
import { mkdirSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { basename, join } from "node:path";

const MEMORY = "/dev/shm";
const PREFIX = "holdpoint-tests-";
/** Bytes: an installed package is the largest thing that a test makes. */
const ENOUGH = 3 * 2 ** 30;

/** The folder for the files of this run, which does not exist yet; undefined leaves them where they always go. */
export function folderInMemory(): string | undefined {
  if (process.platform !== "linux" || process.availableMemory() < 2 * ENOUGH) return undefined;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize < ENOUGH ? undefined : join(MEMORY, `${PREFIX}${process.pid}`);
  } catch {
    return undefined;
  }
}

export default function setup(): (() => void) | undefined {
  const folder = process.env.TMPDIR ?? "";
  if (!basename(folder).startsWith(PREFIX)) return undefined;
  removeLeftOvers();
  mkdirSync(folder);
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Of runs that were killed. */
function removeLeftOvers(): void {
  for (const name of readdirSync(MEMORY).filter((found) => found.startsWith(PREFIX))) {
    if (!isAlive(Number(name.slice(PREFIX.length)))) rmSync(join(MEMORY, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
