/** Why a program did not come to its end, in words that its author can go on with. */
import { storableText } from "../domain/text.ts";
import type { ProgramLimits, StopReason, ThrownError } from "./protocol.ts";

/** Lines that stand before the program's own. */
const LINES_BEFORE = 1;
const OUTSIDE = /^'?(?:require|process|fetch|window|module|exports|setTimeout|setInterval|Buffer|WebAssembly|Worker)\b/;

export function explainThrown({ name, message, stack }: ThrownError): { message: string; line?: number } {
  const found = /program:(\d{1,5})\b/.exec(stack);
  const line = found ? Number(found[1]) - LINES_BEFORE : 0;
  const whole = storableText(`${name}: ${message}${hintFor(message)}`);
  return line < 1 ? { message: whole } : { message: whole, line };
}

function hintFor(message: string): string {
  if (message === "eval is not supported" || message.startsWith("could not load module")) {
    return ". A program is fixed: it cannot make code or import any.";
  }
  return OUTSIDE.test(message) ? ". A program reaches nothing but the functions that it is given." : "";
}

export function explainStop(why: StopReason, { timeMs, memory, calls, output }: ProgramLimits): string {
  return {
    time: `It did not end within ${timeMs} ms of work.`,
    memory: `It took more than ${Math.round(memory / 1024 / 1024)} MB.`,
    calls: `It made more than ${calls} calls.`,
    output: `It gave more than ${output} characters away at once.`,
    "never ends": "It waits for something that never comes.",
    crashed: "It brought its sandbox down.",
  }[why];
}

export const explainUnawaited = (names: readonly string[]): string =>
  `It ended before ${[...new Set(names)].join(", ")} had answered: await every call.`;
