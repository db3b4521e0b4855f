/** Waiting that can be ended. */
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits so many milliseconds.
 * @param options `signal`: ends it at once; `ref`: with false, a process that has nothing else to do may end meanwhile
 * @returns false when the signal aborted first
 */
export async function wait(
  milliseconds: number,
  { signal, ref = true }: { signal?: AbortSignal | undefined; ref?: boolean } = {},
): Promise<boolean> {
  try {
    await sleep(milliseconds, undefined, { ref, ...(signal ? { signal } : {}) });
    return true;
  } catch (error) {
    if (signal?.aborted) return false;
    throw error;
  }
}
