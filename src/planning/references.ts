/** What is done with references in arguments; their form is in domain/references.ts. */
import { argsFault, type Json, type JsonObject } from "../domain/json.ts";
import type { Step } from "../domain/plan.ts";
import { findReferences, INLINE_REFERENCE, wholeReference } from "../domain/references.ts";
import { ActionFailure } from "../errors.ts";
import { conditionUses } from "./step-conditions.ts";

export { findReferences };

/** The arguments with references to renamed steps rewritten; `names` gives the new id for an old one. */
export function renameReferences(args: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  const renamed = (path: string): string => {
    const [step = "", ...keys] = path.split(".");
    return [names.get(step) ?? step, ...keys].join(".");
  };
  const rename = (value: Json): Json => {
    if (typeof value === "string")
      return value.replace(INLINE_REFERENCE, (_whole, path: string) => `\${${renamed(path)}}`);
    if (typeof value !== "object" || value === null) return value;
    const whole = wholeReference(value);
    if (whole !== undefined) return { $ref: renamed(whole) };
    if (Array.isArray(value)) return value.map(rename);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rename(item)]));
  };
  return rename(args) as JsonObject;
}

/** The steps that a step waits for: those it names, and those that its arguments and its conditions refer to. */
export function dependenciesOf(step: Step): string[] {
  const referred = findReferences(step.args).map((path) => path.split(".")[0] ?? "");
  const conditions = [step.when, step.success?.check].filter((text) => text !== undefined);
  return [...new Set([...step.dependsOn, ...referred, ...conditions.flatMap(conditionUses)])];
}

/**
 * Checks arguments once everything is in them: parts that were each taken may be too deep together.
 * @throws ActionFailure that names the step
 */
export function assertRecordable(step: string, args: JsonObject): void {
  const why = argsFault(args);
  if (why === undefined) return;
  throw new ActionFailure("failed", `Step "${step}" got arguments that cannot be recorded: ${why}.`);
}

function follow(path: string, outputs: ReadonlyMap<string, Json>): Json | undefined {
  const [step = "", ...keys] = path.split(".");
  let value: Json | undefined = outputs.get(step);
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as JsonObject)[key];
  }
  return value;
}

/**
 * Puts outputs in place of references.
 * @param outputs by step id; references to steps that are not in it stay as they are
 * @returns the arguments, and the paths of known steps that lead nowhere
 */
export function resolveReferences(
  args: JsonObject,
  outputs: ReadonlyMap<string, Json>,
): { args: JsonObject; missing: string[] } {
  const missing: string[] = [];
  const lookUp = (path: string): Json | undefined => {
    if (!outputs.has(path.split(".")[0] ?? "")) return undefined;
    const value = follow(path, outputs);
    if (value === undefined) missing.push(path);
    return value;
  };
  const resolve = (value: Json): Json => {
    if (typeof value === "string") {
      return value.replace(INLINE_REFERENCE, (whole, path: string) => {
        const found = lookUp(path);
        if (found === undefined) return whole;
        return typeof found === "string" ? found : JSON.stringify(found);
      });
    }
    if (typeof value !== "object" || value === null) return value;
    const whole = wholeReference(value);
    if (whole !== undefined) return lookUp(whole) ?? value;
    if (Array.isArray(value)) return value.map(resolve);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item)]));
  };
  return { args: resolve(args) as JsonObject, missing };
}
