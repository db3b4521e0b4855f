/**
 * Values of parameters: what each type takes, wherever the value comes from (a request, a model, a default). A text is
 * never a reference to a step, whatever it says.
 */
import { z } from "zod";
import { isStorable, type Json, type JsonObject } from "../../domain/json.ts";
import { findReferences } from "../../domain/references.ts";
import { linearPattern } from "../../policy/linear-pattern.ts";
import { quote } from "../playbooks/values.ts";
import type { ItemType, Parameter, Parameters } from "./declaration.ts";

/** Characters, where a parameter says nothing of it; e-mail addresses: RFC 5321, 4.5.3.1. */
const MAX_LENGTH = { text: 200, name: 80, email: 254 } as const;
/** How many a list holds, where its parameter says nothing of it. */
const MAX_ITEMS = 20;
/** Control characters but new lines and tabs, and marks that turn the direction in which people read. */
const UNSEEN = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;

export type Checked = { readonly value: Json } | { readonly problem: string };

/** Limits that a type has, in words and as a schema. */
interface Kind {
  readonly expected: string;
  readonly schema: z.ZodType<Json>;
}

/** @returns the value as it is used, or what was expected instead */
export function checkValue(parameter: Parameter, value: Json): Checked {
  const { expected, schema } = kindOf(parameter);
  const unsafe = textsIn(value).map(unsafeText).find(Boolean);
  if (unsafe) return { problem: unsafe };
  const parsed = schema.safeParse(value);
  return parsed.success ? { value: parsed.data } : { problem: `expected ${expected}; it is ${shown(value)}` };
}

/**
 * The values for all parameters: those that were given, else their defaults. What is optional and was not given is null.
 * @returns or a sentence for each that does not fit, is missing, or is none
 */
export function checkValues(
  parameters: Parameters,
  given: JsonObject,
): { values: JsonObject } | { problems: { parameter: string; message: string }[] } {
  const problems = Object.keys(given)
    .filter((name) => !Object.hasOwn(parameters, name))
    .map((parameter) => ({ parameter, message: `there is no parameter "${parameter}"` }));
  const values: JsonObject = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    // Models write null for what they leave out.
    const value = Object.hasOwn(given, name) ? (given[name] ?? null) : null;
    const checked = value === null ? missing(parameter) : checkValue(parameter, value);
    if ("value" in checked) values[name] = checked.value;
    else problems.push({ parameter: name, message: checked.problem });
  }
  return problems.length === 0 ? { values } : { problems };
}

function missing(parameter: Parameter): Checked {
  if (parameter.default !== undefined) return { value: parameter.default };
  return parameter.optional ? { value: null } : { problem: `expected ${kindOf(parameter).expected}; it is missing` };
}

/** What a parameter takes, as conditions see it. */
export function schemaOf(parameter: Parameter): z.ZodType<Json> {
  const { schema } = kindOf(parameter);
  return parameter.optional ? schema.nullable() : schema;
}

function kindOf(parameter: Parameter): Kind {
  const { type } = parameter;
  if (typeof type !== "object" || !("listOf" in type)) return itemKind(parameter, type);
  const { min = 1, max = MAX_ITEMS } = parameter as { min?: number; max?: number };
  const item = itemKind(
    { type: type.listOf, ...(parameter.pattern ? { pattern: parameter.pattern } : {}) },
    type.listOf,
  );
  return {
    expected: `a list of ${min} to ${max}, each of them ${item.expected}`,
    schema: z.array(item.schema).min(min).max(max),
  };
}

function itemKind(parameter: Parameter, type: ItemType): Kind {
  if (typeof type === "object") return { expected: `one of ${type.oneOf.join(", ")}`, schema: z.enum(type.oneOf) };
  switch (type) {
    case "text":
    case "name":
    case "email":
      return textKind(parameter, type);
    case "date":
      return timeKind(parameter, z.iso.date(), "a date such as 2030-01-31");
    case "datetime": {
      const schema = z.iso.datetime({ offset: true });
      return timeKind(parameter, schema, "a time with its offset from UTC, such as 2030-01-31T09:00:00+01:00");
    }
    case "boolean":
      return { expected: "true or false", schema: z.boolean() };
    default:
      return numberKind(parameter, type);
  }
}

function textKind({ min, max, pattern }: Parameter, type: "text" | "name" | "email"): Kind {
  const least = Number(min ?? 1);
  const most = Number(max ?? MAX_LENGTH[type]);
  const what = { text: "text", name: "a name", email: "an e-mail address" }[type];
  const base = type === "email" ? z.email() : z.string();
  const sized = base.min(least).max(most);
  const oneLine = type === "name" ? sized.refine((value) => !/[\n\t]/.test(value)) : sized;
  const matched = pattern === undefined ? oneLine : oneLine.refine((value) => wholePattern(pattern).test(value));
  const matching = pattern === undefined ? "" : ` that matches ${pattern}`;
  return { expected: `${what} of ${least} to ${most} characters${matching}`, schema: matched };
}

/** @throws Error that says what in a pattern is not taken */
export const wholePattern = (pattern: string) => linearPattern(`^(?:${pattern})$`);

function timeKind({ min, max }: Parameter, schema: z.ZodType<string>, what: string): Kind {
  const at = (time: unknown, otherwise: number) => (time === undefined ? otherwise : Date.parse(String(time)));
  const [from, to] = [at(min, Number.NEGATIVE_INFINITY), at(max, Number.POSITIVE_INFINITY)];
  return {
    expected: `${what}${rangeOf(min, max)}`,
    schema: schema.refine((value) => Date.parse(value) >= from && Date.parse(value) <= to),
  };
}

function numberKind({ min, max, currency }: Parameter, type: "number" | "integer" | "money"): Kind {
  const base = type === "integer" ? z.int() : z.number();
  const least = min ?? (type === "money" ? 0 : undefined);
  const limited = base.min(Number(least ?? -Number.MAX_VALUE)).max(Number(max ?? Number.MAX_VALUE));
  const range = rangeOf(least, max);
  if (type !== "money")
    return { expected: `${type === "integer" ? "a whole number" : "a number"}${range}`, schema: limited };
  const decimals = decimalsOf(currencyOf({ currency }));
  return {
    expected: `an amount in ${currencyOf({ currency })}${range} with at most ${decimals} decimals`,
    // toFixed rounds to the nearest, so that only an amount with so many decimals reads back the same.
    schema: limited.refine(
      (value) => Number.isSafeInteger(Math.round(value * 10 ** decimals)) && Number(value.toFixed(decimals)) === value,
    ),
  };
}

export const currencyOf = ({ currency }: { currency?: string | undefined }): string => currency ?? "USD";

/** How many decimals amounts in a currency have: 2 for USD, 0 for JPY. */
const decimalsOf = (currency: string): number =>
  new Intl.NumberFormat("en-US", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;

function rangeOf(min: number | string | undefined, max: number | string | undefined): string {
  if (min === undefined && max === undefined) return "";
  if (min === undefined) return ` of at most ${max}`;
  return max === undefined ? ` of at least ${min}` : ` from ${min} to ${max}`;
}

/** A value inside a text: amounts with their currency, lists with commas. */
export function valueInText(parameter: Parameter, value: Json): string {
  const { type } = parameter;
  if (Array.isArray(value) && typeof type === "object" && "listOf" in type) {
    return value.map((item) => valueInText({ ...parameter, type: type.listOf }, item)).join(", ");
  }
  if (type !== "money" || typeof value !== "number") return String(value);
  return new Intl.NumberFormat("en-US", { style: "currency", currency: currencyOf(parameter) }).format(value);
}

function unsafeText(text: string): string | undefined {
  if (!isStorable(text) || UNSEEN.test(text.replace(/[\n\t]/g, ""))) {
    return `expected text without control characters; it is ${quote(text)}`;
  }
  if (findReferences(text).length === 0) return undefined;
  return `expected text that does not look like a reference to a step; it is ${quote(text)}`;
}

const textsIn = (value: Json): string[] => {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.flatMap(textsIn) : [];
};

const shown = (value: Json): string => (typeof value === "string" ? quote(value) : quote(JSON.stringify(value)));
