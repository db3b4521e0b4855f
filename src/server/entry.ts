/**
 * The HTTP interface inside an Agent Server (`http.app` in langgraph.json), under /api/v1. Runs go through that server,
 * as whoever asked: its threads and checkpoints are the same for every way in. Maintenance runs here, too.
 */
import { createHash } from "node:crypto";
import { RunControl } from "@langchain/langgraph";
import { Client } from "@langchain/langgraph-sdk";
import { type MaintenanceReport, startMaintenance } from "../work/maintain.ts";
import { isLocalHost, isRequired } from "./agent-auth.ts";
import { config, runtime } from "./agent-runtime.ts";
import { createApp } from "./app.ts";
import { type Authenticator, createAuthenticator } from "./auth/authenticate.ts";
import { HEARTBEAT_MS } from "./events.ts";
import { createHub } from "./hub.ts";
import { remoteGraph } from "./remote-graph.ts";
import type { Served } from "./served.ts";
import { packageVersion } from "./version.ts";

const EVERY_MS = 60_000;
/** The graph's name in langgraph.json. */
const GRAPH = "agent";

const { ledger, now } = runtime;
const strict = createAuthenticator({ ledger, now, tokens: config.tokens });
const open = createAuthenticator({ ledger, now, development: true });

const authenticator: Authenticator = {
  async authenticate(headers) {
    const isLax = !(await isRequired()) && isLocalHost(headers.get("host") ?? "", headers);
    return await (isLax ? open : strict).authenticate(headers);
  },
};

/** The server hears of a call who makes it, as it would from outside. */
const credentialsIn = (headers: Headers): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => name === "authorization" || name === "x-api-key"));

const served: Served = {
  runtime,
  runtimeFor: (_who, headers) => {
    const client = new Client({
      apiKey: null,
      defaultHeaders: credentialsIn(headers),
      callerOptions: { maxRetries: 0 },
    });
    const deleteCheckpoints = async (threadId: string) => await client.threads.delete(threadId);
    return { ...runtime, graph: remoteGraph(client, GRAPH), deleteCheckpoints };
  },
  // The server takes UUIDs alone; this one is of version 8 (RFC 9562), made of the seed.
  newThreadId: (seed) => {
    const [, a, b, c, d, e] =
      /^(.{8})(.{4}).(.{3}).(.{3})(.{12})/.exec(createHash("sha256").update(seed).digest("hex")) ?? [];
    return `${a}-${b}-8${c}-8${d}-${e}`;
  },
  hub: createHub(ledger, (error) => runtime.log.warn({ err: error }, "events could not be read")),
  control: new RunControl(),
  heartbeatMs: HEARTBEAT_MS,
  log: runtime.log,
  publicUrl: config.server?.publicUrl,
};

const { origins, requestsPerMinute } = config.server ?? {};
export const app = createApp({
  ...{ served, authenticator, version: packageVersion(), mounted: true },
  ...(origins === undefined ? {} : { origins }),
  ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
});

const ending = new AbortController();
process.prependOnceListener("exit", () => ending.abort());
const tell = ({ failures }: MaintenanceReport): void => {
  for (const { tenant, job, subject, problem } of failures) runtime.log.warn({ tenant, job, subject }, problem);
};
// What a crash left goes on, too: effects and decisions are in the ledger, so it need not wait for somebody to open it.
void startMaintenance(runtime, { everyMs: EVERY_MS, signal: ending.signal, onPass: tell });
