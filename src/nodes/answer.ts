/** What came of a run, in words for whoever asked, from what the ledger recorded. */
import type { Answer } from "../domain/answer.ts";
import type { Program } from "../domain/program.ts";
import { type Decision, type Effect, nameRules, type Proposal } from "../domain/proposal.ts";
import type { Cancellation, Run } from "../domain/run.ts";
import { storableText } from "../domain/text.ts";
import { failureIn } from "../execution/failures.ts";
import { type RunRecord, unmetChecks } from "../execution/progress.ts";
import { StepBoard } from "../execution/step-board.ts";
import type { Revision } from "../ledger/revisions.ts";
import type { State } from "../state.ts";
import type { Registry } from "../tools/registry.ts";
import { joined, toldByReads } from "./told.ts";

export interface Facts {
  run: Run;
  failure: State["failure"];
  proposal: Proposal | undefined;
  record: RunRecord;
  /** The plan that was carried out last. */
  revision: Revision | undefined;
  titles: ReadonlyMap<string, string>;
  /** That the plan comes from, where it was made by one. */
  program?: Program | undefined;
}

/** The answer that the record gives, without a model. */
export function composeAnswer(facts: Facts, registry: Registry): Answer {
  const { failure, proposal, record } = facts;
  const done = record.effects.filter((effect) => effect.status === "succeeded");
  const doneTexts = done.map((effect) => summaryOf(effect, registry));
  const decision = record.decisions.find(({ proposalId }) => proposalId === proposal?.id);
  if (record.effects.some((effect) => effect.status === "uncertain")) return uncertainAnswer(record, doneTexts);
  if (facts.run.cancellation) return cancelledAnswer(facts.run.cancellation, record, { doneTexts, registry });
  const left = leftOf(facts);
  const isUndone = proposal?.status === "rolled_back" && proposal.revision >= (facts.revision?.number ?? 0);
  if (isUndone || failure) return failureAnswer(facts, { doneTexts, registry }, left);
  const refused = proposal && refusedAnswer(proposal, decision, doneTexts);
  if (refused) return refused;
  if (left.failure) return failureAnswer({ ...facts, failure: left.failure }, { doneTexts, registry }, left);
  const told = toldByReads(facts.revision?.plan, record, registry);
  const isNothing = done.length === 0 && (left.open.length > 0 || told.texts.length === 0);
  if (isNothing) {
    const text = ["Nothing was done.", ...left.rejected, ...left.open, ...left.skipped].join(" ");
    return { status: "failed", text, details: [...told.texts, ...told.details] };
  }
  const texts = done.length > 0 ? [...doneTexts, ...left.rejected, ...left.open] : told.texts;
  const written = done.length > 0 ? told.written : [];
  const text = joined([...texts, ...left.skipped, ...left.unmet, ...written]);
  return { status: "success", text, details: done.length > 0 ? [] : [...told.details] };
}

/** What of a plan was not done, or not as it should be: a sentence each. */
interface Left {
  /** How it failed, where reads did. */
  readonly failure: Facts["failure"];
  readonly rejected: string[];
  /** Not begun, or behind what failed. */
  readonly open: string[];
  /** What the plan goes on without. */
  readonly skipped: string[];
  /** Done, but a check of its success is not met. */
  readonly unmet: string[];
  /** What reads found that no other step was to use. */
  readonly found: string[];
}

function leftOf({ revision, record, titles }: Facts): Left {
  const rejections = record.decisions.flatMap(({ actions }) => actions.filter(({ verdict }) => verdict === "rejected"));
  const rejected = rejections.map(({ step, reason }) => notDone(titles.get(step) ?? step, reason));
  if (!revision) return { failure: null, rejected, open: [], skipped: [], unmet: [], found: [] };
  const board = new StepBoard(revision.plan, record);
  const linked = [...board.linked.values()].map((one) => ({ ...one, place: board.placeOf(one.step.id) }));
  const sentences = (passes: (one: (typeof linked)[number]) => boolean) =>
    linked.filter(passes).map(({ step, place }) => notDone(step.title, place.note));
  return {
    rejected,
    failure: failureIn(board) ?? null,
    open: sentences(({ place }) => place.status === "pending" || place.status === "blocked"),
    skipped: sentences(({ place }) => place.status === "skipped" && !place.rejected),
    unmet: unmetChecks(revision.plan, record).map(({ step, reason }) => `But of "${step.title}", ${reason}.`),
    found: linked
      .filter(({ place, dependants }) => place.status === "completed" && !place.effect && dependants.length === 0)
      .map(({ place }) => place.note),
  };
}

const notDone = (title: string, why: string | null): string => `Not done: ${title}${why ? ` (${why})` : ""}.`;

/** What came of a proposal that was not carried out, or undefined of one that was. */
function refusedAnswer(
  proposal: Proposal,
  decision: Decision | undefined,
  doneTexts: readonly string[],
): Answer | undefined {
  const { status } = proposal;
  if (status === "rejected" && decision) {
    const verb = decision.verdict === "cancelled" ? "cancelled" : "rejected";
    const text = `${decision.principal} ${verb} it${because(decision.reason)}. ${changedSoFar(doneTexts)}`;
    return { status: verb, text, details: [] };
  }
  if (status === "denied" || status === "stale") {
    return { ...notRun(proposal), text: `${notRun(proposal).text} ${changedSoFar(doneTexts)}` };
  }
  if (status === "expired" && decision) {
    return { status: "expired", text: `${decision.reason} ${changedSoFar(doneTexts)}`, details: [] };
  }
  return undefined;
}

const because = (reason: string | null): string => (reason === null ? "" : `: ${reason.replace(/[.\s]+$/, "")}`);

/** Who ended it early, and what of it is still there. */
function cancelledAnswer(
  { by, reason, rollback, report }: Cancellation,
  record: RunRecord,
  { doneTexts, registry }: Told,
): Answer {
  const back = takenBack(record, registry);
  const stuck = record.effects.filter(({ status }) => status === "undo_failed" || status === "undoing");
  const parts = [`${by} cancelled it${because(reason)}.`];
  parts.push(...back.texts);
  if (stuck.length > 0) parts.push(notUndone(stuck));
  if (report?.kind === "moved_on") {
    const since = report.since.join(" ");
    parts.push(`It was not rolled back, because others have changed since what it changed: ${since}`);
  }
  if (doneTexts.length > 0 || back.texts.length + stuck.length === 0) parts.push(changedSoFar(doneTexts));
  const kept = report?.kind === "rolled_back" ? report.effects.filter(({ status }) => status === "kept") : [];
  const left = stuck.length > 0 || (rollback && doneTexts.length > 0);
  return {
    status: left ? "failed" : "cancelled",
    text: parts.join(" "),
    details: kept.map(({ step, note }) => `Not undone: ${step}. ${note}`),
  };
}

/** What was done in words, and the actions that did it. */
interface Told {
  readonly doneTexts: readonly string[];
  readonly registry: Registry;
}

/** What was undone; and what nothing takes back, with what was done instead. */
function takenBack({ effects }: RunRecord, registry: Registry): { texts: string[]; isSomethingLeft: boolean } {
  const undone = effects.filter(({ status }) => status === "undone");
  const isLeft = ({ action: name }: Effect) => {
    const action = registry.find(name);
    return action?.kind === "write" && action.reversibility === "compensatable";
  };
  const notes = (some: readonly Effect[]) => some.map(({ note }) => note).join(" ");
  const [gone, left] = [undone.filter((effect) => !isLeft(effect)), undone.filter(isLeft)];
  return {
    texts: [
      ...(gone.length > 0 ? [`What had been done was undone. ${notes(gone)}`] : []),
      ...(left.length > 0 ? [notes(left)] : []),
    ],
    isSomethingLeft: left.length > 0,
  };
}

const notUndone = (stuck: readonly Effect[]): string =>
  `These could NOT be undone: ${stuck.map((effect) => `${effect.action} (${effect.note})`).join("; ")}.`;

/** A proposal that came to nothing, from what the ledger holds of it: state may have been lost with a process. */
function notRun({ status, findings, review, failure }: Proposal): Answer {
  const denials = findings.filter((finding) => finding.verdict === "deny");
  const why = [...denials.map((finding) => finding.reason), ...(review?.verdict === "deny" ? review.reasons : [])].join(
    " ",
  );
  if (status === "denied") {
    const details = denials.length > 0 ? [nameRules(denials)] : [];
    return { status: "denied", text: sentence(why || "It is not allowed"), details };
  }
  return {
    status: "failed",
    text: sentence(`It was approved, but ${failure?.message ?? "cannot run any more"}`),
    details: [],
  };
}

function changedSoFar(doneTexts: readonly string[]): string {
  return doneTexts.length === 0 ? "Nothing was changed." : `What was done before stays: ${doneTexts.join(" ")}`;
}

function failureAnswer(
  { failure: kept, proposal, record }: Facts,
  { doneTexts, registry }: Told,
  left: Pick<Left, "found" | "open" | "skipped">,
): Answer {
  const recorded = proposal?.status === "rolled_back" ? proposal.failure : null;
  const failure = kept ?? (recorded && { ...recorded, details: [] });
  const back = takenBack(record, registry);
  const stuck = record.effects.filter((effect) => effect.status === "undo_failed");
  const status = stuck.length > 0 ? "failed" : (failure?.status ?? "failed");
  const parts = [sentence(failure?.message ?? "One part failed")];
  parts.push(...back.texts);
  if (stuck.length > 0) {
    parts.push(notUndone(stuck));
  } else if (doneTexts.length > 0 || !(back.isSomethingLeft || status === "success")) {
    parts.push(changedSoFar(doneTexts));
  }
  if (doneTexts.length > 0) parts.push(...left.open, ...left.skipped);
  return { status, text: joined([...parts, ...left.found]), details: failure?.details ?? [] };
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function uncertainAnswer(record: RunRecord, doneTexts: readonly string[]): Answer {
  const unknown = record.effects.filter((effect) => effect.status === "uncertain");
  const names = unknown.map((effect) => `${effect.action} (${effect.note ?? "no word from it"})`);
  const text = `Nobody can tell whether this happened: ${names.join("; ")}. Look before anything is repeated.`;
  return { status: "uncertain", text, details: doneTexts.map((done) => `Done: ${done}`) };
}

/** The customer-facing sentence about an effect. */
export function summaryOf(effect: Effect, registry: Registry): string {
  const action = registry.find(effect.action);
  if (!action || action.version !== effect.version) return `${effect.action} was done.`;
  try {
    return storableText(String(action.summarize(effect.args, effect.output)));
  } catch {
    // An output that does not fit the schema was recorded with a note; the summary must not lose the run.
    return `${effect.action} was done.`;
  }
}
