/**
 * Checks the arguments of a step against its action's schema. References stand for what is not known yet: they are
 * checked by the schemas of what they refer to, and once more when they are known.
 */
import type { z } from "zod";
import type { Json } from "../domain/json.ts";
import { jsonSchemaOf } from "../domain/json-schema.ts";
import type { Step } from "../domain/plan.ts";
import { INLINE_REFERENCE, wholeReference } from "../domain/references.ts";
import { type Kinds, kindsAt } from "./schema-kinds.ts";

export interface ArgumentContext {
  readonly input: z.ZodType;
  /** What a step puts out; undefined where that is not known. */
  outputOf(step: string): z.ZodType | undefined;
}

/** A reference, and where in the arguments it stands. */
interface Place {
  readonly at: readonly string[];
  readonly path: string;
  /** The whole value is what it refers to; otherwise it stands inside text. */
  readonly isWhole: boolean;
}

/** @returns a sentence for each fault of the arguments themselves */
export function argumentFaults(step: Step, action: Pick<ArgumentContext, "input">): string[] {
  return argumentIssues(step, action).map((issue) => {
    const where = issue.path.length > 0 ? `"${issue.path.join(".")}"` : "the arguments";
    return `Step "${step.id}" (${step.action}): ${where}: ${issue.message}.`;
  });
}

/** What a schema has against the arguments themselves, whatever references turn out to be. */
export function argumentIssues(step: Step, { input }: Pick<ArgumentContext, "input">): z.core.$ZodIssue[] {
  const parsed = input.safeParse(step.args);
  if (parsed.success) return [];
  const places = placesIn(step.args).map(({ at }) => at);
  // What a fault says of a whole may be due to a reference within; of names that are not known, it is not.
  const isOpen = (path: readonly string[], code: string) =>
    places.some((at) => startsWith(path, at) || (startsWith(at, path) && code !== "unrecognized_keys"));
  return parsed.error.issues.filter((issue) => !isOpen(issue.path.map(String), issue.code));
}

/** @returns a sentence for each reference that leads nowhere, or to what its argument does not take */
export function referenceFaults(step: Step, { input, outputOf }: ArgumentContext): string[] {
  const faults = placesIn(step.args).flatMap(({ at, path, isWhole }) => {
    const [id = "", ...keys] = path.split(".");
    const output = outputOf(id);
    if (!output) return [];
    const given = kindsAt(jsonSchemaOf(output, "output"), keys);
    if (given === "nothing") return [`Step "${step.id}" refers to "${path}", which "${id}" does not put out.`];
    const taken = kindsAt(jsonSchemaOf(input, "input"), at);
    if (taken === "nothing" || fits(isWhole ? given : TEXT, taken)) return [];
    const what = isWhole ? `"${path}" is ${[...(given ?? [])].join(" or ")}` : `"${path}" stands inside text`;
    return [`Step "${step.id}" (${step.action}): "${at.join(".")}" takes ${[...(taken ?? [])].join(" or ")}; ${what}.`];
  });
  return [...new Set(faults)];
}

const TEXT: Kinds = new Set(["string"]);

const fits = (given: Kinds | undefined, taken: Kinds | undefined): boolean =>
  given === undefined || taken === undefined || [...given].some((kind) => taken.has(kind));

const startsWith = (path: readonly string[], start: readonly string[]): boolean =>
  start.every((key, index) => path[index] === key);

function placesIn(value: Json, at: readonly string[] = []): Place[] {
  if (typeof value === "string") {
    return [...value.matchAll(INLINE_REFERENCE)].map((match) => ({ at, path: match[1] ?? "", isWhole: false }));
  }
  if (typeof value !== "object" || value === null) return [];
  const path = wholeReference(value);
  if (path !== undefined) return [{ at, path, isWhole: true }];
  return Object.entries(value).flatMap(([key, item]) => placesIn(item, [...at, key]));
}
