/**
 * What an action is. Actions are what a plan may call; staging, review, commit and the ledger are infrastructure
 * that no plan can reach.
 */
import type { z } from "zod";
import type { Json } from "../domain/json.ts";
import type { Change, Effect, Impact, Reversibility } from "../domain/proposal.ts";
import { type CallSettings, callSettings } from "./call-settings.ts";

/** For which step of which run a read is called. */
export interface Reading {
  readonly runId: string;
  readonly step: string;
  /**
   * Whether nothing new is to be begun. What takes long looks at it between two parts, and throws a HoldpointError
   * `stopped`: it is read again when the run goes on.
   */
  stopped(): boolean;
}

/** What an action gets beside its arguments. */
export interface ActionContext {
  readonly tenant: string;
  /** On whose behalf it runs. */
  readonly principal: string;
  /** The same for every attempt at one effect, different for every other: receivers use it to recognise a repeat. */
  readonly idempotencyKey: string;
  /** Aborts when the call takes too long or is not wanted any more: pass it on to whatever takes time. */
  readonly signal: AbortSignal;
  /** ISO 8601 UTC. Use this rather than the clock. */
  readonly now: string;
  /** To which hosts the tenant lets requests of actions go, as it stands now; absent where nobody can tell: to none. */
  allowedHosts?(): Promise<readonly string[]>;
  /** Only for reads. */
  readonly reading?: Reading;
  /**
   * Changes that are staged and have not happened: a preview is computed from the state that they lead to, and so is a
   * read of a program, oldest first. A read that does not look at them tells what is true now.
   */
  readonly staged?: readonly Change[];
}

/** While staging, where there is always a list: the changes of the writes that stand before this one in the same proposal. */
export interface PreviewContext extends ActionContext {
  readonly staged: readonly Change[];
}

interface ActionBase<Input, Output> extends CallSettings {
  readonly name: string;
  /** Counts up whenever the meaning of the arguments or the effect changes; approvals are bound to it. */
  readonly version: number;
  readonly title: string;
  /** For planners: what it does, when to use it, in one or two sentences. */
  readonly description: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  /** The only tenants that have it; nobody else hears of it. Silence: every tenant. */
  readonly tenants?: readonly string[];
  /**
   * What it does beyond its schemas, where that is written somewhere and can change without `version`: an approval is
   * bound to it. It holds no secrets.
   */
  readonly definition?: Json;
  /** Arguments of a call that can be made on a fresh target, for people and for the contract suite. */
  readonly example?: Input;
  /** Its output comes from outside, such as the text of a mail: where it flows into a write, a person looks at it. */
  readonly untrustedOutput?: boolean;
  /** The customer-facing sentence about a finished call. */
  summarize(args: Input, output: Output): string;
}

/** Reads run at once, possibly more than once, and change nothing. */
export interface ReadAction<Input = unknown, Output = unknown> extends ActionBase<Input, Output> {
  readonly kind: "read";
  /**
   * Its summary is a text that was written for whoever asked: they get it as it is, in place of what it was written
   * from, and no model words it again.
   */
  readonly authored?: boolean;
  /** Arguments of a call that shows what the data is like: a model that writes a program sees some of its answer, masked. */
  readonly sample?: Input;
  /** @throws ActionFailure when there is no answer. */
  run(args: Input, context: ActionContext): Promise<Output>;
}

/** Writes are staged, previewed, approved, and only then run. */
export interface WriteAction<Input = unknown, Output = unknown> extends ActionBase<Input, Output> {
  readonly kind: "write";
  readonly reversibility: Reversibility;
  /** True when the receiver itself makes sure that a repeated idempotency key has no second effect. */
  readonly idempotent: boolean;
  /** Fills in what the person must see and approve (an id for a name, today's price), so that it is bound. */
  prepare?(args: Input, context: PreviewContext): Promise<Input>;
  /**
   * What makes two calls the same piece of work: a plan that names or words it otherwise does not do it twice in one
   * run. Silence: all arguments, after `prepare`. Leave out notes and reasons.
   */
  dedupeKey?(args: Input): Json;
  /** What it would change. @throws ActionFailure when it could not be done. */
  preview(args: Input, context: PreviewContext): Promise<Change[]>;
  impact?(args: Input, changes: readonly Change[]): Impact;
  /** What `undo` needs and can only be known before; stored before `run`. */
  captureUndo?(args: Input, context: ActionContext): Promise<Json>;
  /**
   * Does it. Returns its output and the changes as they really were.
   * @throws ActionFailure when it did not happen; anything else, or no end in time, means that nobody knows, and
   * StillUnderWay that it may be about to. `failed`
   * says that of this call only: after an earlier one under the same key of which nobody knows, it is still in doubt.
   */
  run(args: Input, context: ActionContext): Promise<{ output: Output; changes: Change[] }>;
  /** Whether the effect with this key happened: its result, or undefined. Without changes, they are what was expected. */
  lookup?(key: string, context: ActionContext): Promise<{ output: Output; changes?: Change[] } | undefined>;
  /**
   * Takes the effect back; must tolerate that it never happened. The idempotency key is the effect's with `:undo`
   * behind it. Returns one sentence that says what was done.
   */
  undo?(effect: Effect, context: ActionContext): Promise<string>;
  /** For how long after it happened it can be undone on demand, in milliseconds. Silence is for ever. */
  readonly undoWindowMs?: number;
  /** What others have changed since of what the effect left behind, a sentence each: somebody is asked before it is undone. */
  movedOn?(effect: Effect, context: ActionContext): Promise<string[]>;
}

// biome-ignore lint/suspicious/noExplicitAny: a registry holds actions of every input and output type
export type AnyRead = ReadAction<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: see AnyRead
export type AnyWrite = WriteAction<any, any>;
export type Action = AnyRead | AnyWrite;

type ReadSpec<Input, Output> = ReadAction<Input, Output>;
type WriteSpec<Input, Output> = Omit<WriteAction<Input, Output>, "reversibility" | "idempotent"> &
  Partial<Pick<WriteAction<Input, Output>, "reversibility" | "idempotent">>;

/**
 * Declares an action; the types of its arguments and output come from its schemas. For writes, silence is pessimistic:
 * irreversible, and not idempotent.
 * @throws TypeError when a write claims to be reversible or compensatable and has no `undo`, or when `timeoutMs`, `retry`
 * or `breaker` does not fit.
 * @example
 * defineAction({ kind: "read", name: "find_products", version: 1, title, description, input, output, run, summarize })
 */
export function defineAction<Input, Output>(action: ReadSpec<Input, Output>): ReadAction<Input, Output>;
export function defineAction<Input, Output>(action: WriteSpec<Input, Output>): WriteAction<Input, Output>;
export function defineAction<Input, Output>(action: ReadSpec<Input, Output> | WriteSpec<Input, Output>): Action {
  callSettings(action);
  if (action.kind === "read") return action;
  const reversibility = action.reversibility ?? "irreversible";
  if (reversibility !== "irreversible" && !action.undo) {
    throw new TypeError(
      `Action "${action.name}" says that it is ${reversibility} but has no undo: add undo(), or leave reversibility out.`,
    );
  }
  return { ...action, reversibility, idempotent: action.idempotent ?? false };
}
