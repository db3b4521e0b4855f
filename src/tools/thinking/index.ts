/** Actions that think: a model works inside a step, under the limits of every other read. */
import type { AnyRead } from "../action.ts";
import { createCompose } from "./compose.ts";
import { createInvestigate } from "./investigate.ts";
import type { Thinker } from "./thinker.ts";
import type { ComposeValidator } from "./validators.ts";

export type { Looked, Thinker, Written } from "./thinker.ts";
export type { ComposeValidator, Composing } from "./validators.ts";

/** How many questions' time one step that thinks may take at the most. */
const QUESTIONS = 10;
/** The longest that a call may take, in milliseconds. */
const MAX_MS = 86_400_000;

export interface ThinkingParts {
  readonly thinker: Thinker;
  /** The program's own checks of composed texts, by name. */
  readonly validators: Readonly<Record<string, ComposeValidator>>;
  /** What an investigation may call. */
  readonly reads: readonly AnyRead[];
  /** For one question to a model, its repeats included, in milliseconds. */
  readonly modelTimeoutMs: number;
}

/** `compose`, and where there is something to read `investigate`. */
export function thinkingActions({ thinker, validators, reads, modelTimeoutMs }: ThinkingParts): AnyRead[] {
  const timeoutMs = Math.min(QUESTIONS * modelTimeoutMs, MAX_MS);
  const compose = createCompose({ thinker, validators: new Map(Object.entries(validators)), timeoutMs });
  return reads.length === 0 ? [compose] : [compose, createInvestigate({ thinker, reads, timeoutMs })];
}
