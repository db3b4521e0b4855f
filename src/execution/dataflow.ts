/**
 * Runs work as its dependencies complete: each item starts the moment it is ready, with bounded concurrency. What
 * finishes in one turn of the event loop is settled together, and only then do its dependants start.
 */
import { setImmediate as turn } from "node:timers/promises";

export interface Dataflow<Item, Outcome> {
  /** Items that can start, and were not given before. Asked at first, and after each settling. */
  ready(): Iterable<Item>;
  /** Which of two starts first, where not all can: negative for the first. */
  compare(a: Item, b: Item): number;
  /** A failure is an outcome: what it throws ends the whole. */
  run(item: Item): Promise<Outcome>;
  /** Records finished work, oldest first. */
  settle(outcomes: Outcome[]): Promise<void>;
  concurrency: number;
  /** True when nothing new may start; what runs is awaited. */
  stopped(): boolean;
}

/** @throws whatever `run` or `settle` throws, after what is in flight has ended */
export async function runDataflow<Item, Outcome>(flow: Dataflow<Item, Outcome>): Promise<void> {
  const running = new Set<Promise<void>>();
  const finished: Outcome[] = [];
  let wake = () => {};
  const faults: unknown[] = [];
  const start = (item: Item): void => {
    const task = flow
      .run(item)
      .then(
        (outcome) => void finished.push(outcome),
        (error) => void faults.push(error),
      )
      .finally(() => {
        running.delete(task);
        wake();
      });
    running.add(task);
  };
  let queue: Item[] = []; // the one to start first stands last
  try {
    for (;;) {
      queue = queued(queue, [...flow.ready()], flow);
      while (running.size < flow.concurrency && queue.length > 0 && !flow.stopped()) start(queue.pop() as Item);
      if (running.size === 0) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      await turn(); // others may finish in it
      if (faults.length > 0) throw faults[0];
      await flow.settle(finished.splice(0));
    }
  } finally {
    await Promise.allSettled(running);
  }
}

function queued<Item>(queue: Item[], added: readonly Item[], { compare }: Pick<Dataflow<Item, unknown>, "compare">) {
  return added.length === 0 ? queue : [...queue, ...added].sort((a, b) => compare(b, a));
}
