/** From what was read to an action: its name is known, its arguments fit, and nothing that was said of it is left out. */
import type { z } from "zod";
import { coerceArgs } from "../../domain/coerce-args.ts";
import { isStorable, type Json, type JsonObject } from "../../domain/json.ts";
import { printable } from "../../domain/printable.ts";
import { INLINE_REFERENCE, wholeReference } from "../../domain/references.ts";
import { readConfidence } from "./confidence.ts";
import { nearest } from "./nearest.ts";
import type { RawAction, Refusal } from "./raw.ts";
import type { SchemaKeys } from "./schema-keys.ts";
import { type KeyRole, roleOf } from "./words.ts";

export interface KnownAction {
  readonly input: z.ZodType;
  readonly keys: SchemaKeys;
}

export interface CheckContext {
  readonly names: readonly string[];
  find(name: string): KnownAction | undefined;
  /** Arguments may refer to the output of other actions. */
  readonly allowsReferences: boolean;
}

export interface CheckedAction {
  readonly raw: RawAction;
  readonly args: JsonObject;
  readonly confidence: number | undefined;
  readonly reasoning: string;
  readonly title: string | undefined;
  /** As given. */
  readonly id: string | undefined;
  readonly dependsOn: readonly string[];
}

const MAX_REASONING = 2000;
const MAX_TITLE = 200;
const MAX_FAULTS = 5;

export function checkAction(raw: RawAction, context: CheckContext): CheckedAction | Refusal {
  const { where, name } = raw;
  const action = context.find(name);
  if (!action) return { where, action: shown(name), field: "action", reason: unknownAction(name, context.names) };
  const fail = (field: string | undefined, reason: string): Refusal => ({ where, action: name, field, reason });
  const sorted = sortKeys(raw, action.keys);
  if ("field" in sorted) return fail(sorted.field, sorted.problem);
  const unstorable = Object.entries({ ...sorted.args, ...sorted.said }).find((entry) => !isStorable(entry));
  if (unstorable) return fail(shown(unstorable[0]), "it holds a NUL or half a surrogate pair; expected plain text");
  const args = tryToFit(action, { args: sorted.args, written: raw.written }, context.allowsReferences);
  if ("field" in args) return fail(args.field, args.problem);
  const confidence = raw.said?.confidence ?? sorted.said.confidence;
  const sure = confidence === undefined || confidence === null ? undefined : readConfidence(confidence);
  if (sure === undefined && confidence !== undefined && confidence !== null) {
    return fail(
      "confidence",
      `given ${said(confidence)}; expected a number from 0 to 1, a percentage, or high, medium or low`,
    );
  }
  const dependsOn = idsOf(sorted.said.dependsOn);
  if (!dependsOn)
    return fail("dependsOn", `given ${said(sorted.said.dependsOn ?? null)}; expected the ids of other actions`);
  return {
    raw,
    args: args.args,
    confidence: sure,
    reasoning: reasoningOf(raw, sorted.said.reasoning),
    title: textOf(sorted.said.title)?.slice(0, MAX_TITLE).toWellFormed(),
    id: idsOf(sorted.said.id)?.[0] ?? raw.number,
    dependsOn,
  };
}

const shown = (text: string): string => printable(text.toWellFormed()).slice(0, 100).toWellFormed();

/** A value as it was given, short enough for a message. */
function said(value: Json): string {
  const text = printable(JSON.stringify(value).toWellFormed());
  return text.length > 80 ? `${text.slice(0, 80).toWellFormed()}…` : text;
}

function unknownAction(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  const list =
    near.length > 0 ? `The nearest are ${near.join(", ")}` : `There are ${names.slice(0, 10).join(", ") || "none"}`;
  return `there is no action "${shown(name)}". ${list}${near.length === 0 && names.length > 10 ? " and more" : ""}`;
}

type Said = Partial<Record<Exclude<KeyRole, "args" | "remark">, Json>>;

interface Problem {
  readonly field: string;
  readonly problem: string;
}

/** Tells arguments from what is said about the action; where a key could be either, it is an argument. */
function sortKeys(raw: RawAction, keys: SchemaKeys): { args: JsonObject; said: Said } | Problem {
  const args: [string, Json][] = Object.entries(raw.args ?? {});
  const about: Said = {};
  for (const [key, value] of Object.entries(raw.others)) {
    const role = kindOf(key, raw, keys);
    if (role === "argument") args.push([key, value]);
    else if (role === "unknown" && !isNothing(value))
      return { field: shown(key), problem: notUnderstood(key, raw, keys) };
    else if (isSaid(role)) about[role] ??= value;
  }
  for (const [key, value] of Object.entries(raw.inherited ?? {})) {
    const role = roleOf(key);
    if (isSaid(role)) about[role] ??= value;
  }
  return { args: Object.fromEntries(args), said: about };
}

function kindOf(key: string, { args }: RawAction, keys: SchemaKeys): KeyRole | "argument" | "unknown" {
  if (args === undefined && keys.names.has(key)) return "argument";
  return roleOf(key) ?? (args === undefined && keys.isOpen ? "argument" : "unknown");
}

const isSaid = (role: string | undefined): role is keyof Said =>
  role !== undefined && !["args", "remark", "argument", "unknown"].includes(role);

const isNothing = (value: Json): boolean =>
  value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

function notUnderstood(key: string, raw: RawAction, keys: SchemaKeys): string {
  if (raw.args === undefined) return noArgument(key, keys);
  return keys.names.has(key)
    ? "it stands beside the arguments; put it among them"
    : `"${shown(key)}" beside the arguments is not understood, and may change what is meant`;
}

const noArgument = (key: string, { names }: SchemaKeys): string =>
  `"${shown(key)}" is no argument of it; it takes ${[...names].slice(0, 20).join(", ") || "none"}`;

/** A schema is somebody else's code. */
const tryToFit: typeof fitArgs = (...given) => {
  try {
    return fitArgs(...given);
  } catch {
    return {
      field: "arguments",
      problem: "the action's schema could not check them: it has to be synchronous, and not throw",
    };
  }
};

/** The arguments as the schema takes them. */
function fitArgs(
  { input, keys }: KnownAction,
  { args, written }: { args: JsonObject; written: ReadonlyMap<string, string> },
  allowsReferences: boolean,
): { args: JsonObject } | Problem {
  const dropped = keys.findDropped(args);
  if (dropped !== undefined) return { field: shown(dropped), problem: noArgument(dropped, keys) };
  const fitting = asWritten(input, coerceArgs(input, args), written);
  const faults = faultsOf(input, fitting, allowsReferences);
  const [first] = faults;
  if (!first) return { args: fitting };
  const field = first.path.map(String).join(".");
  const problems = faults.slice(0, MAX_FAULTS).map(({ path, message }) => explain(fitting, path, message));
  return { field: shown(field) || "arguments", problem: problems.join("; ") };
}

/** Plain words such as 1.50 are numbers, unless the schema wants text there. */
function asWritten(input: z.ZodType, args: JsonObject, written: ReadonlyMap<string, string>): JsonObject {
  let fitting = args;
  for (const { path } of written.size > 0 ? faultsOf(input, args, false) : []) {
    const [key] = path;
    const text = path.length === 1 && typeof key === "string" ? written.get(key) : undefined;
    if (text === undefined || typeof key !== "string") continue;
    const candidate = { ...fitting, [key]: text };
    if (!faultsOf(input, candidate, false).some((fault) => fault.path[0] === key)) fitting = candidate;
  }
  return fitting;
}

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function faultsOf(input: z.ZodType, args: JsonObject, allowsReferences: boolean): Fault[] {
  const parsed = input.safeParse(args);
  if (parsed.success) return [];
  return parsed.error.issues.filter((issue) => !(allowsReferences && refers(args, issue.path)));
}

/** Whether the value at a place refers to an output: what it will be is not known yet. */
function refers(args: Json, path: readonly PropertyKey[]): boolean {
  let value: Json | undefined = args;
  for (const part of path) {
    if (value !== undefined && wholeReference(value) !== undefined) return true;
    value = at(value, part);
  }
  if (typeof value === "string") return value.search(INLINE_REFERENCE) >= 0;
  return value !== undefined && wholeReference(value) !== undefined;
}

function at(value: Json | undefined, key: PropertyKey): Json | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<PropertyKey, Json>)[key];
}

function explain(args: Json, path: readonly PropertyKey[], message: string): string {
  const given = path.reduce(at, args);
  const expected = message.replace(/^Invalid input: /, "");
  const place = path.length > 0 ? `"${shown(path.map(String).join("."))}" was given ` : "the arguments are ";
  return `${place}${given === undefined ? "nothing" : said(given)}: ${expected}`;
}

function idsOf(value: Json | undefined): string[] | undefined {
  if (value === undefined || value === null || value === "") return [];
  const ids = Array.isArray(value) ? value : [value];
  const isId = (id: Json) => (typeof id === "string" && id !== "" && id.length <= 100) || Number.isSafeInteger(id);
  return ids.every(isId) ? ids.map((id) => String(id).trim()) : undefined;
}

function textOf(value: Json | undefined): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function reasoningOf(raw: RawAction, given: Json | undefined): string {
  const text = [textOf(given), raw.said?.reasoning].filter(Boolean).join("\n");
  return text.length > MAX_REASONING ? `${text.slice(0, MAX_REASONING - 1).toWellFormed()}…` : text;
}
