/** What can be wrong with the steps of a playbook before any value is known: their blanks, and where these stand. */
import type { Json } from "../../domain/json.ts";
import { StepSchema } from "../../domain/plan.ts";
import { wholeReference } from "../../domain/references.ts";
import { ConditionFault } from "../../policy/condition-check.ts";
import type { Fault } from "../../policy/faults.ts";
import { blanksIn, blanksInCondition, ITEM, piecesOf, usesOf } from "./blanks.ts";
import type { Declaration, Parameter, StepTemplate } from "./declaration.ts";
import { startParameter } from "./not-before.ts";
import { compileParameterCondition, type ParameterCondition } from "./parameter-condition.ts";

/** Longer ids could not be numbered, and would be too long for a step's. */
const MAX_EACH_ID = 36;

/** @returns the conditions of the steps by their places, and faults whose paths begin at the playbook */
export function checkSteps(playbook: Declaration): { conditions: Map<number, ParameterCondition>; faults: Fault[] } {
  const conditions = new Map<number, ParameterCondition>();
  const used = new Set<string>();
  const faults = playbook.steps.flatMap((step, index): Fault[] => {
    const found = [...blankFaults(playbook, step, used), ...eachFaults(playbook, step, used)];
    const condition = conditionOf(playbook, step, used);
    if (typeof condition === "function") conditions.set(index, condition);
    else if (condition) found.push(condition);
    return found.map((fault) => ({ ...fault, path: ["steps", index, ...fault.path] }));
  });
  const unused = Object.keys(playbook.parameters).filter((name) => !used.has(name));
  const idle = unused.map((name): Fault => {
    return { path: ["parameters", name], message: `no step uses {${name}}; use it, or leave it out`, isName: true };
  });
  return { conditions, faults: [...faults, ...idle] };
}

function conditionOf(
  { parameters }: Declaration,
  step: StepTemplate,
  used: Set<string>,
): ParameterCondition | Fault | undefined {
  if (step.if === undefined) return undefined;
  for (const [name] of step.if.matchAll(/[a-z][A-Za-z0-9_]*/gu)) used.add(name);
  try {
    return compileParameterCondition(step.if, parameters);
  } catch (error) {
    if (!(error instanceof ConditionFault)) throw error;
    return { path: ["if"], message: error.message, offset: error.offset };
  }
}

/** A text in a step where blanks may stand, and which. */
interface Place {
  readonly path: PropertyKey[];
  readonly text: string;
  readonly isCondition: boolean;
}

function placesOf(step: StepTemplate): Place[] {
  const { title, args, success, when, notBefore } = step;
  const texts = (value: Json, path: PropertyKey[]): Place[] => {
    if (typeof value === "string") return [{ path, text: value, isCondition: false }];
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, item]) =>
      texts(item, [...path, Array.isArray(value) ? Number(key) : key]),
    );
  };
  const one = (path: PropertyKey[], text: string | undefined, isCondition = false): Place[] =>
    text === undefined ? [] : [{ path, text, isCondition }];
  return [
    ...one(["title"], title),
    ...texts(args, ["args"]),
    ...one(["when"], when, true),
    ...one(["success", "check"], success?.check, true),
    ...one(["success", "criteria"], success?.criteria),
    ...one(["notBefore"], notBefore),
  ];
}

function blankFaults(playbook: Declaration, step: StepTemplate, used: Set<string>): Fault[] {
  const known = knownBlanks(playbook, step);
  const faults = placesOf(step).flatMap(({ path, text, isCondition }) => {
    const blanks = isCondition ? blanksInCondition(text) : blanksIn(text);
    for (const { name } of blanks) used.add(name);
    return [
      ...blanks.flatMap((blank) => blankFault(blank, known, isCondition)).map((fault) => ({ ...fault, path })),
      ...(isCondition ? [] : referenceFaults(text, playbook).map((fault) => ({ ...fault, path }))),
    ];
  });
  return [...faults, ...nameFaults(step), ...startFaults(playbook, step)];
}

function knownBlanks({ parameters }: Declaration, { each }: StepTemplate): Map<string, Parameter> {
  const known = new Map(Object.entries(parameters));
  const list = each === undefined ? undefined : known.get(each);
  if (list && typeof list.type === "object" && "listOf" in list.type)
    known.set(ITEM, { ...list, type: list.type.listOf });
  return known;
}

type Found = Omit<Fault, "path">;

function blankFault(
  { name, offset }: { name: string; offset: number },
  known: ReadonlyMap<string, Parameter>,
  isCondition: boolean,
): Found[] {
  const parameter = known.get(name);
  if (!parameter) {
    const there = known.size > 0 ? `there are ${[...known.keys()].join(", ")}` : "the playbook has none";
    return [
      { message: `there is no parameter "${name}"; ${there}. Braces that are text are written {{ and }}`, offset },
    ];
  }
  const isSafe =
    typeof parameter.type === "string" && ["number", "integer", "money", "boolean"].includes(parameter.type);
  if (!isCondition || isSafe) return [];
  return [
    { message: `only numbers and booleans are taken into a condition; {${name}} is none, so use \`if\``, offset },
  ];
}

/** What looks like a reference, and is meant as a blank or made of one. */
function referenceFaults(text: string, { parameters, steps }: Declaration): Found[] {
  const isParameter = (name: string) => Object.hasOwn(parameters, name) && !steps.some(({ id }) => id === name);
  return piecesOf(text).flatMap((piece): Found[] => {
    const name = piece.kind === "reference" ? (piece.name.split(".")[0] ?? "") : "";
    if (piece.kind !== "reference" || !isParameter(name)) return [];
    const { name: path, offset } = piece;
    return [{ message: `"\${${path}}" refers to a step, and "${name}" is a parameter: {${name}}`, offset }];
  });
}

/** Names are fixed: no value chooses which action runs, which argument it gets, or which step is meant. */
function nameFaults(step: StepTemplate): Fault[] {
  const hasBlank = (text: string) => piecesOf(text).some(({ kind }) => kind === "blank");
  const fixed: [PropertyKey[], string][] = [
    [["id"], step.id],
    [["action"], step.action],
    ...step.dependsOn.map((id, index): [PropertyKey[], string] => [["dependsOn", index], id]),
  ];
  const faults = fixed
    .filter(([, text]) => hasBlank(text))
    .map(([path]) => ({ path, message: "no blank may stand here" }));
  return [...faults, ...keyFaults(step.args, ["args"])];
}

function keyFaults(value: Json, path: PropertyKey[]): Fault[] {
  if (typeof value !== "object" || value === null) return [];
  const reference = wholeReference(value);
  if (reference?.includes("{")) {
    return [{ path: [...path, "$ref"], message: "a reference names its step itself: no blank may stand here" }];
  }
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, item]) => {
    const at = [...path, isList ? Number(key) : key];
    const isBlank = !isList && piecesOf(key).some(({ kind }) => kind !== "text");
    const named: Fault[] = isBlank ? [{ path: at, message: "no blank may stand in a name", isName: true }] : [];
    return [...named, ...keyFaults(item, at)];
  });
}

function startFaults({ parameters }: Declaration, { notBefore, each }: StepTemplate): Fault[] {
  if (notBefore === undefined) return [];
  const path = ["notBefore"];
  const name = startParameter(notBefore);
  if (name === undefined) {
    if (StepSchema.shape.notBefore.safeParse(notBefore).success) return [];
    return [
      {
        path,
        message: 'expected {start}, "{start} - 3 days" with minutes, hours, days or weeks, or a time with its offset',
      },
    ];
  }
  const parameter = name === ITEM && each !== undefined ? parameters[each] : parameters[name];
  const isTime = parameter === undefined || parameter.type === "datetime" || isListOf(parameter, "datetime");
  return isTime ? [] : [{ path, message: `{${name}} is no datetime, and a date does not say at what time of day` }];
}

const isListOf = ({ type }: Parameter, item?: string): boolean =>
  typeof type === "object" && "listOf" in type && (item === undefined || type.listOf === item);

function eachFaults({ parameters, steps }: Declaration, step: StepTemplate, used: Set<string>): Fault[] {
  const { each } = step;
  const repeated = new Map(steps.filter((other) => other.each !== undefined).map((other) => [other.id, other.each]));
  const faults = usesOfRepeated(step, repeated);
  if (each === undefined) return faults;
  used.add(each);
  const parameter = Object.hasOwn(parameters, each) ? parameters[each] : undefined;
  if (!parameter || !isListOf(parameter)) {
    const lists = Object.entries(parameters).flatMap(([name, one]) => (isListOf(one) ? [name] : []));
    const there = lists.length > 0 ? `; there are ${lists.join(", ")}` : "";
    faults.push({ path: ["each"], message: `"${each}" is no parameter with a list${there}` });
  }
  if (step.id.length > MAX_EACH_ID) {
    faults.push({ path: ["id"], message: `with \`each\` an id has at most ${MAX_EACH_ID} characters` });
  }
  return faults;
}

/** There is one of a repeated step for each item: only a step for the same item can tell which of them it means. */
function usesOfRepeated(step: StepTemplate, repeated: ReadonlyMap<string, string | undefined>): Fault[] {
  const uses = usesOf(step);
  const inArgs = uses.args.filter((id) => repeated.has(id) && repeated.get(id) !== step.each);
  const inConditions = [
    ...uses.when.map((id) => ["when", id] as const),
    ...uses.success.map((id) => ["success", id] as const),
  ].filter(([, id]) => repeated.has(id));
  const only = "only the arguments of a step with the same `each` can use its output";
  const told = [...inArgs.map((id) => ["args", id] as const), ...inConditions];
  return told.map(([field, id]) => ({ path: [field], message: `"${id}" is done for each of a list: ${only}` }));
}
