/** The pauses between attempts to tell somebody. */

/** The pause after the first failed attempt; it doubles with each, up to an hour. */
const PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** How long to wait after an attempt that failed, in milliseconds. */
export const pauseAfter = (attempt: number): number => Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** (attempt - 1));
