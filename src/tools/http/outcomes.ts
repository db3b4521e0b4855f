/**
 * What an answer means. Nothing happened surely only where HTTP lets a receiver say so (RFC 9110, RFC 6585); of everything
 * else that comes back after a request was sent, nobody knows.
 */
import { ActionFailure, StillUnderWay } from "../../errors.ts";
import { Refused } from "./call.ts";
import type { Definition } from "./definition.ts";
import { NotReached } from "./guard.ts";
import { Unfillable } from "./template.ts";

/**
 * The receiver refused to do it, or asked for another request. 409 is another matter where keys are sent: it may be the
 * same request, which is still under way. 408 may come from somebody between, after the receiver had begun.
 */
const NOTHING_HAPPENED: readonly number[] = [
  ...[307, 308, 400, 401, 402, 403, 404, 405, 406, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 425],
  ...[426, 428, 429, 431, 451],
];

/** Somebody between gave up waiting; or the same request, by its key, is under way. */
const MAY_HAPPEN: readonly number[] = [408, 409, 502, 504];

/** Whether a status says of a write that nothing of it happened. */
function isNothing(status: number, { errors, idempotency }: Pick<Definition, "errors" | "idempotency">): boolean {
  if (errors.unknown.includes(status)) return false;
  if (errors.nothingHappened.includes(status)) return true;
  return NOTHING_HAPPENED.includes(status) || (status === 409 && !idempotency);
}

/** What a write's request came to, for the ledger: `failed` is said of this call alone, whatever came of one before. */
export function writeError(error: unknown, definition: Definition): unknown {
  if (error instanceof Refused && isNothing(error.status, definition)) {
    return new ActionFailure("failed", `${error.message}. Nothing was done.`);
  }
  if (error instanceof Refused && MAY_HAPPEN.includes(error.status)) return new StillUnderWay(`${error.message}.`);
  // Any other status would also be said of a call before: that a thing is not there may be what that one did.
  if (error instanceof ActionFailure && error.status !== "failed") return new ActionFailure("failed", error.message);
  return error;
}

/** Statuses after which the same read may do better. */
const PASSING: readonly number[] = [408, 409, 423, 425, 429];

/** What a read's request came to: it is read again where that may do better. */
export function readError(error: unknown): unknown {
  if (error instanceof NotReached) return new Error(error.message);
  if (error instanceof Unfillable) return new ActionFailure("failed", `The answer does not fit: ${error.message}.`);
  if (!(error instanceof Refused) || error.status >= 500 || PASSING.includes(error.status)) return error;
  const { status, message } = error;
  if (status === 404 || status === 410) return new ActionFailure("no_match", `${message}.`);
  return new ActionFailure(status === 400 || status === 422 ? "invalid_request" : "failed", `${message}.`);
}
