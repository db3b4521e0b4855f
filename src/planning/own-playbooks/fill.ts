/** The plan of a playbook for certain values. */
import type { Json, JsonObject } from "../../domain/json.ts";
import { type Step, StepSchema } from "../../domain/plan.ts";
import { findReferences, renameReferences } from "../references.ts";
import { type Filling, fillBlanks, fillCondition, fillText, ITEM, MissingBlank, usesOf } from "./blanks.ts";
import type { Declaration, Parameter, StepTemplate } from "./declaration.ts";
import { startOf } from "./not-before.ts";
import type { ParameterCondition } from "./parameter-condition.ts";

const MAX_TITLE = 200;

/** A playbook that was read and can be filled. */
export interface Fillable extends Declaration {
  /** Of the steps that have one, by their place. */
  readonly conditions: ReadonlyMap<number, ParameterCondition>;
}

/** What is wrong with a plan that certain values give; `path` begins at the playbook. */
interface FillFault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** `origins`: which step of the playbook each one came from. */
export type Filled = { steps: Step[]; origins: ReadonlyMap<string, number> } | { faults: FillFault[] };

/** @param values as `checkValues` gives them */
export function fillSteps(playbook: Fillable, values: JsonObject): Filled {
  const faults: FillFault[] = [];
  const kept = playbook.steps.flatMap((template, index): Kept[] => {
    const judged = playbook.conditions.get(index)?.(values) ?? true;
    if (typeof judged === "object") {
      faults.push({ path: ["steps", index, "if"], message: `it cannot be judged (${judged.problem})` });
    }
    return judged === true ? [{ template, index, items: itemsOf(template, values) }] : [];
  });
  const steps: Step[] = [];
  const origins = new Map<string, number>();
  for (const step of kept) {
    for (const [number, item] of step.items.entries()) {
      const filling = fillingOf(playbook, values, step.template, item);
      const made = makeStep({ step, number, kept, playbook }, filling);
      if ("faults" in made) faults.push(...made.faults);
      else {
        steps.push(made.step);
        origins.set(made.step.id, step.index);
      }
    }
  }
  if (faults.length === 0 && steps.length === 0) {
    faults.push({ path: ["steps"], message: "no step is left with these values" });
  }
  return faults.length > 0 ? { faults } : { steps, origins };
}

interface Kept {
  readonly template: StepTemplate;
  readonly index: number;
  /** What it is done for: the items of its `each`, or once for nothing. */
  readonly items: readonly (Json | undefined)[];
}

interface Making {
  readonly step: Kept;
  readonly number: number;
  readonly kept: readonly Kept[];
  readonly playbook: Fillable;
}

function itemsOf({ each }: StepTemplate, values: JsonObject): readonly (Json | undefined)[] {
  if (each === undefined) return [undefined];
  const list = values[each];
  return Array.isArray(list) ? list : [];
}

function fillingOf(playbook: Fillable, values: JsonObject, { each }: StepTemplate, item: Json | undefined): Filling {
  if (each === undefined || item === undefined) return { parameters: playbook.parameters, values };
  const { type, ...list } = playbook.parameters[each] as Parameter;
  const one = typeof type === "object" && "listOf" in type ? { ...list, type: type.listOf } : { ...list, type };
  return { parameters: { ...playbook.parameters, [ITEM]: one }, values: { ...values, [ITEM]: item } };
}

const idOf = ({ id, each }: StepTemplate, number: number): string => (each === undefined ? id : `${id}_${number + 1}`);

/** A step for one item. What is wrong with it is told at the field where it is. */
function makeStep(making: Making, filling: Filling): { step: Step } | { faults: FillFault[] } {
  const { step, number } = making;
  const { if: _if, each: _each, args, when, success, notBefore, ...template } = step.template;
  const faults: FillFault[] = leftOut(making);
  const at = <T>(field: string, make: () => T): T | undefined => {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof MissingBlank)) throw error;
      faults.push({ path: ["steps", step.index, field], message: error.message });
      return undefined;
    }
  };
  const filled = at("args", () => fillArguments(making, args, filling));
  if (typeof filled === "string") faults.push({ path: ["steps", step.index, "args"], message: filled });
  const checks = at("success", () => success && fillSuccess(success, filling));
  const made = {
    ...template,
    id: idOf(step.template, number),
    title: at("title", () => oneLine(fillText(template.title, filling))),
    args: filled,
    dependsOn: template.dependsOn.flatMap((id) => idsOf(making, id)),
    ...present(
      "when",
      at("when", () => (when === undefined ? undefined : fillCondition(when, filling))),
    ),
    ...present("success", checks),
    ...present(
      "notBefore",
      at("notBefore", () => (notBefore === undefined ? undefined : startOf(notBefore, filling))),
    ),
  };
  if (faults.length > 0) return { faults };
  const parsed = StepSchema.safeParse(made);
  if (parsed.success) return { step: parsed.data };
  const problems = parsed.error.issues.map(({ path, message }) => ({ path: ["steps", step.index, ...path], message }));
  return { faults: problems };
}

const present = (name: string, value: unknown): object => (value === undefined ? {} : { [name]: value });

function oneLine(text: string): string {
  const line = text.replace(/\s+/gu, " ").trim();
  return line.length > MAX_TITLE ? `${line.slice(0, MAX_TITLE - 1).toWellFormed()}…` : line;
}

function fillSuccess({ check, criteria }: NonNullable<StepTemplate["success"]>, filling: Filling): object {
  return {
    ...(check === undefined ? {} : { check: fillCondition(check, filling) }),
    ...(criteria === undefined ? {} : { criteria: fillText(criteria, filling).slice(0, 500).toWellFormed() }),
  };
}

/** The arguments, or what is wrong: no value may bring a reference that the playbook does not have there. */
function fillArguments(making: Making, args: JsonObject, filling: Filling): JsonObject | string {
  const renamed = renameReferences(args, siblings(making));
  const filled = fillBlanks(renamed, filling) as JsonObject;
  const [before, after] = [renamed, filled].map((value) => findReferences(value).sort().join(" "));
  if (before === after) return filled;
  return "with these values it would refer to a step where the playbook does not";
}

/** The names of the steps for the same item. */
function siblings({ step, number, playbook }: Making): Map<string, string> {
  const { each } = step.template;
  const same = playbook.steps.filter((other) => each !== undefined && other.each === each);
  return new Map(same.map((other) => [other.id, idOf(other, number)]));
}

/** The steps that are waited for under a name: of one that is left out none, of one for each item those of the same item, or all. */
function idsOf({ step, number, kept, playbook }: Making, id: string): string[] {
  if (!playbook.steps.some((other) => other.id === id)) return [id]; // the check of the plan says so
  const other = kept.find(({ template }) => template.id === id);
  if (!other) return [];
  const { each } = other.template;
  if (each === undefined) return [id];
  if (each === step.template.each) return [idOf(other.template, number)];
  return other.items.map((_item, index) => idOf(other.template, index));
}

/** What it uses of steps that are left out. */
function leftOut({ step, kept, playbook }: Making): FillFault[] {
  const isLeftOut = (id: string) =>
    playbook.steps.some((other) => other.id === id) && !kept.some(({ template }) => template.id === id);
  return Object.entries(usesOf(step.template)).flatMap(([field, ids]) =>
    ids.filter(isLeftOut).map((id) => ({
      path: ["steps", step.index, field],
      message: `it uses what step "${id}" puts out, which is left out with these values: give both the same \`if\``,
    })),
  );
}
