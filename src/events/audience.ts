/** Whom a process tells of what it writes to its ledger: the endpoints, whoever delivers to them here, and its log. */
import type { Ledger } from "../ledger/database.ts";
import { type Happening, setAudience } from "../ledger/outbox.ts";
import type { Log } from "../telemetry/log.ts";
import type { EventEndpoint } from "./endpoints.ts";

/** Where events go. */
export interface EventSettings {
  readonly endpoints: readonly EventEndpoint[];
  /** Where people find the server, without a slash at the end; for links. */
  readonly publicUrl?: string | undefined;
  /** For one attempt to deliver, in milliseconds. Default: 5,000. */
  readonly timeoutMs?: number | undefined;
}

export interface Events extends EventSettings {
  /** Is told of each tenant for whose endpoints this process wrote something. @returns ends that */
  onWritten(listener: (tenant: string) => void): () => void;
}

/** Makes what is written to the ledger from now on known to the endpoints and the log. */
export function openEvents(ledger: Ledger, log: Log, settings: EventSettings): Events {
  const listeners = new Set<(tenant: string) => void>();
  setAudience(ledger, {
    destinations: settings.endpoints,
    written: (tenant) => {
      for (const listener of listeners) listener(tenant);
    },
    happened: (what) => tell(log, what),
  });
  return {
    ...settings,
    onWritten: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function tell(log: Log, { kind, tenant, runId, threadId, data }: Happening): void {
  if (kind === "breaker_open") log.warn({ tenant, ...data }, "an action failed too often, and is left alone");
  else log.info({ tenant, run: runId, thread: threadId, ...data }, "a run ended");
}
