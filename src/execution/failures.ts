/** What failed of a plan, in words. */
import type { FailureStatus } from "../domain/answer.ts";
import type { Plan } from "../domain/plan.ts";
import type { StepState } from "./recorded-steps.ts";
import type { StepBoard } from "./step-board.ts";

/** How the steps of a plan failed that did so by themselves, and a sentence for each; undefined when none did. */
export function failureIn(board: StepBoard): { status: FailureStatus; message: string; details: string[] } | undefined {
  const failures = board.failures();
  const [first] = failures;
  if (!first) return undefined;
  const texts = failures.map((step) => {
    const { note } = board.placeOf(step.id);
    return sentence(board.isRecorded(step.id) ? note : `"${step.title}" was not begun: ${note}`);
  });
  const status = board.placeOf(first.id).failed ?? "failed";
  return { status, message: [...new Set(texts)].join(" "), details: [] };
}

/** What whoever is asked about the rest of a plan has to know: which steps failed, and what is not done because of it. */
export function failureNotices({ steps }: Plan, states: Readonly<Record<string, StepState>>): string[] {
  const stateOf = (id: string) => (Object.hasOwn(states, id) ? states[id] : undefined);
  const failed = steps.filter(({ id }) => stateOf(id)?.status === "failed");
  const blocked = steps.filter(({ id }) => stateOf(id)?.status === "blocked");
  const because = blocked.map(({ title }) => `"${title}"`).join(", ");
  return [
    ...failed.map(({ id, title }) => sentence(`"${title}" failed: ${stateOf(id)?.note || "nobody can say why"}`)),
    ...(because === "" ? [] : [`Not done because of what it waits for: ${because}.`]),
  ];
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
