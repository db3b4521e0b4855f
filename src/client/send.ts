/** Sends requests, each until it is answered: a read and a write under its key do no harm when they are sent again. */
import { setTimeout as sleep } from "node:timers/promises";
import type { HoldpointError } from "../errors.ts";
import { givenUp, readRefusal, unreachable } from "./problem.ts";

export interface Wire {
  /** Without a slash at the end. */
  readonly base: string;
  readonly key: string | undefined;
  /** For one answer, in milliseconds. */
  readonly timeoutMs: number;
  /** How often a request is sent again that was not answered. */
  readonly retries: number;
  readonly fetch: typeof fetch;
}

export interface Request {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Whether it may be sent again. */
  readonly again: boolean;
  /** The answer goes on for as long as it does: only its beginning has a time limit. */
  readonly endless?: boolean;
}

const BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 3000;
/** So long a request that is being answered is asked after: whoever answers it may have died, and is believed for so long. */
const UNDER_WAY_MS = 150_000;

/** A server that takes no more for a while says for how long; so long that is waited for, in milliseconds. */
const MAX_PAUSE_MS = 60_000;

/**
 * Sends a request, and again where the connection broke, the server was stopping, the same request is being answered, or
 * it was one too many at that moment.
 * @throws HoldpointError what the server refused it with, `storage` when it cannot be reached, `stopped` when given up
 */
export async function send(wire: Wire, request: Request): Promise<Response> {
  const since = Date.now();
  for (let failures = 0; ; ) {
    const tried = await tryOnce(wire, request);
    if ("response" in tried) return tried.response;
    if (!tried.again || !request.again) throw tried.error;
    if (tried.again === "under way" ? Date.now() - since > UNDER_WAY_MS : failures++ >= wire.retries) throw tried.error;
    await rest(tried.again === "under way" ? 1000 : (tried.afterMs ?? backoffMs(failures)), request);
  }
}

const backoffMs = (failures: number): number => Math.min(BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS);

async function rest(ms: number, { signal }: Request): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {}).catch(() => {
    throw givenUp();
  });
}

type Tried =
  | { readonly response: Response }
  | { readonly error: HoldpointError; readonly again: "failed" | "under way" | false; readonly afterMs?: number };

async function tryOnce(wire: Wire, request: Request): Promise<Tried> {
  const { base } = wire;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DOMException("", "TimeoutError")), wire.timeoutMs);
  const signals = [late.signal, ...(request.signal ? [request.signal] : [])];
  try {
    const response = await wire.fetch(`${base}${request.path}`, {
      method: request.method,
      headers: {
        ...(wire.key === undefined ? {} : { authorization: `Bearer ${wire.key}` }),
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...request.headers,
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      redirect: "manual", // the key is for this server
      signal: AbortSignal.any(signals),
    });
    if (!response.ok) return await refused(response, base);
    if (request.endless) return { response };
    const body = await response.arrayBuffer(); // an answer that is cut off is none
    return { response: new Response(body.byteLength === 0 ? null : body, response) };
  } catch (error) {
    if (request.signal?.aborted) throw givenUp();
    return { error: unreachable(late.signal.aborted ? late.signal.reason : error, base), again: "failed" };
  } finally {
    clearTimeout(timer);
  }
}

async function refused(response: Response, base: string): Promise<Tried> {
  const { status, code, error } = await readRefusal(response, base);
  if (code === "in_progress") return { error, again: "under way" };
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  if (status === 429 && seconds * 1000 <= MAX_PAUSE_MS) return { error, again: "failed", afterMs: seconds * 1000 };
  return { error, again: status === 503 || status === 502 || status === 504 ? "failed" : false };
}
