/**
 * Playbooks: plans with blanks, for requests that match. They plan where no model is configured, and save the model
 * call where one is. A playbook is data; its forms are in the language of form.ts.
 */
import type { JsonObject } from "../../domain/json.ts";
import type { Step } from "../../domain/plan.ts";
import type { Phrases } from "./form.ts";

/**
 * The step of a plan, with blanks. In `args` a blank is a whole value: "{item}", or "{-quantity}" for its negative; an
 * argument whose blank was not filled is left out. In `title` "{$price}" is money, and "[ to {customer}]" goes away
 * when its blank was not filled; a blank that is true only keeps its brackets.
 */
export interface StepTemplate {
  readonly action: string;
  readonly title: string;
  readonly args: Readonly<Record<string, string>>;
}

/** Wordings that mean the same step. With `{items}` in the form, there is one independent step for each item. */
export interface Wording {
  readonly forms: readonly string[];
  readonly step: StepTemplate;
}

export interface Playbook {
  readonly name: string;
  readonly title: string;
  /** Requests that it takes, the most telling first. */
  readonly examples: readonly string[];
  /** Parts of forms, used in them as `<name>`. */
  readonly phrases: Phrases;
  readonly wordings: readonly Wording[];
}

const SEGMENT = /\[([^[\]]*)\]/gu;
const BLANK = /\{(\$?)([a-zA-Z]+)\}/gu;

/** One example for each playbook, as a readable line: what to show when a request was not understood. */
export function whatCanBeAsked(playbooks: readonly Playbook[]): string[] {
  return playbooks.map(({ title, examples }) => (examples[0] ? `${title}: "${examples[0]}"` : title));
}

/** The steps for what the slots found: one for each of `values.items`, or a single one. */
export function fillSteps(template: StepTemplate, values: JsonObject): Step[] {
  const { items, ...shared } = values;
  const each = Array.isArray(items) ? (items as JsonObject[]) : [{}];
  return each.map((item, index) => fillStep(template, { ...shared, ...item }, `s${index + 1}`));
}

function fillStep(template: StepTemplate, values: JsonObject, id: string): Step {
  const args: JsonObject = {};
  for (const [name, blank] of Object.entries(template.args)) {
    const value = fillArg(blank, values);
    if (value !== undefined) args[name] = value;
  }
  return { id, title: fillTitle(template.title, values), action: template.action, args, dependsOn: [] };
}

function fillArg(blank: string, values: JsonObject): JsonObject[string] | undefined {
  const name = blank.slice(1, -1);
  return name.startsWith("-") ? -Number(values[name.slice(1)]) : values[name];
}

function fillTitle(title: string, values: JsonObject): string {
  const kept = title.replace(SEGMENT, (_segment, inner: string) => {
    const names = [...inner.matchAll(BLANK)].map((match) => match[2] ?? "");
    return names.every((name) => values[name] !== undefined) ? inner : "";
  });
  return kept.replace(BLANK, (_blank, money: string, name: string) => {
    const value = values[name];
    if (value === true) return "";
    return money ? `$${Number(value).toFixed(2)}` : String(value);
  });
}
