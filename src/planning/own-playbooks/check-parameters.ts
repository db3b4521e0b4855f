/** What can be wrong with the parameters of a playbook. */
import type { Json } from "../../domain/json.ts";
import type { Fault } from "../../policy/faults.ts";
import { ITEM } from "./blanks.ts";
import type { Parameter, Parameters } from "./declaration.ts";
import { checkValue, wholePattern } from "./values.ts";

/** @returns faults whose paths begin at the playbook */
export function parameterFaults(parameters: Parameters): Fault[] {
  return Object.entries(parameters).flatMap(([name, parameter]) => {
    const path = ["parameters", name];
    if (name === ITEM) {
      return [
        { path, message: "{each} is the item that a step with `each` is done for; take another name", isName: true },
      ];
    }
    const faults = [...limitFaults(parameter), ...patternFaults(parameter), ...currencyFaults(parameter)];
    // Values are looked at only against limits that make sense.
    if (faults.length === 0) faults.push(...valueFaults(parameter));
    if (parameter.optional && parameter.default !== undefined) {
      faults.push({ path: ["optional"], message: "what has a default is never missing; leave one of the two out" });
    }
    return faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
  });
}

/** What `min` and `max` are of: a number, a length, a count, a date. */
function limitFaults({ type, min, max }: Parameter): Fault[] {
  const isTime = type === "date" || type === "datetime";
  const isUnlimited = type === "boolean" || (typeof type === "object" && "oneOf" in type);
  const isSize = !isTime && type !== "number" && type !== "integer" && type !== "money";
  const faults = Object.entries({ min, max }).flatMap(([field, value]): Fault[] => {
    if (value === undefined) return [];
    if (isUnlimited) return [{ path: [field], message: "this type has no limits", isName: true }];
    const fits = isTime ? "value" in checkValue({ type }, value) : isNumber(value, isSize);
    const expected = isTime ? `a ${type}` : isSize ? "a whole number from 1 to 10000" : "a number";
    return fits ? [] : [{ path: [field], message: `expected ${expected}; it is ${JSON.stringify(value)}` }];
  });
  if (faults.length > 0 || min === undefined || max === undefined) return faults;
  const order = isTime ? Date.parse(String(min)) > Date.parse(String(max)) : Number(min) > Number(max);
  return order ? [{ path: ["min"], message: `no value is at least ${min} and at most ${max}` }] : [];
}

function isNumber(value: Json, isSize: boolean): boolean {
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  return !isSize || (Number.isInteger(value) && value >= 1 && value <= 10_000);
}

function patternFaults({ type, pattern, example, default: otherwise }: Parameter): Fault[] {
  if (pattern === undefined) return [];
  const item = typeof type === "object" && "listOf" in type ? type.listOf : type;
  if (item !== "text" && item !== "name" && item !== "email") {
    return [{ path: ["pattern"], message: "only text, name and email have patterns", isName: true }];
  }
  try {
    wholePattern(pattern);
  } catch (error) {
    return [{ path: ["pattern"], message: `the pattern does not fit: ${(error as Error).message}` }];
  }
  if (example !== undefined || otherwise !== undefined) return [];
  return [{ path: ["pattern"], message: "what has a pattern needs an example, which the check tries", isName: true }];
}

function currencyFaults({ type, currency }: Parameter): Fault[] {
  const item = typeof type === "object" && "listOf" in type ? type.listOf : type;
  if (currency === undefined) return [];
  if (item !== "money") return [{ path: ["currency"], message: "only money has a currency", isName: true }];
  if (Intl.supportedValuesOf("currency").includes(currency)) return [];
  return [{ path: ["currency"], message: `"${currency}" is no currency that is known; expected one such as EUR` }];
}

function valueFaults(parameter: Parameter): Fault[] {
  return (["default", "example"] as const).flatMap((field) => {
    const value = parameter[field];
    const checked = value === undefined ? undefined : checkValue(parameter, value);
    return checked && "problem" in checked ? [{ path: [field], message: checked.problem }] : [];
  });
}
