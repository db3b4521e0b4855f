/** A thread as it is shown outside: of state only what is a picture of the ledger. The same for programs and people. */
import type { Effect } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import type { Question } from "../nodes/question.ts";
import type { State } from "../state.ts";
import type { ThreadView } from "./threads.ts";

export interface ShownThread extends Pick<State, "plan" | "steps" | "notices"> {
  readonly threadId: string;
  readonly run: Run;
  /** What a person is asked, while one is awaited. */
  readonly question: Question | null;
  /** What was written, oldest first. */
  readonly effects: readonly Effect[];
  /** The steps whose arguments a person changed. */
  readonly edited: readonly string[];
  /** After an answer: that it was recorded, and the thread waits for more people. */
  readonly recorded?: boolean;
}

export function shown({ threadId, run, state, question, effects, recorded }: ThreadView): ShownThread {
  const { plan, steps, notices, proposal } = state;
  const edited = (proposal?.actions ?? []).filter((action) => action.edited).map(({ step }) => step);
  return { threadId, run, plan, steps, question, effects, notices, edited, ...(recorded ? { recorded } : {}) };
}
