import { describe, expect, it } from "vitest";
import { type Plan, PlanSchema } from "../../src/domain/plan.ts";
import { describeDifference, planDifference } from "../../src/planning/plan-difference.ts";

const planOf = (...steps: object[]): Plan =>
  PlanSchema.parse({
    ...{ goal: "g", source: { kind: "model" } },
    steps: steps.map((step) => ({ title: "Note", action: "note", args: {}, ...step })),
  });
const DONE = { status: "completed" } as const;

describe("what a plan makes different", () => {
  const earlier = planOf({ id: "a" }, { id: "b" }, { id: "z", dependsOn: ["b"] }, { id: "constructor" });
  const next = planOf({ id: "a" }, { id: "s1" }, { id: "z", dependsOn: ["s1"] }, { id: "constructor" });

  it("is told by the ids of its steps, and what is kept with where it stands", () => {
    const { kept, added, dropped, changed } = planDifference(earlier, next, { a: DONE });
    expect(kept.map(({ step, status }) => [step.id, status])).toEqual([
      ["a", "completed"],
      ["constructor", "pending"],
    ]);
    expect([added, dropped].map((steps) => steps.map(({ id }) => id))).toEqual([["s1"], ["b"]]);
    expect(changed).toMatchObject([{ before: { id: "z", dependsOn: ["b"] }, after: { id: "z", dependsOn: ["s1"] } }]);
  });

  it("is said in a sentence for each kind that there is, and never at length", () => {
    expect(describeDifference(planDifference(earlier, next, { a: DONE }))).toEqual([
      "New: s1 (Note).",
      "Changed: z (Note).",
      "Not any more: b (Note).",
      "Kept, and settled: a (Note).",
      "Kept, and still to be done: constructor (Note).",
    ]);
    expect(describeDifference(planDifference(earlier, earlier, {}))).toHaveLength(1);
    const many = planOf(...Array.from({ length: 1000 }, (_, n) => ({ id: `n${n}` })));
    expect(describeDifference(planDifference(earlier, many, {}))[0]).toMatch(/n9 \(Note\), and 990 more\.$/);
  });
});
