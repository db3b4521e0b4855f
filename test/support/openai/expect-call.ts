/** The entries of a script: which call is expected, and how the server reacts to it. */
import type { Failure } from "./failure.ts";
import type { Expected } from "./match.ts";
import type { Reply } from "./reply.ts";
import type { Call } from "./request.ts";

type ReplyMaker = Reply | ((call: Call) => Reply);

export type Reaction =
  | { kind: "answer"; reply: ReplyMaker; ending: "end" | "close" | "silence" }
  | { kind: "fail"; failure: Failure }
  | { kind: "close" }
  | { kind: "silence" };

export interface Entry {
  readonly expected: Expected;
  /** Milliseconds before the first byte. */
  readonly delayMs: number;
  readonly reaction: Reaction;
  /** How many calls it takes; with `Infinity` at least one. */
  readonly times: number;
  /** The same for several calls in a row. With `Infinity` it gives way to the next entry once a call does not fit it. */
  repeat(times: number): Entry;
}

interface ExpectedCall {
  /** Waits before it reacts. */
  after(delayMs: number): ExpectedCall;
  /** The reply may be made from the call. */
  answer(reply: ReplyMaker): Entry;
  /** Answers with an error in OpenAI's shape. */
  fail(status: number, options?: Omit<Failure, "status">): Entry;
  /** Closes the connection without a word. */
  hangUp(): Entry;
  /** Closes the connection in the middle of this answer. */
  cutOff(reply: ReplyMaker): Entry;
  /** Is silent until the client gives up or the test ends. */
  hang(): Entry;
  /** Is silent from the middle of this answer on. */
  stall(reply: ReplyMaker): Entry;
}

export function expectCall(expected: Expected = {}): ExpectedCall {
  return expectedCall(expected, 0);
}

function expectedCall(expected: Expected, delayMs: number): ExpectedCall {
  const entry = (reaction: Reaction) => repeated({ expected, delayMs, reaction }, 1);
  return {
    after: (ms) => expectedCall(expected, ms),
    answer: (reply) => entry({ kind: "answer", reply, ending: "end" }),
    fail: (status, options = {}) => entry({ kind: "fail", failure: { status, ...options } }),
    hangUp: () => entry({ kind: "close" }),
    cutOff: (reply) => entry({ kind: "answer", reply, ending: "close" }),
    hang: () => entry({ kind: "silence" }),
    stall: (reply) => entry({ kind: "answer", reply, ending: "silence" }),
  };
}

function repeated(entry: Omit<Entry, "times" | "repeat">, times: number): Entry {
  return { ...entry, times, repeat: (count) => repeated(entry, count) };
}
