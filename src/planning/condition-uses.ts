/** Which steps a condition uses the outputs of. */
import type { Expression, Parsed } from "../policy/cel.ts";
import { ConditionFault } from "../policy/condition-check.ts";
import { textOf } from "../policy/condition-schemas.ts";

/** Not among the names that stand for steps. */
const TYPES = ["int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type"];

/** Where a condition uses a step. */
export interface StepUse {
  readonly id: string;
  /** As a name, such as `s1`; as `steps["s1"]`, or as `steps.s1`. */
  readonly form: "name" | "text" | "field";
  /** Where it stands, in UTF-16 code units: the name, the text with its quotes, or the point before the field. */
  readonly offset: number;
}

/** The steps whose outputs are used. @throws ConditionFault where `steps` is used otherwise than with an id in quotes */
export const stepsUsedIn = (parsed: Parsed): string[] => [...new Set(stepUsesIn(parsed).map(({ id }) => id))];

/** Each use of a step. @throws as {@link stepsUsedIn} */
export function stepUsesIn(parsed: Parsed): StepUse[] {
  const found: StepUse[] = [];
  const positions = parsed.sourceInfo?.positions ?? {};
  const add = (id: string, form: StepUse["form"], expression: Expression) =>
    found.push({ id, form, offset: positions[String(expression.id)] ?? 0 });
  if (parsed.expr) collect(parsed.expr, new Set(["output", ...TYPES]), add);
  return found;
}

type Add = (id: string, form: StepUse["form"], expression: Expression) => void;

function collect(expression: Expression, bound: ReadonlySet<string>, add: Add): void {
  const { exprKind } = expression;
  if (exprKind.case === "identExpr") {
    const { name } = exprKind.value;
    if (name === "steps") throw new ConditionFault('"steps" is used as steps["<id of a step>"]', 0);
    if (!bound.has(name)) add(name, "name", expression);
    return;
  }
  if (addNamed(expression, add)) return;
  const { outer, inner, names } = partsOf(expression);
  for (const part of outer) collect(part, bound, add);
  for (const part of inner) collect(part, new Set([...bound, ...names]), add);
}

/** `steps["s1"]` and `steps.s1`. @returns whether it was one */
function addNamed(expression: Expression, add: Add): boolean {
  const { exprKind } = expression;
  const isSteps = (part: Expression | undefined) =>
    part?.exprKind.case === "identExpr" && part.exprKind.value.name === "steps";
  if (exprKind.case === "selectExpr" && isSteps(exprKind.value.operand)) {
    add(exprKind.value.field, "field", expression);
    return true;
  }
  if (exprKind.case !== "callExpr" || exprKind.value.function !== "_[_]") return false;
  const [owner, key] = exprKind.value.args;
  const id = isSteps(owner) && key ? textOf(key) : undefined;
  if (id === undefined || !key) return false;
  add(id, "text", key);
  return true;
}

interface Parts {
  readonly outer: readonly Expression[];
  /** Those in which `names` are bound, as in `list.exists(name, …)`. */
  readonly inner: readonly Expression[];
  readonly names: readonly string[];
}

function partsOf({ exprKind }: Expression): Parts {
  if (exprKind.case !== "comprehensionExpr") return { outer: plainParts(exprKind), inner: [], names: [] };
  const { iterRange, accuInit, iterVar, iterVar2, accuVar, loopCondition, loopStep, result } = exprKind.value;
  const given = (parts: readonly (Expression | undefined)[]) => parts.filter((part) => part !== undefined);
  return {
    outer: given([iterRange, accuInit]),
    inner: given([loopCondition, loopStep, result]),
    names: [iterVar, iterVar2, accuVar],
  };
}

function plainParts(exprKind: Expression["exprKind"]): Expression[] {
  switch (exprKind.case) {
    case "selectExpr":
      return exprKind.value.operand ? [exprKind.value.operand] : [];
    case "callExpr":
      return [...(exprKind.value.target ? [exprKind.value.target] : []), ...exprKind.value.args];
    case "listExpr":
      return exprKind.value.elements;
    case "structExpr":
      return exprKind.value.entries.flatMap(({ keyKind, value }) => [
        ...(keyKind.case === "mapKey" ? [keyKind.value] : []),
        ...(value ? [value] : []),
      ]);
    default:
      return [];
  }
}
