/** Steps that get other names, with whatever refers to them. */
import type { Step } from "../domain/plan.ts";
import { parsedCondition } from "../policy/condition.ts";
import { type StepUse, stepUsesIn } from "./condition-uses.ts";
import { renameReferences } from "./references.ts";

/** The step with every reference to a renamed step rewritten: in its arguments, its conditions, and what it waits for. */
export function renameSteps(step: Step, names: ReadonlyMap<string, string>): Step {
  const { when, success } = step;
  const check = success?.check === undefined ? {} : { check: renameInCondition(success.check, names) };
  return {
    ...step,
    id: names.get(step.id) ?? step.id,
    args: renameReferences(step.args, names),
    dependsOn: [...new Set(step.dependsOn.map((id) => names.get(id) ?? id))],
    ...(when === undefined ? {} : { when: renameInCondition(when, names) }),
    ...(success === undefined ? {} : { success: { ...success, ...check } }),
  };
}

/** A condition in which renamed steps have their new names. What is no condition stays as it is: its check says so. */
export function renameInCondition(text: string, names: ReadonlyMap<string, string>): string {
  let uses: StepUse[];
  try {
    uses = stepUsesIn(parsedCondition(text)).filter(({ id }) => names.has(id));
  } catch {
    return text;
  }
  let renamed = text;
  for (const use of uses.toSorted((a, b) => b.offset - a.offset)) {
    renamed = replaceAt(renamed, use, names.get(use.id) ?? use.id);
  }
  return renamed;
}

/** Names that are names in CEL, too. The others stand in quotes. */
const isPlain = (id: string): boolean => /^s\d+$/.test(id);

function replaceAt(text: string, { id, form, offset }: StepUse, to: string): string {
  const [from, instead] = {
    name: [id, isPlain(to) ? to : `steps["${to}"]`],
    text: [`"${id}"`, `"${to}"`],
    field: [`.${id}`, `["${to}"]`],
  }[form] as [string, string];
  const found = text.slice(offset, offset + from.length);
  if (found !== from && found !== from.replaceAll('"', "'")) return text; // written otherwise; its check says what is wrong
  return `${text.slice(0, offset)}${instead}${text.slice(offset + from.length)}`;
}
