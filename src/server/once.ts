/** A request that carries an `Idempotency-Key` is answered once; sent again, it gets the same answer. */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import type { Identity } from "../domain/run.ts";
import { beginAnswer, giveUpAnswer, keepAnswer, type StoredAnswer } from "../ledger/answered-requests.ts";
import { HttpProblem, problemResponse } from "./problem.ts";
import type { Served, Variables } from "./served.ts";

/** Who has answered nothing for so long, in milliseconds, is taken for dead: the request may be sent again. */
const BELIEVED_MS = 120_000;

/** Headers that are part of an answer. */
const KEPT = ["content-type", "location", "etag", "retry-after"];

/**
 * @param options `run` answers the request; what it throws becomes a problem document
 * @throws HttpProblem `key_reused`, `too_many_requests` while the same request is under way
 */
export async function answerOnce(
  c: Context<{ Variables: Variables }>,
  { runtime }: Served,
  { identity, run }: { identity: Identity; run: () => Promise<Response> },
): Promise<Response> {
  const key = c.req.header("idempotency-key");
  if (key === undefined) return await run();
  const { ledger } = runtime;
  const request = { ...identity, key, fingerprint: await fingerprintOf(c) };
  const now = runtime.now();
  const until = new Date(Date.parse(now) + BELIEVED_MS).toISOString();
  const begun = await beginAnswer(ledger, request, { now, until });
  if (begun.state === "answered") return replay(begun.answer);
  if (begun.state === "other") {
    throw new HttpProblem("key_reused", `The Idempotency-Key "${key}" was sent with another request.`, {
      hint: "Use a new key for each request, and the same one only to send that request again.",
    });
  }
  if (begun.state === "under_way") {
    throw new HttpProblem("in_progress", `The request with the Idempotency-Key "${key}" is being answered.`, {
      hint: "Send it again in a moment.",
      headers: { "retry-after": "1" },
    });
  }
  const response = await run().catch((error: unknown) => problemResponse(error, c.get("requestId")));
  // What may go otherwise the next time is not kept, and neither is a defect.
  if (response.status >= 500 || response.status === 429 || response.headers.get("retry-after") !== null) {
    await giveUpAnswer(ledger, request);
    return response;
  }
  const body = await response.text();
  const headers = Object.fromEntries(
    KEPT.flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  await keepAnswer(ledger, request, { status: response.status, headers, body });
  return new Response(body === "" ? null : body, response);
}

async function fingerprintOf(c: Context): Promise<string> {
  const { pathname, search } = new URL(c.req.url);
  const said = [c.req.method, pathname, search, c.req.header("if-match") ?? "", await c.req.text()];
  return createHash("sha256").update(JSON.stringify(said)).digest("hex");
}

function replay({ status, headers, body }: StoredAnswer): Response {
  return new Response(body === "" ? null : body, {
    status,
    headers: { ...headers, "cache-control": "no-store", "idempotency-replayed": "true" },
  });
}
