/** What the endpoints work with. */
import type { RunControl } from "@langchain/langgraph";
import type { StoreRuntime } from "../runtime.ts";
import type { Log } from "../telemetry/log.ts";
import type { Authenticated } from "./auth/authenticate.ts";
import type { Hub } from "./hub.ts";

/** What the middleware puts beside a request. */
export interface Variables {
  requestId: string;
  /** Set behind authentication. */
  who: Authenticated;
  /** Authenticates once more, with what the request came with. @throws as {@link Authenticator} does */
  again: () => Promise<Authenticated>;
}

export interface Served {
  /** For what is of no caller: looking at the ledger, and maintenance. */
  readonly runtime: StoreRuntime;
  /** The same for a caller. Under the Agent Server its graph is reached as that caller. */
  runtimeFor(who: Authenticated, headers: Headers): StoreRuntime;
  /** An id for a new thread; the same for the same seed. */
  newThreadId(seed: string): string;
  /** Tells event streams of what happens in this process. */
  readonly hub: Hub;
  /** Asks what is under way for a clean stop. */
  readonly control: RunControl;
  readonly log: Log;
  /** How often an event stream shows that it is there, and asks again whether its reader may read, in milliseconds. */
  readonly heartbeatMs: number;
  /** Where people find the server, without a slash at the end; for links. */
  readonly publicUrl: string | undefined;
}
