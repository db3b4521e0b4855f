/** Fields that the store's actions share; their messages name the field and what it must be. */
import { z } from "zod";
import { isDollars } from "./money.ts";

const MAX_QUANTITY = 1_000_000;

export function wholeNumber(name: string, min: number) {
  const wrong = `${name} must be a whole number of at least ${min}`;
  return z.number(wrong).int(wrong).min(min, wrong).max(MAX_QUANTITY, `${name} must be at most 1,000,000`);
}

/** A whole number of units to add (positive) or to remove (negative). */
export function unitsChange(name: string) {
  const wrong = `${name} must be a whole number other than 0`;
  const far = `${name} must be between -1,000,000 and 1,000,000`;
  return z
    .number(wrong)
    .int(wrong)
    .min(-MAX_QUANTITY, far)
    .max(MAX_QUANTITY, far)
    .refine((units) => units !== 0, wrong);
}

/** Dollars with at most two decimals, 0 or more. */
export function dollars(name: string) {
  const wrong = `${name} must be a number of dollars, 0 or more, with at most two decimals, such as 79.5`;
  return z.number(wrong).min(0, wrong).refine(isDollars, wrong);
}

/** One line of text, trimmed. Control characters would garble the tables that people decide on. */
export function line(name: string, max: number) {
  const wrong = `${name} must be one line of 1 to ${max} characters`;
  return z
    .string(wrong)
    .trim()
    .min(1, wrong)
    .max(max, wrong)
    .refine((text) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text), wrong);
}

export const ITEM = line("item", 100).describe('A product, by id ("SG001") or by its exact name ("Aviator").');
