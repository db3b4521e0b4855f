/**
 * Reading what others wrote, for so long and no longer. There are recurrence rules, lengths and zone definitions by which
 * ical.js never comes to an end, so what is reckoned from a text is cut off from outside of it.
 */
import { createContext, Script } from "node:vm";
import { ActionFailure } from "../../errors.ts";

/** Of one event, in milliseconds; ten years of a daily one take a few. */
const TIME_MS = 2000;

const stage: { compute?: () => unknown } = createContext({});
const script = new Script("compute()");

/**
 * What comes of reading an event; other work of the process waits meanwhile.
 * @param nameOf how an error names the event
 * @throws ActionFailure `failed` when it cannot be read, or not in time
 */
export function readWithinTime<T>(nameOf: () => string, compute: () => T): T {
  stage.compute = compute;
  try {
    return script.runInContext(stage, { timeout: TIME_MS }) as T;
  } catch (error) {
    if (error instanceof ActionFailure) throw error;
    const why = isTimeout(error) ? `its times have no end within ${TIME_MS} ms` : String(error);
    throw new ActionFailure(
      "failed",
      `The calendar holds something that cannot be read: ${nameOf().slice(0, 200)} (${why.slice(0, 200)}).`,
      { hint: "Look at it with another program, and mend or remove it." },
    );
  }
}

/** It comes from another realm, so it is no Error of this one. */
const isTimeout = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
