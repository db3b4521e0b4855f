/** Finds the playbook of one's own that accounts for every word of a request. Nothing is guessed: two readings are none. */
import { canonicalJson, type Json, type JsonObject } from "../../domain/json.ts";
import { type Plan, PlanSchema } from "../../domain/plan.ts";
import type { PlaybookResult } from "../playbooks/match.ts";
import { type Reader, type Reading, readForm, type Slots } from "../playbooks/reader.ts";
import { quote } from "../playbooks/values.ts";
import type { OwnPlaybook } from "./compile.ts";
import { fillSteps } from "./fill.ts";
import { holeSlot } from "./read-hole.ts";
import { RequestWords } from "./request-words.ts";
import { checkValues } from "./values.ts";
import { surroundings } from "./wordings.ts";

const MAX_REQUEST = 4_000;
/** So many courtesies, one after the other, are read; each of them may begin anywhere, and the forms are long. */
const MAX_COURTESIES = 6;

/** One reading of a request by a playbook. */
interface Match {
  readonly playbook: OwnPlaybook;
  readonly values: JsonObject;
  readonly problem: string | undefined;
}

/** What was read: the playbook and its values, or why there is none. `reached` as in {@link PlaybookResult}. */
export type Read =
  | { readonly playbook: OwnPlaybook; readonly values: JsonObject }
  | { readonly kind: "invalid"; readonly playbookName: string; readonly problem: string }
  | { readonly kind: "not_understood"; readonly problem: string; readonly reached: number };

/** A function that matches requests. It throws over no request. */
export function createMatcher(playbooks: readonly OwnPlaybook[]): (request: string) => PlaybookResult {
  const read = createReaderOf(playbooks);
  return (request) => {
    const found = read(request);
    if ("playbook" in found) return planOf(found, new RequestWords(request.trim()).text);
    if (found.kind === "not_understood") return found;
    return { kind: "invalid", playbook: found.playbookName, problem: found.problem };
  };
}

/** A function that reads requests, and makes no plan yet. */
export function createReaderOf(playbooks: readonly OwnPlaybook[]): (request: string) => Read {
  const { before, after } = surroundings();
  const prepared = playbooks.map((playbook) => ({ playbook, slots: slotsOf(playbook) }));
  return (request) => {
    if (request.length > MAX_REQUEST) {
      const problem = `The request has ${request.length} characters; at most ${MAX_REQUEST} can be read.`;
      return { kind: "not_understood", problem, reached: 0 };
    }
    const words = new RequestWords(request.trim());
    const starts = readForm(before, [{ end: 0, values: {} }], { tokens: words, slots: {}, mostRounds: MAX_COURTESIES });
    const matches = prepared.flatMap(({ playbook, slots }) => {
      const reader: Reader<RequestWords> = { tokens: words, slots, narrow };
      const polite = { ...reader, mostRounds: MAX_COURTESIES };
      return playbook.wordings
        .flatMap(({ form }) => readForm(form, starts, reader))
        .flatMap((reading) => readForm(after, [reading], polite))
        .filter(({ end }) => end === words.words.length)
        .map(({ values, problem }) => ({ playbook, values, problem }));
    });
    return resultOf(words, matches, request.length);
  };
}

function slotsOf({ parameters }: OwnPlaybook): Slots<RequestWords> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [name, holeSlot(name, parameter)] as const),
  );
}

/**
 * Of readings that end at the same place two are enough: what follows does not depend on what was read, so that either
 * both or none of them reach the end, and two make the request ambiguous.
 */
function narrow(readings: Reading[]): Reading[] {
  const kept = new Map<string, Map<string, Reading>>();
  for (const reading of readings) {
    const same = kept.get(`${reading.end} ${reading.problem === undefined}`) ?? new Map<string, Reading>();
    kept.set(`${reading.end} ${reading.problem === undefined}`, same);
    if (same.size < (reading.problem === undefined ? 2 : 1)) same.set(JSON.stringify(reading.values), reading);
  }
  return [...kept.values()].flatMap((same) => [...same.values()]);
}

/** @param whole the length of the request, all of which was understood where it is ambiguous */
function resultOf(words: RequestWords, matches: readonly Match[], whole: number): Read {
  const possible = new Map(
    matches
      .filter(({ problem }) => problem === undefined)
      .map((match) => [canonicalJson([match.playbook.name, withDefaults(match)]), match] as const),
  );
  const [found, other] = [...possible.values()];
  if (found && other) return { kind: "not_understood", problem: ambiguity(words, found, other), reached: whole };
  if (found) return { playbook: found.playbook, values: found.values };
  const [invalid] = matches;
  if (invalid?.problem) return { kind: "invalid", playbookName: invalid.playbook.name, problem: invalid.problem };
  return { kind: "not_understood", problem: notUnderstood(words), reached: words.words[words.furthest - 1]?.end ?? 0 };
}

/** Whether something is said or only meant makes no difference. */
function withDefaults({ playbook, values }: Match): JsonObject {
  const checked = checkValues(playbook.parameters, values);
  return "values" in checked ? checked.values : values;
}

function planOf({ playbook, values }: { playbook: OwnPlaybook; values: JsonObject }, request: string): PlaybookResult {
  const filled = fillPlaybook(playbook, values, request);
  if ("plan" in filled) return { kind: "plan", playbook: playbook.name, plan: filled.plan };
  const why = filled.problems.map(({ message }) => message).join("; ");
  const problem = `The playbook "${playbook.title}" cannot be filled: ${why}.`;
  return { kind: "invalid", playbook: playbook.name, problem };
}

/** What is wrong with values; `parameter` is undefined where it is their plan. */
export interface FillProblem {
  readonly parameter: string | undefined;
  readonly message: string;
}

/**
 * The plan of a playbook for values, which are checked first.
 * @param request the goal of the plan
 */
export function fillPlaybook(
  playbook: OwnPlaybook,
  given: JsonObject,
  request: string,
): { plan: Plan } | { problems: FillProblem[] } {
  const checked = checkValues(playbook.parameters, given);
  if ("problems" in checked) return checked;
  const filled = fillSteps(playbook, checked.values);
  if ("faults" in filled) {
    return { problems: filled.faults.map(({ message }) => ({ parameter: undefined, message })) };
  }
  const goal = request.slice(0, 500).toWellFormed();
  const source = { kind: "playbook", name: playbook.name };
  const plan = PlanSchema.safeParse({ goal, source, steps: filled.steps });
  if (plan.success) return { plan: plan.data };
  return { problems: plan.error.issues.map(({ message }) => ({ parameter: undefined, message })) };
}

function ambiguity({ text }: RequestWords, first: Match, second: Match): string {
  if (first.playbook !== second.playbook) {
    const names = [first, second].map(({ playbook }) => `"${playbook.title}"`);
    return `${quote(text)} fits two playbooks, ${names.join(" and ")}. Say it in other words.`;
  }
  const different = Object.keys({ ...first.values, ...second.values }).find(
    (name) => said(first.values[name]) !== said(second.values[name]),
  );
  const readings = [first, second].map(({ values }) => quote(said(values[different ?? ""])));
  return `${quote(text)} can be read in more than one way: {${different}} is ${readings.join(" or ")}. Put what belongs together between quotation marks.`;
}

const said = (value: Json | undefined): string =>
  value === undefined ? "nothing" : typeof value === "string" ? value : JSON.stringify(value);

function notUnderstood(request: RequestWords): string {
  const { furthest, words, text } = request;
  const rest = request.rest(furthest);
  if (words.length === 0) return "The request is empty.";
  if (furthest === 0) return `${quote(rest || text)} was not understood.`;
  const before = quote(request.said(0, furthest));
  if (!rest) return `The request ends too early: something is missing after ${before}.`;
  return `${quote(rest)} was not understood, after ${before}. Where it is a value or part of one, put that between quotation marks.`;
}
