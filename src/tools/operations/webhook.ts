/**
 * Handing a message to a webhook, signed as Standard Webhooks has it (https://www.standardwebhooks.com, the
 * specification, "Webhook headers" and "Verifying webhook authenticity").
 *
 * 1. Each attempt has the same `webhook-id` and the same body: a receiver recognises a repeat by it.
 * 2. Before a connection stands nothing was sent, whatever fails. After that only an answer that says no counts as no; an
 *    answer of the server's own trouble, and none at all, leave it open.
 * 3. Nothing is followed, and of an answer nothing is read but its status and how long to wait.
 * 4. No error holds the address.
 */
import { createHmac } from "node:crypto";
import { type ClientRequest, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { ActionFailure } from "../../errors.ts";
import type { Endpoint } from "./endpoints.ts";

export interface DeliverySettings {
  /** For one attempt, in milliseconds. */
  readonly timeoutMs: number;
  /** The pauses between attempts, in milliseconds: one attempt more than there are pauses. */
  readonly pausesMs: readonly number[];
}

export const DELIVERY: DeliverySettings = { timeoutMs: 5_000, pausesMs: [500, 1_500, 4_000] };
/** The longest pause that a receiver gets by asking for one, in milliseconds. */
const MAX_ASKED_MS = 10_000;

export interface Message {
  /** The same for every attempt at it. */
  readonly id: string;
  readonly body: string;
  /** The time now, ISO 8601 UTC. */
  readonly now: string;
  /** An earlier call handed it over, and nobody knows what came of that. */
  readonly isRepeat: boolean;
}

/** What came of an attempt. `refused`: surely nothing; `doubt`: nobody knows. */
type Came =
  | { readonly kind: "taken" }
  | { readonly kind: "refused" | "doubt"; readonly why: string; readonly again: boolean; readonly waitMs?: number };

/**
 * Delivers a message, with pauses between attempts where the receiver can recognise a repeat or surely did nothing yet.
 * @returns how many attempts it took
 * @throws ActionFailure when surely nothing came of it; anything else means that nobody knows
 */
export async function deliver(
  endpoint: Endpoint,
  message: Message,
  { signal, settings }: { signal: AbortSignal; settings: DeliverySettings },
): Promise<number> {
  const began = performance.now();
  const doubts: string[] = message.isRepeat ? ["an earlier attempt was cut off"] : [];
  for (let attempt = 1; ; attempt += 1) {
    const seconds = Math.floor((Date.parse(message.now) + performance.now() - began) / 1000);
    const came = await post(endpoint, { ...message, seconds }, { signal, timeoutMs: settings.timeoutMs });
    if (came.kind === "taken") return attempt;
    if (came.kind === "doubt") doubts.push(came.why);
    const pauseMs = settings.pausesMs[attempt - 1];
    const isSafe = doubts.length === 0 || endpoint.style === "standard";
    const isOver = !came.again || !isSafe || pauseMs === undefined;
    if (isOver || !(await paused(Math.max(pauseMs, came.waitMs ?? 0), signal))) {
      throw failure(endpoint, { attempt, why: came.why, doubts });
    }
  }
}

async function paused(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}

function failure(
  { name }: Endpoint,
  { attempt, why, doubts }: { attempt: number; why: string; doubts: readonly string[] },
): Error {
  const times = attempt === 1 ? "once" : `${attempt} times`;
  const [doubt] = doubts;
  if (doubt === undefined) {
    return new ActionFailure("failed", `The webhook "${name}" did not take it, tried ${times}: ${why}.`, {
      hint: "Nothing was delivered. Look at the endpoint, then ask for it again.",
    });
  }
  const first = doubt === why ? "" : ` (${doubt})`;
  return new Error(`Nobody knows whether the webhook "${name}" acted on it, tried ${times}: ${why}${first}.`);
}

interface Attempt extends Message {
  /** When it is made, in seconds since 1970. */
  readonly seconds: number;
}

/** `v1,` and the signature, as Standard Webhooks has it. */
function signatureOf(secret: Buffer, { id, seconds, body }: Pick<Attempt, "id" | "seconds" | "body">): string {
  return `v1,${createHmac("sha256", secret).update(`${id}.${seconds}.${body}`).digest("base64")}`;
}

function headersOf(endpoint: Endpoint, attempt: Attempt): Record<string, string | number> {
  const { id, seconds, body } = attempt;
  const signed =
    endpoint.style === "standard"
      ? { "webhook-timestamp": seconds, "webhook-signature": signatureOf(endpoint.secret, attempt) }
      : {};
  return {
    ...{ "content-type": "application/json", "content-length": Buffer.byteLength(body), "user-agent": "holdpoint" },
    ...{ "webhook-id": id, ...signed },
  };
}

function post(
  endpoint: Endpoint,
  attempt: Attempt,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): Promise<Came> {
  if (signal.aborted) return Promise.resolve({ kind: "refused", why: "it is not wanted any more", again: false });
  const isSecure = endpoint.url.protocol === "https:";
  return new Promise((resolve) => {
    const send = isSecure ? httpsRequest : httpRequest;
    const call = send(endpoint.url, { method: "POST", headers: headersOf(endpoint, attempt), agent: false });
    const isConnected = watchConnection(call, isSecure);
    const end = (came: Came) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      resolve(came);
      call.destroy();
    };
    const unanswered = (why: string, again = true) =>
      end(
        isConnected()
          ? { kind: "doubt", why: `it gave no answer (${why})`, again }
          : { kind: "refused", why: `it cannot be reached (${why})`, again },
      );
    const stop = () => unanswered("stopped", false);
    const timer = setTimeout(() => unanswered(`${timeoutMs} ms`), timeoutMs);
    signal.addEventListener("abort", stop, { once: true });
    call.on("error", (error: NodeJS.ErrnoException) => unanswered(error.code ?? "the connection broke"));
    call.on("response", ({ statusCode = 0, headers }) => end(meaningOf(statusCode, headers["retry-after"])));
    call.end(attempt.body);
  });
}

/** Whether the connection stood at some time: with encryption, whether that did. */
function watchConnection(call: ClientRequest, isSecure: boolean): () => boolean {
  let isConnected = false;
  call.on("socket", (socket) => {
    socket.once(isSecure ? "secureConnect" : "connect", () => {
      isConnected = true;
    });
  });
  return () => isConnected;
}

/** What a status says of whether it was acted on (RFC 9110, 15; RFC 6585, 4). */
function meaningOf(status: number, retryAfter: string | undefined): Came {
  if (status >= 200 && status < 300) return { kind: "taken" };
  const why =
    status >= 300 && status < 400 ? `it answered ${status}, and redirects are not followed` : `it answered ${status}`;
  const waitMs = waitOf(retryAfter);
  if (status === 429 || status === 425) return { kind: "refused", why, again: true, waitMs };
  if (status === 408 || status >= 500) return { kind: "doubt", why, again: true, waitMs };
  // Other redirects come after something was done, too (303 for one); a conflict may be with an attempt before.
  const isOpen = status === 409 || (status < 400 && status !== 307 && status !== 308);
  return { kind: isOpen ? "doubt" : "refused", why, again: false };
}

function waitOf(retryAfter: string | undefined): number {
  const seconds = /^\d{1,6}$/.test(retryAfter ?? "") ? Number(retryAfter) : 0;
  return Math.min(seconds * 1000, MAX_ASKED_MS);
}

/** Slack's text has three characters that mean something else. */
export const forSlack = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
