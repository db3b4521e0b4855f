/** Playbooks of one's own before the planner's model: which it is offered, and the plan of the one that it takes. */
import type { JsonObject } from "../domain/json.ts";
import type { Plan } from "../domain/plan.ts";
import { HoldpointError } from "../errors.ts";
import type { PlaybookCard } from "../models/prompts/offered-playbooks.ts";
import type { OwnPlaybook } from "../planning/own-playbooks/compile.ts";
import type { OwnPlaybooks } from "../planning/own-playbooks/index.ts";
import { wordsOf } from "../planning/own-playbooks/request-words.ts";

/** However many playbooks there are, the prompt grows by no more than these, and no more characters. */
const MAX_OFFERED = 20;
const MAX_CHARACTERS = 8_000;

/** The playbooks that a model is offered: where there are too many, those that have most words of the request. */
export function offeredPlaybooks({ list }: OwnPlaybooks, request: string): PlaybookCard[] {
  const asked = new Set(wordsOf(request).map(({ text }) => text));
  const ranked = list
    .map((playbook) => ({ card: cardOf(playbook), shared: sharedWords(playbook, asked) }))
    .sort((one, other) => other.shared - one.shared)
    .map(({ card }) => card);
  const lengths = ranked.map((card) => JSON.stringify(card, null, 1).length); // as the prompt has it
  const fits = (end: number) => lengths.slice(0, end).reduce((sum, length) => sum + length, 0) <= MAX_CHARACTERS;
  const offered = ranked.slice(0, MAX_OFFERED);
  while (!fits(offered.length)) offered.pop();
  return offered;
}

function cardOf({ name, title, description, parameters }: OwnPlaybook): PlaybookCard {
  const told = Object.entries(parameters).map(([key, { example: _example, ...parameter }]) => [key, parameter]);
  return { name, title, ...(description === undefined ? {} : { description }), parameters: Object.fromEntries(told) };
}

function sharedWords({ name, title, description = "", match }: OwnPlaybook, asked: ReadonlySet<string>): number {
  const own = new Set(
    wordsOf([name, title, description, ...match.examples, ...match.patterns].join(" ")).map(({ text }) => text),
  );
  return [...asked].filter((word) => own.has(word)).length;
}

/** What is wrong with the playbook that a model takes, and its parameters. */
export function choiceFaults(
  playbooks: OwnPlaybooks,
  name: string,
  parameters: JsonObject,
): { parameter: string | undefined; message: string }[] {
  const filled = playbooks.fill(name, parameters, "");
  if (filled) return "problems" in filled ? filled.problems : [];
  const names = playbooks.list.map((one) => one.name).slice(0, MAX_OFFERED);
  return [{ parameter: undefined, message: `there is no playbook "${name}"; there are ${names.join(", ")}` }];
}

/** The plan of the playbook that a model took. It is as sure of it as it says. */
export function chosenPlan(
  playbooks: OwnPlaybooks,
  choice: { name: string; parameters: JsonObject; confidence?: number | undefined },
  request: string,
): Plan {
  const filled = playbooks.fill(choice.name, choice.parameters, request);
  if (!filled || "problems" in filled) {
    throw new HoldpointError("internal", `The playbook "${choice.name}" was checked, and cannot be filled.`);
  }
  const { plan } = filled;
  const sure = choice.confidence === undefined ? {} : { confidence: choice.confidence };
  return {
    ...plan,
    source: { ...plan.source, chosenBy: "model" },
    steps: plan.steps.map((step) => ({ ...step, ...sure })),
  };
}
