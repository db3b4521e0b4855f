/** Named secrets: they go into requests, and nowhere else. Whatever comes back with one in it is masked. */
import type { Json } from "../../domain/json.ts";
import { ActionFailure } from "../../errors.ts";

/**
 * The value of a tenant's secret, or undefined.
 * @param isShared whether the action that asks is every tenant's, and so may have what is every tenant's
 */
export type SecretSource = (tenant: string, name: string, isShared: boolean) => string | undefined;

export const MASKED = "***";
/** A shorter one could not be told from any other text. */
const MIN_LENGTH = 8;

/**
 * The values of the secrets that a request takes along.
 * @throws ActionFailure that names the one that is missing
 */
export function secretsOf(
  names: readonly string[],
  source: SecretSource,
  { tenant, isShared }: { tenant: string; isShared: boolean },
): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const value = source(tenant, name, isShared);
      if (value === undefined || value === "") {
        throw new ActionFailure("failed", `The secret ${name} is not there: nothing was sent.`, {
          hint: "Whoever runs the system sets it; see docs/http-actions.md.",
        });
      }
      if (value.length >= MIN_LENGTH) return [name, value];
      throw new ActionFailure(
        "failed",
        `The secret ${name} has fewer than ${MIN_LENGTH} characters: nothing was sent.`,
      );
    }),
  );
}

/** A function that masks secrets in texts, also where they were encoded or escaped on the way. */
export function createMask(secrets: Readonly<Record<string, string>>): (text: string) => string {
  const forms = Object.values(secrets).flatMap((value) => {
    const parts = [value, ...value.split(/\s+/).filter((part) => part.length >= MIN_LENGTH)];
    return parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const hex = bytes.toString("hex");
      const base64 = bytes.toString("base64").replace(/=+$/, "");
      return [part, base64, bytes.toString("base64url"), hex, hex.toUpperCase()];
    });
  });
  const longestFirst = [...new Set(forms)].toSorted((one, other) => other.length - one.length);
  if (longestFirst.length === 0) return (text) => text;
  const pattern = new RegExp(longestFirst.map(anyWriting).join("|"), "g");
  return (text) => text.replace(pattern, MASKED);
}

/** What HTML has names for. */
const ENTITIES: Readonly<Record<string, string>> = {
  ...{ "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos", "/": "sol", "+": "plus", "=": "equals" },
};

/** A pattern of a text as it may be written, each of its marks on its own: JSON, addresses, forms and HTML escape many. */
const anyWriting = (text: string): string =>
  [...text].map((mark) => (/[A-Za-z0-9]/.test(mark) ? mark : `(?:${writingsOf(mark).join("|")})`)).join("");

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

function writingsOf(mark: string): string[] {
  const eitherCase = (hex: string) =>
    hex.replace(/[a-f]/gi, (digit) => `[${digit.toLowerCase()}${digit.toUpperCase()}]`);
  const units = Array.from({ length: mark.length }, (_none, at) => mark.charCodeAt(at));
  const point = mark.codePointAt(0) ?? 0;
  const named = ENTITIES[mark];
  return [
    // JSON (RFC 8259, 7) may put a backslash before a slash, and text that was put into JSON twice has more of them.
    `\\\\{0,3}${literally(mark)}`,
    literally(JSON.stringify(mark).slice(1, -1)),
    units.map((unit) => `\\\\{1,3}u${eitherCase(unit.toString(16).padStart(4, "0"))}`).join(""),
    [...Buffer.from(mark)].map((byte) => `%(?:25)?${eitherCase(byte.toString(16).padStart(2, "0"))}`).join(""),
    ...(mark === " " ? ["\\+"] : []),
    `&#0*${point};`,
    `&#[xX]0*${eitherCase(point.toString(16))};`,
    ...(named === undefined ? [] : [`&${named};`]),
  ];
}

/** Every text and name in it, and numbers that are written as a secret is. */
export function masked(value: Json, mask: (text: string) => string): Json {
  if (typeof value === "string") return mask(value);
  if (typeof value === "number") return mask(String(value)) === String(value) ? value : MASKED;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => masked(item, mask));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [mask(key), masked(item, mask)]));
}
