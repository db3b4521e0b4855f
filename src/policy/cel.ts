/**
 * CEL as conditions have it. Three things differ from the language's definition, so that a value of the wrong kind cannot
 * slip past a rule that names the right one:
 * - `==`, `!=` and `in` between values of different kinds are errors instead of "not equal". Only a `null` that is written
 *   in the condition compares with everything.
 *   Objects with other fields count as another kind.
 * - Calculations that leave the range of doubles are errors instead of infinity, as they are for whole numbers.
 * - An int and a double are calculated with as doubles, instead of being an error.
 */
import {
  type CelEnv,
  type CelMap,
  CelScalar,
  celEnv,
  celFunc,
  isCelList,
  isCelMap,
  isCelType,
  isCelUint,
  listType,
  mapType,
  type parse,
} from "@bufbuild/cel";
import { type LinearPattern, linearPattern } from "./linear-pattern.ts";

export type Parsed = ReturnType<typeof parse>;
export type Expression = NonNullable<Parsed["expr"]>;

/** The functions that {@link compareWithNull} puts in place of `== null` and `!= null`. */
const NULL_TESTS: Readonly<Record<string, string>> = { "_==_": "@is_null", "_!=_": "@is_not_null" };

const { BOOL, DOUBLE, DYN, INT, STRING, UINT } = CelScalar;
const LIST = listType(DYN);
const MAP = mapType(DYN, DYN);

/** Values from JSON are doubles; the whole numbers that a condition writes are ints, and count beside them as doubles. */
const doubles = (name: string, calculate: (left: number, right: number) => number) => {
  const checked = (left: number, right: number): number => {
    const result = calculate(left, right);
    if (!Number.isFinite(result)) throw new Error(`${left} and ${right} calculate to what is no number`);
    return result;
  };
  return [
    celFunc(name, [DOUBLE, DOUBLE], DOUBLE, checked),
    celFunc(name, [INT, DOUBLE], DOUBLE, (left, right) => checked(Number(left), right)),
    celFunc(name, [DOUBLE, INT], DOUBLE, (left, right) => checked(left, Number(right))),
  ];
};

const patterns = new Map<string, LinearPattern>();

/** Patterns are literals of conditions (see condition-check.ts), so there are only so many. */
function compiledPattern(pattern: string): LinearPattern {
  const known = patterns.get(pattern) ?? linearPattern(pattern);
  patterns.set(pattern, known);
  return known;
}

export const environment: CelEnv = celEnv({
  re2: { compile: compiledPattern },
  funcs: [
    celFunc("_==_", [DYN, DYN], BOOL, isSame),
    celFunc("_!=_", [DYN, DYN], BOOL, (left, right) => !isSame(left, right)),
    celFunc("@is_null", [DYN], BOOL, (value) => value === null),
    celFunc("@is_not_null", [DYN], BOOL, (value) => value !== null),
    celFunc("@in", [DYN, LIST], BOOL, (value, list) => isAmong(value, [...list])),
    celFunc("@in", [STRING, MAP], BOOL, (key, map) => map.get(key) !== undefined),
    ...[DOUBLE, INT, UINT, BOOL].map((kind) =>
      celFunc("@in", [kind, MAP], BOOL, () => {
        throw new Error("the names of an object are text");
      }),
    ),
    ...doubles("_+_", (left, right) => left + right),
    ...doubles("_-_", (left, right) => left - right),
    ...doubles("_*_", (left, right) => left * right),
    ...doubles("_/_", (left, right) => left / right),
  ],
});

function isSame(left: unknown, right: unknown): boolean {
  const kind = kindOf(left);
  if (kind !== kindOf(right)) throw new Error(`${kind} is compared with ${kindOf(right)}`);
  if (kind === "a number") return isSameNumber(numberOf(left), numberOf(right));
  if (isCelList(left) && isCelList(right)) {
    if (left.size !== right.size) return false;
    const others = [...right];
    return [...left].every((item, index) => isSame(item, others[index]));
  }
  if (isCelMap(left) && isCelMap(right)) {
    if (!hasFields(left, right) || !hasFields(right, left)) throw new Error("objects with other fields are compared");
    return [...left].every(([key, item]) => isSame(item, right.get(key)));
  }
  if (isCelType(left) && isCelType(right)) return left.name === right.name;
  return left === right;
}

/** Not the map's own `has`, which takes a null for nothing. */
const hasFields = (map: CelMap, other: CelMap) => [...other.keys()].every((key) => map.get(key) !== undefined);

/** One of another kind is no error where the value is found elsewhere in the list. */
function isAmong(value: unknown, list: readonly unknown[]): boolean {
  const kind = kindOf(value);
  if (list.some((item) => kindOf(item) === kind && isSame(item, value))) return true;
  const other = list.find((item) => kindOf(item) !== kind);
  if (other === undefined) return false;
  throw new Error(`${kind} is looked for among ${kindOf(other)}`);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "number" || typeof value === "bigint" || isCelUint(value)) return "a number";
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return "true or false";
  if (isCelList(value)) return "a list";
  if (isCelMap(value)) return "an object";
  if (typeof value === "object" && isCelType(value)) return "a type";
  throw new Error("bytes, times and messages cannot be compared");
}

/** Across `int` and `double`, exactly. */
const isSameNumber = (left: number | bigint, right: number | bigint) => left <= right && left >= right;
const numberOf = (value: unknown) => (isCelUint(value) ? value.value : (value as number | bigint));

/** Marks comparisons with a written `null`, in place: only they may compare null with something else. */
export function compareWithNull(call: { function: string; args: Expression[] }): void {
  const test = NULL_TESTS[call.function];
  const others = call.args.filter((arg) => !isNull(arg));
  const [subject] = others.length === 0 ? call.args : others;
  if (test === undefined || subject === undefined || others.length === call.args.length) return;
  call.function = test;
  call.args = [subject];
}

function isNull({ exprKind }: Expression): boolean {
  return exprKind.case === "constExpr" && exprKind.value.constantKind.case === "nullValue";
}
