/** How a run ended, for the customer and for programs. */
import { z } from "zod";
import { SnapshotSchema } from "./snapshots.ts";

/**
 * `success`, `no_match`, `insufficient_stock`, `invalid_request` and `unsupported_intent` are the store's contract;
 * the others say why nothing came of a request that was understood.
 */
const AnswerStatusSchema = z.enum([
  "success",
  "no_match",
  "insufficient_stock",
  "invalid_request",
  "unsupported_intent",
  "denied",
  "rejected",
  "cancelled",
  "superseded",
  "expired",
  "failed",
  "uncertain",
]);
export type AnswerStatus = z.infer<typeof AnswerStatusSchema>;

/** The statuses with which an action says that it did not happen. */
export const FailureStatusSchema = AnswerStatusSchema.extract([
  "no_match",
  "insufficient_stock",
  "invalid_request",
  "failed",
]);

export type FailureStatus = z.infer<typeof FailureStatusSchema>;

/** Why something did not happen: the status for the customer, and a sentence. */
export const FailureSchema = z.object({ status: FailureStatusSchema, message: z.string() });
export type Failure = z.infer<typeof FailureSchema>;

/** `text` is what the customer reads; `details` are further lines for whoever runs the system. */
export const AnswerSchema = z.object({
  status: AnswerStatusSchema,
  text: z.string(),
  details: z.array(z.string()),
  /** Of a run that a program planned: every table that it touched, before and after. */
  tables: z.array(SnapshotSchema).optional(),
});
export type Answer = z.infer<typeof AnswerSchema>;
