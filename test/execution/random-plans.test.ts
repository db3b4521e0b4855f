/** Random plans, carried out by the real nodes over a real ledger, against a small model of what must come of them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Plan, PlanSchema, type Step, type StepStatus } from "../../src/domain/plan.ts";
import { stepStates } from "../../src/execution/progress.ts";
import { type CarriedOut, openPlanRunner } from "../support/plan-runner.ts";
import { createScripted, type LogEntry } from "../support/scripted-actions.ts";

/** A step as it is drawn: whom it waits for and by what, and how it goes. */
interface Drawn {
  id: string;
  kind: "read" | "write";
  /** Places of earlier steps. */
  after: number[];
  refersTo: number[];
  /** `n` of an earlier step is compared; "broken" cannot be judged. */
  when: { of: number; is: "true" | "false" | "broken" } | null;
  /** What comes of the check of its own output. */
  check: "none" | "true" | "false" | "broken";
  onFailure: "retry" | "skip" | "replan" | "stop" | undefined;
  /** So many calls fail before one succeeds. */
  fails: number;
  /** A write whose preview says no. */
  isImpossible: boolean;
  delayMs: number;
}

const place = (index: number) => fc.integer({ min: 0, max: Math.max(0, index - 1) });
const some = (index: number): fc.Arbitrary<number[]> => fc.array(place(index), { maxLength: index === 0 ? 0 : 2 });
const rarely = <T, U>(often: T, ...seldom: U[]) =>
  fc.oneof(
    { arbitrary: fc.constant(often), weight: 6 },
    { arbitrary: fc.constantFrom(...seldom), weight: 1 * seldom.length },
  );

const drawnStep = (index: number): fc.Arbitrary<Drawn> =>
  fc
    .record({
      id: fc.constant(`s${index}`),
      kind: rarely("read" as const, "write" as const, "write" as const),
      after: some(index),
      refersTo: some(index),
      when:
        index === 0
          ? fc.constant(null)
          : rarely(
              null,
              ...(["true", "false", "broken"] as const).map((is) => ({ of: Math.floor((index * 7) % index), is })),
              { of: index - 1, is: "true" as const },
            ),
      check: rarely("none" as const, "true" as const, "false" as const, "broken" as const),
      onFailure: fc.constantFrom("retry" as const, "skip" as const, "replan" as const, undefined),
      fails: rarely(0, 1, 2, 3, 9),
      isImpossible: rarely(false, true),
      delayMs: fc.constantFrom(0, 0, 0, 1, 2),
    })
    // A write that fails takes its whole transaction with it, unless the plan says that it may: that is tried elsewhere.
    .map((step) =>
      step.kind === "read"
        ? step
        : {
            ...step,
            fails: mayFail(step) ? step.fails : 0,
            isImpossible: step.isImpossible && step.onFailure === "skip",
          },
    );

const mayFail = ({ onFailure, fails }: Drawn) => onFailure === "skip" || (onFailure === "retry" && fails < 3);

const drawnPlan: fc.Arbitrary<Drawn[]> = fc
  .integer({ min: 1, max: 10 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => drawnStep(index))));

/** So many plans are carried out as one, of which no part knows of another: it is as good, and faster. */
const TOGETHER = 5;

const drawnPlans: fc.Arbitrary<{ steps: Drawn[]; order: number[]; concurrency: number }> = fc.record({
  steps: fc.array(drawnPlan, { minLength: TOGETHER, maxLength: TOGETHER }).map((plans) => plans.reduce(beside, [])),
  order: fc.array(fc.nat(), { minLength: 10 * TOGETHER, maxLength: 10 * TOGETHER }),
  concurrency: fc.integer({ min: 1, max: 8 }),
});

/** Both, with the second one's steps counted on from the first one's. */
function beside(first: Drawn[], second: Drawn[]): Drawn[] {
  const on = (index: number) => index + first.length;
  const counted = second.map((step, index) => ({
    ...{ ...step, id: `s${on(index)}`, after: step.after.map(on), refersTo: step.refersTo.map(on) },
    when: step.when && { ...step.when, of: on(step.when.of) },
  }));
  return [...first, ...counted];
}

const CONDITIONS = { true: "n >= 0.0", false: "n < 0.0", broken: "nothing > 0.0" } as const;

/** The plan, with its steps in any order. */
function planOf({ steps, order }: { steps: Drawn[]; order: number[] }): Plan {
  const planned = steps.map(({ id, kind, after, refersTo, when, check, onFailure }) => ({
    ...{ id, title: `Step ${id}`, action: kind === "read" ? "look" : "put" },
    args: { id, seen: refersTo.map((index) => ({ $ref: `s${index}.id` })) },
    dependsOn: [...new Set(after)].map((index) => `s${index}`),
    ...(when ? { when: `s${when.of}.${CONDITIONS[when.is]}` } : {}),
    ...(check === "none" ? {} : { success: { check: `output.${CONDITIONS[check]}` } }),
    ...(onFailure ? { onFailure } : {}),
  }));
  const shuffled = planned.map((step, index) => ({ step, key: order[index] ?? 0 })).sort((a, b) => a.key - b.key);
  return PlanSchema.parse({
    goal: "Any",
    source: { kind: "playbook", name: "random" },
    steps: shuffled.map(({ step }) => step),
  });
}

/** What must come of each step, from what it waits for: recursively, without any order or time. */
function predict(steps: Drawn[]): Map<string, { status: StepStatus; calls: number }> {
  const came = new Map<string, { status: StepStatus; calls: number }>();
  for (const step of steps) {
    const before = [...step.after, ...step.refersTo, ...(step.when ? [step.when.of] : [])].map(
      (index) => came.get(`s${index}`)?.status,
    );
    came.set(step.id, predictOne(step, before, step.when && came.get(`s${step.when.of}`)?.status));
  }
  return came;
}

function predictOne(step: Drawn, before: (StepStatus | undefined)[], used: StepStatus | undefined | null) {
  const failed: StepStatus = step.onFailure === "skip" ? "skipped" : "failed";
  if (used === "completed" && step.when?.is === "false") return { status: "skipped" as const, calls: 0 };
  if (before.includes("skipped")) return { status: "skipped" as const, calls: 0 };
  if (used === "completed" && step.when?.is === "broken") return { status: failed, calls: 0 };
  if (before.includes("failed") || before.includes("blocked")) return { status: "blocked" as const, calls: 0 };
  if (step.isImpossible && step.kind === "write") return { status: failed, calls: 0 };
  const most = step.onFailure === "retry" ? 3 : 1;
  const isUnmet = step.kind === "read" && (step.check === "false" || step.check === "broken");
  if (isUnmet) return { status: failed, calls: most };
  return step.fails < most ? { status: "completed" as const, calls: step.fails + 1 } : { status: failed, calls: most };
}

/** No step before those that it waits for, and none while it is under way. */
function expectOrder(plan: Plan, log: readonly LogEntry[], waitsFor: (step: Step) => string[]): void {
  const last = new Map<string, LogEntry["what"]>();
  for (const { id, what } of log) {
    const step = plan.steps.find((one) => one.id === id) as Step;
    if (what === "began") {
      expect(waitsFor(step).filter((other) => last.get(other) !== "ended")).toEqual([]);
      expect(last.get(id)).not.toBe("began");
    }
    last.set(id, what);
  }
}

const waitsFor =
  (steps: Drawn[]) =>
  ({ id }: Step): string[] => {
    const { after = [], refersTo = [], when = null } = steps.find((one) => one.id === id) ?? {};
    return [...after, ...refersTo, ...(when ? [when.of] : [])].map((index) => `s${index}`);
  };

const statusesOf = (states: CarriedOut["state"]["steps"]) =>
  Object.fromEntries(Object.entries(states).map(([id, { status }]) => [id, status]));
const PLANS = 1000;

describe("1,000 random plans", () => {
  it("run each step once, after what it waits for, and come to what a model of them says", async () => {
    const { actions, log, play } = createScripted();
    const runner = await openPlanRunner({ actions });
    const seen = { steps: 0, stages: 0 };
    await fc.assert(
      fc.asyncProperty(drawnPlans, async ({ steps, order, concurrency }) => {
        play(Object.fromEntries(steps.map((step) => [step.id, step])));
        const plan = planOf({ steps, order });
        const { state, record, outcomes } = await runner.carryOut(plan, { concurrency });
        const predicted = predict(steps);
        const expected = Object.fromEntries([...predicted].map(([id, { status }]) => [id, status]));
        expect(statusesOf(state.steps)).toEqual(expected);
        // Worked out anew from the record, as after a crash, it is the same.
        expect(stepStates(plan, record)).toEqual(state.steps);
        expectOrder(plan, log, waitsFor(steps));
        for (const [id, { calls }] of predicted) {
          expect([id, log.filter((entry) => entry.id === id && entry.what === "began").length]).toEqual([id, calls]);
        }
        const isFailed = Object.values(expected).includes("failed");
        const isDone = Object.values(expected).every((status) => status === "completed" || status === "skipped");
        // Where a transaction did the last of it, nobody looks for more.
        const end = isDone && outcomes.at(-1) === "plan done" ? "plan done" : "nothing left";
        expect(outcomes.at(-1)).toBe(isFailed ? "step failed" : end);
        seen.steps += steps.length;
        seen.stages += outcomes.filter((outcome) => outcome === "committed" || outcome === "plan done").length;
      }),
      { numRuns: PLANS / TOGETHER },
    );
    expect(seen.steps).toBeGreaterThan(PLANS);
    expect(seen.stages).toBeGreaterThan(PLANS / TOGETHER);
  }, 120_000);
});
