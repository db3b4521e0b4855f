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

/** So many rounds come before those that count: after them the engine has compiled what it runs often, as in a server. */
export const WARM_UP = 8;

/**
 * Each of several works, in turn, so many rounds, after {@link WARM_UP} that do not count.
 * @param works each is given the number of its round, from 0
 * @returns the times of each, in milliseconds, in the order of the rounds
 */
export async function inTurn<Name extends string>(
  rounds: number,
  works: Readonly<Record<Name, Work>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(works) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < WARM_UP + rounds; round++) {
    for (const name of names) {
      const time = await timed(() => works[name](round));
      if (round >= WARM_UP) times[name].push(time);
    }
  }
  return times;
}

/** The median of the ratios of two times that were taken one after the other. */
export const ratioOf = (times: readonly number[], floors: readonly number[]): number =>
  median(times.map((time, index) => time / (floors[index] ?? Number.NaN)));
