/** A conversation in which a model calls tools, as plain data. */
import type { JsonObject } from "./json.ts";

/** A tool as the model sees it. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** A JSON Schema of an object. */
  readonly parameters: JsonObject;
}

export interface ToolCall {
  readonly name: string;
  /** Null where the model wrote no JSON object. */
  readonly args: JsonObject | null;
}

/** What the model said in one turn, and what it was told then. */
export interface Exchange {
  readonly said: string;
  /** The calls that are to be remembered, each with what came of it. */
  readonly calls: readonly (ToolCall & { readonly result: string })[];
  /** Said to it besides; empty for nothing. */
  readonly note: string;
}

/** What the model says now. */
export interface Turn {
  readonly text: string;
  readonly calls: readonly ToolCall[];
  /** It was cut off before its end, so that its last call may be half of one. */
  readonly isCutOff: boolean;
}
