/** What the model answers. Made here as data; `send.ts` puts it on the wire, streamed or not, as the call asks. */

/** Token figures. `cached` is a part of `input`, `reasoning` a part of `output`. */
interface Usage {
  input: number;
  output: number;
  cached?: number;
  reasoning?: number;
}

interface Figures {
  /** Why the model stopped; by default what fits the answer. */
  finish?: "stop" | "length" | "tool_calls" | "content_filter";
  /** `null` for a server that does not report usage. By default 100 tokens in and 20 out. */
  usage?: Usage | null;
}

interface ToolRequest {
  name: string;
  /** A string goes out as it is, so that it can be malformed. */
  args: object | string;
}

export type Reply =
  | { kind: "text"; content: string; figures: Figures }
  | { kind: "json"; value: unknown; figures: Figures }
  | { kind: "tool_calls"; calls: readonly ToolRequest[]; figures: Figures }
  | { kind: "refusal"; reason: string; figures: Figures }
  | { kind: "no_choices" }
  | { kind: "body"; text: string; status: number; type: string };

export function text(content: string, figures: Figures = {}): Reply {
  return { kind: "text", content, figures };
}

/** Structured output, on the way that the call asks for: as a call of the forced tool if there is one, else as content. */
export function json(value: unknown, figures: Figures = {}): Reply {
  return { kind: "json", value, figures };
}

export function toolCalls(calls: readonly ToolRequest[], figures: Figures = {}): Reply {
  return { kind: "tool_calls", calls, figures };
}

/** The model refuses for reasons of safety, in the field that the API has for it. */
export function refusal(reason: string, figures: Figures = {}): Reply {
  return { kind: "refusal", reason, figures };
}

/** A completion with an empty list of choices. */
export function noChoices(): Reply {
  return { kind: "no_choices" };
}

/** Any text as the whole body, such as broken JSON, the page of a proxy, or hand-written stream events. */
export function body(content: string, options: { status?: number; type?: string } = {}): Reply {
  return { kind: "body", text: content, status: options.status ?? 200, type: options.type ?? "application/json" };
}
