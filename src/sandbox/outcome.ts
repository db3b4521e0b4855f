/** What a worker says of a program's end, taken for what it may be: the words of whoever got hold of the worker. */
import type { Json } from "../domain/json.ts";
import { readCrossing } from "./crossing.ts";
import { explainThrown, explainUnawaited } from "./explain.ts";
import type { FromWorker, StopReason, ThrownError } from "./protocol.ts";

export type ProgramOutcome =
  | { readonly kind: "returned"; readonly value: Json }
  /**
   * `line` of the program, from 1. `status`: the one that a failed call had, where that failure ended the program; a
   * status that the program made up is none.
   */
  | { readonly kind: "threw"; readonly message: string; readonly line?: number; readonly status?: string }
  | { readonly kind: "stopped"; readonly why: StopReason; readonly message: string };

/** The statuses that failed calls of one program had. */
export class GivenStatuses {
  readonly #given = new Set<string>();

  /** @param message what the program was told, with the name of the function before it */
  add(message: string, status: string): void {
    this.#given.add(keyOf(message, status));
  }

  /** Whether a call failed with this message and this status. */
  has(message: string, status: string): boolean {
    return this.#given.has(keyOf(message, status));
  }
}

/** The sandbox cuts what it tells of a long message. */
const keyOf = (message: string, status: string): string => JSON.stringify([message.slice(0, 4000), status]);

/** @throws SyntaxError when the worker says what is no JSON */
export function outcomeOf(
  message: Extract<FromWorker, { kind: "threw" | "returned" }>,
  given: GivenStatuses,
): ProgramOutcome {
  if (message.kind === "threw") {
    const thrown = JSON.parse(message.text) as ThrownError;
    const { status } = thrown;
    const isGiven = status !== undefined && given.has(thrown.message, status);
    return { kind: "threw", ...explainThrown(thrown), ...(isGiven ? { status } : {}) };
  }
  const { text, unawaited } = message;
  if (unawaited.length > 0) return { kind: "threw", message: explainUnawaited(unawaited) };
  const read = readCrossing(text);
  return "fault" in read
    ? { kind: "threw", message: `TypeError: What it returned cannot be used: ${read.fault}.` }
    : { kind: "returned", value: read.value };
}
