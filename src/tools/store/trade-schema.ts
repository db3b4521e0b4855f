/** What `sell` and `take_back` are given, and what they answer. */
import { z } from "zod";
import { dollars, ITEM, line, wholeNumber } from "./fields.ts";

export const TradeInputSchema = z.strictObject({
  item: ITEM,
  quantity: wholeNumber("quantity", 1),
  customer: line("customer", 100).optional().describe("The customer's name, when it is known."),
  unitPrice: dollars("unitPrice").optional().describe("Leave out; today's price in dollars is filled in."),
});
export type TradeInput = z.infer<typeof TradeInputSchema>;

export const TradeOutputSchema = z.strictObject({
  transactionId: z.string(),
  item: z.string(),
  name: z.string(),
  quantity: wholeNumber("quantity", 1),
  unitPrice: dollars("unitPrice"),
  /** What was paid or paid back, in dollars; never negative. */
  total: dollars("total"),
  stockAfter: z.number().int(),
  balanceAfter: dollars("balanceAfter"),
  customer: z.string().nullable(),
});
export type TradeOutput = z.infer<typeof TradeOutputSchema>;
