/**
 * Taking back a run that has ended: every effect that can be undone is undone, last first. Where the world has moved on
 * since, it says so and waits to be told. A failed undo does not stop the others (invariant 6). Cut off, it goes on where
 * it was when it is asked for again.
 */
import type { JsonObject } from "../domain/json.ts";
import type { Effect } from "../domain/proposal.ts";
import type { Identity, Run } from "../domain/run.ts";
import { explainError, HoldpointError } from "../errors.ts";
import { appendAudit } from "../ledger/audit.ts";
import { listEffects } from "../ledger/effects.ts";
import { withLease } from "../ledger/leases.ts";
import type { AnyWrite } from "../tools/action.ts";
import type { CommitDeps } from "./commit.ts";
import { actionContext, type CommitContext, stampOf, undoEffect } from "./run-effect.ts";

/** What became of one effect. */
export interface TakenBack {
  readonly step: string;
  readonly action: string;
  /** `kept`: it was not tried. */
  readonly status: "undone" | "undo_failed" | "kept";
  /** What was done, or why not. */
  readonly note: string;
}

export type RollbackReport =
  | { readonly kind: "rolled_back"; readonly effects: readonly TakenBack[] }
  /** Others have changed what this run changed; nothing was undone. */
  | { readonly kind: "moved_on"; readonly since: readonly string[] };

export interface RollbackInput {
  readonly identity: Identity;
  readonly run: Run;
  readonly reason: string | null;
  /** Undo also where the world has moved on. */
  readonly anyway: boolean;
  /** Asked between two effects: whether nothing more is to be undone now. */
  readonly stopped: () => boolean;
}

/** @throws HoldpointError `not_paused` when there is nothing to undo, `busy` when another process is at the run */
export async function rollBackRun(deps: CommitDeps, input: RollbackInput): Promise<RollbackReport> {
  const { identity, run } = input;
  return await withLease(deps.ledger, { tenant: identity.tenant, runId: run.id }, async (lease) => {
    const { signal } = new AbortController();
    const quiet = { stopped: () => false, onEffect: () => undefined };
    const context: CommitContext = { ...deps, ...quiet, lease, identity, requester: run.requester, signal };
    const effects = (await listEffects(deps.ledger, identity.tenant, run.id)).filter(({ status }) =>
      ["succeeded", "undoing", "undo_failed"].includes(status),
    );
    if (effects.length === 0) {
      throw new HoldpointError("not_paused", `Run "${run.id}" has nothing that could be undone.`);
    }
    const since = input.anyway ? [] : await movedOn(deps, context, effects);
    if (since.length > 0) return { kind: "moved_on", since };
    await note(context, run, "rollback.asked", { reason: input.reason, anyway: input.anyway });
    const taken: TakenBack[] = [];
    for (const effect of effects.toReversed()) {
      const { step, action } = effect;
      if (input.stopped()) taken.push({ step, action, status: "kept", note: "Stopped before it; ask again to go on." });
      else taken.push(await takeBack(deps, context, effect));
    }
    await note(context, run, "rollback.ended", { effects: taken.map(({ step, status }) => ({ step, status })) });
    return { kind: "rolled_back", effects: taken };
  });
}

async function note(context: CommitContext, run: Run, event: string, data: JsonObject): Promise<void> {
  await context.ledger
    .transaction()
    .execute((trx) => appendAudit(trx, { ...stampOf(context), event, runId: run.id, data }));
}

function writeOf(deps: CommitDeps, effect: Effect): AnyWrite | undefined {
  const action = deps.registry.find(effect.action);
  return action?.kind === "write" ? action : undefined;
}

/** What others changed since of what these effects left behind. */
async function movedOn(deps: CommitDeps, context: CommitContext, effects: readonly Effect[]): Promise<string[]> {
  const sentences: string[] = [];
  for (const effect of effects) {
    const action = writeOf(deps, effect);
    try {
      sentences.push(...((await action?.movedOn?.(effect, actionContext(context, effect.key))) ?? []));
    } catch (error) {
      sentences.push(`${effect.step} (${effect.action}) could not be looked at: ${explainError(error)}`);
    }
  }
  return sentences;
}

async function takeBack(deps: CommitDeps, context: CommitContext, effect: Effect): Promise<TakenBack> {
  const { step, action: name } = effect;
  const action = writeOf(deps, effect);
  const why = whyNot(action, effect, context.now());
  if (why !== undefined) return { step, action: name, status: "kept", note: why };
  const { status, note: said } = await undoEffect(context, action, effect);
  return { step, action: name, status: status === "undone" ? "undone" : "undo_failed", note: said ?? "" };
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
