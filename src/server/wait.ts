/**
 * How long an answer waits for the work that a request sets off. The work goes on whether or not anybody waits: what
 * counts is in the ledger.
 */
import type { Runtime } from "../runtime.ts";
import { wait } from "../work/wait.ts";
import type { Served } from "./served.ts";

const DEFAULT_WAIT_MS = 10_000;
const MAX_WAIT_MS = 60_000;
/** How often the ledger is asked whether what was asked for is recorded, in milliseconds. */
const LOOK_MS = 25;

/** `Prefer: wait=<seconds>` and `Prefer: respond-async` (RFC 7240), in milliseconds. */
function waitOf(headers: Headers): number {
  const prefer = headers.get("prefer") ?? "";
  if (/(^|,)\s*respond-async\s*(,|$)/i.test(prefer)) return 0;
  const seconds = /(^|,)\s*wait\s*=\s*"?(\d{1,6})"?\s*(,|$)/i.exec(prefer)?.[2];
  return seconds === undefined ? DEFAULT_WAIT_MS : Math.min(Number(seconds) * 1000, MAX_WAIT_MS);
}

interface Waiting {
  readonly headers: Headers;
  readonly runtime: Runtime;
  readonly served: Served;
}

/**
 * Waits for work, as long as the caller wants to and until what was asked for is recorded.
 * @param isRecorded whether the work has recorded what whoever asked must know of
 * @returns what came of it, or undefined while it is under way
 * @throws whatever the work throws meanwhile
 */
export async function settled<T>(
  { headers, runtime, served }: Waiting,
  work: Promise<T>,
  isRecorded: () => Promise<boolean>,
): Promise<T | undefined> {
  const ended = runtime.track(work).then((value) => ({ value }));
  for (let pause = waitOf(headers); ; pause = LOOK_MS) {
    const timer = new AbortController();
    const done = await Promise.race([ended, wait(pause, { signal: timer.signal })]).finally(() => timer.abort());
    if (typeof done === "object") return done.value;
    if (!(await isRecorded())) continue;
    // Nobody waits any more: what goes wrong from here on is for the log, and the run says it, too.
    ended.catch((error: unknown) => served.log.warn({ err: error }, "work that nobody waited for failed"));
    return undefined;
  }
}
