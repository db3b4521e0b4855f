/**
 * Templates of declarations: JSON with references to what is known of a call, as in plans. A whole value is
 * `{ "$ref": "args.path" }`, inside text it is `${output.id}`. Nothing is ever evaluated.
 */
import type { Json, JsonObject } from "../../domain/json.ts";
import { INLINE_REFERENCE, wholeReference } from "../../domain/references.ts";

/** What can be referred to, by its first name; undefined where it is not known. */
export type Scope = Readonly<Record<string, Json | undefined>>;

/** A reference that leads nowhere. */
export class MissingReference extends Error {
  constructor(path: string) {
    super(`"${path}" is not known there`);
    this.name = "MissingReference";
  }
}

/** An argument that was left out is left out of what refers to it as a whole. */
const isOptional = (path: string): boolean => path.startsWith("args.");

function follow(path: string, scope: Scope): Json | undefined {
  let value: Json | undefined = { ...scope } as JsonObject;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as JsonObject)[key];
  }
  return value;
}

/** @throws MissingReference */
export function fillText(template: string, scope: Scope): string {
  return template.replace(INLINE_REFERENCE, (_whole, path: string) => {
    const found = follow(path, scope);
    if (found === undefined) throw new MissingReference(path);
    return typeof found === "string" ? found : JSON.stringify(found);
  });
}

/**
 * The template with everything in place; undefined where it refers as a whole to an argument that was left out.
 * @throws MissingReference
 */
export function fill(template: Json, scope: Scope): Json | undefined {
  if (typeof template === "string") return fillText(template, scope);
  if (typeof template !== "object" || template === null) return template;
  const path = wholeReference(template);
  if (path !== undefined) {
    const found = follow(path, scope);
    if (found === undefined && !isOptional(path)) throw new MissingReference(path);
    return found;
  }
  if (Array.isArray(template)) return template.map((item) => fill(item, scope)).filter((item) => item !== undefined);
  return fillObject(template, scope);
}

/** {@link fill} for an object. @throws MissingReference */
export function fillObject(template: JsonObject, scope: Scope): JsonObject {
  const entries = Object.entries(template).map(([key, item]) => [key, fill(item, scope)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
