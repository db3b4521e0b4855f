/**
 * How the process trades memory for speed, by flags of V8 that may change while it runs (`node --v8-options`). What each
 * is worth is measured by `npm run bench -- server`.
 */
import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** So much room young objects get in a server, in bytes. */
const YOUNG = 8 * 1024 * 1024;

/**
 * At the start of the process: the room for young objects, of which V8 would take up to 130 MB, stays as small as it is
 * at first. A server collects what loading leaves behind at once, and goes without the two compilers in between, whose
 * code takes 20 MB and makes it hardly faster.
 */
export function useLittleMemory({ forLong }: { forLong: boolean }): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  if (!forLong) return;
  for (const flag of ["--optimize-for-size", "--no-sparkplug", "--no-maglev"]) setFlagsFromString(flag);
}

/**
 * Once a server serves: as set at the start, V8 would collect everything at every seventh decision, and whoever takes
 * that one would wait twice as long. Young objects get room to die in, and old ones may grow by more in between.
 */
export function settleMemory(): void {
  for (const flag of ["--no-optimize-for-size", "--heap-growing-percent=60"]) setFlagsFromString(flag);
  setFlagsFromString("--semi-space-growth-factor=4");
  const collections = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    if ((young?.space_size ?? 0) < YOUNG) return;
    setFlagsFromString("--semi-space-growth-factor=1");
    collections.disconnect();
  });
  collections.observe({ entryTypes: ["gc"] });
}
