/**
 * pass^k: how likely it is that k runs of a task all succeed. Of n runs of which c succeeded, C(c, k) / C(n, k) estimates it
 * without bias; over several tasks it is the mean. (Yao, Shinn, Razavi, Narasimhan: τ-bench, A Benchmark for
 * Tool-Agent-User Interaction in Real-World Domains, 2024, arXiv:2406.12045, section 4.)
 */

/**
 * @param runs n, at least 1
 * @param passed c, from 0 to n
 * @param k from 1 to n
 * @returns 0 to 1
 */
export function passHatK({ runs, passed, k }: { runs: number; passed: number; k: number }): number {
  let estimate = 1;
  // C(c, k) / C(n, k), factor by factor: no factorial grows out of range.
  for (let taken = 0; taken < k; taken++) estimate *= Math.max(0, passed - taken) / (runs - taken);
  return estimate;
}

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
