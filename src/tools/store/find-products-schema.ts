/** What a search is given, and what it finds. */
import { z } from "zod";
import { dollars, wholeNumber } from "./fields.ts";
import { wordsOf } from "./words.ts";

export const CriteriaSchema = z.strictObject({
  text: z
    .string("text must be text")
    .max(200, "text must be at most 200 characters")
    .refine((text) => wordsOf(text).length > 0, "text must hold at least one word; leave it out to find everything")
    .optional()
    .describe("Words that must all occur in the name or the description."),
  inStock: z
    .boolean("inStock must be true or false")
    .optional()
    .describe("true: only what is in stock; false: only what is out of stock; leave out for both."),
  minQuantity: wholeNumber("minQuantity", 0).optional().describe("At least that many in stock."),
  priceBelow: dollars("priceBelow").optional().describe("Cheaper than this, in dollars."),
  priceAtMost: dollars("priceAtMost").optional().describe("This price or cheaper, in dollars."),
  priceAbove: dollars("priceAbove").optional().describe("Dearer than this, in dollars."),
  priceAtLeast: dollars("priceAtLeast").optional().describe("This price or dearer, in dollars."),
});
export type Criteria = z.infer<typeof CriteriaSchema>;

export const FoundSchema = z.strictObject({
  products: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      description: z.string(),
      quantity: z.number().int(),
      price: dollars("price"),
    }),
  ),
});
export type Found = z.infer<typeof FoundSchema>;
