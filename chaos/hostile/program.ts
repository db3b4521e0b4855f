import type { StopReason } from "../../src/sandbox/protocol.ts";

/** A program that means harm, or is out of its mind; it must be stopped or come to nothing. */
export interface HostileProgram {
  readonly what: string;
  /** It may call `find`, which gives its name and arguments; `fail`, which throws; and `slow`, which takes `n` tenths of a second. */
  readonly code: string;
  /** How it has to end. `returned` may only hold what is said here: it is what the sandbox lets it see. */
  readonly ends: "threw" | "stopped" | "any" | { readonly stopped: StopReason } | { readonly returned: unknown };
}
