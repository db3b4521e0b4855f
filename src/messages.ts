/** The messages of a thread, for chat pages: only what was asked and answered, as text of limited length. */
import { randomUUID } from "node:crypto";
import {
  AIMessage,
  type BaseMessage,
  type BaseMessageLike,
  coerceMessageLikeToMessage,
  HumanMessage,
  isBaseMessage,
  RemoveMessage,
} from "@langchain/core/messages";
import { messagesStateReducer } from "@langchain/langgraph";
import { derivedId } from "./domain/json.ts";
import { HoldpointError } from "./errors.ts";

/** Longer texts are refused as requests, and cut here: checkpoints must not grow with them. UTF-16 code units. */
export const MAX_STORED_TEXT = 20_000;

/**
 * Reads what a caller gives as messages, each with an id. Of pictures and files only the mention that they were left
 * out is kept, and of tools and systems nothing.
 * @throws HoldpointError `usage` when it is no list of messages
 */
export function readMessages(given: unknown): BaseMessage[] {
  try {
    return ((Array.isArray(given) ? given : [given]) as BaseMessageLike[]).flatMap(asText);
  } catch (error) {
    throw new HoldpointError("usage", "What stands in `messages` are no chat messages.", {
      hint: 'Expected a list such as [{ "type": "human", "content": "what you want done" }].',
      cause: error,
    });
  }
}

/** Whether a checkpoint holds messages there; another version of the program may have kept something else. */
export const isMessages = (value: unknown): value is BaseMessage[] =>
  Array.isArray(value) && value.every((message) => isBaseMessage(message));

/**
 * So many messages a thread keeps, the newest: they are in every checkpoint, and a long talk must not make each step
 * slower. All that was asked and answered is in the ledger.
 */
const MAX_MESSAGES = 20;

/**
 * Adds messages to those there are, by LangGraph's rules: one with a known id takes the place of the earlier. Whoever
 * sends the whole talk each time sends messages again that are kept no more: they stand before one that is.
 */
export function mergeMessages(current: unknown, given: unknown): BaseMessage[] {
  const kept = isMessages(current) ? current : [];
  const known = new Set(kept.map(({ id }) => id));
  const messages = readMessages(given);
  const first =
    kept.length < MAX_MESSAGES
      ? 0
      : Math.max(
          0,
          messages.findIndex(({ id }) => known.has(id)),
        );
  return messagesStateReducer(kept, messages.slice(first)).slice(-MAX_MESSAGES);
}

function asText(given: BaseMessageLike): BaseMessage[] {
  const message = coerceMessageLikeToMessage(given);
  if (RemoveMessage.isInstance(message)) return [message];
  const fields = { content: textOf(message), id: storable(message.id || randomUUID()) };
  if (HumanMessage.isInstance(message)) return [new HumanMessage(fields)];
  return AIMessage.isInstance(message) ? [new AIMessage(fields)] : [];
}

function textOf({ content }: BaseMessage): string {
  const blocks = typeof content === "string" ? [{ type: "text", text: content }] : content;
  const texts = blocks.map((block) =>
    typeof block === "string"
      ? block
      : block.type === "text" && typeof block.text === "string"
        ? block.text
        : `[${block.type} left out]`,
  );
  return storable(texts.join("\n"));
}

/** One character more than is taken, so that the rest is not missed in silence. */
const storable = (text: string): string =>
  text
    .slice(0, MAX_STORED_TEXT + 1)
    .toWellFormed()
    .replaceAll("\u0000", "\uFFFD");

/** The last thing that somebody said, when nothing was answered after it. */
export function lastHuman(messages: readonly BaseMessage[]): { id: string; text: string } | undefined {
  const last = messages.at(-1);
  return last?.id && HumanMessage.isInstance(last) ? { id: last.id, text: last.text } : undefined;
}

/** The id of the run that a message starts: the same when it is sent again. */
export const runIdOf = (threadId: string, said: { id: string; text: string }): string =>
  derivedId("run", { thread: threadId, id: said.id, text: said.text });

/** A request that came otherwise than as a message. */
export function humanMessage(id: string, text: string): BaseMessage {
  return new HumanMessage({ id, content: text });
}

/** A run's answer; the same run's takes the place of an earlier one. */
export function answerMessage(runId: string, text: string): BaseMessage {
  return new AIMessage({ id: `answer_${runId}`, content: text });
}
