/**
 * One write of an approved transaction: an intent row, the call, an outcome row (invariant 2). A key that was used
 * before never runs again (invariant 3), and an unknown outcome is looked up, repeated only where the receiver is
 * idempotent, and otherwise left to a person (invariant 4).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { FailureStatus } from "../domain/answer.ts";
import { canonicalJson, type Json, type JsonObject } from "../domain/json.ts";
import { type Change, ChangeSchema, type Effect, type ProposedAction } from "../domain/proposal.ts";
import type { Identity, Stamp } from "../domain/run.ts";
import { storableText } from "../domain/text.ts";
import { ActionFailure, HoldpointError } from "../errors.ts";
import type { Ledger } from "../ledger/database.ts";
import { beginEffect, effectKey, settleEffect } from "../ledger/effects.ts";
import type { Lease } from "../ledger/leases.ts";
import { explainMasked } from "../telemetry/tell.ts";
import type { ActionContext, AnyWrite } from "../tools/action.ts";
import { parseArgs } from "./stage.ts";

/** Hears what becomes of each step's effect; must not throw. */
export type EffectListener = (step: string, status: Effect["status"]) => void;

export interface CommitContext {
  readonly ledger: Ledger;
  readonly lease: Lease;
  /** Whoever carries the transaction out: the audit names them. */
  readonly identity: Identity;
  /** Whoever asked: actions run on their behalf. */
  readonly requester: string;
  readonly signal: AbortSignal;
  /** Asked between two actions: whether nothing more is to start. */
  readonly stopped: () => boolean;
  readonly onEffect: EffectListener;
  /** The time now, ISO 8601 UTC. */
  now(): string;
}

export const stampOf = (context: CommitContext): Stamp => ({ ...context.identity, at: context.now() });

export function actionContext(context: CommitContext, idempotencyKey: string): ActionContext {
  const { identity, requester, signal } = context;
  return { tenant: identity.tenant, principal: requester, idempotencyKey, signal, now: context.now() };
}

export interface EffectPlan {
  readonly action: AnyWrite;
  readonly proposed: ProposedAction;
  /** Every reference resolved. */
  readonly args: JsonObject;
  readonly position: number;
  readonly proposalId: string;
  readonly runId: string;
}

/** How often an idempotent receiver is called at the most, and the first pause between two calls, doubled each time. */
const MAX_ATTEMPTS = 4;
const PAUSE_MS = 50;

/** Runs a write, or finds out what became of an earlier attempt. Returns the effect, settled. */
export async function runEffect(context: CommitContext, plan: EffectPlan): Promise<Effect> {
  const { action, proposed, args } = plan;
  const key = effectKey(plan.runId, { step: proposed.step, action: action.name, version: action.version, args });
  const parsed = parseArgs(action, proposed.step, args);
  const undoData = await captured(action, parsed, actionContext(context, key));
  const effect = await beginEffect(context.ledger, stampOf(context), context.lease, {
    key,
    runId: plan.runId,
    proposalId: plan.proposalId,
    position: plan.position,
    step: proposed.step,
    action: action.name,
    version: action.version,
    args,
    undoData,
    changes: proposed.changes,
  });
  if (effect.status === "intended") return await attempt(context, action, effect, parsed);
  if (effect.status !== "executing") return effect;
  return await recover(context, action, effect, parsed);
}

/** What `undo` will need. @throws ActionFailure when it cannot be had: nothing has happened then, and nothing will */
async function captured(action: AnyWrite, args: unknown, context: ActionContext): Promise<Json> {
  try {
    return JSON.parse(canonicalJson((await action.captureUndo?.(args, context)) ?? null)) as Json;
  } catch (error) {
    if (error instanceof ActionFailure || (error instanceof HoldpointError && error.code === "storage")) throw error;
    throw new ActionFailure("failed", `What undoing "${action.name}" needs could not be had: ${explainMasked(error)}`);
  }
}

/** An earlier process was at it and recorded no outcome: it died, or lost its lease. */
async function recover(context: CommitContext, action: AnyWrite, effect: Effect, args: unknown): Promise<Effect> {
  if (!action.idempotent) {
    const known = await lookUp(context, action, effect);
    if (known.kind === "happened") return await succeed(context, action, effect, known.result);
    if (known.kind === "unknown") return await settleUnknown(context, effect, `It was cut off. ${known.why}`);
  }
  return await attempt(context, action, effect, args);
}

/**
 * Settles an effect that was cut off, without running it: `succeeded` or `failed` when the action can look it up,
 * otherwise `uncertain`.
 */
export async function resolveEffect(
  context: CommitContext,
  action: AnyWrite | undefined,
  effect: Effect,
  note = "It was cut off.",
): Promise<Effect> {
  if (effect.status === "intended") return await settleFailed(context, effect, "failed", "It had not begun.");
  const known = await lookUp(context, action, effect);
  if (action && known.kind === "happened") return await succeed(context, action, effect, known.result);
  if (known.kind === "unknown") return await settleUnknown(context, effect, `${note} ${known.why}`);
  return await settleFailed(context, effect, "failed", note);
}

type ActionResult = { output: unknown; changes: Change[] };
type Known = { kind: "happened"; result: ActionResult } | { kind: "not_happened" } | { kind: "unknown"; why: string };

async function lookUp(context: CommitContext, action: AnyWrite | undefined, effect: Effect): Promise<Known> {
  if (!action?.lookup) return { kind: "unknown", why: "Nobody can tell whether it happened." };
  try {
    const result = await action.lookup(effect.key, actionContext(context, effect.key));
    return result ? { kind: "happened", result } : { kind: "not_happened" };
  } catch (error) {
    return { kind: "unknown", why: `Looking it up failed: ${explainMasked(error)}` };
  }
}

/** Settles an outcome that nobody could tell, when a look-up can tell it by now. */
export async function lookAgain(context: CommitContext, action: AnyWrite | undefined, effect: Effect): Promise<Effect> {
  const known = await lookUp(context, action, effect);
  if (action && known.kind === "happened") return await succeed(context, action, effect, known.result);
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

async function attempt(context: CommitContext, action: AnyWrite, found: Effect, args: unknown): Promise<Effect> {
  const effect = await settleEffect(context.ledger, stampOf(context), context.lease, {
    effect: found,
    to: "executing",
    attempts: found.attempts + 1,
  });
  let result: ActionResult;
  try {
    result = await action.run(args, actionContext(context, effect.key));
  } catch (error) {
    const note = explainMasked(error);
    if (error instanceof ActionFailure) return await settleFailed(context, effect, error.status, note);
    const repeatable = action.idempotent && !action.lookup && effect.attempts < MAX_ATTEMPTS;
    if (!repeatable) return await resolveEffect(context, action, effect, note);
    await sleep(PAUSE_MS * 2 ** effect.attempts);
    return await attempt(context, action, effect, args);
  }
  return await succeed(context, action, effect, result);
}

async function succeed(
  context: CommitContext,
  action: AnyWrite,
  effect: Effect,
  result: ActionResult,
): Promise<Effect> {
  // It did happen, whatever the action says of it: what does not fit is recorded as it came, or left out, and said so.
  const given = (result ?? {}) as Partial<ActionResult>;
  const parsed = action.output.safeParse(given.output);
  const changes = z.array(ChangeSchema).safeParse(given.changes);
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
 */
export async function undoEffect(
  context: CommitContext,
  action: AnyWrite | undefined,
  effect: Effect,
): Promise<Effect> {
  const wasTried = effect.status === "undoing" || effect.status === "undo_failed";
  const undoing = await settleEffect(context.ledger, stampOf(context), context.lease, {
    effect,
    to: "undoing",
    attempts: effect.attempts + 1,
  });
  const settle = (to: "undone" | "undo_failed", note: string) =>
    settleEffect(context.ledger, stampOf(context), context.lease, { effect: undoing, to, note });
  const { undo } = action ?? {};
  if (!action || !undo || action.reversibility === "irreversible") {
    return await settle("undo_failed", `"${effect.action}" cannot be undone.`);
  }
  if (wasTried && !action.idempotent) {
    const known = await lookUp(context, action, effect);
    if (known.kind === "not_happened") return await settle("undone", "It is not there any more.");
    if (known.kind === "unknown") return await settle("undo_failed", `Undoing it was cut off. ${known.why}`);
  }
  let note: string;
  try {
    note = storableText(String(await undo.call(action, undoing, actionContext(context, `${effect.key}:undo`))));
  } catch (error) {
    if (error instanceof HoldpointError && error.code === "busy") throw error;
    return await settle("undo_failed", explainMasked(error));
  }
  return await settle("undone", note);
}
