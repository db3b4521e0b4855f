/** Parts of a definition, filled in as actions give them. */
import type { Json, JsonObject } from "../../domain/json.ts";
import type { Impact, Row } from "../../domain/proposal.ts";
import type { Definition } from "./definition.ts";
import { readError } from "./outcomes.ts";
import { fill, fillText, type Scope } from "./template.ts";

/** What an answer that was only read has. @throws ActionFailure */
export function filled(template: Json, scope: Scope): Json {
  try {
    return fill(template, scope);
  } catch (error) {
    throw readError(error);
  }
}

export function rowOf(template: JsonObject | null, scope: Scope): Row | null {
  if (template === null) return null;
  const row = fill(template, scope) as JsonObject;
  const shown = (value: Json) => (typeof value === "object" && value !== null ? JSON.stringify(value) : value);
  return Object.fromEntries(Object.entries(row).map(([field, value]) => [field, shown(value)]));
}

export function impactOf(
  { level, resources, durationMs, amount, outside }: NonNullable<Definition["impact"]>,
  scope: Scope,
): Impact {
  const told = outside?.flatMap((one) => fill(one, scope)).map(String);
  return {
    ...{ level, durationMs, resources: resources.map((one) => fillText(one, scope)) },
    reversible: false, // whoever asks knows the action's reversibility
    ...(amount === undefined ? {} : { amount: fill(amount, scope) as number }),
    ...(told === undefined ? {} : { outside: told }),
  };
}
