/** What was read of an answer, before anybody asks whether it is an action. */
import type { Json, JsonObject } from "../../domain/json.ts";
import type { Where } from "./segments.ts";

export interface RawAction {
  readonly where: Where;
  readonly form: "json" | "prose";
  readonly name: string;
  /** Arguments that are marked as such; undefined where they stand beside everything else. */
  readonly args: JsonObject | undefined;
  /** What else is said, by its own keys: whether it is an argument, the action's schema tells. */
  readonly others: Readonly<Record<string, Json>>;
  /** How the values that stand without quotes are written, by key. */
  readonly written: ReadonlyMap<string, string>;
  /** Said of the whole list that it is in. */
  readonly inherited?: JsonObject;
  /** Said in words behind a call. */
  readonly said?: { readonly reasoning: string; readonly confidence: string | undefined };
  /** The number in a numbered list. */
  readonly number?: string | undefined;
  /** Which JSON of the answer it is part of. */
  readonly document?: number;
}

/** Something that is no action, and why. */
export interface Refusal {
  readonly where: Where;
  readonly action?: string | undefined;
  readonly field?: string | undefined;
  readonly reason: string;
}

export const isRefusal = (read: RawAction | Refusal): read is Refusal => "reason" in read;
