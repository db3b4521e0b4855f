/** Keeps the values of placeholders out of everything that a server says. */
import type { Json } from "../../domain/json.ts";
import { storableText } from "../../domain/text.ts";

export interface Secrets {
  hideText(text: string): string;
  /** Names of fields, too. Text that no database takes is made into such. */
  hide<T extends Json>(value: T): T;
}

export function createSecrets(values: readonly string[]): Secrets {
  // The longest first: one may hold another.
  const known = values.flatMap(formsOf).sort((one, other) => other.length - one.length);
  const hideText = (text: string) =>
    known.reduce((hidden, secret) => hidden.replaceAll(secret, "[secret]"), storableText(text));
  const hide = (value: Json): Json => {
    if (typeof value === "string") return hideText(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(hide);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [hideText(key), hide(item)]));
  };
  return { hideText, hide: <T extends Json>(value: T) => hide(value) as T };
}

/** As it is, and as it stands in JSON, in addresses and in Base64. */
function formsOf(secret: string): string[] {
  const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
  return [...new Set([...forms, Buffer.from(secret).toString("base64").replace(/=+$/, "")])];
}
