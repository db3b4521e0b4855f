/** The plans of a run, one after the other: what each made different, and what was made of its outcome. */
import { printable } from "../domain/printable.ts";
import type { Reflection } from "../ledger/reflections.ts";
import type { Revision } from "../ledger/revisions.ts";
import { describeDifference, planDifference } from "../planning/plan-difference.ts";
import type { RunDetails } from "../work/look.ts";
import { dim, heading, indent } from "./text.ts";

/** Nothing where the first plan was carried out, and nothing else was made of it. */
export function renderRevisions({ revisions, reflections, progress }: RunDetails): string {
  if (revisions.length < 2 && reflections.length === 0) return "";
  const states = Object.fromEntries(progress.steps.map(({ id, status }) => [id, { status }]));
  const lines = revisions.flatMap((revision) => {
    const { number, plan, verdict } = revision;
    const before = revisions.findLast((other) => other.number < number && other.verdict === "allow");
    const whose =
      plan.source.expands === undefined ? plan.source.kind : `${plan.source.kind}, for ${plan.source.expands}`;
    return [
      `${number}. ${plan.steps.length} step(s) ${dim(`(${whose}; ${verdict ?? "not checked"})`)}`,
      ...(before ? describeDifference(planDifference(before.plan, plan, states)) : []).map(inLine),
      ...reflectionsOn(revision, reflections).map(inLine),
    ];
  });
  return [heading("Plans"), ...lines.map((line) => indent(line))].join("\n");
}

const inLine = (text: string): string => `   ${printable(text)}`;

function reflectionsOn({ number }: Revision, reflections: readonly Reflection[]): string[] {
  return reflections
    .filter(({ revision }) => revision === number)
    .flatMap(({ verdict, wentWell, missing }) => [
      ...(wentWell === "" ? [] : [`Went well: ${wentWell}`]),
      ...missing.map((text) => `Missing: ${text}`),
      { done: "Then it was done.", replan: "Then another plan was wanted.", stop: "No other plan came of it." }[
        verdict
      ],
    ]);
}
