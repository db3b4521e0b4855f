/** Steps as a planner is told of them. */
import type { Step } from "../domain/plan.ts";
import type { Effect } from "../domain/proposal.ts";
import type { StepBoard } from "../execution/step-board.ts";
import type { EarlierStep } from "../models/prompts/planner.ts";
import type { Registry } from "../tools/registry.ts";
import { summaryOf } from "./answer.ts";

interface Known {
  readonly board: StepBoard;
  readonly registry: Registry;
}

/** Each step with what came of it, in a sentence. */
export function toldSteps(steps: readonly Step[], { board, registry }: Known): EarlierStep[] {
  const notes = board.states();
  return steps.map(({ id, title, action, args }) => {
    const { status, note, rejected, effect } = board.placeOf(id);
    const told = { id, title, action, args };
    if (rejected) return { ...told, outcome: `A person does not want it. ${note}`.trim() };
    if (status === "skipped") return { ...told, outcome: `It was left out: ${note}` };
    if (status !== "completed") return { ...told, outcome: note || "It was not begun." };
    return { ...told, outcome: effect ? summaryAnd(effect, registry, notes[id]?.note ?? "") : note };
  });
}

/** What a write did, and what of it is not as it should be. */
const summaryAnd = (effect: Effect, registry: Registry, note: string): string =>
  `${summaryOf(effect, registry)} ${note === (effect.note ?? "") ? "" : note}`.trim();
