/**
 * Asks a model for structured output, and believes only what fits the schema. What does not fit goes back with the
 * faults, a bounded number of times.
 */
import type { Callbacks } from "@langchain/core/callbacks/manager";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, type BaseMessage, HumanMessage, SystemMessage, type UsageMetadata } from "@langchain/core/messages";
import { z } from "zod";
import { isStorable } from "../domain/json.ts";
import { explainFailure, type FailureKind } from "./failure.ts";

export interface Prompt {
  /** Which prompt, with its version, such as `plan-v1`. */
  readonly name: string;
  readonly system: string;
  readonly user: string;
}

/** One call of a model, as it is counted. Tokens are what the endpoint reported, 0 when it did not. */
interface ModelCall {
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
      readonly why: FailureKind | "malformed";
      /** One sentence for a person. */
      readonly message: string;
      readonly calls: readonly ModelCall[];
    };

export interface AskOptions<T> {
  readonly model: BaseChatModel;
  readonly schema: z.ZodType<T>;
  readonly prompt: Prompt;
  readonly signal: AbortSignal;
  /** Those of the run that asks, for tracing. */
  readonly callbacks?: Callbacks | undefined;
  /** For the whole question, in milliseconds. */
  readonly timeoutMs: number;
  /** How often at the most the model is asked, the first time included. */
  readonly attempts: number;
}

/** Asks; never throws. */
export async function askModel<T>(options: AskOptions<T>): Promise<Reply<T>> {
  const { model, schema, prompt, attempts } = options;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  const callbacks = withoutStreaming(options.callbacks);
  const messages: BaseMessage[] = [new SystemMessage(prompt.system), new HumanMessage(prompt.user)];
  const storable = schema.refine(isStorable, "it holds a NUL or half a surrogate pair; write plain text");
  const calls: ModelCall[] = [];
  let fault = "";
  for (let attempt = 0; attempt < attempts; attempt++) {
    const started = Date.now();
    try {
      const structured = structuredModel(model, prompt.name, schema);
      const { raw, parsed } = await structured.invoke(messages, { signal, callbacks });
      const cut = finishReason(raw);
      if (cut === "content_filter") {
        calls.push(countCall(prompt, started, "refused", raw));
        return {
          kind: "failed",
          why: "refused",
          message: "The model's server withheld the answer (content filter).",
          calls,
        };
      }
      const checked = cut === "length" ? CUT_OFF : storable.safeParse(parsed ?? objectIn(raw));
      calls.push(countCall(prompt, started, checked.success ? "ok" : "malformed", raw));
      if (checked.success) return { kind: "answer", value: checked.data, calls };
      fault = describeFaults(checked.error);
      messages.push(new AIMessage(textOf(raw)), new HumanMessage(correction(fault)));
    } catch (error) {
      const failure = explainFailure(error, options);
      calls.push(countCall(prompt, started, failure.why));
      return { kind: "failed", ...failure, calls };
    }
  }
  const message = `The model gave no usable answer in ${attempts} attempts. The last one: ${fault.replaceAll("\n", "; ")}`;
  return { kind: "failed", why: "malformed", message, calls };
}

/** The model, answering in a schema. @throws what LangChain throws at a model that cannot call tools */
export function structuredModel(model: BaseChatModel, name: string, schema: z.ZodType) {
  // As a function call: with a response format OpenAI's client throws at text that is no JSON, and LangChain repeats it.
  const how = { name: name.replaceAll(/\W/g, "_"), includeRaw: true, method: "functionCalling" } as const;
  return model.withStructuredOutput(plainJsonSchema(schema), how);
}

/**
 * Where nothing forces a model to call the tool, it may write the object as its text instead: all of it, or all of it
 * in one fence. An object that is quoted among words is not what the model says.
 */
function objectIn({ text }: BaseMessage): unknown {
  try {
    return JSON.parse(/^```(?:json)?\n(.*)\n```$/s.exec(text.trim())?.[1] ?? text);
  } catch {
    return null;
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

/** A cut-off answer can be parsed as far as it goes, and then looks whole. */
const CUT_OFF = z.never({ error: "it was cut off before its end; make it shorter" }).safeParse(null);

function finishReason(message: BaseMessage): unknown {
  return message.response_metadata?.finish_reason;
}

/** Zod's JSON schemas carry a validator, which LangChain would use before us and without telling what is wrong. */
function plainJsonSchema(schema: z.ZodType): Record<string, unknown> {
  // `propertyNames` says nothing here, and some endpoints refuse it.
  const text = JSON.stringify(z.toJSONSchema(schema, { io: "input" }), (key, value) =>
    key === "propertyNames" ? undefined : value,
  );
  return JSON.parse(text);
}

function countCall(prompt: Prompt, started: number, outcome: ModelCall["outcome"], raw?: BaseMessage): ModelCall {
  const usage: UsageMetadata | undefined =
    raw && "usage_metadata" in raw ? (raw.usage_metadata as UsageMetadata | undefined) : undefined;
  return {
    prompt: prompt.name,
    promptTokens: usage?.input_tokens ?? 0,
    completionTokens: usage?.output_tokens ?? 0,
    durationMs: Date.now() - started,
    outcome,
  };
}

const correction = (fault: string): string =>
  `Your answer does not fit the schema:\n${fault}\nAnswer again, with the whole object and nothing else.`;

const MAX_FAULTS = 10;

function describeFaults(error: z.ZodError): string {
  return error.issues
    .slice(0, MAX_FAULTS)
    .map((issue) => `${issue.path.length > 0 ? issue.path.join(".") : "the answer"}: ${issue.message}`)
    .join("\n");
}

const MAX_ECHO = 8000;

/** What the model said, cut so that a flood does not come back with every correction. */
function textOf(message: BaseMessage): string {
  const calls = message instanceof AIMessage ? (message.tool_calls ?? []) : [];
  const text = message.text || (calls.length > 0 ? JSON.stringify(calls.map((call) => call.args)) : "");
  return text.slice(0, MAX_ECHO) || "(nothing)";
}
