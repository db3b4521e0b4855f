/**
 * When the calls of a program are carried out: a write when all calls before it have ended, and a read when all writes
 * before it have. What each of them sees follows from the order of the calls alone, and is the same when it is tried again.
 */
export interface Turns {
  read<T>(call: () => Promise<T>): Promise<T>;
  write<T>(call: () => Promise<T>): Promise<T>;
}

/** @param concurrency how many reads may be under way at once */
export function createTurns(concurrency: number): Turns {
  let lastWrite: Promise<unknown> = Promise.resolve();
  let readsSince: Promise<unknown>[] = [];
  const admitted = createGate(concurrency);
  return {
    read(call) {
      const turn = lastWrite.then(() => admitted(call));
      readsSince.push(turn.catch(ignored));
      return turn;
    },
    write(call) {
      const turn = Promise.all([lastWrite, ...readsSince]).then(call);
      lastWrite = turn.catch(ignored);
      readsSince = [];
      return turn;
    },
  };
}

/** Whoever made the call hears of it. */
const ignored = (): void => undefined;

/** Lets so many in at once, the others in their order. */
function createGate(size: number): <T>(call: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = size;
  return async (call) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((admit) => waiting.push(admit));
    try {
      return await call();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
