/** A real server on a real port, over real files. */
import { RunControl } from "@langchain/langgraph";
import { onTestFinished } from "vitest";
import { HoldpointError } from "../../src/errors.ts";
import type { Runtime } from "../../src/runtime.ts";
import type { Authenticator } from "../../src/server/auth/authenticate.ts";
import { type ServeParts, serve } from "../../src/server/serve.ts";

/** Believes `Bearer <tenant>/<principal>`: what keys and tokens are is tested for itself. */
const believing: Authenticator = {
  async authenticate(headers) {
    const [, tenant, principal] = /^Bearer ([\w-]+)\/([\w-]+)$/.exec(headers.get("authorization") ?? "") ?? [];
    if (!tenant || !principal) throw new HoldpointError("unauthenticated", "No key was sent.", { hint: "Send one." });
    return { identity: { tenant, principal }, countedBy: `${tenant}/${principal}`, by: "key" };
  },
};

export interface Answered {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any form
  readonly body: any;
  readonly text: string;
  readonly headers: Headers;
}

interface Sent {
  /** `tenant/principal`; null for nobody. */
  readonly as?: string | null;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export interface TestServer {
  readonly url: string;
  /** What it logged, but for answers. */
  readonly logged: { fields: object; message: string }[];
  /** Sends a request: `GET /api/v1/runs`. */
  send(request: string, sent?: Sent): Promise<Answered>;
  fetch(request: string, sent?: Sent): Promise<Response>;
  stop(): Promise<void>;
}

/** Serves until it is stopped. */
export async function startServer(runtime: Runtime, parts: Partial<ServeParts> = {}): Promise<TestServer> {
  const stopped = new AbortController();
  const control = new RunControl();
  const logged: TestServer["logged"] = [];
  const keep = (fields: object, message: string) => void logged.push({ fields, message });
  const { url, ended } = await serve({
    ...{ runtime, host: "127.0.0.1", port: 0, development: false, origins: [], publicUrl: undefined, version: "test" },
    authenticator: believing,
    log: { info: () => undefined, warn: keep, error: keep },
    stop: { signal: stopped.signal, control },
    requestsPerMinute: 100_000,
    maintainEveryMs: 3_600_000,
    ...parts,
  });
  const stop = async () => {
    control.requestDrain("test");
    stopped.abort();
    await ended;
  };
  return {
    ...{ url, logged, stop },
    fetch: (line, sent) => fetchFrom(url, line, sent),
    send: (line, sent) => request(url, line, sent),
  };
}

/** {@link startServer}, until the test has ended. */
export async function openServer(runtime: Runtime, parts: Partial<ServeParts> = {}): Promise<TestServer> {
  const server = await startServer(runtime, parts);
  onTestFinished(server.stop);
  return server;
}

async function fetchFrom(url: string, line: string, sent: Sent = {}): Promise<Response> {
  const [method = "GET", path = "/"] = line.split(" ");
  const { as = "acme/alice", body, headers = {}, signal } = sent;
  return await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(as === null ? {} : { authorization: `Bearer ${as}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
}

/** Sends a request, such as `GET /api/v1/runs`, and reads all of the answer; of events those that have come by then. */
export async function request(url: string, line: string, sent: Sent = {}): Promise<Answered> {
  const response = await fetchFrom(url, line, sent);
  const type = response.headers.get("content-type") ?? "";
  const text = type === "text/event-stream" ? await begun(response) : await response.text();
  const body = /json(;|$)/.test(type) ? JSON.parse(text) : undefined;
  return { status: response.status, body, text, headers: response.headers };
}

/** A stream of something that waits has no end: what it says at first. */
async function begun(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  let text = "";
  for (const decoder = new TextDecoder(); !text.includes("event: run"); ) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) break;
    text += decoder.decode(value);
  }
  await reader?.cancel();
  return text;
}

export const BUY = "I want to buy 2 pairs of aviator.";
