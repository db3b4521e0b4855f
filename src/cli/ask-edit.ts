/** Asks the person in the terminal for the arguments of an action, field by field. */
import { isCancel, text } from "@clack/prompts";
import type { Json, JsonObject } from "../domain/json.ts";
import { printable } from "../domain/printable.ts";
import type { Question } from "../nodes/question.ts";

type Action = Question["actions"][number];

/** The arguments as the person wants them, or undefined when they gave up. */
export async function askArguments(
  question: Question,
  action: Action,
  prompting: { readonly signal?: AbortSignal },
): Promise<JsonObject | undefined> {
  const schema = question.reviewConfigs.find((config) => config.actionName === action.action)?.argsSchema ?? {};
  const fields = fieldsOf(schema);
  const names = [...new Set([...Object.keys(fields), ...Object.keys(action.args)])];
  const edited: JsonObject = {};
  for (const name of names) {
    const current = action.args[name];
    const about = fields[name]?.description;
    const shown = asText(current);
    const given = await text({
      ...prompting,
      message: `${action.step} ${printable(name)}${about === undefined ? "" : ` (${printable(about)})`}; empty leaves it out`,
      initialValue: shown,
    });
    if (isCancel(given)) return undefined;
    const value = given === shown ? current : fromText(given, fields[name]);
    if (value !== undefined) edited[name] = value;
  }
  return edited;
}

interface Field {
  type?: unknown;
  anyOf?: { type?: unknown }[];
  description?: string;
}

function fieldsOf(schema: JsonObject): Record<string, Field> {
  const { properties } = schema;
  const known = typeof properties === "object" && properties !== null && !Array.isArray(properties);
  return known ? (properties as Record<string, Field>) : {};
}

/** A value on one line: plain words as they are, everything else as JSON. */
function asText(value: Json | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string" && printable(value) === value && !value.startsWith('"')) return value;
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) =>
    found.split("").map(escaped).join(""),
  );
}

/** Where the schema takes text, words are text; everything else is read as JSON, and checked when the answer is taken. */
function fromText(given: string, field: Field | undefined): Json | undefined {
  if (given.trim() === "") return undefined;
  const types = [field?.type, ...(field?.anyOf ?? []).map((option) => option.type)].flat();
  if (types.includes("string") && !given.startsWith('"')) return given;
  try {
    return JSON.parse(given) as Json;
  } catch {
    return given;
  }
}
