/**
 * One turn of a conversation in which a model calls tools: what has been said so far goes in, the calls that it makes
 * now come out. What the tools are, and what is made of a call, is the asker's.
 */
import type { Callbacks } from "@langchain/core/callbacks/manager";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, type BaseMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import type { Exchange, Tool, Turn } from "../domain/conversation.ts";
import { type JsonObject, JsonObjectSchema } from "../domain/json.ts";
import type { Prompt } from "./ask.ts";
import { callOnce, type Reply } from "./call.ts";

export interface TurnOptions {
  readonly model: BaseChatModel;
  readonly prompt: Prompt;
  /** Oldest first. */
  readonly history: readonly Exchange[];
  /** The model is asked to call one of them; some endpoints let it answer with words all the same. */
  readonly tools: readonly Tool[];
  readonly signal: AbortSignal;
  /** Those of the run that asks, for tracing. */
  readonly callbacks?: Callbacks | undefined;
  /** In milliseconds. */
  readonly timeoutMs: number;
}

/** Asks for the next turn; never throws. */
export async function askTurn(options: TurnOptions): Promise<Reply<Turn>> {
  const { model, prompt, history, tools } = options;
  const call = { ...options, prompt: prompt.name, deadline: AbortSignal.timeout(options.timeoutMs) };
  const messages = [
    new SystemMessage(prompt.system),
    new HumanMessage(prompt.user),
    ...history.flatMap((exchange, index) => messagesOf(exchange, index)),
  ];
  const called = await callOnce(call, async (config) => {
    const functions = tools.map((tool) => ({ type: "function" as const, function: { ...tool } }));
    if (!model.bindTools) throw new Error("The model cannot call tools.");
    return { raw: await model.bindTools(functions, { tool_choice: choiceOf(tools) }).invoke(messages, config) };
  });
  if ("failure" in called) return { kind: "failed", ...called.failure, calls: [called.call] };
  const value = turnOf(called.said.raw, called.isCutOff);
  const isEmpty = value.calls.length === 0;
  return { kind: "answer", value, calls: [called.count(isEmpty || value.isCutOff ? "malformed" : "ok")] };
}

/** A single tool is named, since endpoints that do not know "any" know that. */
const choiceOf = (tools: readonly Tool[]): string => (tools.length === 1 ? (tools[0]?.name ?? "any") : "any");

function turnOf(raw: AIMessage, isCutOff: boolean): Turn {
  const read = (args: unknown): JsonObject | null => JsonObjectSchema.safeParse(args).data ?? null;
  const readable = (raw.tool_calls ?? []).map(({ name, args }) => ({ name, args: read(args) }));
  const others = (raw.invalid_tool_calls ?? []).map(({ name }) => ({ name: name ?? "", args: null }));
  return { text: raw.text, calls: [...readable, ...others], isCutOff };
}

/** The ids of calls are made anew: what is left out of the history must leave no gap, and endpoints check them. */
function messagesOf({ said, calls, note }: Exchange, index: number): BaseMessage[] {
  const ids = calls.map((_call, place) => `call_${index + 1}_${place + 1}`);
  const toolCalls = calls.map(({ name, args }, place) => ({ id: ids[place] ?? "", name, args: args ?? {} }));
  return [
    new AIMessage({ content: said || (calls.length > 0 ? "" : "(nothing)"), tool_calls: toolCalls }),
    ...calls.map(({ result }, place) => new ToolMessage({ content: result, tool_call_id: ids[place] ?? "" })),
    ...(note === "" ? [] : [new HumanMessage(note)]),
  ];
}
