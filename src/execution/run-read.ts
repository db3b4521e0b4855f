/** One guarded call of a read action: arguments and output validated, a time limit, and every failure an outcome. */
import { canonicalJson, type Json, type JsonObject } from "../domain/json.ts";
import type { Identity } from "../domain/run.ts";
import { storableText } from "../domain/text.ts";
import { ActionFailure } from "../errors.ts";
import { type ReadOutcome, readKey } from "../ledger/reads.ts";
import { explainMasked } from "../telemetry/tell.ts";
import type { AnyRead } from "../tools/action.ts";

const READ_TIMEOUT_MS = 30_000;

export interface ReadCall {
  readonly runId: string;
  readonly step: string;
  readonly args: JsonObject;
  readonly identity: Identity;
  readonly signal: AbortSignal;
  /** ISO 8601 UTC. */
  readonly now: string;
}

/** Runs a read; never throws. */
export async function runRead(action: AnyRead, call: ReadCall): Promise<ReadOutcome> {
  const key = readKey(call.runId, { step: call.step, action: action.name, version: action.version, args: call.args });
  const base = { key, step: call.step, action: action.name, version: action.version, args: call.args };
  try {
    const parsed = action.input.safeParse(call.args);
    if (!parsed.success) {
      throw new ActionFailure("invalid_request", parsed.error.issues.map((issue) => issue.message).join("; "));
    }
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(READ_TIMEOUT_MS)]);
    const context = { ...call.identity, idempotencyKey: key, signal, now: call.now };
    const given = action.output.safeParse(await withSignal(action.run(parsed.data, context), signal));
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
    const status = error instanceof ActionFailure ? error.status : "failed";
    return { ...base, status: "failed", output: status, summary: explainMasked(error) };
  }
}

/** The promise, or a rejection as soon as the signal aborts: a read that ignores its signal is left behind. */
async function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
