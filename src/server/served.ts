/** What the endpoints work with. */
import type { RunControl } from "@langchain/langgraph";
import type { Runtime } from "../runtime.ts";
import type { Authenticated } from "./auth/authenticate.ts";
import type { Hub } from "./hub.ts";

/** Takes what is said of the work of a server: one line, and fields that belong to it. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What the middleware puts beside a request. */
export interface Variables {
  requestId: string;
  /** Set behind authentication. */
  who: Authenticated;
}

export interface Served {
  /** For what is of no caller: looking at the ledger, and maintenance. */
  readonly runtime: Runtime;
  /** The same for a caller. Under the Agent Server its graph is reached as that caller. */
  runtimeFor(who: Authenticated, headers: Headers): Runtime;
  /** Tells event streams of what happens in this process. */
  readonly hub: Hub;
  /** Asks what is under way for a clean stop. */
  readonly control: RunControl;
  readonly log: Log;
  /** Where people find the server, without a slash at the end; for links. */
  readonly publicUrl: string | undefined;
}
