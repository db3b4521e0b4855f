/** What became of a rollback, for people. */
import { printable } from "../domain/printable.ts";
import type { RollbackReport, TakenBack } from "../domain/run.ts";
import { table } from "./text.ts";

/** @param titles what the steps are called, by their ids */
export function renderRollback(report: RollbackReport, titles: ReadonlyMap<string, string>): string {
  if (report.kind === "moved_on") {
    return [
      "Nothing was undone. Others have changed since what this run changed:",
      ...report.since.map((sentence) => `  ${printable(sentence)}`),
      "To undo it all the same: --anyway.",
    ].join("\n");
  }
  if (report.effects.length === 0) return "There was nothing to undo.";
  const rows = report.effects.map(({ step, action, status, note }) => [
    ...[step, titles.get(step) ?? action, status.replace("_", " "), note],
  ]);
  return [sentenceOf(report.effects), table(["step", "what", "", ""], rows)].join("\n");
}

const SAID = [
  ["undone", "undone"],
  ["not_undone", "made up for as far as that goes, and not undone"],
  ["kept", "left as it is"],
  ["undo_failed", "not undone, as that failed"],
] as const satisfies readonly (readonly [TakenBack["status"], string])[];

/** Such as "Of 9 steps, 7 are undone, 1 is left as it is." */
function sentenceOf(effects: readonly TakenBack[]): string {
  const all = effects.length;
  const parts = SAID.flatMap(([status, words]) => {
    const count = effects.filter((one) => one.status === status).length;
    if (count === 0) return [];
    if (count === all) return [all === 1 ? `The one step is ${words}` : `All ${all} steps are ${words}`];
    return [`${count} ${count === 1 ? "is" : "are"} ${words}`];
  });
  return parts.length === 1 ? `${parts[0]}.` : `Of ${all} steps, ${parts.join("; ")}.`;
}
