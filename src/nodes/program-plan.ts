/** What a program that was taken leads to: a plan of the writes that it staged, or an answer where there are none. */
import type { JsonObject } from "../domain/json.ts";
import { type Plan, PlanSchema } from "../domain/plan.ts";
import { type Program, type ProgramWrite, rowLines } from "../domain/program.ts";
import { HoldpointError } from "../errors.ts";
import type { Registry } from "../tools/registry.ts";
import type { NoPlan } from "./replan.ts";

/** @param request what was asked, for a program that names no goal */
export function endOfProgram(
  { number, goal, why, outcome }: Program,
  registry: Registry,
  request: string,
): Plan | NoPlan {
  const result = outcome?.result;
  if (!outcome || !result) throw new HoldpointError("internal", `Program ${number} was taken, and has no result.`);
  const { status, answer, rows = [] } = result;
  if (status !== "success" || outcome.writes.length === 0) {
    return { status, message: answer, details: rowLines(rows) };
  }
  return PlanSchema.parse({
    // With what stands behind its marks it may be longer than it was.
    goal: (goal || request).slice(0, 500).toWellFormed(),
    source: { kind: "program", program: number, why: why.slice(0, 300).toWellFormed() },
    steps: outcome.writes.map((write, index) => ({
      id: idOf(index),
      title: titleOf(write, registry),
      action: write.action,
      args: write.args,
      dependsOn: write.after.map(idOf),
      ...(write.untrusted ? { untrusted: true as const } : {}),
    })),
  });
}

const idOf = (index: number): string => `w${index + 1}`;

/** The most characters of a title, and of one value in it. */
const MAX_TITLE = 160;
const MAX_VALUE = 40;

/** What the action does, with the values that it was given. */
function titleOf({ action, args }: ProgramWrite, registry: Registry): string {
  const title = `${registry.find(action)?.title ?? action}: ${valuesOf(args)}`;
  return title.length > MAX_TITLE ? `${title.slice(0, MAX_TITLE - 1).toWellFormed()}…` : title;
}

const valuesOf = (args: JsonObject): string =>
  Object.entries(args)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${short(typeof value === "string" ? value : JSON.stringify(value))}`)
    .join(", ");

const short = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > MAX_VALUE ? `${line.slice(0, MAX_VALUE - 1).toWellFormed()}…` : line;
};
