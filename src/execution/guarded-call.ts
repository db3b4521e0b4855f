/**
 * One guarded call of an action: within a time limit, past a breaker that leaves a failing receiver alone, and repeated
 * with growing pauses where that is safe. What is counted by the breaker is a call of `run`. Look-ups and undos pass it
 * by: they end what was begun, and their answers say little of whether `run` works.
 *
 * Of cockatiel, pauses are used. Its retry policy sleeps on when it is aborted, and then calls once more. Its time limits
 * cost several times what everything else of a call does.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ExponentialBackoff } from "cockatiel";
import { holdReason } from "../domain/hold.ts";
import type { Identity, Stamp } from "../domain/run.ts";
import { ActionFailure, explainError, HoldpointError } from "../errors.ts";
import {
  askBreaker,
  type BreakerLookUp,
  giveTrialBack,
  type Held,
  type Pass,
  recordAnswer,
  recordFailure,
} from "../ledger/breakers.ts";
import type { Ledger } from "../ledger/database.ts";
import { warn } from "../telemetry/tell.ts";
import { callSettings, type FullCallSettings, type Limited } from "../tools/call-settings.ts";

/** Whoever calls. */
export interface CallGuard {
  readonly ledger: Ledger;
  /** Whose breaker it is; the audit names the principal where a call opens or closes it. */
  readonly identity: Identity;
  readonly signal: AbortSignal;
  /** Whether nothing more is to start: looked at during pauses. */
  readonly stopped: () => boolean;
  /** Looks breakers up for many calls at once; without it, each looks for itself. */
  readonly breakers?: BreakerLookUp;
  /** The time now, ISO 8601 UTC. */
  now(): string;
}

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

/** What is to happen when a signal aborts. Calls share one listener: to add one, Node walks over all that there are. */
const aborts = new WeakMap<AbortSignal, Set<() => void>>();

/** @returns takes it back */
function onAbort(signal: AbortSignal, act: () => void): () => void {
  const acts = aborts.get(signal) ?? new Set();
  if (!aborts.has(signal)) {
    aborts.set(signal, acts);
    signal.addEventListener("abort", () => [...acts].forEach((one) => void one()), { once: true });
  }
  acts.add(act);
  return () => void acts.delete(act);
}

/**
 * Calls once, within the action's time limit.
 * @throws CallTimeout when it did not end in time, the signal's reason when that aborted, or whatever `call` throws
 */
export async function timedCall<T>(
  { signal }: Pick<CallGuard, "signal">,
  action: Limited,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const { timeoutMs } = callSettings(action);
  const own = new AbortController();
  const left = Promise.withResolvers<never>();
  const stopListening = onAbort(signal, () => {
    own.abort(signal.reason);
    left.reject(signal.reason);
  });
  let timer = setTimeout(() => {
    const late = new CallTimeout(action.name, timeoutMs);
    timer = setTimeout(() => left.reject(late), GRACE_MS);
    own.abort(late);
  }, timeoutMs);
  try {
    return await Promise.race([call(own.signal), left.promise]);
  } catch (error) {
    if (error instanceof ActionFailure) throw error;
    signal.throwIfAborted();
    throw own.signal.aborted ? own.signal.reason : error;
  } finally {
    clearTimeout(timer);
    stopListening();
  }
}

/**
 * Calls an action's `run` once: within its time limit, where its breaker lets it, and tells the breaker what came of it.
 * @param options `byHand`: a person wants this call, knowing that the breaker would hold it back
 * @throws CallHeld when the breaker holds it back, or as {@link timedCall}
 */
export async function guardedCall<T>(
  guard: CallGuard,
  action: Limited,
  call: (signal: AbortSignal) => Promise<T>,
  { byHand = false }: { byHand?: boolean } = {},
): Promise<T> {
  const settings = callSettings(action);
  if (settings.breaker === false) return await timedCall(guard, action, call);
  const trialMs = settings.timeoutMs + GRACE_MS + RECORDING_MS;
  const asked = await askBreaker(guard.ledger, stampOf(guard), {
    ...{ action: action.name, trialMs, byHand, rows: guard.breakers },
  });
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
  const { ledger, identity, breakers: rows } = guard;
  try {
    if (came.kind === "answered") await recordAnswer(ledger, stampOf(guard), { ...pass, action, rows });
    else if (came.kind === "failed") await recordFailure(ledger, stampOf(guard), { ...came, ...pass, action });
    else await giveTrialBack(ledger, identity.tenant, { ...pass, action });
    if (came.kind !== "answered") rows?.forget();
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
export async function repeated<T>(guard: CallGuard, action: Limited, attempt: () => Promise<T>): Promise<T> {
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
  error instanceof CallHeld ? error.tried : !(error instanceof ActionFailure || isStopped(error));

/** Whether what was asked to stop did so, and can go on. */
export const isStopped = (error: unknown): boolean => error instanceof HoldpointError && error.code === "stopped";

/** How often a pause looks whether it is to end, in milliseconds. */
const SLICE_MS = 50;

/**
 * Waits before the next attempt, the longer the more there were.
 * @returns false when nothing more is to start
 */
export async function pause(guard: CallGuard, action: Limited, attempts: number): Promise<boolean> {
  const { signal } = guard;
  const isOver = () => signal.aborted || guard.stopped();
  for (let left = pauseMs(action, attempts); left > 0 && !isOver(); left -= SLICE_MS) {
    await sleep(Math.min(left, SLICE_MS));
  }
  return !isOver();
}

/** Exponential, with decorrelated jitter. Made anew from the number of attempts, since a crash may lie between two. */
export function pauseMs(action: Limited, attempts: number): number {
  const { retry } = callSettings(action);
  let backoff = new ExponentialBackoff({ initialDelay: retry.pauseMs, maxDelay: retry.maxPauseMs }).next();
  for (let n = 1; n < attempts; n++) backoff = backoff.next(undefined);
  return backoff.duration;
}
