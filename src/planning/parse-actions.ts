/**
 * Reads the actions that a model's answer proposes: JSON, JSON in fences or among words, or a list in words. Nothing of an
 * answer is evaluated, and nothing is taken in part: an action is proposed as it was meant, or refused with the reason.
 * What comes out is a proposal, never consent.
 */
import type { z } from "zod";
import { canonicalJson, type Json, type JsonObject } from "../domain/json.ts";
import { printable } from "../domain/printable.ts";
import { type CheckedAction, checkAction, type KnownAction } from "./parse-actions/check.ts";
import { entriesOf, NO_NAME } from "./parse-actions/entries.ts";
import { type Found, findIn, type JsonDocument, type Vocabulary } from "./parse-actions/find.ts";
import { type NumberedAction, numberActions, orderActions } from "./parse-actions/order.ts";
import { isRefusal, type RawAction, type Refusal } from "./parse-actions/raw.ts";
import { faultIn, readJson } from "./parse-actions/read-json.ts";
import { type SchemaKeys, schemaKeys } from "./parse-actions/schema-keys.ts";
import { excerptOf, withoutThoughts } from "./parse-actions/segments.ts";

/** What the parser has to know of an action; those made with `defineAction` fit. */
export interface ParsableAction {
  readonly name: string;
  readonly input: z.ZodType;
}

/** An action that an answer proposes. */
export interface ParsedAction {
  /** As the answer names it, a bare number as `s1`; `s1`, `s2`, ... where it does not. */
  readonly id: string;
  readonly action: string;
  /** They fit the action's schema, and are as it takes them. */
  readonly args: JsonObject;
  /** 0 to 1: what the answer says. Where it says nothing 0.5 for JSON and 0.3 for words. */
  readonly confidence: number;
  /** As the answer words it, "" where it gives none. */
  readonly reasoning: string;
  readonly title?: string;
  /** Ids of other actions of the answer, only where it names them. */
  readonly dependsOn?: readonly string[];
  /** Whether it stood there as JSON or in words. */
  readonly from: "json" | "prose";
  /** The line of the answer, from 1. */
  readonly line: number;
}

/** Something in an answer that is no action that can be proposed. */
export interface RejectedAction {
  /** The line of the answer, from 1. */
  readonly line: number;
  /** How it begins, on one line. */
  readonly excerpt: string;
  /** The name that it gives, where it gives one. */
  readonly action?: string;
  /** What is wrong: an argument such as `lines.0.count`, `confidence`, `dependsOn`, ... */
  readonly field?: string;
  /** What was given and what was expected, in a sentence that names action and field. */
  readonly reason: string;
}

/** Both are empty where an answer proposes nothing. */
export interface ParsedActions {
  /** In the order of the answer. */
  readonly actions: readonly ParsedAction[];
  readonly rejected: readonly RejectedAction[];
}

export interface ParseOptions {
  /** Where an answer proposes more, all of it is refused. Default: 50. */
  readonly maxActions?: number;
  /** Arguments may refer to outputs of other actions (`{ "$ref": "s1.id" }`), which fit any schema. Default: false. */
  readonly references?: boolean;
}

const MAX_LENGTH = 262_144;
const MAX_REJECTED = 50;
const UNSAID = { json: 0.5, prose: 0.3 } as const;

/**
 * Reads the actions that a model's answer proposes. Never throws over an answer.
 * @param answer its text, or its content parts: texts are put together, and tool calls count where there are some
 * @param actions those that there are; no other is ever proposed
 * @returns what is proposed, and what is not, with the reasons; an answer of more than 262,144 UTF-16 code units is refused
 */
export function parseActions(
  answer: string | readonly unknown[],
  actions: readonly ParsableAction[],
  options: ParseOptions = {},
): ParsedActions {
  const { maxActions = 50, references = false } = options;
  const known = createVocabulary(actions);
  const found = findInAnswer(answer, known);
  if ("reason" in found) return result([], [found]);
  const raw = readFound(found, known);
  if (raw.length > maxActions) {
    const reason = `the answer proposes ${raw.length} actions; at most ${maxActions} are taken, so none is`;
    return result([], [{ where: raw[0]?.where ?? NOWHERE, reason }]);
  }
  const context = { find: known.find, names: actions.map(({ name }) => name), allowsReferences: references };
  const checked = raw.map((entry) => (isRefusal(entry) ? entry : checkAction(entry, context)));
  const refused = checked.filter((entry): entry is Refusal => "reason" in entry);
  const { kept, refused: repeated } = withoutRepeats(checked.filter((entry): entry is CheckedAction => "raw" in entry));
  const ordered = orderActions(numberActions(kept));
  return result(ordered.kept.map(finish), [...refused, ...repeated, ...ordered.refused]);
}

const NOWHERE = { line: 1, excerpt: "" };

interface Known extends Vocabulary {
  find(name: string): KnownAction | undefined;
}

/** Schemas are looked into only for actions that an answer names. */
function createVocabulary(actions: readonly ParsableAction[]): Known {
  const byName = new Map(actions.map((action) => [action.name, action]));
  const keys = new Map<string, SchemaKeys>();
  const find = (name: string): KnownAction | undefined => {
    const action = byName.get(name);
    if (!action) return undefined;
    const ofAction = keys.get(name) ?? schemaKeys(action.input);
    keys.set(name, ofAction);
    return { input: action.input, keys: ofAction };
  };
  return {
    find,
    isKnown: (name) => byName.has(name),
    isArgument: (action, key) => find(action)?.keys.names.has(key) ?? false,
  };
}

/** The JSON in an answer, whatever it says, as far as it is well-formed and not spoken against. */
export function findDocuments(answer: string): Json[] {
  const found = findInAnswer(answer, { isKnown: () => false, isArgument: () => false });
  if ("reason" in found) return [];
  return found.documents.flatMap((document) =>
    "value" in document && faultIn(document.value, document.faults) === undefined ? [document.value] : [],
  );
}

function findInAnswer(answer: string | readonly unknown[], vocabulary: Vocabulary): Found | Refusal {
  const parts: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  const calls = parts.filter(isToolCall).map(asDocument);
  if (calls.length > 0) return { documents: calls, items: [], isWhole: true };
  const text = parts.map(textOf).join("");
  if (text.length > MAX_LENGTH) {
    return {
      where: { line: 1, excerpt: excerptOf(text) },
      reason: `the answer is ${text.length} characters long; at most ${MAX_LENGTH} are read`,
    };
  }
  const lines = text.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  const whole = findIn(lines, vocabulary);
  if (whole.isWhole) return whole;
  const said = withoutThoughts(lines);
  if ("fault" in said) return { where: { line: 1, excerpt: excerptOf(lines) }, reason: said.fault };
  return said.text === lines ? whole : findIn(said.text, vocabulary);
}

interface Part {
  readonly type?: unknown;
  readonly text?: unknown;
}

const TOOL_CALLS: readonly unknown[] = ["tool_use", "tool_call", "function_call"];
const isPart = (part: unknown): part is Part => typeof part === "object" && part !== null;
const isToolCall = (part: unknown): part is Part => isPart(part) && TOOL_CALLS.includes(part.type);

function textOf(part: unknown): string {
  if (typeof part === "string") return part;
  return isPart(part) && part.type === "text" && typeof part.text === "string" ? part.text : "";
}

/** Through its text, so that it is held to what holds for all JSON. */
function asDocument(part: Part): JsonDocument | Refusal {
  const where = { line: 1, excerpt: "a tool call" };
  try {
    const text = JSON.stringify(part);
    if (text.length > MAX_LENGTH) return { where, reason: `the call is longer than ${MAX_LENGTH} characters` };
    const read = readJson(text);
    return "fault" in read ? { where, reason: read.fault } : { where: { line: 1, excerpt: excerptOf(text) }, ...read };
  } catch {
    return { where, reason: "the call is no JSON value" };
  }
}

/** One form counts: lists in words that stand beside JSON describe it, and JSON that names no action is data. */
function readFound({ documents, items }: Found, { isKnown, isArgument }: Known): (RawAction | Refusal)[] {
  const read = documents.map((document, index) =>
    "reason" in document
      ? [document]
      : entriesOf(document.value, { ...document, document: index, isKnown, isArgument }),
  );
  const entries = read.flatMap((some) => some ?? []);
  if (entries.length > 0) return entries;
  if (items.length > 0) return items;
  return documents.flatMap(({ where }, index) => (read[index] === undefined ? [{ where, reason: NO_NAME }] : []));
}

/** The same action in two places of an answer is more likely said twice than meant twice. */
function withoutRepeats(actions: readonly CheckedAction[]): { kept: CheckedAction[]; refused: Refusal[] } {
  const seen = new Map<string, CheckedAction>();
  const kept: CheckedAction[] = [];
  const refused: Refusal[] = [];
  for (const action of actions) {
    const { raw, args } = action;
    const key = canonicalJson([raw.name, args]);
    const earlier = seen.get(key);
    if (earlier && earlier.raw.document !== raw.document) {
      const reason = `it is said already in line ${earlier.raw.where.line}; to do it twice, put both into one list`;
      refused.push({ where: raw.where, action: raw.name, reason });
    } else {
      seen.set(key, earlier ?? action);
      kept.push(action);
    }
  }
  return { kept, refused };
}

function finish({ id, dependsOn, raw, args, confidence, reasoning, title }: NumberedAction): ParsedAction {
  return {
    id,
    action: raw.name,
    args,
    confidence: confidence ?? UNSAID[raw.form],
    reasoning,
    ...(title === undefined ? {} : { title }),
    ...(dependsOn.length > 0 ? { dependsOn } : {}),
    from: raw.form,
    line: raw.where.line,
  };
}

function result(actions: ParsedAction[], refused: readonly Refusal[]): ParsedActions {
  const rejected = refused.toSorted((a, b) => a.where.line - b.where.line).map(reject);
  const left = rejected.length - MAX_REJECTED;
  if (left <= 0) return { actions, rejected };
  const { line = 1 } = rejected[MAX_REJECTED] ?? {};
  return {
    actions,
    rejected: [...rejected.slice(0, MAX_REJECTED), { line, excerpt: "", reason: `${left} more were refused.` }],
  };
}

function reject({ where, action, field, reason }: Refusal): RejectedAction {
  const named = [action && `"${action}"`, field && `field "${field}"`].filter(Boolean).join(", ");
  return {
    line: where.line,
    excerpt: where.excerpt,
    ...(action ? { action } : {}),
    ...(field ? { field } : {}),
    reason: printable(`${named ? `${named}: ` : ""}${reason.replace(/\.$/, "")}.`.toWellFormed()),
  };
}
