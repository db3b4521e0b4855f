/** Why a model gave no answer, told from what its client threw. */

/** `withheld`: the server did answer, and keeps the answer back; asking again would give the same. */
export type FailureKind = "unauthorized" | "rate_limited" | "unreachable" | "refused" | "withheld" | "aborted";

export interface ModelFailure {
  readonly why: FailureKind;
  /** One sentence for a person, without secrets. */
  readonly message: string;
}

/** Clients of every vendor put the HTTP status on the error; connection errors have none. */
export function explainFailure(error: unknown, call: { signal: AbortSignal; timeoutMs: number }): ModelFailure {
  const status = statusOf(error);
  if (call.signal.aborted) return { why: "aborted", message: "The call of the model was stopped." };
  if (isTimeout(error)) {
    return { why: "unreachable", message: `The model did not answer within ${call.timeoutMs / 1000} seconds.` };
  }
  if (status === 401 || status === 403) {
    return { why: "unauthorized", message: `The model's server refused the key (${status}): check OPENAI_API_KEY.` };
  }
  if (status === 429) {
    return { why: "rate_limited", message: "The model's server is limiting requests (429): try again later." };
  }
  if (status !== undefined && status < 500) {
    return {
      why: "refused",
      message: `The model's server refused the request (${status}): check the name of the model.`,
    };
  }
  const what = status === undefined ? "cannot be reached" : `failed (${status})`;
  return { why: "unreachable", message: `The model's server ${what}: check OPENAI_BASE_URL and try again later.` };
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("status" in error)) return undefined;
  return typeof error.status === "number" ? error.status : undefined;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");
}
