/** What actions that think need of the world: a model, and somebody who makes calls for them. Passed in from above. */
import type { Exchange, Tool, Turn } from "../../domain/conversation.ts";
import type { Json, JsonObject } from "../../domain/json.ts";
import type { Pseudonyms } from "../../telemetry/pseudonyms.ts";
import type { ActionContext, AnyRead } from "../action.ts";

/** Something that is to be written. */
interface Draft {
  readonly instruction: string;
  readonly context: Json;
  readonly language: string | undefined;
  /** In words, a line each. */
  readonly requirements: readonly string[];
  /** Where a value is wanted, and no text. */
  readonly schema: JsonObject | undefined;
  /** How often the model is asked at the most. */
  readonly attempts: number;
  /** What is wrong with what was made, for the model to mend, a line each. Must not throw. */
  check(made: Json): Promise<readonly string[]>;
}

/** What came of it. */
export interface Written {
  /** Null when nothing passed the check. */
  readonly passed: { readonly made: Json; readonly missing: readonly string[] } | null;
  readonly attempts: number;
  /** Why nothing passed, a sentence; empty when something did. */
  readonly problem: string;
}

/** One turn of an investigation. */
interface InvestigationTurn {
  readonly question: string;
  readonly maxSteps: number;
  readonly history: readonly Exchange[];
  readonly tools: readonly Tool[];
}

/** What one call of a read brought. `refused`: it was not made. */
export interface Looked {
  readonly status: "succeeded" | "failed" | "refused";
  /** Its output; null where there is none. */
  readonly output: Json;
  /** One sentence. */
  readonly summary: string;
}

/**
 * Its methods throw a HoldpointError `stopped` when the model cannot be asked for now or nothing new is to be begun, an
 * ActionFailure when asking is of no use, and the signal's reason when that aborted.
 */
export interface Thinker {
  write(draft: Draft, pseudonyms: Pseudonyms, context: ActionContext): Promise<Written>;
  turn(turn: InvestigationTurn, pseudonyms: Pseudonyms, context: ActionContext): Promise<Turn>;
  /** The result as the model is to see it. */
  show(result: { readonly call: number } & Record<string, unknown>): string;
  /** Calls a read on behalf of the step, guarded as any other, and audited. */
  look(read: AnyRead, args: JsonObject, context: ActionContext): Promise<Looked>;
}
