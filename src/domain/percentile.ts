/**
 * Percentiles by nearest rank: the smallest value with at least this share of all values at or below it. It is always one
 * of the values.
 */

/** The rank of a percentile among `count` values in order, counted from 1. @param percent 1 to 100 */
const nearestRank = (count: number, percent: number): number => Math.ceil((count * percent) / 100);

/** @returns the value at that percentile, or null when there is none */
export function percentile(values: readonly number[], percent: number): number | null {
  return values.toSorted((a, b) => a - b)[nearestRank(values.length, percent) - 1] ?? null;
}
