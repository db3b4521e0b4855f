/** A reply as the one message that the model gives to one call. */
import type { Reply } from "./reply.ts";
import { type Call, forcedToolOf } from "./request.ts";

interface ToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

interface Message {
  content: string | null;
  refusal: string | null;
  tool_calls?: ToolCall[];
}

export interface Completion {
  id: string;
  created: number;
  model: string;
  choice: { message: Message; finish_reason: string } | null;
  usage: object | null;
}

type Said = Exclude<Reply, { kind: "body" }>;

export function completionOf(reply: Said, call: Call): Completion {
  return {
    id: `chatcmpl-${call.number}`,
    created: 1_790_000_000, // seconds; a fixed time, so that answers are the same in every run
    model: call.body.model,
    choice: choiceOf(reply, call),
    usage: usageOf(reply),
  };
}

function choiceOf(reply: Said, call: Call): Completion["choice"] {
  if (reply.kind === "no_choices") return null;
  const message = messageOf(reply, call);
  const finish = message.tool_calls && !forcedToolOf(call.body) ? "tool_calls" : "stop";
  return { message, finish_reason: reply.figures.finish ?? finish };
}

function messageOf(reply: Exclude<Said, { kind: "no_choices" }>, call: Call): Message {
  switch (reply.kind) {
    case "text":
      return { content: reply.content, refusal: null };
    case "refusal":
      return { content: null, refusal: reply.reason };
    case "tool_calls":
      return callTools(reply.calls, call);
    case "json": {
      const tool = forcedToolOf(call.body);
      const value = JSON.stringify(reply.value);
      return tool ? callTools([{ name: tool, args: value }], call) : { content: value, refusal: null };
    }
  }
}

function callTools(calls: readonly { name: string; args: object | string }[], { number }: Call): Message {
  const tool_calls = calls.map(({ name, args }, index) => ({
    id: `call_${number}_${index + 1}`,
    type: "function" as const,
    function: { name, arguments: typeof args === "string" ? args : JSON.stringify(args) },
  }));
  return { content: null, refusal: null, tool_calls };
}

function usageOf(reply: Said): object | null {
  const given = reply.kind === "no_choices" ? undefined : reply.figures.usage;
  if (given === null) return null;
  const { input, output, cached = 0, reasoning = 0 } = given ?? { input: 100, output: 20 };
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0 },
  };
}
