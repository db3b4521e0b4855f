/**
 * The one form in which Agent Inbox shows a proposal. The page reads the first action only, so that of several actions
 * the form has a field for each, `<step> <action>`, which holds its arguments. It sends all fields back, as they were or
 * as text, and so says what it saw.
 */
import type { GivenDecision } from "./answer-formats.ts";
import { canonicalJson, type Json, type JsonObject } from "./json.ts";
import type { ProposedAction } from "./proposal.ts";

type Shown = Pick<ProposedAction, "step" | "action" | "args">;

const fieldOf = ({ step, action }: Shown): string => `${step} ${action}`;

export function pageForm(actions: readonly Shown[]): JsonObject {
  const [single, ...more] = actions;
  if (single && more.length === 0) {
    // The page breaks on a null.
    return Object.fromEntries(Object.entries(single.args).map(([key, value]) => [key, value ?? "null"]));
  }
  return Object.fromEntries(actions.map((action) => [fieldOf(action), action.args]));
}

/** @returns what a form that came back says of each action; undefined where it is not this form; or what is wrong */
export function readPageForm(
  actions: readonly Shown[],
  given: GivenDecision | undefined,
): GivenDecision[] | string | undefined {
  if (!given?.action) return undefined;
  const { args, name } = given.action;
  const [single, ...more] = actions;
  if (single && more.length === 0) {
    return [{ ...given, action: { name, args: given.type === "edit" ? withNulls(args, single.args) : args } }];
  }
  if (!actions.some((action) => fieldOf(action) in args)) return undefined;
  const decisions: GivenDecision[] = [];
  for (const action of actions) {
    const said = asObject(args[fieldOf(action)]);
    if (!said) return `"${fieldOf(action)}" is to hold the arguments of ${action.step}, as a JSON object.`;
    decisions.push({ ...given, step: action.step, action: { name: action.action, args: said } });
  }
  if (Object.keys(args).length > actions.length) return "The answer names actions that are not proposed.";
  if (given.type !== "edit") return decisions;
  const changed = decisions.filter(({ action }, index) => !isSaidBy(action?.args, actions[index]?.args ?? {}));
  return changed.length > 0 ? changed : decisions;
}

/** The nulls that the form showed as text, and that were left as they were. */
function withNulls(args: JsonObject, meant: JsonObject): JsonObject {
  const entries = Object.entries(args);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, value === "null" && meant[key] === null ? null : value]),
  );
}

function asObject(value: Json | undefined): JsonObject | undefined {
  try {
    const said: unknown = typeof value === "string" ? JSON.parse(value) : value;
    return typeof said === "object" && said !== null && !Array.isArray(said) ? (said as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** A value as text, the same whatever the order of its fields. */
function asText(value: Json | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") return canonicalJson(value);
  try {
    return /^\s*[[{]/.test(value) ? canonicalJson(JSON.parse(value)) : value;
  } catch {
    return value;
  }
}

/** Whether a page's arguments mean these: it may have turned values into text. */
export function isSaidBy(said: JsonObject | undefined, meant: JsonObject): boolean {
  if (!said) return false;
  const keys = new Set([...Object.keys(said), ...Object.keys(meant)]);
  return [...keys].every((key) => asText(said[key]) === asText(meant[key]));
}
