/** A receiver of fixed latency: an HTTP server on this machine, in a thread of its own. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What it answers, after so many milliseconds. */
export interface Answer {
  readonly id: string;
  readonly text: string;
}

export interface Receiver {
  /** Calls it with plain `fetch`. */
  call(latencyMs: number, n: number, signal?: AbortSignal): Promise<Answer>;
  close(): Promise<unknown>;
}

/** A part of every answer: wherever it stands, an output stands. */
export const RESULT = "RESULT-OF-A-CALL";

export async function startReceiver(): Promise<Receiver> {
  const worker = new Worker(new URL("./receiver-worker.ts", import.meta.url));
  const [port] = (await once(worker, "message")) as [number];
  return {
    call: async (latencyMs, n, signal) => {
      const response = await fetch(`http://127.0.0.1:${port}/${latencyMs}/${n}`, signal ? { signal } : {});
      return (await response.json()) as Answer;
    },
    close: () => worker.terminate(),
  };
}
