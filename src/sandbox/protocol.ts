/** What the worker that a program runs in, and whoever started it, say to each other. */

/** Only texts and numbers, so that nothing of one side is in the hands of the other. */
export interface ProgramData {
  readonly wasm: WebAssembly.Module;
  readonly code: string;
  /** The functions that it may call. */
  readonly names: readonly string[];
  /** The time that it sees, in milliseconds since 1970; its random numbers follow from it, too. */
  readonly now: number;
  readonly limits: ProgramLimits;
}

/** What a program may use. */
export interface ProgramLimits {
  /** For how long it may work, waiting for what it called aside, in milliseconds. */
  readonly timeMs: number;
  /** What its values may take, in bytes. */
  readonly memory: number;
  /** How many calls it may make. */
  readonly calls: number;
  /** What it may give away: arguments of a call, its result, and its log, each in UTF-16 code units of JSON. */
  readonly output: number;
  /** For how long it may take with everything that it waits for, in milliseconds. */
  readonly wholeMs: number;
}

/** Why a program was stopped. */
export type StopReason = "time" | "memory" | "calls" | "output" | "never ends" | "crashed";

export type FromWorker =
  /** It is up, and begins. */
  | { readonly kind: "began" }
  /** `answered`: how many of its calls, the first of them, had been answered when it made this one. */
  | {
      readonly kind: "call";
      readonly id: number;
      readonly name: string;
      readonly args: string;
      readonly answered: number;
    }
  /** It works no more until an answer comes. */
  | { readonly kind: "waiting"; readonly usedMs: number }
  /** `text`: what was thrown, see {@link ThrownError}. */
  | (Used & { readonly kind: "threw"; readonly text: string })
  /** `unawaited`: the names of those calls that had no answer then, or were made later. */
  | (Used & { readonly kind: "returned"; readonly text: string; readonly unawaited: readonly string[] })
  | (Used & { readonly kind: "stopped"; readonly why: StopReason });

/** What the sandbox says, as JSON, of what a program threw; a program can have put anything into it. */
export interface ThrownError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly status?: string;
}

interface Used {
  readonly usedMs: number;
  readonly log: readonly string[];
}

export interface ToWorker {
  readonly id: number;
  /** Whether it was done; otherwise `text` says why not. */
  readonly isDone: boolean;
  /** JSON, or why not. */
  readonly text: string;
  /** What kind of failure it was. */
  readonly status?: string;
}
