/** What went wrong, as the errors that the rest of Holdpoint throws: with the same code, message and hint. */
import { ERROR_CODES, type ErrorCode, HoldpointError } from "../errors.ts";

/** A problem document (RFC 9457), as far as it is needed here. */
interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
}

/** Codes that only HTTP has, as those of the rest. */
const OF_HTTP: Readonly<Record<string, ErrorCode>> = {
  in_progress: "busy",
  too_many_requests: "busy",
  decide_together: "usage",
  nothing_to_undo: "not_paused",
  rolls_back_together: "usage",
  precondition_required: "stale",
};

/** What was answered instead of what was asked for. */
export interface Refusal {
  readonly status: number;
  /** The problem's; undefined where the answer is none of Holdpoint's. */
  readonly code: string | undefined;
  readonly error: HoldpointError;
}

/** Reads an answer that is no success. */
export async function readRefusal(response: Response, base: string): Promise<Refusal> {
  const { status } = response;
  const problem = parse(await response.text().catch(() => ""));
  if (!problem) return { status, code: undefined, error: notHoldpoint(status, base) };
  const { code, detail, hint } = problem;
  if (code === "not_found" && detail.startsWith("There is nothing at ")) {
    return { status, code, error: tooOld(base) };
  }
  const known = ERROR_CODES.find((one) => one === code) ?? OF_HTTP[code] ?? "usage";
  return { status, code, error: new HoldpointError(known, detail, hint === undefined ? {} : { hint }) };
}

function parse(text: string): Problem | undefined {
  try {
    const { code, detail, hint } = JSON.parse(text) as Record<string, unknown>;
    if (typeof code !== "string" || typeof detail !== "string") return undefined;
    return { code, detail, ...(typeof hint === "string" ? { hint } : {}) };
  } catch {
    return undefined;
  }
}

const tooOld = (base: string): HoldpointError =>
  new HoldpointError("usage", `The server at ${base} does not know this call: it is of another version.`, {
    hint: "Bring the server and this program to the same version.",
  });

function notHoldpoint(status: number, base: string): HoldpointError {
  if (status >= 500) {
    return new HoldpointError("storage", `The server at ${base} answers ${status}.`, {
      hint: "Try again in a moment.",
    });
  }
  return new HoldpointError("usage", `What answers at ${base} is no Holdpoint server: it says ${status}.`, {
    hint: "Give the address under which /health answers, without /api/v1.",
  });
}

/** @param error what fetch threw */
export function unreachable(error: unknown, base: string): HoldpointError {
  const { cause = error } = error as { cause?: unknown };
  const { code, name, message } = cause as { code?: unknown; name?: string; message?: string };
  const isLate = name === "TimeoutError";
  const why = isLate ? "it did not answer in time" : String(code ?? message ?? "the connection broke");
  return new HoldpointError("storage", `The server at ${base} cannot be reached: ${why}.`, {
    hint: "See whether it runs and whether the address is right, then try again.",
    cause: error,
  });
}

/** Whoever called gave up. */
export const givenUp = (): HoldpointError =>
  new HoldpointError("stopped", "The call was given up.", { hint: "What it set off goes on on the server." });
