/** One read: arguments and output validated, the call guarded and repeated, and every failure an outcome. */
import { argsFault, canonicalJson, type Json, type JsonObject } from "../domain/json.ts";
import type { Change } from "../domain/proposal.ts";
import { storableText } from "../domain/text.ts";
import { ActionFailure } from "../errors.ts";
import { type ReadOutcome, readKey } from "../ledger/reads.ts";
import { allowedHostsOf } from "../ledger/settings.ts";
import { assertRecordable } from "../planning/references.ts";
import { explainMasked } from "../telemetry/tell.ts";
import { traced } from "../telemetry/trace.ts";
import type { AnyRead } from "../tools/action.ts";
import { withinLimit } from "../tools/call-settings.ts";
import { ModelAway } from "./call-model.ts";
import { type CallGuard, CallHeld, guardedCall, isStopped, pause, repeated } from "./guarded-call.ts";

/** What held a read back: its receiver, or the model that it asks, cannot be called for now. */
export type HeldBack = CallHeld | ModelAway;

export interface ReadCall {
  readonly runId: string;
  readonly step: string;
  readonly args: JsonObject;
  /** References in them that lead nowhere. */
  readonly missing?: readonly string[];
  /** How often the step has been done before, and failed. */
  readonly failures?: number;
  /** For how long one call may take, in milliseconds, where that is less than the action's own limit. */
  readonly timeoutMs?: number | undefined;
  /** For a read of a program: see ActionContext. */
  readonly staged?: readonly Change[];
  /** What speaks against an output that fits the action's schema, in words; undefined when nothing does. */
  readonly unmet?: (output: Json) => string | undefined;
}

/**
 * Runs a read; never throws. One that failed before waits a moment first.
 * @returns what held it back, or undefined when it was asked to stop between two attempts: neither is an outcome, and it
 * can run again
 */
export async function runRead(
  guard: CallGuard,
  action: AnyRead,
  call: ReadCall,
): Promise<ReadOutcome | HeldBack | undefined> {
  const what = () => ({
    name: `execute_tool ${action.name}`,
    attributes: {
      ...{ "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": action.name, "holdpoint.action.kind": "read" },
      ...{ "holdpoint.run.id": call.runId, "holdpoint.step": call.step },
    },
  });
  return await traced(what, async (say) => {
    const outcome = await read(guard, action, call);
    say({ "holdpoint.status": outcome === undefined || outcome instanceof Error ? "held_back" : outcome.status });
    return outcome;
  });
}

async function read(guard: CallGuard, action: AnyRead, call: ReadCall): Promise<ReadOutcome | HeldBack | undefined> {
  const { runId, step, args, failures = 0 } = call;
  const called = {
    step,
    action: action.name,
    version: action.version,
    args: argsFault(args) === undefined ? args : {},
  };
  const base = { ...called, key: readKey(runId, { ...called, attempt: failures + 1 }) };
  let began = performance.now();
  try {
    if (failures > 0 && !(await pause(guard, action, failures))) return undefined;
    began = performance.now();
    return { ...(await outcomeOf(guard, action, call, base)), durationMs: msSince(began) };
  } catch (error) {
    if (error instanceof CallHeld || error instanceof ModelAway) return error;
    if (isStopped(error)) return undefined;
    const status = error instanceof ActionFailure ? error.status : "failed";
    return { ...base, status: "failed", output: status, summary: explainMasked(error), durationMs: msSince(began) };
  }
}

const msSince = (began: number): number => Math.round(performance.now() - began);

/** @throws whatever the read came to, where that is no success */
async function outcomeOf(
  guard: CallGuard,
  action: AnyRead,
  call: ReadCall,
  base: Pick<ReadOutcome, "key" | "step" | "action" | "version" | "args">,
): Promise<ReadOutcome> {
  const { runId, step, missing = [] } = call;
  if (missing.length > 0) {
    throw new ActionFailure("failed", `Step "${step}" refers to ${missing.join(", ")}, which does not exist.`);
  }
  assertRecordable(step, call.args);
  const parsed = action.input.safeParse(call.args);
  if (!parsed.success) {
    throw new ActionFailure("invalid_request", parsed.error.issues.map((issue) => issue.message).join("; "));
  }
  const limited = withinLimit(action, call.timeoutMs);
  const reading = { runId, step, stopped: guard.stopped };
  const allowedHosts = allowedHostsOf(guard.ledger, guard.identity.tenant);
  const staged = call.staged === undefined ? {} : { staged: call.staged };
  const context = { ...guard.identity, idempotencyKey: base.key, reading, allowedHosts, ...staged };
  const run = (signal: AbortSignal) => action.run(parsed.data, { ...context, signal, now: guard.now() });
  const given = action.output.safeParse(await repeated(guard, limited, () => guardedCall(guard, limited, run)));
  if (!given.success) {
    const [issue] = given.error.issues;
    const where = issue && issue.path.length > 0 ? ` at "${issue.path.join(".")}"` : "";
    throw new Error(`"${action.name}" gave something that does not fit its output schema${where}: ${issue?.message}.`);
  }
  const output = JSON.parse(canonicalJson(given.data)) as Json;
  const summary = storableText(String(action.summarize(parsed.data, given.data)));
  const unmet = call.unmet?.(output);
  if (unmet !== undefined) throw new ActionFailure("failed", `"${action.name}" did not succeed: ${unmet}. ${summary}`);
  return { ...base, status: "succeeded", output, summary };
}
