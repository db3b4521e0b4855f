/**
 * Runs work as its dependencies complete: each item starts the moment it is ready, with bounded concurrency. What
 * finished in one tick is settled together, and only then do its dependants start.
 */

export interface Dataflow<Item, Outcome> {
  /** Items that could start now, those already started excepted. Asked again after each settling. */
  ready(started: ReadonlySet<Item>): Item[];
  /** Must not throw: a failure is an outcome. */
  run(item: Item): Promise<Outcome>;
  /** Records finished work, oldest first. */
  settle(outcomes: Outcome[]): Promise<void>;
  concurrency: number;
  /** True when nothing new may start; what runs is awaited. */
  stopped(): boolean;
}

/** @throws whatever `settle` throws, after what is in flight has ended */
export async function runDataflow<Item, Outcome>(flow: Dataflow<Item, Outcome>): Promise<void> {
  const started = new Set<Item>();
  const running = new Set<Promise<void>>();
  const finished: Outcome[] = [];
  const start = (item: Item): void => {
    started.add(item);
    const task = flow.run(item).then((outcome) => {
      finished.push(outcome);
      running.delete(task);
    });
    running.add(task);
  };
  try {
    for (;;) {
      const free = flow.stopped() ? 0 : flow.concurrency - running.size;
      for (const item of flow.ready(started).slice(0, Math.max(0, free))) start(item);
      if (running.size === 0 && finished.length === 0) return;
      if (finished.length === 0) await Promise.race(running);
      await flow.settle(finished.splice(0));
    }
  } finally {
    await Promise.allSettled(running);
  }
}
