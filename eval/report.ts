/** The figures of a suite as a table, and what went wrong below it. */
import { table } from "../src/cli/text.ts";
import type { Figures, SuiteResult } from "./run-suite.ts";

export function renderResult({ times, scenarios, all }: SuiteResult): string {
  const ks = times === 1 ? [1] : [1, times];
  const head = ["scenario", "passed", ...ks.map((k) => `pass^${k}`), "steps", "calls", "tokens", "seconds"];
  const rows = [
    ...scenarios.map(({ name, figures }) => rowOf(name, figures, ks)),
    rowOf(`all ${scenarios.length}`, all, ks),
  ];
  const failures = scenarios.flatMap(({ name, attempts }) =>
    attempts.flatMap(({ problems }, index) => problems.map((problem) => `  ${name}, run ${index + 1}: ${problem}`)),
  );
  const hats = all.passHat.map((value, index) => `pass^${index + 1} ${value.toFixed(3)}`).join(", ");
  return [table(head, rows), ...(failures.length > 0 ? ["What went wrong:", ...failures] : []), hats].join("\n");
}

function rowOf(name: string, figures: Figures, ks: readonly number[]): string[] {
  const { runs, passed, passHat, steps, calls, promptTokens, completionTokens, durationMs } = figures;
  return [
    name,
    `${passed} of ${runs}`,
    ...ks.map((k) => (passHat[k - 1] ?? 0).toFixed(2)),
    ...[steps, calls].map((value) => value.toFixed(1)),
    `${Math.round(promptTokens)} + ${Math.round(completionTokens)}`,
    (durationMs / 1000).toFixed(1),
  ];
}
