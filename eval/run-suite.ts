/** Runs the scenarios of a suite, each so many times, and counts what came of it. */
import type { Config } from "../src/config.ts";
import { mean, passHatK } from "./pass-k.ts";
import { type Attempt, runScenario } from "./run-scenario.ts";
import type { Scenario } from "./suite.ts";

/** Means over the runs of a scenario, or over all runs. Times are in milliseconds. */
export interface Figures {
  readonly runs: number;
  readonly passed: number;
  /** pass^1, pass^2, up to the number of times. */
  readonly passHat: readonly number[];
  readonly steps: number;
  readonly calls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly durationMs: number;
}

interface ScenarioResult {
  readonly name: string;
  readonly figures: Figures;
  readonly attempts: readonly Attempt[];
}

export interface SuiteResult {
  readonly times: number;
  readonly scenarios: readonly ScenarioResult[];
  /** pass^k is the mean over the scenarios, everything else over the runs. */
  readonly all: Figures;
}

interface Options {
  readonly config: Config;
  /** How often each is run. */
  readonly times: number;
  /** How many runs may be under way at once. */
  readonly parallel: number;
  readonly onAttempt?: (scenario: string, attempt: Attempt) => void;
}

export async function runSuite(scenarios: readonly Scenario[], options: Options): Promise<SuiteResult> {
  const { config, times, parallel, onAttempt } = options;
  const attempts = scenarios.map((): Attempt[] => []);
  const waiting = scenarios.flatMap((scenario, index) => Array.from({ length: times }, () => ({ scenario, index })));
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const attempt = await runScenario(next.scenario, config);
      attempts[next.index]?.push(attempt);
      onAttempt?.(next.scenario.name, attempt);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  const results = scenarios.map(({ name }, index): ScenarioResult => {
    const own = attempts[index] ?? [];
    return { name, figures: figuresOf(own, passHatsOf(own, times)), attempts: own };
  });
  const hats = Array.from({ length: times }, (_, k) => mean(results.map(({ figures }) => figures.passHat[k] ?? 0)));
  return { times, scenarios: results, all: figuresOf(attempts.flat(), hats) };
}

function passHatsOf(attempts: readonly Attempt[], times: number): number[] {
  const passed = attempts.filter((attempt) => attempt.passed).length;
  return Array.from({ length: times }, (_, index) => passHatK({ runs: attempts.length, passed, k: index + 1 }));
}

function figuresOf(attempts: readonly Attempt[], passHat: readonly number[]): Figures {
  const meanOf = (field: "steps" | "calls" | "promptTokens" | "completionTokens" | "durationMs") =>
    mean(attempts.map((attempt) => attempt[field]));
  return {
    runs: attempts.length,
    passed: attempts.filter(({ passed }) => passed).length,
    passHat,
    steps: meanOf("steps"),
    calls: meanOf("calls"),
    promptTokens: meanOf("promptTokens"),
    completionTokens: meanOf("completionTokens"),
    durationMs: meanOf("durationMs"),
  };
}
