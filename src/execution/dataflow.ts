/**
 * Runs work as its dependencies complete: each item starts the moment it is ready, with bounded concurrency. What
 * finishes in one turn of the event loop is taken in together, and its dependants start. It is recorded while they are
 * under way, so that recording takes no time of its own; nothing that finishes is taken in before that.
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
  /** Records what was taken in at once, and before anything else is. */
  record(outcomes: Recorded[]): Promise<void>;
  concurrency: number;
  /** True when nothing new may start; what runs is awaited. */
  stopped(): boolean;
}

/** A request is written to its socket some turns of the event loop after the call: what was started last is sent first. */
const TURNS = 4;

/**
 * @returns when everything has ended and is recorded
 * @throws whatever `run`, `take` or `record` throws, after what is in flight has ended
 */
export async function runDataflow<Item, Outcome, Recorded>(flow: Dataflow<Item, Outcome, Recorded>): Promise<void> {
  const running = new Set<Promise<void>>();
  const finished: Outcome[] = [];
  let wake = () => {};
  const faults: unknown[] = [];
  const fail = (fault: unknown): void => {
    faults.push(fault);
    wake();
  };
  const start = (item: Item): void => {
    const task = flow
      .run(item)
      .then((outcome) => void finished.push(outcome), fail)
      .finally(() => {
        running.delete(task);
        wake();
      });
    running.add(task);
  };
  const record = async (outcomes: Recorded[]): Promise<void> => {
    if (outcomes.length === 0) return;
    for (let n = 0; n < TURNS; n++) await turn();
    await flow.record(outcomes);
  };
  let recording = Promise.resolve();
  let queue: Item[] = []; // the one to start first stands last
  try {
    for (;;) {
      queue = queued(queue, [...flow.ready()], flow);
      while (running.size < flow.concurrency && queue.length > 0 && !flow.stopped()) start(queue.pop() as Item);
      if (running.size === 0 && finished.length === 0) break;
      if (finished.length === 0 && faults.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      await turn(); // others may finish in it
      await recording;
      if (faults.length > 0) break;
      recording = record(await flow.take(finished.splice(0))).catch(fail);
    }
  } finally {
    await Promise.allSettled([...running, recording]);
  }
  if (faults.length > 0) throw faults[0];
}

function queued<Item>(
  queue: Item[],
  added: readonly Item[],
  { compare }: Pick<Dataflow<Item, unknown, unknown>, "compare">,
) {
  return added.length === 0 ? queue : [...queue, ...added].sort((a, b) => compare(b, a));
}
