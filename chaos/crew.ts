/** Worker threads that make moves at the same time, each with its own connections. They serve many plays. */
import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import type { SharedClock } from "./clock.ts";
import type { Made, NumberedMove, Situation } from "./make-move.ts";

export type Order =
  | { kind: "open"; home: string; clock: SharedArrayBuffer }
  | { kind: "make"; move: NumberedMove; situation: Situation }
  | { kind: "close" };

export interface Reply {
  readonly made?: Made;
  /** What was thrown and should not have been. */
  readonly defect?: string;
}

export class Crew {
  readonly #threads: Worker[] = [];

  /** Lets the first so many workers open the files in `home`. */
  async open(count: number, home: string, clock: SharedClock): Promise<void> {
    while (this.#threads.length < count) {
      this.#threads.push(new Worker(new URL("move-worker.ts", import.meta.url)));
    }
    await this.#all(count, { kind: "open", home, clock: clock.memory });
  }

  /** Makes moves at the same time, each in the next worker. @throws Error when one of them throws what it should not */
  async make(count: number, group: readonly NumberedMove[], situation: Situation): Promise<Made[]> {
    const first = group[0]?.place ?? 0;
    const making = group.map(async (move, index) => {
      const { made } = await this.#ask((first + index) % count, { kind: "make", move, situation });
      if (!made) throw new Error("A worker made no move.");
      return made;
    });
    // All of them come to their end, also when one fails.
    const results = await Promise.allSettled(making);
    return results.map((result) => {
      if (result.status === "rejected") throw result.reason;
      return result.value;
    });
  }

  async close(count: number): Promise<void> {
    await this.#all(count, { kind: "close" });
  }

  async end(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map((thread) => thread.terminate()));
  }

  async #all(count: number, order: Order): Promise<void> {
    await Promise.all(this.#threads.slice(0, count).map((_thread, index) => this.#ask(index, order)));
  }

  async #ask(index: number, order: Order): Promise<Reply> {
    const thread = this.#threads[index];
    if (!thread) throw new Error(`There is no worker ${index}.`);
    const { port1, port2 } = new MessageChannel();
    const ended = new AbortController();
    // A worker that dies answers nothing more.
    const died = once(thread, "exit", { signal: ended.signal }).then(() => {
      throw new Error("A worker died.");
    });
    died.catch(() => undefined);
    try {
      thread.postMessage({ order, reply: port2 }, [port2]);
      const [reply] = (await Promise.race([once(port1, "message"), died])) as [Reply];
      if (reply.defect !== undefined) throw new Error(reply.defect);
      return reply;
    } finally {
      ended.abort();
      port1.close();
    }
  }
}
