/** Errors as problem documents (RFC 9457), with codes that stay. */
import type { ErrorCode } from "../errors.ts";
import { HoldpointError } from "../errors.ts";
import { maskText } from "../telemetry/mask.ts";

/** What only HTTP has, besides the codes of {@link ErrorCode}. */
export type HttpCode =
  | "invalid_request" // parameters, headers or body do not fit
  | "not_found"
  | "method_not_allowed"
  | "precondition_required" // If-Match is missing
  | "too_large"
  | "unsupported_media_type"
  | "in_progress" // the same request is being answered
  | "key_reused" // an Idempotency-Key stands for another request
  | "decide_together" // of several actions, each has to be decided
  | "nothing_to_undo"
  | "rolls_back_together" // what a run did is undone as a whole
  | "too_many_requests";

export type ProblemCode = ErrorCode | HttpCode;

const ABOUT: Record<ProblemCode, readonly [status: number, title: string]> = {
  usage: [400, "The request does not fit."],
  invalid_request: [400, "The request does not fit."],
  unauthenticated: [401, "It is not known who asks."],
  denied: [403, "This takes another role."],
  unknown_thread: [404, "There is no such thing."],
  not_found: [404, "There is no such thing."],
  method_not_allowed: [405, "This cannot be done there."],
  not_paused: [409, "It does not stand where this could be done."],
  decision_taken: [409, "Somebody else decided first."],
  busy: [409, "Another process is at it."],
  in_progress: [409, "The same request is being answered."],
  decide_together: [409, "Each of its actions has to be decided."],
  nothing_to_undo: [409, "There is nothing to undo."],
  rolls_back_together: [409, "What a run did is undone as a whole."],
  stale: [412, "It changed meanwhile."],
  too_large: [413, "The request is too large."],
  unsupported_media_type: [415, "The body has to be JSON."],
  key_reused: [422, "The key stands for another request."],
  precondition_required: [428, "The version that is changed has to be named."],
  too_many_requests: [429, "Too many requests."],
  internal: [500, "This is a defect."],
  action_failed: [502, "An action failed."],
  stopped: [503, "The server stops."],
  storage: [503, "What it needs cannot be reached."],
};

/** Every code, for the description of the interface. */
export const PROBLEM_CODES = Object.keys(ABOUT) as ProblemCode[];

/** The HTTP status of a code. */
export const statusOf = (code: ProblemCode): number => ABOUT[code][0];

/** One thing that does not fit, and where: `body.request`, `query.limit`. */
export interface Misfit {
  readonly where: string;
  readonly message: string;
}

/** A problem document; `type`, `title`, `status`, `detail` and `instance` are RFC 9457's. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What is wrong with this request, a sentence or two. */
  readonly detail: string;
  /** The id of the request, which the server's log has, too. */
  readonly instance: string;
  readonly code: ProblemCode;
  /** The way on. */
  readonly hint?: string;
  readonly errors?: readonly Misfit[];
}

/** An error of HTTP's own; everything else is a {@link HoldpointError}. */
export class HttpProblem extends Error {
  readonly code: HttpCode;
  readonly hint: string | undefined;
  readonly errors: readonly Misfit[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: HttpCode,
    message: string,
    more: { hint?: string; errors?: readonly Misfit[]; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.code = code;
    this.hint = more.hint;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
  }
}

/** The document of an error; of a defect it says nothing but that it is one. */
export function problemOf(error: unknown, requestId: string): Problem {
  const known = error instanceof HttpProblem || error instanceof HoldpointError;
  const code: ProblemCode = known ? error.code : "internal";
  const [status, title] = ABOUT[code];
  const isDefect = !known || code === "internal";
  const detail = isDefect
    ? "Something went wrong that should not have. The server's log says more under the id of this request."
    : maskText(error.message);
  const hint = known && !isDefect && error.hint !== undefined ? { hint: maskText(error.hint) } : {};
  const errors = error instanceof HttpProblem && error.errors ? { errors: error.errors } : {};
  const instance = `urn:uuid:${requestId}`;
  return { type: `urn:holdpoint:problem:${code}`, title, status, detail, instance, code, ...hint, ...errors };
}

/** The problem as an answer. */
export function problemResponse(error: unknown, requestId: string): Response {
  const problem = problemOf(error, requestId);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(problem.code === "unauthenticated" ? { "www-authenticate": 'Bearer realm="holdpoint"' } : {}),
      ...(problem.code === "busy" || problem.status === 503 ? { "retry-after": "1" } : {}),
      ...(error instanceof HttpProblem ? error.headers : {}),
    },
  });
}
