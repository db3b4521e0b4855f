/** Times that compare: taken in turn, in one run, so that what else the machine does meets all of them. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}

/** Milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Milliseconds of CPU that this process takes for it, of all its threads. */
export async function timedCpu(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

type Work = (round: number) => Promise<unknown>;

/**
 * Each of several works, in turn, so many rounds, after a round that does not count.
 * @returns the times of each, in milliseconds, in the order of the rounds
 */
export async function inTurn<Name extends string>(
  rounds: number,
  works: Readonly<Record<Name, Work>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(works) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const time = await timed(() => works[name](round));
      if (round > 0) times[name].push(time);
    }
  }
  return times;
}

/** The median of the ratios of two times that were taken one after the other. */
export const ratioOf = (times: readonly number[], floors: readonly number[]): number =>
  median(times.map((time, index) => time / (floors[index] ?? Number.NaN)));
