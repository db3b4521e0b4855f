/**
 * Fields of replies with bounds that models are not told: they would cost words in every call, and are hardly ever met.
 * What does not fit goes back with the fault.
 */
import { z } from "zod";

/** A text of so many UTF-16 code units. */
export const text = (max: number, min = 0) =>
  z
    .string()
    .refine((value) => value.length >= min, "expected some text")
    .refine((value) => value.length <= max, `expected at most ${max} characters`);

/** A list of so many items at the most. */
export const list = <Item extends z.ZodType>(item: Item, max: number) =>
  z.array(item).refine((items) => items.length <= max, `expected at most ${max}`);
