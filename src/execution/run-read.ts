/** One read: arguments and output validated, the call guarded and repeated, and every failure an outcome. */
import { canonicalJson, type Json, type JsonObject } from "../domain/json.ts";
import { storableText } from "../domain/text.ts";
import { ActionFailure } from "../errors.ts";
import { type ReadOutcome, readKey } from "../ledger/reads.ts";
import { explainMasked } from "../telemetry/tell.ts";
import type { AnyRead } from "../tools/action.ts";
import { type CallGuard, CallHeld, CallStopped, guardedCall, repeated } from "./guarded-call.ts";

export interface ReadCall {
  readonly runId: string;
  readonly step: string;
  readonly args: JsonObject;
}

/**
 * Runs a read; never throws.
 * @returns what held it back, or undefined when it was asked to stop between two attempts: neither is an outcome, and it
 * can run again
 */
export async function runRead(
  guard: CallGuard,
  action: AnyRead,
  call: ReadCall,
): Promise<ReadOutcome | CallHeld | undefined> {
  const key = readKey(call.runId, { step: call.step, action: action.name, version: action.version, args: call.args });
  const base = { key, step: call.step, action: action.name, version: action.version, args: call.args };
  try {
    const parsed = action.input.safeParse(call.args);
    if (!parsed.success) {
      throw new ActionFailure("invalid_request", parsed.error.issues.map((issue) => issue.message).join("; "));
    }
    const context = { ...guard.identity, idempotencyKey: key };
    const run = (signal: AbortSignal) => action.run(parsed.data, { ...context, signal, now: guard.now() });
    const given = action.output.safeParse(await repeated(guard, action, () => guardedCall(guard, action, run)));
    if (!given.success) {
      const [issue] = given.error.issues;
      const where = issue && issue.path.length > 0 ? ` at "${issue.path.join(".")}"` : "";
      throw new Error(
        `"${action.name}" gave something that does not fit its output schema${where}: ${issue?.message}.`,
      );
    }
    const json = JSON.parse(canonicalJson(given.data)) as Json;
    return {
      ...base,
      status: "succeeded",
      output: json,
      summary: storableText(String(action.summarize(parsed.data, given.data))),
    };
  } catch (error) {
    if (error instanceof CallHeld) return error;
    if (error instanceof CallStopped) return undefined;
    const status = error instanceof ActionFailure ? error.status : "failed";
    return { ...base, status: "failed", output: status, summary: explainMasked(error) };
  }
}
