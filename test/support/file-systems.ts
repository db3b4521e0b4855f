import { execFileSync } from "node:child_process";
import { onTestFinished, type TestContext } from "vitest";
import { tempDir } from "./temp.ts";

/**
 * A file system of its own, small enough to fill. Skips the test, saying why, where this user may not mount one.
 * @param size as `mount` takes it, such as "1m"
 */
export function mountSmall(context: TestContext, size: string): string {
  const dir = tempDir();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", dir], { stdio: "pipe" });
  } catch {
    context.skip("needs to mount a small file system, which this user may not");
  }
  onTestFinished(() => void execFileSync("umount", ["--lazy", dir]));
  return dir;
}

/** Makes a mounted file system read-only, which holds for root too. */
export function makeReadOnly(dir: string): void {
  execFileSync("mount", ["-o", "remount,ro", dir]);
}

export function makeWritable(dir: string): void {
  execFileSync("mount", ["-o", "remount,rw", dir]);
}
