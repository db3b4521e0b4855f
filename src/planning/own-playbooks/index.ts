/** The playbooks of one's own, as the rest of the project uses them. */
import type { JsonObject } from "../../domain/json.ts";
import type { Plan } from "../../domain/plan.ts";
import type { PlaybookResult } from "../playbooks/match.ts";
import type { Actions, OwnPlaybook } from "./compile.ts";
import { loadPlaybooks, type PlaybookSource } from "./load.ts";
import { createMatcher, type FillProblem, fillPlaybook } from "./match.ts";

type MatchRequest = (request: string) => PlaybookResult;

export interface OwnPlaybooks {
  readonly list: readonly OwnPlaybook[];
  /** The plan for a request that one of them takes. */
  match: MatchRequest;
  /** The plan of one for values; undefined where there is none of that name. */
  fill(name: string, values: JsonObject, request: string): { plan: Plan } | { problems: FillProblem[] } | undefined;
}

/** @throws HoldpointError `usage` that says where and what each fault is */
export function openPlaybooks(sources: readonly PlaybookSource[], actions: Actions): OwnPlaybooks {
  const list = loadPlaybooks(sources, actions);
  return {
    list,
    match: createMatcher(list),
    fill: (name, values, request) => {
      const playbook = list.find((one) => one.name === name);
      return playbook && fillPlaybook(playbook, values, request);
    },
  };
}

/** One example for each, as a readable line: what to show when a request was not understood. */
export function exampleLines({ list }: OwnPlaybooks): string[] {
  return list.flatMap(({ title, match }) => {
    const [example] = [...match.examples, ...match.patterns];
    return example === undefined ? [] : [`${title}: "${example}"`];
  });
}

const NONE: OwnPlaybooks = {
  list: [],
  match: () => ({ kind: "not_understood", problem: "There are no playbooks.", reached: 0 }),
  fill: () => undefined,
};

/** All of them together; of two playbooks of the same name, the first. */
export const joined = ([first = NONE, ...others]: readonly OwnPlaybooks[]): OwnPlaybooks => others.reduce(both, first);

function both(first: OwnPlaybooks, second: OwnPlaybooks): OwnPlaybooks {
  const isFirst = (name: string) => first.list.some((one) => one.name === name);
  return {
    list: [...first.list, ...second.list.filter(({ name }) => !isFirst(name))],
    match: firstOf(first.match, second.match),
    fill: (name, values, request) => (isFirst(name) ? first : second).fill(name, values, request),
  };
}

/** Asks the first, and the second where the first has no plan. Of two that have none, the one that understood more counts. */
export function firstOf(first: MatchRequest, second: MatchRequest): MatchRequest {
  return (request) => {
    const one = first(request);
    // All of it was understood, in two ways: a third would not help.
    if (one.kind === "plan" || (one.kind === "not_understood" && rankOf(one) >= request.length)) return one;
    const other = second(request);
    return rankOf(other) > rankOf(one) ? other : one;
  };
}

function rankOf(result: PlaybookResult): number {
  if (result.kind === "not_understood") return result.reached ?? 0;
  return result.kind === "plan" ? Number.POSITIVE_INFINITY : Number.MAX_VALUE;
}
