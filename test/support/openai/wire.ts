/** A completion as text on the wire: one JSON document, or the events of a stream. */
import type { Completion } from "./completion.ts";

/** Characters in one event of a stream: short, so that clients must put texts together. */
const PIECE = 8;

export function asDocument({ choice, usage, ...head }: Completion): string {
  return JSON.stringify({
    ...head,
    object: "chat.completion",
    choices: choice ? [{ index: 0, ...choice, message: { role: "assistant", ...choice.message }, logprobs: null }] : [],
    ...(usage ? { usage } : {}),
  });
}

/** The events of a stream: those with the message, then those that end it, with the token figures if asked for. */
export function asEvents(
  { choice, usage, ...head }: Completion,
  options: { withUsage: boolean },
): { message: string[]; end: string[] } {
  const event = (choices: object[], figures: object | null) =>
    JSON.stringify({
      ...head,
      object: "chat.completion.chunk",
      choices,
      ...(options.withUsage ? { usage: figures } : {}),
    });
  const part = (delta: object, finish_reason: string | null) =>
    event([{ index: 0, delta, finish_reason, logprobs: null }], null);
  const line = (data: string) => `data: ${data}\n\n`;
  return {
    message: (choice ? deltasOf(choice.message) : []).map((delta) => line(part(delta, null))),
    end: [
      ...(choice ? [part({}, choice.finish_reason)] : []),
      ...(options.withUsage && usage ? [event([], usage)] : []),
      "[DONE]",
    ].map(line),
  };
}

function deltasOf({ content, refusal, tool_calls = [] }: NonNullable<Completion["choice"]>["message"]): object[] {
  return [
    { role: "assistant", content: content === null ? null : "", refusal: null },
    ...piecesOf(content ?? "").map((piece) => ({ content: piece })),
    ...piecesOf(refusal ?? "").map((piece) => ({ refusal: piece })),
    ...tool_calls.flatMap(({ id, type, function: { name, arguments: args } }, index) => [
      { tool_calls: [{ index, id, type, function: { name, arguments: "" } }] },
      ...piecesOf(args).map((piece) => ({ tool_calls: [{ index, function: { arguments: piece } }] })),
    ]),
  ];
}

/** Never cuts a character of two code units in half, as the API never does. */
function piecesOf(text: string): string[] {
  const characters = [...text];
  const count = Math.ceil(characters.length / PIECE);
  return Array.from({ length: count }, (_, i) => characters.slice(i * PIECE, (i + 1) * PIECE).join(""));
}
