/** What is told of errors, which may carry arguments, outputs and answers of models: masked. */
import { explainError, HoldpointError } from "../errors.ts";
import { maskText } from "./mask.ts";

/** A warning of the process, for whoever runs it. */
export function warn(text: string): void {
  process.emitWarning(maskText(text));
}

/**
 * {@link explainError} for what goes into records and answers: what an action says on purpose is for its customer, and
 * stays; whatever else was thrown may hold anything.
 */
export function explainMasked(error: unknown): string {
  const text = explainError(error);
  return error instanceof HoldpointError ? text : maskText(text);
}
