/**
 * Taking back a run that has ended: every effect that can be undone is undone, last first. Where the world has moved on
 * since, it says so and waits to be told. A failed undo does not stop the others (invariant 6). Cut off, it goes on where
 * it was when it is asked for again.
 */
import type { JsonObject } from "../domain/json.ts";
import type { Effect } from "../domain/proposal.ts";
import type { Identity, RollbackReport, RollbackRequest, Run, TakenBack } from "../domain/run.ts";
import { storableText } from "../domain/text.ts";
import { HoldpointError } from "../errors.ts";
import { timedCall } from "../execution/guarded-call.ts";
import { appendAudit } from "../ledger/audit.ts";
import { listEffects } from "../ledger/effects.ts";
import { withLease } from "../ledger/leases.ts";
import { getRun, setCancellation, setRollback } from "../ledger/runs.ts";
import { explainMasked } from "../telemetry/tell.ts";
import type { AnyWrite } from "../tools/action.ts";
import type { CommitDeps } from "./commit.ts";
import { actionContext, type CommitContext, stampOf, undoEffect } from "./run-effect.ts";

export interface RollbackInput {
  readonly identity: Identity;
  readonly run: Run;
  readonly reason: string | null;
  /** Undo also where the world has moved on. */
  readonly anyway: boolean;
  /** Asked between two effects: whether nothing more is to be undone now. */
  readonly stopped: () => boolean;
}

/** What is in the ledger while a rollback is under way, so that it goes on after a crash. */
const requestOf = ({ identity, reason, anyway }: RollbackInput): RollbackRequest => ({
  by: identity.principal,
  reason,
  anyway,
});

/** Whether an effect may still be there to be taken back. */
const isThere = ({ status }: Effect): boolean => ["succeeded", "undoing", "undo_failed"].includes(status);

/** Whether a cancelled run still has something to undo, and somebody wants that. */
export function asksForRollback({ cancellation }: Run, effects: readonly Effect[]): boolean {
  return cancellation?.rollback === true && cancellation.report === null && effects.some(isThere);
}

/** @throws HoldpointError `not_paused` when there is nothing to undo, `busy` when another process is at the run */
export async function rollBackRun(deps: CommitDeps, input: RollbackInput): Promise<RollbackReport> {
  const { identity, reason, anyway } = input;
  return await withLease(deps.ledger, { tenant: identity.tenant, runId: input.run.id }, async (lease) => {
    const run = await getRun(deps.ledger, identity.tenant, input.run.id);
    const { signal } = new AbortController();
    const quiet = { stopped: () => false, onEffect: () => undefined };
    const context: CommitContext = { ...deps, ...quiet, lease, identity, requester: run.requester, signal };
    const effects = (await listEffects(deps.ledger, identity.tenant, run.id)).filter(isThere);
    if (effects.length === 0 && run.rollback) {
      await note(context, run, "rollback.ended", { effects: [] }, null); // it was through, and died before it said so
      return { kind: "rolled_back", effects: [] };
    }
    if (effects.length === 0) {
      throw new HoldpointError("not_paused", `Run "${run.id}" has nothing that could be undone.`);
    }
    // What was begun is what changed things since, and has to come to its end.
    const since = anyway || run.rollback ? [] : await movedOn(deps, context, effects);
    if (since.length > 0) return { kind: "moved_on", since };
    // What is recorded as asked for goes on after a crash, so that it comes to an end whoever finds it.
    const asked = requestOf(input);
    await note(context, run, "rollback.asked", { reason, anyway }, asked);
    const taken = await takeAllBack(deps, context, { effects, stopped: input.stopped });
    const left = taken.some(isLeft) ? asked : null;
    await note(context, run, "rollback.ended", { effects: taken.map(({ step, status }) => ({ step, status })) }, left);
    return { kind: "rolled_back", effects: taken };
  });
}

/**
 * Takes back what a cancelled run committed, where that was asked for, and records what became of it.
 * @returns false when it was asked to stop before it was through; called again, it goes on
 */
export async function rollBackCancelled(
  deps: CommitDeps,
  input: Pick<RollbackInput, "identity" | "run" | "stopped">,
): Promise<boolean> {
  const { run, identity } = input;
  const { cancellation } = run;
  if (!cancellation) return true;
  const report = await rollBackRun(deps, { ...input, reason: cancellation.reason, anyway: false });
  if (report.kind === "rolled_back" && report.effects.some(isLeft)) return false;
  await setCancellation(deps.ledger, { ...identity, at: deps.now() }, run.id, { ...cancellation, report });
  return true;
}

const isLeft = (effect: TakenBack): boolean => effect.note === STOPPED;
const STOPPED = "Stopped before it; ask again to go on.";

/** The last first. */
async function takeAllBack(
  deps: CommitDeps,
  context: CommitContext,
  { effects, stopped }: { effects: readonly Effect[]; stopped: () => boolean },
): Promise<TakenBack[]> {
  const taken: TakenBack[] = [];
  for (const effect of effects.toReversed()) {
    const { step, action } = effect;
    if (stopped()) taken.push({ step, action, status: "kept", note: STOPPED });
    else taken.push(await takeBack(deps, context, effect));
  }
  return taken;
}

/** Writes into the audit what happens, and into the run what is left to do of it. */
async function note(
  context: CommitContext,
  run: Run,
  event: string,
  data: JsonObject,
  left: RollbackRequest | null,
): Promise<void> {
  const stamp = stampOf(context);
  await context.ledger.transaction().execute(async (trx) => {
    await setRollback(trx, stamp, run.id, left);
    await appendAudit(trx, { ...stamp, event, runId: run.id, data });
  });
}

function writeOf(deps: CommitDeps, { identity }: CommitContext, effect: Effect): AnyWrite | undefined {
  const action = deps.registry.of(identity.tenant).find(effect.action);
  return action?.kind === "write" ? action : undefined;
}

/** What others changed since of what these effects left behind. */
async function movedOn(deps: CommitDeps, context: CommitContext, effects: readonly Effect[]): Promise<string[]> {
  const sentences: string[] = [];
  for (const effect of effects) {
    const action = writeOf(deps, context, effect);
    const look = async (signal: AbortSignal) =>
      await action?.movedOn?.(effect, { ...actionContext(context, effect.key), signal });
    try {
      const said = (action && (await timedCall(context, action, look))) ?? [];
      sentences.push(...said.map((sentence) => storableText(String(sentence))));
    } catch (error) {
      sentences.push(`${effect.step} (${effect.action}) could not be looked at: ${explainMasked(error)}`);
    }
  }
  return sentences;
}

async function takeBack(deps: CommitDeps, context: CommitContext, effect: Effect): Promise<TakenBack> {
  const { step, action: name } = effect;
  const action = writeOf(deps, context, effect);
  const why = whyNot(action, effect, context.now());
  if (why !== undefined) return { step, action: name, status: "kept", note: why };
  const { status, note: said } = await undoEffect(context, action, effect);
  if (status !== "undone") return { step, action: name, status: "undo_failed", note: said ?? "" };
  const isBack = action?.reversibility === "reversible";
  return { step, action: name, status: isBack ? "undone" : "not_undone", note: said ?? "" };
}

/** Why an effect is left as it is, or undefined. */
function whyNot(action: AnyWrite | undefined, effect: Effect, now: string): string | undefined {
  if (effect.status === "undoing") return undefined; // it was begun, and has to come to an end
  if (!action?.undo || action.reversibility === "irreversible") return `"${effect.action}" cannot be undone.`;
  if (action.version !== effect.version) return `"${effect.action}" is another version by now.`;
  const { undoWindowMs } = action;
  if (undoWindowMs !== undefined && Date.parse(now) - Date.parse(effect.createdAt) > undoWindowMs) {
    return `It could be undone for ${undoWindowMs} ms only, and happened at ${effect.createdAt}.`;
  }
  const unsure = effect.status === "undo_failed" && !action.idempotent && !action.lookup;
  return unsure ? `An earlier undo failed, and may not be repeated: ${effect.note ?? ""}` : undefined;
}
