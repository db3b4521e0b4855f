/** The pause of a run whose reads were held back. */
import type { Pause } from "../domain/run.ts";
import { ModelAway } from "../execution/call-model.ts";
import { CallHeld } from "../execution/guarded-call.ts";
import type { HeldBack } from "../execution/run-read.ts";

/** The pause until a model, or the first of the receivers that are left alone, can be tried again; undefined without one. */
export function untilTried(held: readonly HeldBack[]): Pause | undefined {
  const away = held.find((one) => one instanceof ModelAway);
  if (away) return { why: "model", reason: away.message, until: null };
  const receivers = held.filter((one) => one instanceof CallHeld);
  const [first] = receivers.toSorted((one, other) => (one.until < other.until ? -1 : 1));
  return first && { why: "receiver", reason: first.message, until: first.until };
}
