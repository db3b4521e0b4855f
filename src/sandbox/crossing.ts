/** JSON that comes out of a sandbox, before anybody works with it. */
import { argsFault, type Json } from "../domain/json.ts";

/** Whoever merges objects with it changes their prototype. */
const FORBIDDEN = "__proto__";

/**
 * @param text JSON
 * @returns its value, or why it may not cross, in words
 */
export function readCrossing(text: string): { readonly value: Json } | { readonly fault: string } {
  const value = JSON.parse(text) as Json;
  const fault = argsFault(value);
  if (fault !== undefined) return { fault };
  if (hasForbidden(value)) return { fault: `no key in it may be ${FORBIDDEN}` };
  return { value };
}

/** It is known not to be deep. */
function hasForbidden(value: Json): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, FORBIDDEN) || Object.values(value).some(hasForbidden);
}
