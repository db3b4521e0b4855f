/** What an answer says of the proposal that it is for: decided, edited, or why it is not taken. */
import { type GivenAnswer, type GivenDecision, type NotNow, readAnswer } from "./answer-formats.ts";
import type { JsonObject } from "./json.ts";
import { isSaidBy, readPageForm } from "./page-form.ts";
import { PLAN_STEP } from "./plan-proposal.ts";
import { type ActionDecision, type Decision, type ImpactLevel, isUpTo, type Proposal } from "./proposal.ts";

export type ParsedAnswer =
  | { kind: "decided"; verdict: Decision["verdict"]; actions: ActionDecision[]; reason: string | null }
  /** Arguments as they were given, by step; not validated yet. What is neither edited nor rejected stays proposed. */
  | { kind: "edited"; edits: ReadonlyMap<string, GivenEdit>; rejected: ReadonlyMap<string, string | null> }
  /** Nothing is decided now. */
  | ({ kind: "not_now" } & NotNow)
  | { kind: "problem"; problem: string };

interface GivenEdit {
  readonly args: JsonObject;
  readonly reason: string | null;
}

/** How an answer came. */
export interface AnswerOrigin {
  readonly principal: string;
  /** It was given under the id of the interrupt that it answers. */
  readonly byInterruptId: boolean;
  /** The highest impact that an answer without any id may approve; undefined for none. */
  readonly plainAnswerImpact: ImpactLevel | undefined;
}

/**
 * The actions of a proposal that cannot run without the given one, nearest first.
 * @param edited steps whose dependencies may be others by now
 */
export function dependantsOf(
  proposal: Pick<Proposal, "actions">,
  step: string,
  edited: ReadonlySet<string> = new Set(),
): string[] {
  const found: string[] = [];
  const queue = [step];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const action of proposal.actions) {
      if (!action.dependsOn.includes(next) || found.includes(action.step) || edited.has(action.step)) continue;
      found.push(action.step);
      queue.push(action.step);
    }
  }
  return found;
}

const problem = (text: string): ParsedAnswer => ({ kind: "problem", problem: text });

/** Checks an answer against the proposal that it is for. Rejecting an action takes its dependants with it. */
export function parseProposalAnswer(proposal: Proposal, value: unknown, origin: AnswerOrigin): ParsedAnswer {
  const given = readAnswer(value);
  if (typeof given === "string") return problem(given);
  const { proposalId, by } = given;
  if (proposalId !== undefined && proposalId !== proposal.id)
    return problem(`The answer is for proposal "${proposalId}"; this one is "${proposal.id}".`);
  if (by !== undefined && by !== origin.principal)
    return problem(`The answer is from "${by}", but "${origin.principal}" sent it.`);
  return given.notNow ? { kind: "not_now", ...given.notNow } : parseDecisions(proposal, given, origin);
}

function parseDecisions(proposal: Proposal, given: GivenAnswer, origin: AnswerOrigin): ParsedAnswer {
  const plain = given.proposalId === undefined && !origin.byInterruptId;
  const form = given.whole ? readPageForm(proposal.actions, given.decisions[0]) : undefined;
  if (typeof form === "string") return problem(form);
  const decisions = (form ?? given.decisions).map((one) => asMeant(proposal, one));
  const assigned = assign(proposal, { ...given, decisions });
  if (typeof assigned === "string") return problem(assigned);
  if (proposal.kind === "reconciliation") return reconcile(proposal, assigned, plain);
  const back = proposal.kind === "plan" && [...assigned.values()].find(({ type }) => type === "send_back");
  if (back) return sendBack(back);
  const strange = [...assigned.values()].find(({ type }) => isOutcome(type) || type === "send_back");
  if (strange) return problem(`"${strange.type}" is no answer here: approve, edit or reject.`);
  const rejected = withDependants(proposal, assigned);
  if ([...assigned.values()].some((decision) => decision.type === "edit")) return edit(assigned, rejected);
  const missing = proposal.actions.filter(({ step }) => !assigned.has(step)).map(({ step }) => step);
  if (missing.length > 0) return problem(`Each action needs exactly one decision; look at ${missing.join(", ")}.`);
  const shown = [...assigned.values()].every((decision) => decision.action !== undefined);
  if (plain && rejected.size < proposal.actions.length && !mayBePlain(proposal, origin, shown)) {
    return problem(
      `The answer does not say what it is for: with "proposalId": "${proposal.id}", it counts. Without, only ` +
        `${origin.plainAnswerImpact === undefined ? "a rejection is taken" : `a rejection, or, up to ${origin.plainAnswerImpact} impact, an approval that sends back all arguments that it saw or answers a run's first question about one action, is taken`}.`,
    );
  }
  return decide(proposal, rejected, plain);
}

/** Words to a plan are what another one should do otherwise; to anything else, they say no. */
const asMeant = ({ kind }: Proposal, given: GivenDecision): GivenDecision =>
  given.type === "respond" ? { ...given, type: kind === "plan" ? "send_back" : "reject" } : given;

function sendBack({ message }: GivenDecision): ParsedAnswer {
  if (message === null) return problem("Say in a message what another plan should do otherwise.");
  const actions: ActionDecision[] = [{ step: PLAN_STEP, verdict: "sent_back", reason: message }];
  return { kind: "decided", verdict: "sent_back", actions, reason: message };
}

/** A late answer to the run's first question must not count for a later one, unless it says what it saw. */
function mayBePlain({ actions, impact, number }: Proposal, origin: AnswerOrigin, shown: boolean): boolean {
  const { plainAnswerImpact: limit } = origin;
  const isFirst = actions.length === 1 && number === 1;
  return (isFirst || shown) && limit !== undefined && isUpTo(impact.level, limit);
}

/** What a person says of an outcome that nobody could tell; pages that know two answers say approve and reject. */
const OUTCOMES = ["happened", "not_happened", "look_again"] as const;
type Outcome = (typeof OUTCOMES)[number];
const isOutcome = (type: string): type is Outcome => (OUTCOMES as readonly string[]).includes(type);

function reconcile(proposal: Proposal, given: ReadonlyMap<string, GivenDecision>, plain: boolean): ParsedAnswer {
  if (plain) {
    return problem(`The answer does not say what it is for: with "proposalId": "${proposal.id}", it counts.`);
  }
  const actions: ActionDecision[] = [];
  for (const { step } of proposal.actions) {
    const decision = given.get(step);
    if (!decision) return problem(`Each action needs exactly one answer; look at ${step}.`);
    const type = decision.type === "approve" ? "happened" : decision.type === "reject" ? "not_happened" : decision.type;
    if (!isOutcome(type)) return problem(`"${decision.type}" is no answer here: happened, not_happened or look_again.`);
    actions.push({ step, verdict: type, reason: decision.message });
  }
  return { kind: "decided", verdict: "reconciled", actions, reason: null };
}

/** The decisions by step, or what is wrong with them. */
function assign(proposal: Proposal, given: GivenAnswer): Map<string, GivenDecision> | string {
  const { actions } = proposal;
  const steps = actions.map((action) => action.step);
  const [only] = given.decisions;
  // A page that shows one action at a time: its "no" is for all, as it cannot say more.
  if (given.whole && only?.type === "reject") return new Map(steps.map((step) => [step, only]));
  const assigned = new Map<string, GivenDecision>();
  for (const [index, decision] of given.decisions.entries()) {
    const step = decision.step ?? stepByName(proposal, given, index);
    const action = actions.find((candidate) => candidate.step === step);
    if (!action) return `There is no action "${step ?? `#${index + 1}`}"; the actions are ${steps.join(", ")}.`;
    if (assigned.has(action.step)) return `Each action needs exactly one decision; look at ${action.step}.`;
    const name = decision.action?.name;
    if (name !== undefined && name !== action.action) {
      return `${action.step} calls "${action.action}", not "${name}": an edit changes arguments only. Reject it to have something else done.`;
    }
    if (decision.type === "approve" && decision.action && !isSaidBy(decision.action.args, action.args)) {
      return `The answer approves other arguments of ${action.step} than those proposed. Look at it again.`;
    }
    assigned.set(action.step, decision);
  }
  return assigned;
}

/** A single edit may be of any action that it names without doubt; otherwise the order counts. */
function stepByName(proposal: Proposal, given: GivenAnswer, index: number): string | undefined {
  const { actions } = proposal;
  const name = given.decisions[index]?.action?.name;
  const called = actions.filter((candidate) => candidate.action === name);
  const single = given.decisions.length === 1 && actions.length > 1 && called.length === 1;
  return (single ? called[0] : actions[index])?.step;
}

/** The rejected steps with their reasons, those that depend on them included. */
function withDependants(proposal: Proposal, given: ReadonlyMap<string, GivenDecision>): Map<string, string | null> {
  const rejected = new Map<string, string | null>();
  for (const [step, decision] of given) if (decision.type === "reject") rejected.set(step, decision.message);
  const edited = new Set([...given].filter(([, { type }]) => type === "edit").map(([step]) => step));
  for (const step of [...rejected.keys()]) {
    for (const dependant of dependantsOf(proposal, step, edited)) {
      if (!rejected.has(dependant)) rejected.set(dependant, `It depends on "${step}", which was rejected.`);
    }
  }
  return rejected;
}

function edit(given: ReadonlyMap<string, GivenDecision>, rejected: ReadonlyMap<string, string | null>): ParsedAnswer {
  const edits = new Map<string, GivenEdit>();
  for (const [step, { type, action, message }] of given) {
    if (type === "edit" && action) edits.set(step, { args: action.args, reason: message });
  }
  return { kind: "edited", edits, rejected };
}

function decide(proposal: Proposal, rejected: ReadonlyMap<string, string | null>, plain: boolean): ParsedAnswer {
  const actions = proposal.actions.map(({ step }): ActionDecision => {
    const reason = rejected.get(step);
    return reason === undefined ? { step, verdict: "approved", reason: null } : { step, verdict: "rejected", reason };
  });
  const count = rejected.size;
  const verdict = count === 0 ? "approved" : count === actions.length ? "rejected" : "partly_approved";
  const reasons = [...new Set([...rejected.values()].filter((text) => text !== null))].join(" ");
  const unnamed = plain && count === 0 ? "The answer named no proposal; policy takes such a one here." : "";
  return { kind: "decided", verdict, actions, reason: reasons || unnamed || null };
}
