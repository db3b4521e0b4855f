/** How long the rest of a plan takes: figures worked out by hand, and the longest path of random plans. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Plan, PlanSchema, type StepStatus } from "../../src/domain/plan.ts";
import { createForecast } from "../../src/execution/forecast.ts";

type Given = {
  id: string;
  dependsOn?: string[];
  action?: string;
  args?: Plan["steps"][number]["args"];
  notBefore?: string;
};

const plan = (...steps: Given[]): Plan =>
  PlanSchema.parse({
    goal: "",
    source: { kind: "model" },
    steps: steps.map((step) => ({ title: step.id, action: "read", args: {}, ...step })),
  });

/** @param known by step: how long it takes, or where it stands and for how long */
function forecast(
  given: Plan,
  known: Record<string, number | { status: StepStatus; ms?: number; running?: number } | undefined>,
  now = 0,
) {
  return createForecast(given, (action) => action === "write")(({ id }) => {
    const own = known[id];
    if (typeof own === "number") return { status: "pending", expectedMs: own, runningMs: 0 };
    return { status: own?.status ?? "pending", expectedMs: own?.ms, runningMs: own?.running ?? 0 };
  }, now);
}

const diamond = plan(
  { id: "a" },
  { id: "b", dependsOn: ["a"] },
  { id: "c", args: { of: { $ref: "a.x" } } },
  { id: "d", dependsOn: ["b", "c"] },
);

describe("the forecast", () => {
  it("is the longest way through what is left, references included", () => {
    expect(forecast(diamond, { a: 10, b: 20, c: 30, d: 5 })).toBe(45);
    expect(
      forecast(diamond, { a: { status: "completed" }, b: 20, c: { status: "running", ms: 30, running: 25 }, d: 5 }),
    ).toBe(25);
    expect(
      forecast(diamond, { a: { status: "completed" }, b: { status: "failed" }, c: 3, d: { status: "blocked" } }),
    ).toBe(3);
  });

  it("does not take less than nothing for what takes longer than it used to", () => {
    expect(forecast(diamond, { a: { status: "running", ms: 10, running: 500 }, b: 20, c: 30, d: 5 })).toBe(35);
  });

  it("is unknown as soon as one step that is left was never measured, and known again once that has ended", () => {
    expect(forecast(diamond, { a: 10, b: undefined, c: 30, d: 5 })).toBeNull();
    expect(forecast(diamond, { a: { status: "completed" }, b: { status: "completed" }, c: 30, d: 5 })).toBe(35);
  });

  it("runs writes one after the other, and reads side by side", () => {
    const reads = plan({ id: "a" }, { id: "b" }, { id: "c" });
    expect(forecast(reads, { a: 10, b: 20, c: 30 })).toBe(30);
    const writes = plan({ id: "a", action: "write" }, { id: "b", action: "write" }, { id: "c" });
    expect(forecast(writes, { a: 10, b: 20, c: 5 })).toBe(30);
  });

  it("waits for a time that has not come", () => {
    const timed = plan({ id: "a", notBefore: "1970-01-01T00:01:00.000Z" }, { id: "b", dependsOn: ["a"] });
    expect(forecast(timed, { a: 10, b: 20 })).toBe(60_030);
    expect(forecast(timed, { a: 10, b: 20 }, 59_000)).toBe(1030);
    expect(forecast(timed, { a: 10, b: 20 }, 90_000)).toBe(30);
  });

  it("takes a chain of a thousand steps, named last first, and one that waits for itself", () => {
    const chain = Array.from({ length: 1000 }, (_, n) => ({ id: `s${n}`, dependsOn: n < 999 ? [`s${n + 1}`] : [] }));
    expect(forecast(plan(...chain), Object.fromEntries(chain.map(({ id }) => [id, 2])))).toBe(2000);
    expect(forecast(plan({ id: "a", dependsOn: ["b"] }, { id: "b", dependsOn: ["a"] }), { a: 1, b: 2 })).toBe(3);
  });

  it("is the longest path of any plan", () => {
    const anyPlan = fc.array(fc.tuple(fc.array(fc.nat({ max: 100 }), { maxLength: 4 }), fc.nat({ max: 50 })), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(anyPlan, fc.nat(), (drawn, seed) => {
        const steps = drawn.map(([before, ms], n) => ({
          ...{ id: `s${n}`, ms },
          dependsOn: n === 0 ? [] : [...new Set(before.map((place) => `s${place % n}`))],
        }));
        const longest = (id: string): number => {
          const step = steps.find((one) => one.id === id);
          return (step?.ms ?? 0) + Math.max(0, ...(step?.dependsOn ?? []).map(longest));
        };
        const shuffled = steps.toSorted((a, b) => ((a.ms + seed) % 17) - ((b.ms + seed) % 17));
        const given = plan(...shuffled.map(({ id, dependsOn }) => ({ id, dependsOn })));
        const expected = Math.max(...steps.map(({ id }) => longest(id)));
        expect(forecast(given, Object.fromEntries(steps.map(({ id, ms }) => [id, ms])))).toBe(expected);
      }),
    );
  });
});
