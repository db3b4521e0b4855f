/** How an action is called: for how long, how often again, and when its receiver is left alone. */
import { z } from "zod";

interface RetrySettings {
  /** How often it is called at the most, the first call included, 1 to 10. Default: 4. */
  readonly attempts?: number | undefined;
  /** About how long the pause before the second call is, in milliseconds; doubled each time, with jitter. Default: 100. */
  readonly pauseMs?: number | undefined;
  /** The longest pause, in milliseconds. Default: 10000. */
  readonly maxPauseMs?: number | undefined;
}

interface BreakerSettings {
  /** After how many failures in a row its receiver is left alone, 1 to 1000. Default: 5. */
  readonly failures?: number | undefined;
  /** For how long, in milliseconds; then one call tries it. Default: 120000. */
  readonly openMs?: number | undefined;
}

/** What an action may say of how it is called; silence takes the defaults. */
export interface CallSettings {
  /**
   * For how long one call may take, in milliseconds; then its signal aborts. A read has failed then; of a write nobody
   * knows whether it happens. Default: 30000.
   */
  readonly timeoutMs?: number | undefined;
  /** For reads and look-ups, and for writes and undos only where the receiver is idempotent. */
  readonly retry?: RetrySettings | undefined;
  /** Counted for each tenant and action, whichever process calls; `false` for none. */
  readonly breaker?: BreakerSettings | false | undefined;
}

/** {@link CallSettings} with nothing left open. */
export interface FullCallSettings {
  readonly timeoutMs: number;
  readonly retry: { readonly attempts: number; readonly pauseMs: number; readonly maxPauseMs: number };
  readonly breaker: { readonly failures: number; readonly openMs: number } | false;
}

/** The longest time that a timer of Node takes, in milliseconds: some 24 days. */
const MAX_MS = 2 ** 31 - 1;
/** Room for the time that a call gets to end, beyond its own. */
const MAX_TIMEOUT_MS = MAX_MS - 60_000;
const ms = z.int().min(1);

const FullCallSettingsSchema = z.object({
  timeoutMs: ms.max(MAX_TIMEOUT_MS).default(30_000),
  retry: z
    .strictObject({
      attempts: z.int().min(1).max(10).default(4),
      pauseMs: ms.max(MAX_MS).default(100),
      maxPauseMs: ms.max(MAX_MS).default(10_000),
    })
    .prefault({}),
  breaker: z
    .strictObject({ failures: z.int().min(1).max(1000).default(5), openMs: ms.max(MAX_MS).default(120_000) })
    .prefault({}),
});

const parse = ({ timeoutMs, retry, breaker }: CallSettings) =>
  FullCallSettingsSchema.safeParse({ timeoutMs, retry, breaker: breaker === false ? undefined : breaker });

/** What is called, as far as its limits go. */
export type Limited = CallSettings & { readonly name: string };

/** How an action is called where one call may take so long at the most, in milliseconds; never longer than it says itself. */
export function withinLimit(action: Limited, timeoutMs: number | undefined): Limited {
  if (timeoutMs === undefined) return action;
  const { name, retry, breaker } = action;
  return { name, retry, breaker, timeoutMs: Math.min(timeoutMs, callSettings(action).timeoutMs) };
}

/** Of an action that says nothing. */
const SILENT: FullCallSettings = Object.freeze(FullCallSettingsSchema.parse({}));

/** How an action is called. @throws TypeError that names the action and what does not fit */
export function callSettings(action: Limited): FullCallSettings {
  if (action.timeoutMs === undefined && action.retry === undefined && action.breaker === undefined) return SILENT;
  const parsed = parse(action);
  if (parsed.success) return { ...parsed.data, breaker: action.breaker !== false && parsed.data.breaker };
  const [issue] = parsed.error.issues;
  throw new TypeError(`Action "${action.name}" has a ${issue?.path.join(".")} that does not fit: ${issue?.message}.`);
}
