/** Finds the playbook that accounts for every word of a request, or says which words none accounts for. */
import { canonicalJson, type JsonObject } from "../../domain/json.ts";
import { type Plan, PlanSchema, type Step } from "../../domain/plan.ts";
import { COURTESY } from "./courtesy.ts";
import { createFormParser } from "./form.ts";
import { fillSteps, type Playbook, type Wording } from "./playbook.ts";
import { readForm } from "./reader.ts";
import { Sentence } from "./sentence.ts";
import { SLOTS } from "./slots.ts";
import { quote, quoteTokens } from "./values.ts";

/**
 * - `plan`: exactly one way to read the request, and all its values are possible.
 * - `invalid`: the request was understood, a value cannot be; `problem` names it and what was expected.
 * - `not_understood`: `problem` quotes the words that no playbook accounts for; `reached` is how many characters were.
 */
export type PlaybookResult =
  | { kind: "plan"; playbook: string; plan: Plan }
  | { kind: "invalid"; playbook: string; problem: string }
  | { kind: "not_understood"; problem: string; reached?: number | undefined };

/** One reading of the whole request. */
interface Match {
  readonly playbook: string;
  readonly wording: Wording;
  readonly values: JsonObject;
  readonly problem: string | undefined;
}

const MAX_REQUEST = 4_000;
const MAX_GOAL = 500;

/** Matches strictly: nothing is guessed, and a request with two readings is refused. Never throws over the request. */
export function matchPlaybooks(playbooks: readonly Playbook[], request: string): PlaybookResult {
  const text = request.trim();
  if (!text) return { kind: "not_understood", problem: "The request is empty." };
  if (text.length > MAX_REQUEST) {
    return {
      kind: "not_understood",
      problem: `The request has ${text.length} characters; at most ${MAX_REQUEST} can be read.`,
    };
  }
  const sentence = new Sentence(text);
  const matches = playbooks.flatMap((playbook) => readPlaybook(playbook, sentence));
  const possible = distinctPlans(matches.filter((match) => match.problem === undefined));
  const [plan, ...others] = possible;
  if (plan && others.length > 0) return { kind: "not_understood", problem: ambiguity(text, possible) };
  if (plan) return toPlan(text, plan);
  const [invalid] = matches;
  if (invalid?.problem) return { kind: "invalid", playbook: invalid.playbook, problem: invalid.problem };
  const reached = sentence.tokens[sentence.furthest - 1]?.end ?? 0;
  return { kind: "not_understood", problem: notUnderstood(sentence), reached };
}

/** All readings by one playbook that end where the request ends. Leaves the furthest place and the work in `sentence`. */
export function readPlaybook(playbook: Playbook, sentence: Sentence): Match[] {
  const parseForm = createFormParser({ ...COURTESY, ...playbook.phrases });
  const [before, after] = [parseForm("<before>"), parseForm("<after>")];
  const reader = { tokens: sentence, slots: SLOTS };
  const starts = readForm(before, [{ end: 0, values: {} }], reader);
  return playbook.wordings.flatMap((wording) =>
    wording.forms
      .flatMap((form) => readForm(parseForm(form), starts, reader))
      .flatMap((reading) => readForm(after, [reading], reader))
      .filter((reading) => reading.end === sentence.tokens.length)
      .map(({ values, problem }) => ({ playbook: playbook.name, wording, values, problem })),
  );
}

interface PossiblePlan {
  readonly playbook: string;
  readonly steps: Step[];
}

function distinctPlans(matches: readonly Match[]): PossiblePlan[] {
  const plans = new Map<string, PossiblePlan>();
  for (const { playbook, wording, values } of matches) {
    const steps = fillSteps(wording.step, values);
    plans.set(canonicalJson(steps.map(({ action, args }) => ({ action, args }))), { playbook, steps });
  }
  return [...plans.values()];
}

function toPlan(text: string, { playbook, steps }: PossiblePlan): PlaybookResult {
  const goal = text.slice(0, MAX_GOAL).toWellFormed();
  const plan = PlanSchema.parse({ goal, source: { kind: "playbook", name: playbook }, steps });
  return { kind: "plan", playbook, plan };
}

function ambiguity(text: string, plans: readonly PossiblePlan[]): string {
  const readings = plans.map(({ steps }) => quote(steps.map((step) => step.title).join("; ")));
  return `${quote(text)} can be read in more than one way: ${readings.join(" or ")}. Say it in other words.`;
}

function notUnderstood(sentence: Sentence): string {
  const { furthest, tokens } = sentence;
  const rest = sentence.excerpt(furthest, tokens.length).replace(/[.?!]{1,3}$/u, "");
  if (furthest === 0) return `${quote(rest || sentence.text)} was not understood.`;
  if (!rest) return `The request ends too early: something is missing after ${quoteTokens(sentence, 0, furthest)}.`;
  return `${quote(rest)} was not understood, after ${quoteTokens(sentence, 0, furthest)}.`;
}
