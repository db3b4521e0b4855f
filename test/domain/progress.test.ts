/** Progress as numbers. Row A8. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { percentile } from "../../src/domain/percentile.ts";
import type { StepStatus } from "../../src/domain/plan.ts";
import { hasEnded, Tally, weightOf } from "../../src/domain/progress.ts";

/** What can become of a step; what has ended stays so, though a completed one may be undone. */
const NEXT: Record<StepStatus, readonly StepStatus[]> = {
  pending: ["running", "skipped", "blocked"],
  running: ["completed", "failed", "pending"],
  completed: ["failed"],
  failed: [],
  skipped: [],
  blocked: [],
};

const weight = fc.oneof(
  fc.constant(undefined),
  fc.double({ min: 1e-7, max: 1000, noNaN: true }),
  fc.constantFrom(0.1, 0.2, 0.3),
);

describe("the percentage", () => {
  it("is never less than before, from 0 to 100, and 100 exactly when the run has ended with no step left", () => {
    fc.assert(
      fc.property(
        fc.array(weight, { minLength: 1, maxLength: 40 }),
        fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 200 }),
        (weights, moves) => {
          const steps = weights.map((given) => ({
            weight: weightOf({ weight: given }),
            status: "pending" as StepStatus,
          }));
          const tally = new Tally();
          for (const step of steps) tally.add(step.weight, step.status);
          let before = tally.percent(false);
          expect(before).toBe(0);
          for (const [place, choice] of moves) {
            const step = steps[place % steps.length];
            const options = step ? NEXT[step.status] : [];
            const to = options[choice % Math.max(1, options.length)];
            if (!step || !to) continue;
            tally.move(step.weight, step.status, to);
            step.status = to;
            const now = tally.percent(false);
            const isLeft = steps.some(({ status }) => !hasEnded(status));
            expect(now).toBeGreaterThanOrEqual(before);
            expect(now).toBeLessThan(100);
            expect(Number.isInteger(now)).toBe(true);
            expect(tally.percent(true) === 100).toBe(!isLeft);
            expect(tally.done).toBe(steps.filter(({ status }) => hasEnded(status)).length);
            before = now;
          }
        },
      ),
    );
  });

  it("does not depend on the order in which steps end, whatever their weights", () => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1, maxLength: 30 }), fc.nat(), (weights, seed) => {
        const order = weights
          .map((_, place) => place)
          .toSorted((a, b) => ((a * 7 + seed) % 31) - ((b * 7 + seed) % 31));
        const half = order.slice(0, Math.ceil(order.length / 2));
        const [one, other] = [new Tally(), new Tally()];
        for (const [place, given] of weights.entries()) {
          one.add(weightOf({ weight: given }), half.includes(place) ? "completed" : "pending");
          other.add(weightOf({ weight: given }), "pending");
        }
        for (const place of half) other.move(weightOf({ weight: weights[place] }), "pending", "completed");
        expect(other.percent(false)).toBe(one.percent(false));
      }),
    );
  });

  it.each<[string, [number | undefined, StepStatus][], number]>([
    [
      "silence weighs 1",
      [
        [undefined, "completed"],
        [3, "pending"],
      ],
      25,
    ],
    [
      "a failed, a skipped and a blocked step have ended",
      [
        [1, "failed"],
        [1, "skipped"],
        [1, "blocked"],
        [1, "pending"],
      ],
      75,
    ],
    [
      "what runs has not",
      [
        [1, "running"],
        [1, "completed"],
        [1, "pending"],
      ],
      33,
    ],
    [
      "it is rounded down",
      [
        [0.999, "completed"],
        [0.001, "pending"],
      ],
      99,
    ],
    ["nothing is planned yet", [], 0],
  ])("%s", (_what, steps, percent) => {
    const tally = new Tally();
    for (const [given, status] of steps) tally.add(weightOf({ weight: given }), status);
    expect(tally.percent(false)).toBe(percent);
  });
});

describe("a percentile by nearest rank", () => {
  it.each<[number[], number, number | null]>([
    [[], 50, null],
    [[7], 50, 7],
    [[7], 90, 7],
    [[1, 2], 50, 1],
    [[3, 1, 2], 50, 2],
    [[15, 20, 35, 40, 50], 30, 20],
    [[15, 20, 35, 40, 50], 40, 20],
    [[15, 20, 35, 40, 50], 100, 50],
    [[10, 9, 8, 7, 6, 5, 4, 3, 2, 1], 90, 9],
  ])("of %j at %d is %d", (values, percent, expected) => {
    expect(percentile(values, percent)).toBe(expected);
  });
});
