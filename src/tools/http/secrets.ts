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

/** A function that masks secrets in texts, also where they were encoded on the way. */
export function createMask(secrets: Readonly<Record<string, string>>): (text: string) => string {
  const forms = Object.values(secrets).flatMap((value) => {
    const parts = [value, ...value.split(/\s+/).filter((part) => part.length >= MIN_LENGTH)];
    return parts.flatMap((part) => [
      part,
      encodeURIComponent(part),
      JSON.stringify(part).slice(1, -1),
      Buffer.from(part).toString("base64").replace(/=+$/, ""),
      Buffer.from(part).toString("base64url"),
      Buffer.from(part).toString("hex"),
    ]);
  });
  const longestFirst = [...new Set(forms)].toSorted((one, other) => other.length - one.length);
  return (text) => longestFirst.reduce((masked, form) => masked.replaceAll(form, MASKED), text);
}

/** Every text and name in it, and numbers that are written as a secret is. */
export function masked(value: Json, mask: (text: string) => string): Json {
  if (typeof value === "string") return mask(value);
  if (typeof value === "number") return mask(String(value)) === String(value) ? value : MASKED;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => masked(item, mask));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [mask(key), masked(item, mask)]));
}
