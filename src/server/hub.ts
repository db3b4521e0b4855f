/**
 * What event streams hear. The audit log is the source: it is durable, in one order, and the same for every process, so
 * that a stream can go on where it was cut off, wherever the run is advanced. It is read for all streams together.
 * Progress between two entries is told as it comes, and is not kept.
 */
import type { ProgressEvent } from "../domain/progress.ts";
import type { AuditEntry } from "../ledger/audit.ts";
import { listAuditAfter } from "../ledger/audit.ts";
import type { Ledger } from "../ledger/database.ts";

/** How often the log is looked at while somebody listens, in milliseconds. */
const EVERY_MS = 250;

interface Listener {
  readonly tenant: string;
  readonly runId: string;
  /** Entries of the run, in order, each once. */
  onEntries(entries: readonly AuditEntry[]): void;
  onProgress(event: ProgressEvent): void;
  /** Nothing more will come. */
  onClose(): void;
}

interface Heard {
  readonly listener: Listener;
  /** The last entry that it was given. */
  after: number;
}

export interface Hub {
  /** @param after the number of the entry that was heard last; 0 for all. @returns ends it */
  listen(listener: Listener, after: number): () => void;
  /** Something happened to a run in this process: whoever listens to it hears of it at once. */
  tell(tenant: string, event: ProgressEvent): void;
  /** Ends the looking. */
  close(): void;
}

/** @param onError is told when the log could not be read; it is tried again */
export function createHub(ledger: Ledger, onError: (error: unknown) => void): Hub {
  const heard = new Set<Heard>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      for (const [tenant, ofTenant] of Map.groupBy(heard, ({ listener }) => listener.tenant)) {
        await lookOnce(ledger, tenant, ofTenant);
      }
    } catch (error) {
      onError(error);
    } finally {
      looking = false;
    }
  };
  const start = () => {
    timer ??= setInterval(() => void look(), EVERY_MS).unref();
    void look();
  };
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    listen(listener, after) {
      const one = { listener, after };
      heard.add(one);
      start();
      return () => {
        heard.delete(one);
        if (heard.size === 0) stop();
      };
    },
    tell(tenant, event) {
      for (const { listener } of heard) {
        if (listener.tenant === tenant && listener.runId === event.runId) listener.onProgress(event);
      }
    },
    close: () => {
      stop();
      for (const { listener } of heard) listener.onClose();
      heard.clear();
    },
  };
}

async function lookOnce(ledger: Ledger, tenant: string, heard: readonly Heard[]): Promise<void> {
  const runIds = [...new Set(heard.map(({ listener }) => listener.runId))];
  const after = Math.min(...heard.map((one) => one.after));
  const entries = await listAuditAfter(ledger, tenant, runIds, after);
  // Numbers are given in the order of commits: what comes later has a higher one, of whichever run it is.
  const read = entries.at(-1)?.seq ?? after;
  for (const one of heard) {
    const own = entries.filter(({ runId, seq }) => runId === one.listener.runId && seq > one.after);
    one.after = Math.max(one.after, read);
    if (own.length > 0) one.listener.onEntries(own);
  }
}
