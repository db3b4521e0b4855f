/** A client of Holdpoint's HTTP interface: every call of its OpenAPI document, typed, and the events of a run. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { HoldpointError } from "../errors.ts";
import { CALLS } from "./api.ts";
import type { CallId, Input, Options, Output, Rest } from "./calls.ts";
import { givenUp, unreachable } from "./problem.ts";
import { type Request, send, type Wire } from "./send.ts";
import { readEvents } from "./sse.ts";

export { type ErrorCode, HoldpointError } from "../errors.ts";
export type { components } from "./api.ts";
export type { CallId, Input, Options, Output } from "./calls.ts";

export interface ClientOptions {
  /** Where the server is, such as `https://holdpoint.example.com`. */
  readonly url: string;
  /** An API key, or a token of the issuer that the server takes tokens of. */
  readonly key?: string;
  /** For one answer, in milliseconds. Default: 75 seconds, which is more than a server waits for a run. */
  readonly timeoutMs?: number;
  /** How often a request is sent again when the connection breaks or the server stops. Default: 5, over six seconds. */
  readonly retries?: number;
  /** Default: the runtime's own. */
  readonly fetch?: typeof fetch;
}

/** What happens to a run. `id` is the number of the audit log's entry, with which a stream goes on. */
export type RunEvent =
  | { readonly event: "entry"; readonly id: string; readonly data: AuditEntry }
  | { readonly event: "run"; readonly id: string; readonly data: Output<"getRun">["run"] }
  | { readonly event: "progress"; readonly id: string; readonly data: Readonly<Record<string, unknown>> }
  | { readonly event: "end"; readonly id: string; readonly data: { readonly status: string | null } };

interface AuditEntry {
  readonly seq: number;
  readonly at: string;
  readonly event: string;
  readonly principal: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventOptions {
  /** Ends the listening. */
  readonly signal?: AbortSignal;
  /** The `id` of the event that was heard last. Default: none, for all of them. */
  readonly after?: string;
}

export interface Client {
  /** Without a slash at the end. */
  readonly url: string;
  /**
   * Calls the server. A write gets an `Idempotency-Key`, and is sent again under it when the connection broke: it is done
   * once.
   * @param id an `operationId` of the OpenAPI document, such as `startRun`
   * @throws HoldpointError what the server refused it with, with the same code, message and hint; `storage` when it cannot
   * be reached, `stopped` when it was given up by its signal
   */
  call<Id extends CallId>(id: Id, ...rest: Rest<Id>): Promise<Output<Id>>;
  /** {@link call}, for an answer that is as long as it is: in pieces, as they come. */
  pieces<Id extends "exportAudit">(id: Id, ...rest: Rest<Id>): AsyncGenerator<string>;
  /**
   * What happens to a run, from its beginning on, until it has ended. A connection that breaks is made again, and nothing
   * is told twice or left out, but for `progress` and `run`, which say how it stands then.
   * @param id a run's, or a thread's for its newest run
   * @throws HoldpointError as {@link call} does
   */
  events(id: string, options?: EventOptions): AsyncGenerator<RunEvent>;
}

/** @throws HoldpointError `usage` when the address or the key is none */
export function createClient(options: ClientOptions): Client {
  const { url, key, timeoutMs = 75_000, retries = 5, fetch: given } = options;
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (!address || !/^https?:$/.test(address.protocol) || address.username !== "" || address.password !== "") {
    throw new HoldpointError("usage", "The address of the server is none.", {
      hint: "Expected http or https, such as https://holdpoint.example.com, without a name and a password.",
    });
  }
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) {
    throw new HoldpointError("usage", "The key is none: it has to be one word.", { hint: "Expected hp_… or a token." });
  }
  const base = `${address.origin}${address.pathname}`.replace(/\/+$/, "");
  // Looked up at each call, so that whoever replaces it is heard.
  const wire: Wire = { base, key, timeoutMs, retries, fetch: given ?? ((...args) => fetch(...args)) };
  return {
    url: base,
    call: async (id, ...[input, more]) => (await read(await send(wire, requestOf(id, input, more)))) as never,
    pieces: async function* (id, ...[input, more]) {
      const response = await send(wire, { ...requestOf(id, input, more), endless: true });
      try {
        yield* piecesOf(response);
      } catch (error) {
        throw more?.signal?.aborted ? givenUp() : unreachable(error, base);
      }
    },
    events: (id, more = {}) => listen(wire, id, more),
  };
}

type AnyInput = Partial<Record<"path" | "query", Readonly<Record<string, unknown>>>> & { readonly body?: unknown };

function requestOf<Id extends CallId>(id: Id, input: Input<Id> | undefined, options: Options = {}): Request {
  const [method, place, once] = CALLS[id] as readonly [string, string, string?];
  const { path = {}, query = {}, body } = (input ?? {}) as AnyInput;
  const filled = place.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
  const asked = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(asked.map(([name, value]): [string, string] => [name, String(value)])).toString();
  const { signal, wait, version, key = randomUUID() } = options;
  return {
    method: method.toUpperCase(),
    path: search === "" ? filled : `${filled}?${search}`,
    headers: {
      ...(once ? { "idempotency-key": key } : {}),
      ...(wait === undefined ? {} : { prefer: wait === 0 ? "respond-async" : `wait=${wait}` }),
      ...(version === undefined ? {} : { "if-match": version }),
    },
    ...(body === undefined ? {} : { body }),
    signal,
    again: method === "get" || once !== undefined,
  };
}

async function read(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  const isJson = (response.headers.get("content-type") ?? "").startsWith("application/json");
  return isJson ? await response.json() : await response.text();
}

async function* piecesOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) yield decoder.decode(bytes, { stream: true });
}

/** After so long without an event, in milliseconds, a connection is taken for broken: the server says something each 15 s. */
const SILENCE_MS = 45_000;
const AGAIN_MS = 1000;
/** Whoever listens waits for a server that starts again for so many times as long. */
const PATIENCE = 4;

async function* listen(wire: Wire, run: string, { signal, after = "" }: EventOptions): AsyncGenerator<RunEvent> {
  let last = after;
  for (;;) {
    for await (const event of connect(wire, { run, signal, after: last })) {
      last = event.id;
      yield event;
      if (event.event === "end") return;
    }
    await sleep(AGAIN_MS, undefined, signal ? { signal } : {}).catch(() => {
      throw givenUp();
    });
  }
}

interface Listening {
  readonly run: string;
  readonly signal: AbortSignal | undefined;
  readonly after: string;
}

/** The events of one connection, until it ends or breaks: what has not come by then comes with the next one. */
async function* connect(wire: Wire, { run, signal, after }: Listening): AsyncGenerator<RunEvent> {
  const connection = new AbortController();
  const response = await send(
    { ...wire, retries: wire.retries * PATIENCE },
    {
      ...requestOf("streamRun", { path: { id: run } }),
      headers: after === "" ? {} : { "last-event-id": after },
      signal: signal ? AbortSignal.any([signal, connection.signal]) : connection.signal,
      endless: true,
    },
  );
  try {
    for await (const { event, id, data } of readEvents(untilSilent(response, connection))) {
      yield { event, id: id || after, data: JSON.parse(data) } as RunEvent;
    }
  } catch {
    if (signal?.aborted) throw givenUp();
  } finally {
    connection.abort();
  }
}

async function* untilSilent(response: Response, connection: AbortController): AsyncGenerator<string> {
  const timer = setTimeout(() => connection.abort(), SILENCE_MS);
  try {
    for await (const piece of piecesOf(response)) {
      timer.refresh();
      yield piece;
    }
  } finally {
    clearTimeout(timer);
  }
}
