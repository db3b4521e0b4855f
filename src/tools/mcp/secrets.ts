/** Keeps the values of placeholders out of everything that a server says. */
import type { Json } from "../../domain/json.ts";
import { storableText } from "../../domain/text.ts";
import { secretPattern } from "../outside/secret-forms.ts";

export interface Secrets {
  hideText(text: string): string;
  /** Names of fields, too. Text that no database takes is made into such. */
  hide<T extends Json>(value: T): T;
}

export function createSecrets(values: readonly string[]): Secrets {
  const known = secretPattern(values);
  const hideText = (text: string) => {
    const kept = storableText(text);
    return known ? kept.replace(known, "[secret]") : kept;
  };
  const hide = (value: Json): Json => {
    if (typeof value === "string") return hideText(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(hide);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [hideText(key), hide(item)]));
  };
  return { hideText, hide: <T extends Json>(value: T) => hide(value) as T };
}
