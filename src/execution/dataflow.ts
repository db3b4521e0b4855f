/**
 * Runs work as its dependencies complete: each item starts the moment it is ready, with bounded concurrency. What
 * finishes in one turn of the event loop is taken in together, and its dependants start. It is recorded while they are
 * under way, so that recording takes no time of its own, and what finishes meanwhile is recorded together after it.
 */
import { setImmediate as turn } from "node:timers/promises";

export interface Dataflow<Item, Outcome, Recorded> {
  /** Items that can start, and were not given before. Asked at first, and each time after outcomes were taken in. */
  ready(): Iterable<Item>;
  /** Which of two starts first, where not all can: negative for the first. */
  compare(a: Item, b: Item): number;
  /** A failure is an outcome: what it throws ends the whole. */
  run(item: Item): Promise<Outcome>;
  /** Takes in finished work, oldest first: from now on its dependants are ready. @returns what of it is to be recorded */
  take(outcomes: Outcome[]): Promise<Recorded[]>;
  /** Records it, in the order in which it was taken in; never twice at once. */
  record(outcomes: Recorded[]): Promise<void>;
  concurrency: number;
  /** True when nothing new may start; what runs is awaited. */
  stopped(): boolean;
}

/**
 * @returns when everything has ended and is recorded
 * @throws whatever `run`, `take` or `record` throws, after what is in flight has ended
 */
export async function runDataflow<Item, Outcome, Recorded>(flow: Dataflow<Item, Outcome, Recorded>): Promise<void> {
  const running = new Set<Promise<void>>();
  const finished: Outcome[] = [];
  let wake = () => {};
  const faults: unknown[] = [];
  const records = createRecords(flow, (fault) => {
    faults.push(fault);
    wake();
  });
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
      if (running.size === 0) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      await turn(); // others may finish in it
      if (faults.length > 0) break;
      records.add(await flow.take(finished.splice(0)));
    }
  } finally {
    await Promise.allSettled(running);
    await records.written();
  }
  if (faults.length > 0) throw faults[0];
}

/** A request is written to its socket some turns of the event loop after the call: what was started last is sent first. */
const TURNS = 4;

/** Records in the background what is added, and what was added meanwhile together after it; nothing after a fault. */
function createRecords<Recorded>(
  { record }: Pick<Dataflow<never, never, Recorded>, "record">,
  onFault: (fault: unknown) => void,
) {
  const left: Recorded[] = [];
  let writing: Promise<void> | undefined;
  const write = async () => {
    try {
      while (left.length > 0) {
        for (let n = 0; n < TURNS; n++) await turn();
        await record(left.splice(0));
      }
      writing = undefined;
    } catch (error) {
      onFault(error); // and it stays with that
    }
  };
  return {
    add(outcomes: readonly Recorded[]): void {
      for (const outcome of outcomes) left.push(outcome);
      if (left.length > 0) writing ??= write();
    },
    written: async (): Promise<void> => await writing,
  };
}

function queued<Item>(
  queue: Item[],
  added: readonly Item[],
  { compare }: Pick<Dataflow<Item, unknown, unknown>, "compare">,
) {
  return added.length === 0 ? queue : [...queue, ...added].sort((a, b) => compare(b, a));
}
