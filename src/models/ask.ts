/**
 * Asks a model for structured output, and believes only what fits the schema. What does not fit goes back with the
 * faults, a bounded number of times.
 */
import type { Callbacks } from "@langchain/core/callbacks/manager";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, type BaseMessage, HumanMessage, SystemMessage } from "@langchain/core/messages";
import { z } from "zod";
import { isStorable } from "../domain/json.ts";
import { answerJsonSchema } from "./answer-schema.ts";
import { callOnce, type ModelCall, type Reply } from "./call.ts";

export interface Prompt {
  /** Which prompt, with its version, such as `plan-v1`. */
  readonly name: string;
  readonly system: string;
  readonly user: string;
}

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
  /** What is wrong with an answer that fits the schema, a line each; they go back like any fault. Must not throw. */
  readonly check?: (value: T) => Promise<readonly string[]>;
  /** Once its calls have used so many tokens, both ways together, it is not asked again. */
  readonly maxTokens: number;
  /**
   * Reads an answer in words, where the model called nothing and the object is not the whole text. Without it such an
   * answer does not count: what is quoted among words is not what a model says.
   */
  readonly readText?: ((text: string) => TextRead) | undefined;
}

/** What an answer in words says: an object, for the schema to judge, or why it says none; undefined says nothing. */
export type TextRead = { readonly value: unknown } | { readonly faults: readonly string[] } | undefined;

/** Asks; never throws. */
export async function askModel<T>(options: AskOptions<T>): Promise<Reply<T>> {
  const { model, schema, prompt, attempts } = options;
  const call = { ...options, prompt: prompt.name, deadline: AbortSignal.timeout(options.timeoutMs) };
  const messages: BaseMessage[] = [new SystemMessage(prompt.system), new HumanMessage(prompt.user)];
  const calls: ModelCall[] = [];
  let fault = "";
  while (calls.length < attempts && tokensOf(calls) < options.maxTokens) {
    const called = await callOnce(call, async (config) => {
      return await structuredModel(model, prompt.name, schema).invoke(messages, config);
    });
    if ("failure" in called) return { kind: "failed", ...called.failure, calls: [...calls, called.call] };
    const { raw } = called.said;
    const judged = await judge(options, called.isCutOff, called.said);
    calls.push(called.count("value" in judged ? "ok" : "malformed"));
    if ("value" in judged) return { kind: "answer", value: judged.value, calls };
    fault = judged.faults.slice(0, MAX_FAULTS).join("\n");
    messages.push(new AIMessage(textOf(raw)), new HumanMessage(correction(fault)));
  }
  const times = calls.length === 1 ? "one attempt" : `${calls.length} attempts`;
  const message = `The model gave no usable answer in ${times}. The last one: ${fault.replaceAll("\n", "; ")}`;
  return { kind: "failed", why: "malformed", message, calls };
}

type Judged<T> = { readonly value: T } | { readonly faults: readonly string[] };

async function judge<T>(
  { schema, check, readText }: AskOptions<T>,
  isCutOff: boolean,
  said: { raw: BaseMessage; parsed: unknown },
): Promise<Judged<T>> {
  if (isCutOff) return { faults: ["the answer: it was cut off before its end; make it shorter"] };
  const storable = schema.refine(isStorable, "it holds a NUL or half a surrogate pair; write plain text");
  const read = readAnswer(said, storable, readText);
  if (!read.success) return { faults: describeFaults(read.error) };
  const faults = (await check?.(read.data)) ?? [];
  return faults.length > 0 ? { faults } : { value: read.data };
}

/** The model, answering in a schema. @throws what LangChain throws at a model that cannot call tools */
export function structuredModel(model: BaseChatModel, name: string, schema: z.ZodType) {
  // As a function call: with a response format OpenAI's client throws at text that is no JSON, and LangChain repeats it.
  const how = { name: name.replaceAll(/\W/g, "_"), includeRaw: true, method: "functionCalling" } as const;
  return model.withStructuredOutput(answerJsonSchema(schema), how);
}

/** The object that was called with, or said as the whole text, or what an answer in words is read as. */
function readAnswer<T>(
  { raw, parsed }: { raw: BaseMessage; parsed: unknown },
  schema: z.ZodType<T>,
  readText: AskOptions<T>["readText"],
): z.ZodSafeParseResult<T> {
  const checked = schema.safeParse(parsed ?? objectIn(raw));
  if (checked.success || parsed || callsTool(raw)) return checked;
  const read = readText?.(raw.text);
  if (!read) return checked;
  return "value" in read ? schema.safeParse(read.value) : faulty(read.faults.join("\n"));
}

/** Whether it was tried at least: then the fault is in the call. */
const callsTool = (message: BaseMessage): boolean =>
  message instanceof AIMessage && (message.tool_calls?.length ?? 0) + (message.invalid_tool_calls?.length ?? 0) > 0;

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

function faulty(error: string): z.ZodSafeParseResult<never> {
  return z.never({ error }).safeParse(null);
}

const tokensOf = (calls: readonly ModelCall[]): number =>
  calls.reduce((sum, { promptTokens, completionTokens }) => sum + promptTokens + completionTokens, 0);

const correction = (fault: string): string =>
  `Your answer cannot be taken:\n${fault}\nAnswer again, with the whole object and nothing else.`;

const MAX_FAULTS = 10;

const describeFaults = (error: z.ZodError): string[] =>
  error.issues.map((issue) => `${issue.path.length > 0 ? issue.path.join(".") : "the answer"}: ${issue.message}`);

const MAX_ECHO = 16_000;

/** What the model said, cut so that a flood does not come back with every correction. */
function textOf(message: BaseMessage): string {
  const calls = message instanceof AIMessage ? (message.tool_calls ?? []) : [];
  const text = message.text || (calls.length > 0 ? JSON.stringify(calls.map((call) => call.args)) : "");
  return (text.length > MAX_ECHO ? `${text.slice(0, MAX_ECHO)} [cut here]` : text) || "(nothing)";
}
