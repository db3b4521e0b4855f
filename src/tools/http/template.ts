/**
 * Templates in the files of HTTP actions: the references of plans, `${args.id}` inside text and `{ "$ref": "args.items" }`
 * for a whole value. What is put in place of one is never looked at for others, and nothing is evaluated.
 */
import type { Json, JsonObject } from "../../domain/json.ts";
import { findReferences, INLINE_REFERENCE, wholeReference } from "../../domain/references.ts";

/** What a template may refer to, by the first name of a reference. */
export type Scope = Readonly<Record<string, Json | undefined>>;

/** A template cannot be filled: a reference leads nowhere, or to something that has no place there. */
export class Unfillable extends Error {}

function follow(path: string, scope: Scope): Json | undefined {
  const [root = "", ...keys] = path.split(".");
  let value: Json | undefined = Object.hasOwn(scope, root) ? scope[root] : undefined;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as JsonObject)[key];
  }
  return value;
}

function textAt(path: string, scope: Scope): string {
  const value = follow(path, scope);
  if (value === undefined) throw new Unfillable(`there is no ${path}`);
  if (typeof value === "object" && value !== null) throw new Unfillable(`${path} is no text, number or boolean`);
  return String(value ?? "");
}

/** @throws Unfillable */
export const fillText = (text: string, scope: Scope): string =>
  text.replace(INLINE_REFERENCE, (_whole, path: string) => textAt(path, scope));

/**
 * A whole reference keeps the type of what it leads to; a field whose whole reference leads nowhere is left out.
 * @throws Unfillable where one elsewhere leads nowhere
 */
export function fill(template: Json, scope: Scope): Json {
  const value = filled(template, scope);
  if (value === undefined) throw new Unfillable(`there is no ${wholeReference(template)}`);
  return value;
}

function filled(template: Json, scope: Scope): Json | undefined {
  if (typeof template === "string") return fillText(template, scope);
  if (typeof template !== "object" || template === null) return template;
  const whole = wholeReference(template);
  if (whole !== undefined) return follow(whole, scope);
  if (Array.isArray(template)) return template.map((item) => fill(item, scope));
  const entries = Object.entries(template).map(([key, item]): [string, Json | undefined] => [key, filled(item, scope)]);
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/**
 * Where nothing may be left out, since what is missing would be taken for done.
 * @param scope names that it does not have are passed over
 * @throws Unfillable when a reference leads nowhere
 */
export function assertPresent(template: Json, scope: Scope): void {
  const missing = findReferences(template).find((path) => {
    const [root = ""] = path.split(".");
    return Object.hasOwn(scope, root) && follow(path, scope) === undefined;
  });
  if (missing !== undefined) throw new Unfillable(`there is no ${missing}`);
}

/**
 * A path whose references each stay within their segment: they add none, leave none, and begin no query.
 * @throws Unfillable
 */
export function fillPath(path: string, scope: Scope): string {
  const filledPath = path.replace(INLINE_REFERENCE, (_whole, reference: string) => {
    const text = textAt(reference, scope);
    // Some receivers decode `%2F` before they look at the path.
    const isLeading = text.split(/[\\/]/).some((part) => /^(?:\.|%2e){1,2}$/i.test(part));
    if (text === "" || isLeading || /\p{Cc}/u.test(text) || !text.isWellFormed()) {
      throw new Unfillable(`${reference} cannot stand in an address: ${JSON.stringify(text.slice(0, 80))}`);
    }
    return encodeURIComponent(text);
  });
  if (filledPath.split("/").some((part) => part === "." || part === "..")) {
    throw new Unfillable(`the address would lead elsewhere: ${JSON.stringify(filledPath.slice(0, 80))}`);
  }
  return filledPath;
}

/** @throws Unfillable when it would end the line, or holds what no header may (RFC 9110, section 5.5) */
export function fillHeader(name: string, text: string, scope: Scope): string {
  const value = fillText(text, scope);
  if (/^[\x20-\x7e\t]*$/.test(value)) return value.trim();
  throw new Unfillable(`the header ${name} cannot hold line ends or characters other than ASCII`);
}
