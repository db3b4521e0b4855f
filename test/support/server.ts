/** A real server on a real port, over real files. */
import { RunControl } from "@langchain/langgraph";
import { onTestFinished } from "vitest";
import { RoleSchema } from "../../src/domain/role.ts";
import { createKey } from "../../src/ledger/api-keys.ts";
import type { StoreRuntime } from "../../src/runtime.ts";
import { createAuthenticator } from "../../src/server/auth/authenticate.ts";
import { type ServeParts, serve } from "../../src/server/serve.ts";
import { SILENT } from "../../src/telemetry/log.ts";

/** Somebody of a tenant, in short: `acme/viewer` has that role; a name that is no role has them all. */
type Who = `${string}/${string}`;

/** Gives each caller of a server a real key. */
function createKeyring(runtime: StoreRuntime): (who: Who) => Promise<string> {
  const secrets = new Map<Who, Promise<string>>();
  const make = async (who: Who): Promise<string> => {
    const [tenant = "", principal = ""] = who.split("/");
    const stamp = { tenant, principal: "root", role: "admin" as const, at: runtime.now() };
    const role = RoleSchema.safeParse(principal).data ?? "admin";
    return (await createKey(runtime.ledger, stamp, { name: `key of ${principal}`, principal, role })).secret;
  };
  return (who) => {
    const secret = secrets.get(who) ?? make(who);
    secrets.set(who, secret);
    return secret;
  };
}

interface Answered {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any form
  readonly body: any;
  readonly text: string;
  readonly headers: Headers;
}

interface Sent {
  /** Default: `acme/alice`; null for nobody. */
  readonly as?: Who | null;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export interface TestServer {
  readonly url: string;
  /** What it logged, but for answers. */
  readonly logged: { fields: object; message: string }[];
  /** Sends a request: `GET /api/v1/runs`. */
  send(line: string, sent?: Sent): Promise<Answered>;
  fetch(line: string, sent?: Sent): Promise<Response>;
  /** The key of somebody. */
  keyOf(who: Who): Promise<string>;
  stop(): Promise<void>;
}

/** Serves until it is stopped. */
export async function startServer(runtime: StoreRuntime, parts: Partial<ServeParts> = {}): Promise<TestServer> {
  const stopped = new AbortController();
  const control = new RunControl();
  const logged: TestServer["logged"] = [];
  const keep = (fields: object, message: string) => void logged.push({ fields, message });
  const { url, ended } = await serve({
    ...{ runtime, host: "127.0.0.1", port: 0, development: false, origins: [], publicUrl: undefined, version: "test" },
    authenticator: createAuthenticator({ ledger: runtime.ledger, now: runtime.now }),
    log: { ...SILENT, warn: keep, error: keep },
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
  const keyOf = createKeyring(runtime);
  const fetchAs = async (line: string, { as = "acme/alice", ...sent }: Sent = {}) =>
    await fetchFrom(url, line, { ...sent, key: as === null ? undefined : await keyOf(as) });
  return {
    ...{ url, logged, stop, keyOf },
    fetch: fetchAs,
    send: async (line, sent) => await read(await fetchAs(line, sent)),
  };
}

/** {@link startServer}, until the test has ended. */
export async function openServer(runtime: StoreRuntime, parts: Partial<ServeParts> = {}): Promise<TestServer> {
  const server = await startServer(runtime, parts);
  onTestFinished(server.stop);
  return server;
}

async function fetchFrom(
  url: string,
  line: string,
  { key, body, headers = {}, signal }: Omit<Sent, "as"> & { key: string | undefined },
): Promise<Response> {
  const [method = "GET", path = "/"] = line.split(" ");
  return await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
}

/** Reads all of an answer; of events those that have come by the first news of the run. */
async function read(response: Response): Promise<Answered> {
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
