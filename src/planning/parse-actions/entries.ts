/**
 * The actions in a JSON value, whatever names their parts have: a list, one object, an object that holds a list, calls as
 * OpenAI's interface writes them. What is said of a whole list (`reasoning`, `confidence`) holds for what is in it.
 */
import type { Json, JsonObject } from "../../domain/json.ts";
import type { RawAction, Refusal } from "./raw.ts";
import { faultIn, type JsonFaults, type JsonRead, readJson } from "./read-json.ts";
import { excerptOf, type Where } from "./segments.ts";
import { plainKey, roleOf } from "./words.ts";

/** Keys that hold an action's name, or an object with it; the first that is there counts. */
const NAMES = [
  "action",
  "actionname",
  "actiontype",
  "toolname",
  "tool",
  "functionname",
  "function",
  "functioncall",
  "toolcall",
  "type",
  "name",
];
const LISTS = [
  "actions",
  "steps",
  "toolcalls",
  "functioncalls",
  "calls",
  "plan",
  "tasks",
  "proposedactions",
  "operations",
];
/** What `type` says where it does not name the action. */
const KINDS = ["function", "functioncall", "tool", "tooluse", "toolcall", "action"];
const MAX_LISTS_DEEP = 4;

export interface EntryContext {
  readonly where: Where;
  readonly faults: JsonFaults;
  readonly document: number;
  readonly isKnown: (name: string) => boolean;
  readonly isArgument: (action: string, key: string) => boolean;
}

/** @returns undefined when nothing in it has the shape of an action, nor of a list of actions */
export function entriesOf(value: Json, context: EntryContext, depth = 0): (RawAction | Refusal)[] | undefined {
  if (depth > MAX_LISTS_DEEP) return undefined;
  if (Array.isArray(value)) return listOf(value, context, depth);
  if (!isObject(value)) return undefined;
  const lists = Object.entries(value).filter(([key, held]) => LISTS.includes(plainKey(key)) && isHolder(held));
  const name = nameOf(value, context);
  const fault = context.faults.get(value);
  if (fault !== undefined && lists.length > 0) return [refuse(context, fault)];
  if (lists.length === 0 || (name !== undefined && context.isKnown(name.name)))
    return name && [entryOf(value, name, context)];
  const [[key, held] = ["", null], second] = lists;
  if (second) return [refuse(context, `it holds two lists, "${key}" and "${second[0]}": put all actions into one`)];
  const { [key]: _list, ...around } = value;
  const flag = Object.entries(around).find(([, said]) => typeof said === "boolean");
  if (flag)
    return [{ ...refuse(context, `"${flag[0]}": ${flag[1]} beside the list is not understood`), field: flag[0] }];
  return entriesOf(held, context, depth + 1)?.map((entry) => ("reason" in entry ? entry : inherit(entry, around)));
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isHolder = (value: Json): boolean => Array.isArray(value) || isObject(value);
const refuse = ({ where }: EntryContext, reason: string): Refusal => ({ where, reason });

function listOf(list: readonly Json[], context: EntryContext, depth: number): (RawAction | Refusal)[] | undefined {
  const read = list.map((item) => {
    const where = { ...context.where, excerpt: excerptOf(JSON.stringify(item)) };
    const entries = isObject(item) ? entriesOf(item, { ...context, where }, depth + 1) : undefined;
    return { entries, where };
  });
  if (list.length > 0 && read.every(({ entries }) => entries === undefined) && !list.every(isObject)) return undefined;
  return read.flatMap(({ entries, where }) => entries ?? [{ where, reason: NO_NAME }]);
}

export const NO_NAME = 'it names no action: expected an object such as {"action": "…", "args": {…}}';

interface Name {
  /** The key that holds it. */
  readonly key: string;
  readonly name: string;
}

function nameOf(value: JsonObject, { isKnown }: EntryContext): Name | undefined {
  const candidates = NAMES.flatMap((alias) => Object.keys(value).filter((key) => plainKey(key) === alias)).flatMap(
    (key) => {
      const held = value[key];
      if (isObject(held)) return isCall(held) ? [{ key, name: "" }] : [];
      if (typeof held !== "string") return [];
      const isKind = plainKey(key) === "type" && KINDS.includes(plainKey(held)) && !isKnown(held);
      return isKind ? [] : [{ key, name: held.trim() }];
    },
  );
  return candidates.find(({ name }) => isKnown(name)) ?? candidates[0];
}

/** Whether an object inside an entry holds the call itself, as `"function": {"name": ..., "arguments": ...}` does. */
const isCall = (value: JsonObject): boolean =>
  Object.keys(value).some((key) => ["name", "action", "tool"].includes(plainKey(key)));

function entryOf(value: JsonObject, { key, name }: Name, context: EntryContext): RawAction | Refusal {
  const fault = faultIn(value, context.faults);
  if (fault !== undefined) return { ...refuse(context, fault), action: name || undefined };
  const { [key]: held, ...others } = value;
  if (isObject(held)) {
    const twice = Object.keys(held).find((inner) => Object.hasOwn(others, inner) && inner !== "type" && inner !== "id");
    if (twice !== undefined) return { ...refuse(context, "it is given twice"), field: twice };
    const merged = { ...others, ...held };
    const inner = nameOf(held, context);
    return inner && inner.name !== "" ? entryOf(merged, inner, context) : refuse(context, NO_NAME);
  }
  const rival = Object.keys(others).find(
    (other) =>
      NAMES.includes(plainKey(other)) &&
      typeof others[other] === "string" &&
      context.isKnown(others[other]) &&
      others[other] !== name,
  );
  if (rival !== undefined && context.isKnown(name) && !context.isArgument(name, rival)) {
    return {
      ...refuse(context, `"${key}" says "${name}" and "${rival}" says "${String(others[rival])}"`),
      action: name,
      field: rival,
    };
  }
  return withArgs({ name, others }, context);
}

/** Takes the arguments out, where they are marked as such. */
function withArgs({ name, others }: { name: string; others: JsonObject }, context: EntryContext): RawAction | Refusal {
  const fail = (reason: string): Refusal => ({ ...refuse(context, reason), action: name, field: "arguments" });
  const keys = Object.keys(others).filter((key) => roleOf(key) === "args" && !isOwnArgument(key));
  function isOwnArgument(key: string): boolean {
    return context.isArgument(name, key) && !isObject(others[key] as Json);
  }
  const [key, second] = keys;
  const raw = { where: context.where, form: "json", name, written: new Map(), document: context.document } as const;
  if (key === undefined) return { ...raw, args: undefined, others: withoutKind(name, others, context) };
  if (second !== undefined) return fail(`they are given twice, in "${key}" and in "${second}"`);
  const { [key]: given = null, ...rest } = others;
  const args = typeof given === "string" ? parseText(given) : { value: given, faults: context.faults };
  const fault = "fault" in args ? args.fault : faultIn(args.value, args.faults);
  if ("fault" in args || fault !== undefined) return fail(fault ?? "");
  if (args.value !== null && !isObject(args.value)) {
    return fail(`given ${JSON.stringify(given).slice(0, 80)}; expected an object with named arguments`);
  }
  return { ...raw, args: args.value ?? {}, others: withoutKind(name, rest, context) };
}

/** Arguments as OpenAI's interface gives them: JSON in a text. */
const parseText = (text: string): JsonRead => (text.trim() === "" ? { value: {}, faults: new Map() } : readJson(text));

/** Without what only says that it is an action. */
function withoutKind(name: string, others: JsonObject, { isArgument }: EntryContext): JsonObject {
  const isKind = ([key, held]: [string, Json]) =>
    ["type", "kind"].includes(plainKey(key)) &&
    typeof held === "string" &&
    [...KINDS, "read", "write"].includes(plainKey(held)) &&
    !isArgument(name, key);
  return Object.fromEntries(Object.entries(others).filter((entry) => !isKind(entry)));
}

function inherit(entry: RawAction, around: JsonObject): RawAction {
  const roles = new Set(Object.keys(entry.others).map(roleOf));
  const said = Object.entries(around).filter(([key]) => {
    const role = roleOf(key);
    return (role === "reasoning" || role === "confidence") && !roles.has(role);
  });
  // Where arguments stand beside everything else, these must not be taken for one.
  return said.length === 0 ? entry : { ...entry, inherited: Object.fromEntries(said) };
}
