/** The stand-alone server: the application on a port, and what has to be done although nobody asks. */
import { serve as listen, type ServerType } from "@hono/node-server";
import { derivedId } from "../domain/json.ts";
import { HoldpointError } from "../errors.ts";
import type { StoreRuntime } from "../runtime.ts";
import type { Log } from "../telemetry/log.ts";
import { startMaintenance } from "../work/maintain.ts";
import type { Stop } from "../work/stop.ts";
import { createApp } from "./app.ts";
import type { Authenticator } from "./auth/authenticate.ts";
import { HEARTBEAT_MS } from "./events.ts";
import { createHub } from "./hub.ts";
import type { Served } from "./served.ts";

export interface ServeParts {
  readonly runtime: StoreRuntime;
  readonly authenticator: Authenticator;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Nobody has to say who they are, and so only this machine is served. */
  readonly development: boolean;
  readonly origins: readonly string[];
  readonly requestsPerMinute?: number | undefined;
  readonly publicUrl: string | undefined;
  readonly version: string;
  readonly log: Log;
  /** Asks it to stop: what is under way comes to its next resting place, and nothing new starts. */
  readonly stop: Stop;
  /** The pause between two passes of maintenance, in milliseconds. Default: a minute. */
  readonly maintainEveryMs?: number;
  /** See {@link Served}. Default: {@link HEARTBEAT_MS}. */
  readonly heartbeatMs?: number;
}

/** Header lines of at most so many bytes in all are read. */
const MAX_HEADERS = 16_384;
/** So long may the headers, and a whole request, take to arrive, in milliseconds. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** So long a stop waits for what is under way, in milliseconds; after that it goes on at the next start. */
const STOP_MS = 20_000;

export interface Serving {
  /** Where it listens, such as `http://127.0.0.1:8787`. */
  readonly url: string;
  /** Settles once it has stopped. */
  readonly ended: Promise<void>;
}

/**
 * Listens, and carries on what a crash left.
 * @throws HoldpointError `usage` when it cannot listen there
 */
export async function serve(parts: ServeParts): Promise<Serving> {
  const { runtime, log, stop, authenticator, origins, publicUrl, version, development } = parts;
  const { heartbeatMs = HEARTBEAT_MS } = parts;
  const hub = createHub(runtime.ledger, (error) => log.warn({ err: error }, "events could not be read"));
  const newThreadId = (seed: string) => derivedId("t", seed).replace("_", "-");
  const common = { runtime, runtimeFor: () => runtime, newThreadId };
  const served: Served = { ...common, hub, control: stop.control, log, publicUrl, heartbeatMs };
  const { requestsPerMinute } = parts;
  const app = createApp({
    ...{ served, authenticator, origins, version, localOnly: development },
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
  });
  const server = await listenOn(app.fetch, parts);
  const maintenance = startMaintenance(runtime, {
    everyMs: parts.maintainEveryMs ?? 60_000,
    signal: stop.signal,
    onPass: ({ failures }) => {
      for (const { job, subject, problem, tenant } of failures) log.warn({ tenant, job, subject }, problem);
    },
  });
  return {
    url: urlOf(server, parts.host),
    ended: untilStopped({ server, stop, hub: () => hub.close(), maintenance, runtime }),
  };
}

type Fetch = Parameters<typeof listen>[0]["fetch"];

function listenOn(fetch: Fetch, { host, port }: ServeParts): Promise<ServerType> {
  const serverOptions = { maxHeaderSize: MAX_HEADERS, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS };
  return new Promise((resolve, reject) => {
    const server = listen({ fetch, hostname: host, port, serverOptions }, () => resolve(server));
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = {
        EADDRINUSE: "it is in use",
        EACCES: "this user may not",
        EADDRNOTAVAIL: "this machine has no such address",
      };
      const known = why[error.code as keyof typeof why] ?? error.message;
      reject(
        new HoldpointError("usage", `The server cannot listen on ${host}, port ${port}: ${known}.`, {
          hint: "Choose another with --port or --host.",
          cause: error,
        }),
      );
    });
  });
}

function urlOf(server: ServerType, host: string): string {
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

interface Stopping {
  readonly server: ServerType;
  readonly stop: Stop;
  readonly hub: () => void;
  readonly maintenance: Promise<void>;
  readonly runtime: StoreRuntime;
}

/** New connections are refused, streams end, and what is under way comes to where it can go on later. */
async function untilStopped({ server, stop, hub, maintenance, runtime }: Stopping): Promise<void> {
  if (!stop.signal.aborted) await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  hub();
  const work = Promise.all([maintenance, runtime.settle(), closed]);
  const timer = setTimeout(() => "closeAllConnections" in server && server.closeAllConnections(), STOP_MS);
  await work.finally(() => clearTimeout(timer));
}
