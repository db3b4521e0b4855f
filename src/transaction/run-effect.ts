/**
 * One write of an approved transaction: an intent row, the call, an outcome row (invariant 2). A key that was used
 * before never runs again (invariant 3), and an unknown outcome is looked up, repeated only where the receiver is
 * idempotent, and otherwise left to a person (invariant 4).
 */
import { z } from "zod";
import type { Failure, FailureStatus } from "../domain/answer.ts";
import { canonicalJson, type Json, type JsonObject } from "../domain/json.ts";
import type { Step } from "../domain/plan.ts";
import { type Change, ChangeSchema, type Effect, type ProposedAction } from "../domain/proposal.ts";
import type { Stamp } from "../domain/run.ts";
import { storableText } from "../domain/text.ts";
import { ActionFailure, HoldpointError, StillUnderWay } from "../errors.ts";
import {
  type CallGuard,
  CallHeld,
  CallTimeout,
  guardedCall,
  pause,
  repeated,
  timedCall,
} from "../execution/guarded-call.ts";
import { beginEffect, effectKey, settleEffect } from "../ledger/effects.ts";
import type { Lease } from "../ledger/leases.ts";
import { allowedHostsOf } from "../ledger/settings.ts";
import { explainMasked } from "../telemetry/tell.ts";
import { traced } from "../telemetry/trace.ts";
import type { ActionContext, AnyWrite } from "../tools/action.ts";
import { callSettings, withinLimit } from "../tools/call-settings.ts";
import { parseArgs } from "./stage.ts";

/** Hears what becomes of each step's effect; must not throw. */
export type EffectListener = (step: string, status: Effect["status"]) => void;

/** `identity` is whoever carries the transaction out; `stopped` is asked between two actions, too. */
export interface CommitContext extends CallGuard {
  readonly lease: Lease;
  /** Whoever asked: actions run on their behalf. */
  readonly requester: string;
  readonly onEffect: EffectListener;
}

export const stampOf = (context: CommitContext): Stamp => ({ ...context.identity, at: context.now() });

export function actionContext(context: CommitContext, idempotencyKey: string): ActionContext {
  const { ledger, identity, requester, signal } = context;
  const { tenant } = identity;
  const allowedHosts = allowedHostsOf(ledger, tenant);
  return { tenant, principal: requester, idempotencyKey, signal, now: context.now(), allowedHosts };
}

export interface EffectPlan {
  readonly action: AnyWrite;
  readonly proposed: ProposedAction;
  /** Every reference resolved. */
  readonly args: JsonObject;
  readonly position: number;
  readonly proposalId: string;
  readonly runId: string;
  /** A person approved it knowing that its receiver is left alone: its first call is made all the same. */
  readonly byHand: boolean;
  /** What the plan says of the step beyond what is approved. */
  readonly step?: Pick<Step, "timeoutMs" | "onFailure"> | undefined;
}

/**
 * Runs a write, or finds out what became of an earlier attempt.
 * @returns the effect, settled; `executing` or `intended` when it was asked to stop between two attempts, and can go on
 */
export async function runEffect(context: CommitContext, plan: EffectPlan): Promise<Effect> {
  const { action, runId, proposalId, proposed } = plan;
  const about = { action: action.name, runId, proposalId, step: proposed.step };
  return await tracedEffect("execute_tool", about, () => write(context, plan));
}

interface About extends Pick<Effect, "action" | "runId" | "proposalId" | "step"> {}

async function tracedEffect(
  did: "execute_tool" | "undo_tool",
  about: About,
  work: () => Promise<Effect>,
): Promise<Effect> {
  const { action, runId, proposalId, step } = about;
  const what = () => ({
    name: `${did} ${action}`,
    attributes: {
      ...{ "gen_ai.operation.name": did, "gen_ai.tool.name": action, "holdpoint.action.kind": "write" },
      ...{ "holdpoint.run.id": runId, "holdpoint.proposal.id": proposalId, "holdpoint.step": step },
    },
  });
  return await traced(what, async (say) => {
    const effect = await work();
    say({ "holdpoint.status": effect.status, "holdpoint.attempts": effect.attempts });
    return effect;
  });
}

async function write(context: CommitContext, plan: EffectPlan): Promise<Effect> {
  const { action, proposed, args } = plan;
  const parsed = parseArgs(action, proposed.step, args);
  const undoData = await captured(action, parsed, actionContext(context, keyOf(plan)));
  const effect = await begin(context, plan, undoData);
  const call = { action, args: parsed, byHand: plan.byHand, step: plan.step };
  if (effect.status === "intended") return await attempt(context, call, effect);
  if (effect.status !== "executing") return effect;
  return await recover(context, call, effect);
}

const keyOf = ({ runId, action: { name, version }, proposed: { step }, args }: EffectPlan): string =>
  effectKey(runId, { step, action: name, version, args });

async function begin(context: CommitContext, plan: EffectPlan, undoData: Json): Promise<Effect> {
  const { action, proposed, args, runId, proposalId, position } = plan;
  return await beginEffect(context.ledger, stampOf(context), context.lease, {
    ...{ key: keyOf(plan), runId, proposalId, position, step: proposed.step },
    ...{ action: action.name, version: action.version, args, undoData, changes: proposed.changes },
  });
}

/** Records that a write cannot be done any more, without calling its receiver; one that was begun before stays as it is. */
export async function failEffect(context: CommitContext, plan: EffectPlan, failure: Failure): Promise<Effect> {
  const effect = await begin(context, plan, null);
  if (effect.status !== "intended") return effect;
  return await settleFailed(context, effect, failure.status, failure.message);
}

interface Call {
  readonly action: AnyWrite;
  /** Validated. */
  readonly args: unknown;
  readonly byHand: boolean;
  readonly step: EffectPlan["step"];
}

/** How often a step is called at the most that is to be done again when it fails. */
const MAX_ATTEMPTS = 3;

/** What `undo` will need. @throws ActionFailure when it cannot be had: nothing has happened then, and nothing will */
async function captured(action: AnyWrite, args: unknown, context: ActionContext): Promise<Json> {
  try {
    const capture = async (signal: AbortSignal) => await action.captureUndo?.(args, { ...context, signal });
    return JSON.parse(canonicalJson((await timedCall(context, action, capture)) ?? null)) as Json;
  } catch (error) {
    if (error instanceof ActionFailure || (error instanceof HoldpointError && error.code === "storage")) throw error;
    throw new ActionFailure("failed", `What undoing "${action.name}" needs could not be had: ${explainMasked(error)}`);
  }
}

/** An earlier process was at it and recorded no outcome: it died, or lost its lease. */
async function recover(context: CommitContext, call: Call, effect: Effect): Promise<Effect> {
  const { action } = call;
  if (!action.idempotent) {
    const known = await lookUp(context, action, effect);
    if (known.kind === "happened") return await succeed(context, action, effect, known);
    if (known.kind === "unknown") return await settleUnknown(context, effect, `It was cut off. ${known.why}`);
  }
  return await attempt(context, call, effect);
}

/**
 * Settles an effect that was cut off, without running it: `succeeded` or `failed` when the action can look it up,
 * otherwise `uncertain`.
 */
export async function resolveEffect(
  context: CommitContext,
  action: AnyWrite | undefined,
  effect: Effect,
): Promise<Effect> {
  if (effect.status === "intended") return await settleFailed(context, effect, "failed", "It had not begun.");
  const note = "It was cut off.";
  const known = await lookUp(context, action, effect);
  if (action && known.kind === "happened") return await succeed(context, action, effect, known);
  if (known.kind === "unknown") return await settleUnknown(context, effect, `${note} ${known.why}`);
  return await settleFailed(context, effect, "failed", note);
}

type ActionResult = { output: unknown; changes?: Change[] };
type Known = { kind: "happened"; result: ActionResult } | { kind: "not_happened" } | { kind: "unknown"; why: string };

async function lookUp(context: CommitContext, action: AnyWrite | undefined, effect: Effect): Promise<Known> {
  if (!action?.lookup) return { kind: "unknown", why: "Nobody can tell whether it happened." };
  try {
    const { lookup } = action;
    const ask = (signal: AbortSignal) =>
      lookup.call(action, effect.key, { ...actionContext(context, effect.key), signal });
    const result = await repeated(context, action, () => timedCall(context, action, ask));
    return result ? { kind: "happened", result } : { kind: "not_happened" };
  } catch (error) {
    return { kind: "unknown", why: `Looking it up failed: ${explainMasked(error)}` };
  }
}

/** Settles an outcome that nobody could tell, when a look-up can tell it by now. */
export async function lookAgain(context: CommitContext, action: AnyWrite | undefined, effect: Effect): Promise<Effect> {
  const known = await lookUp(context, action, effect);
  if (action && known.kind === "happened") return await succeed(context, action, effect, known);
  if (known.kind === "unknown") return await settleUnknown(context, effect, `Looked again: ${known.why}`);
  return await settleFailed(context, effect, "failed", "Looked again: it did not happen.");
}

/** Settles an outcome that nobody could tell by what a person says of it. Its output stays unknown. */
export async function settleByWord(
  context: CommitContext,
  effect: Effect,
  { by, happened }: { by: string; happened: boolean },
): Promise<Effect> {
  if (!happened) return await settleFailed(context, effect, "failed", `${by} says that it did not happen.`);
  const note = `${by} says that it happened.`;
  return await settleEffect(context.ledger, stampOf(context), context.lease, { effect, to: "succeeded", note });
}

const settleUnknown = (context: CommitContext, effect: Effect, note: string) =>
  settleEffect(context.ledger, stampOf(context), context.lease, { effect, to: "uncertain", note });

const settleFailed = (context: CommitContext, effect: Effect, status: FailureStatus, note: string) =>
  settleEffect(context.ledger, stampOf(context), context.lease, { effect, to: "failed", note, output: status });

/**
 * Calls it, under one attempt more in its row.
 * @param isGivenUp whether an earlier call was given up that may still be under way
 */
async function attempt(context: CommitContext, call: Call, found: Effect, isGivenUp = false): Promise<Effect> {
  const { action, args } = call;
  const effect = await settleEffect(context.ledger, stampOf(context), context.lease, {
    effect: found,
    to: "executing",
    attempts: found.attempts + 1,
  });
  const isClean = found.status === "intended"; // no earlier call may have happened
  const run = (signal: AbortSignal) => action.run(args, { ...actionContext(context, effect.key), signal });
  const began = performance.now();
  let result: ActionResult;
  try {
    const byHand = call.byHand && effect.attempts === 1;
    result = await guardedCall(context, withinLimit(action, call.step?.timeoutMs), run, { byHand });
  } catch (error) {
    // After an earlier call, that may have happened, or may be about to, whatever kept this one from doing so.
    const isKnown = error instanceof ActionFailure && (isClean || (error.status !== "failed" && !isGivenUp));
    if (isKnown && isClean && isToRepeat(call, effect, error)) return await attemptAgain(context, call, effect, error);
    if (isKnown) return await settleFailed(context, effect, error.status, explainMasked(error));
    return await afterDoubt(context, call, effect, { error, isGivenUp: isGivenUp || mayStillHappen(error) });
  }
  const durationMs = Math.round(performance.now() - began);
  return await succeed(context, action, effect, { result, durationMs });
}

/** Whether what was called may be at it still. */
const mayStillHappen = (error: unknown): boolean => error instanceof CallTimeout || error instanceof StillUnderWay;

/** Whether the plan wants it done again; not where its receiver is left alone. */
const isToRepeat = ({ step }: Call, { attempts }: Effect, error: ActionFailure): boolean =>
  step?.onFailure === "retry" && attempts < MAX_ATTEMPTS && !(error instanceof CallHeld);

/** Nothing has happened: it is recorded so, and done once more after a pause. */
async function attemptAgain(context: CommitContext, call: Call, effect: Effect, error: ActionFailure): Promise<Effect> {
  const note = explainMasked(error);
  const intended = await settleEffect(context.ledger, stampOf(context), context.lease, {
    effect,
    to: "intended",
    note,
  });
  if (!(await pause(context, call.action, effect.attempts))) return intended;
  return await attempt(context, call, intended);
}

/**
 * Nobody knows what became of a call: it is looked up where it can be, and repeated where the receiver knows a repeat.
 * What was given up may happen yet: that it is not found then means nothing, and it is left to a person.
 */
async function afterDoubt(
  context: CommitContext,
  call: Call,
  effect: Effect,
  { error, isGivenUp }: { error: unknown; isGivenUp: boolean },
): Promise<Effect> {
  const { action } = call;
  const known = await lookUp(context, action, effect);
  if (known.kind === "happened") return await succeed(context, action, effect, known);
  const isLast = effect.attempts >= callSettings(action).retry.attempts || error instanceof CallHeld;
  if (action.idempotent && !isLast) {
    if (!(await pause(context, action, effect.attempts))) return effect;
    return await attempt(context, call, effect, isGivenUp);
  }
  const note = explainMasked(error);
  if (known.kind === "unknown") return await settleUnknown(context, effect, `${note} ${known.why}`);
  if (isGivenUp) return await settleUnknown(context, effect, `${note} It was not found, but may still be under way.`);
  return await settleFailed(context, effect, "failed", note);
}

interface Happened {
  readonly result: ActionResult;
  /** How long its call took; absent where only a look-up knows that it happened. */
  readonly durationMs?: number;
}

async function succeed(
  context: CommitContext,
  action: AnyWrite,
  effect: Effect,
  { result, durationMs }: Happened,
): Promise<Effect> {
  // It did happen, whatever the action says of it: what does not fit is recorded as it came, or left out, and said so.
  const given = (result ?? {}) as Partial<ActionResult>;
  const parsed = action.output.safeParse(given.output);
  const changes = z
    .array(ChangeSchema)
    .safeParse(given.changes ?? (durationMs === undefined ? effect.changes : undefined));
  const output = storable(parsed.success ? parsed.data : given.output);
  const faults = [
    ...(output === undefined ? [`The output of "${action.name}" cannot be stored, and was left out.`] : []),
    ...(parsed.success ? [] : [`The output does not fit the schema of "${action.name}".`]),
    ...(changes.success
      ? []
      : [`What "${action.name}" says that it changed does not fit; shown is what was expected.`]),
  ];
  return await settleEffect(context.ledger, stampOf(context), context.lease, {
    effect,
    to: "succeeded",
    output: output ?? null,
    changes: changes.success ? changes.data : effect.changes,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(faults.length > 0 ? { note: faults.join(" ") } : {}),
  });
}

/** The output as JSON; undefined when it is none, or holds what no database takes. */
function storable(output: unknown): Json | undefined {
  try {
    return JSON.parse(canonicalJson(output ?? null)) as Json;
  } catch {
    return undefined;
  }
}

/**
 * Undoes one effect that succeeded; a failed undo is recorded, not thrown (invariant 6). An undo that was cut off is
 * repeated where the receiver knows a repeat, or where a look-up shows that the effect is still there.
 * @returns the effect, settled; `undoing` when it was asked to stop between two attempts, and can go on
 */
export async function undoEffect(
  context: CommitContext,
  action: AnyWrite | undefined,
  effect: Effect,
): Promise<Effect> {
  return await tracedEffect("undo_tool", effect, () => undo(context, action, effect));
}

async function undo(context: CommitContext, action: AnyWrite | undefined, effect: Effect): Promise<Effect> {
  const wasTried = effect.status === "undoing" || effect.status === "undo_failed";
  const undoing = await moveToUndoing(context, effect);
  if (!action?.undo || action.reversibility === "irreversible") {
    return await settleUndo(context, undoing, "undo_failed", `"${effect.action}" cannot be undone.`);
  }
  if (wasTried && !action.idempotent) {
    const known = await lookUp(context, action, effect);
    if (known.kind === "not_happened") return await settleUndo(context, undoing, "undone", "It is not there any more.");
    if (known.kind === "unknown") {
      return await settleUndo(context, undoing, "undo_failed", `Undoing it was cut off. ${known.why}`);
    }
  }
  return await attemptUndo(context, action, undoing);
}

const moveToUndoing = (context: CommitContext, effect: Effect) =>
  settleEffect(context.ledger, stampOf(context), context.lease, {
    effect,
    to: "undoing",
    attempts: effect.attempts + 1,
  });

const settleUndo = (context: CommitContext, effect: Effect, to: "undone" | "undo_failed", note: string) =>
  settleEffect(context.ledger, stampOf(context), context.lease, { effect, to, note });

/** @param attempts how often it is called by now, this time included */
async function attemptUndo(context: CommitContext, action: AnyWrite, effect: Effect, attempts = 1): Promise<Effect> {
  const undo = async (signal: AbortSignal) =>
    await action.undo?.(effect, { ...actionContext(context, `${effect.key}:undo`), signal });
  let note: string;
  try {
    note = storableText(String(await timedCall(context, action, undo)));
  } catch (error) {
    if (error instanceof HoldpointError && error.code === "busy") throw error;
    const isLast = attempts >= callSettings(action).retry.attempts || error instanceof ActionFailure;
    if (!action.idempotent || isLast) return await settleUndo(context, effect, "undo_failed", undoFault(error));
    if (!(await pause(context, action, attempts))) return effect;
    return await attemptUndo(context, action, await moveToUndoing(context, effect), attempts + 1);
  }
  return await settleUndo(context, effect, "undone", note);
}

const undoFault = (error: unknown): string =>
  error instanceof CallTimeout ? `${error.message} It may still be under way.` : explainMasked(error);
