/** One call of a model, made and counted in one way whatever is asked of it. */
import type { Callbacks } from "@langchain/core/callbacks/manager";
import type { BaseMessage, UsageMetadata } from "@langchain/core/messages";
import { explainFailure, type FailureKind, type ModelFailure } from "./failure.ts";

/** One call of a model, as it is counted. Tokens are what the endpoint reported, 0 when it did not. */
export interface ModelCall {
  readonly prompt: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Milliseconds. */
  readonly durationMs: number;
  readonly outcome: "ok" | "malformed" | FailureKind;
}

export type Reply<T> =
  | { readonly kind: "answer"; readonly value: T; readonly calls: readonly ModelCall[] }
  | {
      readonly kind: "failed";
      /** `budget`: the run may ask nothing more. */
      readonly why: FailureKind | "malformed" | "budget";
      /** One sentence for a person. */
      readonly message: string;
      readonly calls: readonly ModelCall[];
    };

export interface CallOptions {
  /** The prompt's name with its version. */
  readonly prompt: string;
  /** The caller's signal. */
  readonly signal: AbortSignal;
  /** When the question, of which this call is a part, takes too long. */
  readonly deadline: AbortSignal;
  /** For the whole question, in milliseconds; for messages. */
  readonly timeoutMs: number;
  /** Those of the run that asks, for tracing. */
  readonly callbacks?: Callbacks | undefined;
}

/** What a call was given, and how it ended. */
type Called<T> =
  | {
      readonly said: T;
      /** A cut-off answer can be parsed as far as it goes, and then looks whole. */
      readonly isCutOff: boolean;
      count(outcome: "ok" | "malformed"): ModelCall;
    }
  | { readonly failure: ModelFailure; readonly call: ModelCall };

/** How LangChain is to make the call. */
export interface CallConfig {
  readonly signal: AbortSignal;
  readonly callbacks: Callbacks;
}

/** Makes one call; never throws. @param invoke what LangChain is asked for; `raw` is the model's own message */
export async function callOnce<T extends { readonly raw: BaseMessage }>(
  options: CallOptions,
  invoke: (config: CallConfig) => Promise<T>,
): Promise<Called<T>> {
  const started = Date.now();
  const count = (outcome: ModelCall["outcome"], raw?: BaseMessage) => countCall(options.prompt, started, outcome, raw);
  try {
    const signal = AbortSignal.any([options.signal, options.deadline]);
    const said = await invoke({ signal, callbacks: withoutStreaming(options.callbacks) });
    const { raw } = said;
    const finish: unknown = raw.response_metadata?.finish_reason;
    if (finish === "content_filter") {
      const message = "The model's server withheld the answer (content filter).";
      return { failure: { why: "withheld", message }, call: count("withheld", raw) };
    }
    return { said, isCutOff: finish === "length", count: (outcome) => count(outcome, raw) };
  } catch (error) {
    const failure = explainFailure(error, options);
    return { failure, call: count(failure.why) };
  }
}

/**
 * A listener that prefers streams, such as LangGraph's `messages` stream, turns a call into one: a cut-off answer then
 * passes as whole, and pages would show the model's plans and verdicts as chat.
 */
function withoutStreaming(callbacks: Callbacks | undefined): Callbacks {
  const listens = (handler: object) => "lc_prefer_streaming" in handler && handler.lc_prefer_streaming === true;
  if (!callbacks) return [];
  if (Array.isArray(callbacks)) return callbacks.filter((handler) => !listens(handler));
  const copy = callbacks.copy();
  for (const handler of copy.handlers.filter(listens)) copy.removeHandler(handler);
  return copy;
}

function countCall(prompt: string, started: number, outcome: ModelCall["outcome"], raw?: BaseMessage): ModelCall {
  const usage: UsageMetadata | undefined =
    raw && "usage_metadata" in raw ? (raw.usage_metadata as UsageMetadata | undefined) : undefined;
  return {
    prompt,
    promptTokens: usage?.input_tokens ?? 0,
    completionTokens: usage?.output_tokens ?? 0,
    durationMs: Date.now() - started,
    outcome,
  };
}
