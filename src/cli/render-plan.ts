/** A plan that a person is asked about. */
import type { Step } from "../domain/plan.ts";
import { PlanArgsSchema } from "../domain/plan-proposal.ts";
import { printable } from "../domain/printable.ts";
import type { Question } from "../nodes/question.ts";
import { renderToldProgram } from "./render-program.ts";
import { dim, heading, indent, listed } from "./text.ts";

/** What the plan does, step by step, and why a person is asked. */
export function renderPlanQuestion(question: Question): string {
  const plan = PlanArgsSchema.safeParse(question.actions[0]?.args);
  const { steps = [], assumptions = [], risks = [] } = plan.data ?? {};
  const edited = question.actions.flatMap((action) => action.edited?.by ?? []);
  return [
    ...(question.program ? renderToldProgram(question.program) : []),
    `${heading("Proposed plan")} ${dim("nothing of it has run; each of its writes is asked for by itself")}`,
    ...steps.map((step, index) => indent(renderStep(step, index + 1))),
    ...listed("Taken for granted", assumptions),
    ...listed("What could go wrong", risks),
    ...(edited.length > 0 ? [heading("Changed by"), `  ${printable(edited.join(", "))}`] : []),
    ...(question.expiresAt === null ? [] : [heading("Decide until"), `  ${question.expiresAt}`]),
    heading("Why you are asked"),
    ...question.reasons.map((reason) => `  ${printable(reason)}`),
    ...listed("Note", question.notices),
  ].join("\n");
}

function renderStep({ id, title, action, args, ...step }: Step, number: number): string {
  const { dependsOn, when, success, onFailure, notBefore } = step;
  const about = [
    ...(dependsOn.length > 0 ? [`after ${dependsOn.join(", ")}`] : []),
    ...(notBefore === undefined ? [] : [`not before ${notBefore}`]),
    ...(when === undefined ? [] : [`only if ${when}`]),
    ...(success?.check === undefined ? [] : [`done if ${success.check}`]),
    ...(success?.criteria === undefined ? [] : [`done when ${success.criteria}`]),
    ...(onFailure === undefined ? [] : [`if it fails: ${onFailure}`]),
  ];
  return [
    `${number}. ${heading(printable(title))} ${dim(`(${id}: ${printable(action)})`)}`,
    indent(dim(printable(JSON.stringify(args))), 3),
    ...(about.length > 0 ? [indent(printable(about.join("; ")), 3)] : []),
  ].join("\n");
}
