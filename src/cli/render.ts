/** What a person reads: the plan, what is proposed, and how it ended. */

import type { Plan, Step } from "../domain/plan.ts";
import { printable } from "../domain/printable.ts";
import type { Change } from "../domain/proposal.ts";
import type { Pause } from "../domain/run.ts";
import type { Snapshot } from "../domain/snapshots.ts";
import type { Question } from "../nodes/question.ts";
import type { RunProgress, WaitsFor } from "../work/progress.ts";
import type { ShownThread } from "../work/shown.ts";
import { duration } from "./duration.ts";
import { renderPlanQuestion } from "./render-plan.ts";
import { renderSnapshots, renderToldProgram } from "./render-program.ts";
import { changesTable, dim, heading, indent, listed, wrap } from "./text.ts";

/** Why it was planned in this way: the cheapest that fits. */
function whyPlanned({ kind, chosenBy, why }: Plan["source"]): string {
  if (kind === "program") return why ?? "";
  if (kind === "edited") return "a person changed it";
  if (kind === "model") return "no playbook was made for it, and steps do";
  return chosenBy ? "it is made for such requests" : "the words of the request fit it, so that no model was asked";
}

/** The plan, step by step. @param progress where they stand, and how long they took; otherwise it is as the state says */
export function renderPlan(view: ShownThread, progress?: RunProgress): string {
  const { plan, steps } = view;
  if (!plan) return "";
  const known = new Map(progress?.steps.map((step) => [step.id, step]));
  const { kind, name, chosenBy, program } = plan.source;
  const which = name ?? program;
  const chosen = chosenBy ? `, chosen by the ${chosenBy}` : "";
  const by = `${kind}${which === undefined ? "" : ` ${which}`}${chosen}: ${printable(whyPlanned(plan.source))}`;
  const lines = plan.steps.map((step, index) => {
    const { status, durationMs } = known.get(step.id) ?? {
      status: steps[step.id]?.status ?? "pending",
      durationMs: null,
    };
    const state = `${status}${durationMs === null ? "" : ` in ${duration(durationMs)}`}`;
    const edited = view.edited.includes(step.id);
    const since = edited ? ", edited since" : "";
    const line = `  ${index + 1}. ${printable(step.title)} ${dim(`(${step.id}: ${step.action}, ${state}${since})`)}`;
    return [line, ...whyNot(step, status, steps[step.id]?.note)].join("\n");
  });
  return [`${heading("Plan")} ${dim(`by ${by}`)}`, ...lines].join("\n");
}

/** Why a step has not been done. What failed is told with the answer. */
function whyNot({ notBefore, when }: Step, status: string, note = ""): string[] {
  const why = [
    ...(status === "pending" && notBefore !== undefined ? [`not before ${notBefore}`] : []),
    ...(status === "pending" && when !== undefined ? [`only if ${when}`] : []),
    ...(["skipped", "blocked"].includes(status) && note !== "" ? [note] : []),
  ];
  return why.length === 0 ? [] : [indent(dim(printable(why.join(", "))), 5)];
}

const WAITS_FOR: Record<WaitsFor["what"], string> = {
  decision: "Waits for a person to decide",
  word: "Waits for somebody who can tell",
  model: "Waits for a model",
  receiver: "Waits for a receiver",
  time: "Waits for its time",
};

/** How far a run has come, and what it waits for. */
export function renderProgress({ phase, percent, total, elapsedMs, expectedMs, waitsFor }: RunProgress): string {
  const share = total === 0 ? [] : [`${percent} % of the plan`];
  const left = expectedMs === null ? "nobody knows how long the rest takes" : `about ${duration(expectedMs)} left`;
  const rest = phase === "ended" || total === 0 ? [] : [left];
  const lines = [`  ${[...share, `worked on for ${duration(elapsedMs)}`, ...rest].join(", ")}`];
  if (waitsFor) {
    const until = waitsFor.until === null ? "" : ` (until ${waitsFor.until})`;
    lines.push(wrap(printable(`${WAITS_FOR[waitsFor.what]}${until}: ${waitsFor.reason}`), 2));
  }
  return lines.join("\n");
}

const REVERSIBILITY = {
  reversible: "can be undone",
  compensatable: "can be made up for, not undone",
  irreversible: "CANNOT be undone",
} as const;

/** What is proposed, what it would change, and why a person is asked. @param program null where it is shown already */
export function renderQuestion(question: Question, program = question.program): string {
  if (question.kind === "plan") return renderPlanQuestion(question);
  return question.kind === "reconciliation" ? renderReconciliation(question) : renderTransaction(question, program);
}

/** What was called, and may have happened. */
function renderReconciliation(question: Question): string {
  const actions = question.actions.map((action, index) =>
    [
      `  ${index + 1}. ${heading(printable(action.title))} ${dim(`(${action.step}: ${action.action} v${action.version})`)}`,
      indent(dim(printable(JSON.stringify(action.args))), 5),
      ...(action.changes.length > 0 ? [indent(changesTable(action.changes), 5)] : []),
    ].join("\n"),
  );
  return [
    `${heading("Did this happen?")} ${dim("nobody could tell; it is not repeated, and nothing more runs until you say")}`,
    ...actions,
    heading("What is known"),
    ...question.reasons.map((reason) => `  ${printable(reason)}`),
    ...listed("Note", question.notices),
  ].join("\n");
}

function renderTransaction(question: Question, program: Question["program"]): string {
  // Many small changes that one program computed are seen best together.
  const isByProgram = question.program !== null;
  const actions = question.actions.map((action, index) => {
    const about = `${action.action} v${action.version}, ${action.impact.level} impact, ${REVERSIBILITY[action.reversibility]}`;
    const takes = action.takesWith.length > 0 ? [`Rejecting it rejects ${action.takesWith.join(", ")} too.`] : [];
    const unknown = action.changes.length === 0 ? ["Its changes are known only when what it waits for is done."] : [];
    const noReturn = question.pointOfNoReturn === action.step && question.actions.length > 1;
    const lines = [
      ...(noReturn ? [heading("From here on, a failure can no longer be undone whole.")] : []),
      `${index + 1}. ${heading(printable(action.title))} ${dim(`(${action.step}: ${about})`)}`,
      indent(dim(printable(JSON.stringify(action.args))), 3),
      ...aboutLines(action).map((line) => indent(line, 3)),
      ...editedLines(action).map((line) => indent(line, 3)),
      ...[...takes, ...unknown].map((line) => indent(line, 3)),
      ...(action.changes.length > 0 && !isByProgram ? [indent(changesTable(action.changes), 3)] : []),
    ];
    return lines.join("\n");
  });
  const { impact, review } = question;
  const seconds = Math.max(1, Math.round(impact.durationMs / 1000));
  const reversible = impact.reversible ? "all of it can be undone" : "NOT all of it can be undone";
  return [
    ...(program ? renderToldProgram(program) : []),
    `${heading("Staged changes")} ${dim("nothing has run yet")}`,
    ...actions.map((action) => indent(action)),
    ...(isByProgram ? [heading("Before and after"), indent(renderSnapshots(question.tables))] : []),
    heading("Impact"),
    `  ${impact.level}; touches ${printable(impact.resources.join(", "))}; ${reversible}; takes about ${seconds} s`,
    ...(question.expiresAt === null ? [] : [heading("Decide until"), `  ${question.expiresAt}`]),
    heading("Why you are asked"),
    ...question.reasons.map((reason) => `  ${printable(reason)}`),
    ...(review?.reasons ?? []).map((reason) => `  Reviewer (${review?.verdict}): ${printable(reason)}`),
    ...(review?.saferWay ? [`  Reviewer, a safer way: ${printable(review.saferWay)}`] : []),
    ...listed("Note", question.notices),
  ].join("\n");
}

/** What a person has to know of an action beside what it changes. */
function aboutLines({ repeats, optional }: Question["actions"][number]): string[] {
  return [
    ...(repeats === undefined ? [] : [`Once more what step ${repeats} does.`]),
    ...(optional ? ["Where it fails, the others go on without it."] : []),
  ];
}

/** What people changed of the arguments. */
function editedLines({ args, edited }: Question["actions"][number]): string[] {
  if (!edited) return [];
  const names = [...new Set([...Object.keys(edited.before), ...Object.keys(args)])];
  const text = (value: unknown) => (value === undefined ? "-" : JSON.stringify(value));
  const changed = names.filter((name) => text(edited.before[name]) !== text(args[name]));
  const fields = changed.map((name) => `${name} ${text(edited.before[name])} -> ${text(args[name])}`);
  return [printable(`Edited by ${edited.by.join(", ")}: ${fields.join(", ") || "as it was"}`)];
}

/** Why the run does not go on for now. */
export function renderPause({ reason, until }: Pause): string {
  const end = until === null ? "" : ` ${dim(`until ${until}`)}`;
  return `${heading("Paused")}${end}\n  ${printable(reason)}`;
}

const changed = (tables: readonly Snapshot[] | undefined, changes: readonly Change[]): string =>
  tables ? renderSnapshots(tables) : changesTable(changes);

/** How the run ended: the answer for the customer, and what was really written. */
export function renderAnswer(view: ShownThread): string {
  const { answer } = view.run;
  if (!answer) return "";
  const written = view.effects.filter((effect) => effect.status === "succeeded").flatMap((effect) => effect.changes);
  return [
    ...listed("Note", view.notices),
    `${heading("Answer")} ${dim(`(${answer.status})`)}`,
    ...answer.text.split("\n").map((line) => `  ${printable(line)}`.trimEnd()),
    ...answer.details.map((line) => `  ${printable(line)}`),
    ...(written.length > 0 ? [heading("What changed"), indent(changed(answer.tables, written))] : []),
  ].join("\n");
}
