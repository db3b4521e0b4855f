/**
 * The executor: how much longer a plan takes than its calls, with every outcome journalled in a ledger on SQLite. Waits
 * of fixed length stand for calls, so that the longest way through a plan is known.
 */
import { openExecutor } from "./support/executor.ts";
import { asSteps, chains, criticalPath, plainWaits, randomWaits, side, type Wait, wait } from "./support/plans.ts";
import { startReceiver } from "./support/receiver.ts";
import { ms, type Report } from "./support/report.ts";
import { plainCalls, STEPS, taskActions } from "./support/task.ts";
import { inTurn, median, ratioOf, timed, timedCpu, WARM_UP } from "./support/timing.ts";

const ROUNDS = 9;

/** 12 calls over HTTP, 4 levels of 3, beside the same calls with plain `fetch`. */
async function measureLevels(report: Report): Promise<void> {
  const receiver = await startReceiver();
  for (const latency of [200, 50]) {
    const executor = await openExecutor(taskActions(receiver, latency));
    const plans = await Promise.all(Array.from({ length: WARM_UP + ROUNDS }, () => executor.prepare(STEPS as never)));
    const times = await inTurn(ROUNDS, {
      floor: () => plainCalls(receiver, latency),
      run: async (round) => await plans[round]?.(),
    });
    report.limit(`12 calls of ${latency} ms, 4 levels of 3`, {
      ...{ value: ratioOf(times.run, times.floor), max: 1.05, unit: "x plain fetch" },
      of: `${ms(median(times.run))} of ${ms(median(times.floor))}`,
    });
    await executor.close();
  }
  await receiver.close();
}

/** Plans whose ways are of different length: each step has to begin when its own dependencies are done. */
async function measureUnbalanced(report: Report): Promise<void> {
  const executor = await openExecutor([wait]);
  const plans: Record<string, readonly Wait[]> = {
    "4 chains of different speed": chains(
      [150, 150, 150, 150],
      [20, 400, 20, 20],
      [20, 20, 20, 400],
      [100, 60, 40, 200],
    ),
    "40 random steps, seed 1": randomWaits(40, 1),
    "40 random steps, seed 2": randomWaits(40, 2),
    "40 random steps, seed 3": randomWaits(40, 3),
  };
  for (const [what, waits] of Object.entries(plans)) {
    const runs = await Promise.all(Array.from({ length: WARM_UP + ROUNDS }, () => executor.prepare(asSteps(waits))));
    const times = await inTurn(ROUNDS, { plain: () => plainWaits(waits), run: async (round) => await runs[round]?.() });
    const path = criticalPath(waits);
    report.limit(what, {
      ...{ value: median(times.run) / path, max: 1.05, unit: "x its critical path" },
      of: `${ms(median(times.run))} of ${ms(path)}; ${ms(median(times.plain))} with plain promises`,
    });
  }
  await executor.close();
}

async function measureWide(report: Report): Promise<void> {
  const executor = await openExecutor([wait]);
  const prepare = async (length: number) =>
    await Promise.all(Array.from({ length: WARM_UP + ROUNDS }, () => executor.prepare(asSteps(side(1000, length)))));
  const slow = await prepare(50);
  const times = await inTurn(ROUNDS, {
    plain: () => plainWaits(side(1000, 50)),
    run: async (round) => await slow[round]?.(),
  });
  report.limit("1,000 steps of 50 ms side by side", {
    ...{ value: median(times.run), max: 120, unit: "ms" },
    of: `${ms(median(times.plain))} with plain promises`,
  });
  const quick = await prepare(0);
  for (const run of quick.splice(0, WARM_UP)) await run();
  const cpu: number[] = [];
  const whole: number[] = [];
  for (const run of quick) {
    whole.push(
      await timed(async () => {
        cpu.push((await timedCpu(run)) / 1000);
      }),
    );
  }
  report.limit("CPU of each of 1,000 steps of 0 ms, journalled", {
    ...{ value: median(cpu), max: 0.15, unit: "ms" },
    of: `${ms(median(whole))} for all of them`,
  });
  await executor.close();
}

/** The executor against the calls themselves. */
export async function measure(report: Report): Promise<void> {
  report.title("12 calls");
  await measureLevels(report);
  report.title("Ways of different length");
  await measureUnbalanced(report);
  report.title("1,000 steps");
  await measureWide(report);
}
