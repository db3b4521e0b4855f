/** Prompt tokens, counted by the tokenizer of OpenAI's newer models. What a server reports is only what was scripted. */
import { getEncoding, type Tiktoken } from "js-tiktoken";
import type { Call } from "../../test/support/openai/request.ts";

export interface PromptTokens {
  /** All that was sent: messages, and the schemas of tools and answers as JSON. */
  readonly all: number;
  /** Of those, what describes the actions. */
  readonly actions: number;
}

/** The block of Holdpoint's prompts that holds the actions, as schemas or, for a program, as functions. */
const ACTIONS = /<(actions|functions)>\n[\s\S]*?\n<\/\1>/g;

/** @returns counts the prompt tokens of calls, as they were received */
export function createCounter(): (calls: readonly Call[]) => PromptTokens {
  const encoding = getEncoding("o200k_base");
  return (calls) => {
    const counted = calls.map((call) => tokensOf(encoding, call));
    const sum = (pick: (tokens: PromptTokens) => number) => counted.reduce((total, one) => total + pick(one), 0);
    return { all: sum(({ all }) => all), actions: sum(({ actions }) => actions) };
  };
}

function tokensOf(encoding: Tiktoken, { body }: Call): PromptTokens {
  const count = (text: string) => encoding.encode(text).length;
  const texts = body.messages.map(({ content, ...message }) => {
    const text = Array.isArray(content) ? content.map((part) => part.text ?? "").join("\n") : (content ?? "");
    // What an assistant called, and the like, is sent again, too.
    const { role: _role, ...rest } = message;
    return Object.keys(rest).length > 0 ? `${text}${JSON.stringify(rest)}` : text;
  });
  const schemas = [body.tools, body.response_format]
    .filter((part) => part !== undefined)
    .map((part) => JSON.stringify(part));
  const cards = texts.flatMap((text) => text.match(ACTIONS) ?? []);
  const total = (parts: readonly string[]) => parts.reduce((tokens, part) => tokens + count(part), 0);
  return { all: total([...texts, ...schemas]), actions: total(cards) };
}
