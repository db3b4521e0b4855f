/**
 * One guarded call of an action: within a time limit, past a breaker that leaves a failing receiver alone, and repeated
 * with growing pauses where that is safe. What is counted by the breaker is a call of `run`. Look-ups and undos pass it
 * by: they end what was begun, and their answers say little of whether `run` works.
 *
 * Of cockatiel, time limits and pauses are used. Its retry policy sleeps on when it is aborted, and then calls once more.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ExponentialBackoff, TimeoutStrategy, timeout, wrap } from "cockatiel";
import { holdReason } from "../domain/hold.ts";
import type { Identity, Stamp } from "../domain/run.ts";
import { ActionFailure, explainError, HoldpointError } from "../errors.ts";
import { askBreaker, giveTrialBack, type Held, type Pass, recordAnswer, recordFailure } from "../ledger/breakers.ts";
import type { Ledger } from "../ledger/database.ts";
import { warn } from "../telemetry/tell.ts";
import { type CallSettings, callSettings, type FullCallSettings } from "../tools/call-settings.ts";

/** Whoever calls. */
export interface CallGuard {
  readonly ledger: Ledger;
  /** Whose breaker it is; the audit names the principal where a call opens or closes it. */
  readonly identity: Identity;
  readonly signal: AbortSignal;
  /** Whether nothing more is to start: looked at during pauses. */
  readonly stopped: () => boolean;
  /** The time now, ISO 8601 UTC. */
  now(): string;
}

/** What is called: the settings and the name count. */
export type Called = CallSettings & { readonly name: string };

/** The call did not end in time. It may still be under way, and may still come to its end. */
export class CallTimeout extends Error {
  constructor(action: string, timeoutMs: number) {
    super(`"${action}" did not answer within ${timeoutMs} ms.`);
    this.name = "CallTimeout";
  }
}

/** The breaker held the call back: nothing was called. */
export class CallHeld extends ActionFailure {
  /** Whether another call is trying the receiver at this moment. */
  readonly tried: boolean;
  /** Until when it holds calls back, ISO 8601 UTC. */
  readonly until: string;

  constructor(action: string, held: Held) {
    super(
      "failed",
      held.tried
        ? `"${action}" failed ${held.failures} times in a row, and another call is trying it at this moment.`
        : holdReason(action, held),
    );
    this.name = "CallHeld";
    this.tried = held.tried;
    this.until = held.until;
  }
}

/** It was asked to stop between two attempts; it can go on. */
export class CallStopped extends HoldpointError {
  constructor(action: string, cause: unknown) {
    super("stopped", `"${action}" was not tried again, since it was asked to stop: ${explainError(cause)}`, { cause });
    this.name = "CallStopped";
  }
}

/** How long a call has after its signal aborted, to say what it knows. Then it is left behind. */
const GRACE_MS = 200;
/** How much longer than its call a trial counts as under way, so that its outcome can be recorded. */
const RECORDING_MS = 10_000;

/**
 * Calls once, within the action's time limit.
 * @throws CallTimeout when it did not end in time, the signal's reason when that aborted, or whatever `call` throws
 */
export async function timedCall<T>(
  { signal }: Pick<CallGuard, "signal">,
  action: Called,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const { timeoutMs } = callSettings(action);
  const limit = timeout(timeoutMs, TimeoutStrategy.Cooperative);
  let late = false;
  limit.onTimeout(() => {
    late = true;
  });
  const policy = wrap(timeout(timeoutMs + GRACE_MS, TimeoutStrategy.Aggressive), limit);
  try {
    return await policy.execute((context) => call(context.signal), signal);
  } catch (error) {
    if (error instanceof ActionFailure) throw error;
    signal.throwIfAborted();
    throw late ? new CallTimeout(action.name, timeoutMs) : error;
  }
}

/**
 * Calls an action's `run` once: within its time limit, where its breaker lets it, and tells the breaker what came of it.
 * @param options `byHand`: a person wants this call, knowing that the breaker would hold it back
 * @throws CallHeld when the breaker holds it back, or as {@link timedCall}
 */
export async function guardedCall<T>(
  guard: CallGuard,
  action: Called,
  call: (signal: AbortSignal) => Promise<T>,
  { byHand = false }: { byHand?: boolean } = {},
): Promise<T> {
  const settings = callSettings(action);
  if (settings.breaker === false) return await timedCall(guard, action, call);
  const trialMs = settings.timeoutMs + GRACE_MS + RECORDING_MS;
  const asked = await askBreaker(guard.ledger, stampOf(guard), { action: action.name, trialMs, byHand });
  if ("held" in asked) throw new CallHeld(action.name, asked.held);
  try {
    const result = await timedCall(guard, action, call);
    await report(guard, action.name, asked, { kind: "answered" });
    return result;
  } catch (error) {
    await report(guard, action.name, asked, cameOf(guard, settings.breaker, error));
    throw error;
  }
}

type CameOf =
  | { readonly kind: "answered" | "cut off" }
  | ({ readonly kind: "failed" } & Exclude<FullCallSettings["breaker"], false>);

/** A receiver that says no has answered; one that `failed`, even knowing that nothing happened, has not. */
function cameOf({ signal }: CallGuard, breaker: Exclude<FullCallSettings["breaker"], false>, error: unknown): CameOf {
  if (error instanceof ActionFailure && error.status !== "failed") return { kind: "answered" };
  return signal.aborted ? { kind: "cut off" } : { kind: "failed", ...breaker };
}

/** What came of the call counts, also where the breaker could not be told. */
async function report(guard: CallGuard, action: string, pass: Pass, came: CameOf): Promise<void> {
  const { ledger, identity } = guard;
  try {
    if (came.kind === "answered") await recordAnswer(ledger, stampOf(guard), { ...pass, action });
    else if (came.kind === "failed") await recordFailure(ledger, stampOf(guard), { ...came, ...pass, action });
    else await giveTrialBack(ledger, identity.tenant, { ...pass, action });
  } catch (error) {
    warn(`A breaker was not told what came of "${action}": ${explainError(error)}`);
  }
}

const stampOf = (guard: CallGuard): Stamp => ({ ...guard.identity, at: guard.now() });

/**
 * Repeats what changes nothing while it fails for no reason that it knows, with pauses, as often as the action says.
 * @param attempt one call, such as a {@link guardedCall}
 * @throws CallStopped when it was asked to stop in a pause, or whatever the last attempt threw
 */
export async function repeated<T>(guard: CallGuard, action: Called, attempt: () => Promise<T>): Promise<T> {
  const { retry } = callSettings(action);
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts >= retry.attempts || !isTransient(error)) throw error;
      if (await pause(guard, action, attempts)) continue;
      guard.signal.throwIfAborted();
      throw new CallStopped(action.name, error);
    }
  }
}

/** Whether the next call may do better: not where the action knows why not, or its receiver is left alone. */
const isTransient = (error: unknown): boolean =>
  error instanceof CallHeld ? error.tried : !(error instanceof ActionFailure);

/** How often a pause looks whether it is to end, in milliseconds. */
const SLICE_MS = 50;

/**
 * Waits before the next attempt, the longer the more there were.
 * @returns false when nothing more is to start
 */
export async function pause(guard: CallGuard, action: Called, attempts: number): Promise<boolean> {
  const { signal } = guard;
  const isOver = () => signal.aborted || guard.stopped();
  for (let left = pauseMs(action, attempts); left > 0 && !isOver(); left -= SLICE_MS) {
    await sleep(Math.min(left, SLICE_MS));
  }
  return !isOver();
}

/** Exponential, with decorrelated jitter. Made anew from the number of attempts, since a crash may lie between two. */
export function pauseMs(action: Called, attempts: number): number {
  const { retry } = callSettings(action);
  let backoff = new ExponentialBackoff({ initialDelay: retry.pauseMs, maxDelay: retry.maxPauseMs }).next();
  for (let n = 1; n < attempts; n++) backoff = backoff.next(undefined);
  return backoff.duration;
}
