/**
 * Money. Inside the store it is whole cents; at its borders it is a number of dollars (arguments, outputs) or text such
 * as "-$1,160.00" (rows that people see).
 *
 * 1. Every conversion is exact or refused; nothing is rounded.
 * 2. No amount of cents leaves the range in which numbers are exact (Number.MAX_SAFE_INTEGER).
 */
import { ActionFailure } from "../../errors.ts";

/** @throws ActionFailure `invalid_request` when the sum is too large to be exact. */
export function addCents(a: number, b: number): number {
  return safeCents(a + b);
}

/** @throws ActionFailure `invalid_request` when the product is too large to be exact. */
export function multiplyCents(cents: number, times: number): number {
  return safeCents(cents * times);
}

/** Cents as people read them: "$80.00", "-$1,160.00". */
export function formatMoney(cents: number): string {
  const absolute = Math.abs(safeCents(cents));
  const rest = absolute % 100;
  const whole = String((absolute - rest) / 100).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${cents < 0 ? "-" : ""}$${whole}.${String(rest).padStart(2, "0")}`;
}

/**
 * The exact inverse of `formatMoney`.
 * @throws ActionFailure `invalid_request` for any text that `formatMoney` does not write.
 */
export function parseMoney(text: string): number {
  const cents = Number(text.replace(/[$,.]/g, ""));
  if (!Number.isSafeInteger(cents) || formatMoney(cents) !== text) {
    throw new ActionFailure("invalid_request", `Not an amount of money: "${text}"; expected text such as "$1,080.00".`);
  }
  return cents === 0 ? 0 : cents;
}

/** Whether a number of dollars has at most two decimals and is exact in cents. */
export function isDollars(dollars: number): boolean {
  return centsOf(dollars) !== undefined;
}

/**
 * Dollars to cents: 0.29 gives 29.
 * @throws ActionFailure `invalid_request` for more than two decimals (0.1 + 0.2), or an amount too large to be exact.
 */
export function toCents(dollars: number): number {
  const cents = centsOf(dollars);
  if (cents === undefined) {
    throw new ActionFailure("invalid_request", `Not an amount of dollars with at most two decimals: ${dollars}.`);
  }
  return cents;
}

/**
 * Cents to dollars, such that `toCents` gives the same cents back.
 * @throws ActionFailure `invalid_request` when no number of dollars does (only far above ten trillion dollars).
 */
export function toDollars(cents: number): number {
  const dollars = safeCents(cents) / 100;
  if (centsOf(dollars) !== cents) throw tooLarge(String(cents));
  return dollars;
}

/** Works on the shortest decimal text of the number, because `dollars * 100` is not exact (0.29 * 100 < 29). */
function centsOf(dollars: number): number | undefined {
  const match = /^(-?\d+)(?:\.(\d{1,2}))?$/.exec(String(dollars));
  if (!match) return undefined;
  const cents = Number(`${match[1]}${(match[2] ?? "").padEnd(2, "0")}`);
  return Number.isSafeInteger(cents) ? cents : undefined;
}

function safeCents(cents: number): number {
  if (!Number.isSafeInteger(cents)) throw tooLarge(String(cents));
  return cents;
}

function tooLarge(cents: string): ActionFailure {
  return new ActionFailure("invalid_request", `The amount is too large to be kept exactly: ${cents} cents.`);
}
