import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Step } from "../../src/domain/plan.ts";
import { checkPlan } from "../../src/planning/check-plan.ts";

const Rows = z.object({ text: z.string(), rows: z.array(z.object({ id: z.string() })), any: z.any() });
const actions = { note: { kind: "write" as const, input: z.strictObject({ text: z.string() }), output: Rows } };
const findAction = (name: string) => (Object.hasOwn(actions, name) ? actions[name as "note"] : undefined);
const step = (id: string, more: Partial<Step> = {}): Step => ({
  id,
  title: id,
  action: "note",
  args: { text: id },
  dependsOn: [],
  ...more,
});
const faults = (...steps: Step[]) =>
  checkPlan({ goal: "", source: { kind: "playbook" }, steps }, findAction).map(
    ({ rule, reason }) => `${rule}: ${reason}`,
  );

describe("a plan", () => {
  it("passes when its steps fit their actions and wait for steps that are there", () => {
    expect(faults(step("a"), step("b", { args: { text: "${a.text}" } }))).toEqual([]);
  });

  it("may refer to what its steps put out, or may put out", () => {
    const text = "${a.text} ${a.rows.0.id} ${a.any.thing.at.all}";
    expect(faults(step("a"), step("b", { args: { text } }))).toEqual([]);
    expect(faults(step("a"), step("b", { args: { text: "${a.rows.0.name} ${a.rows.first} ${a.text.x}" } }))).toEqual([
      'plan-reference: Step "b" refers to "a.rows.0.name", which "a" does not put out.',
      'plan-reference: Step "b" refers to "a.rows.first", which "a" does not put out.',
      'plan-reference: Step "b" refers to "a.text.x", which "a" does not put out.',
    ]);
  });

  it.each([
    [
      "an unknown action",
      [step("a", { action: "rm" })],
      'plan-unknown-action: Step "a" calls "rm", which is no action.',
    ],
    [
      "an inherited name as action",
      [step("a", { action: "toString" })],
      'plan-unknown-action: Step "a" calls "toString", which is no action.',
    ],
    ["two steps of one name", [step("a"), step("a")], 'plan-duplicate-step: Two steps are called "a".'],
    [
      "an unknown dependency",
      [step("a", { dependsOn: ["x"] })],
      'plan-unknown-step: Step "a" waits for "x", which is no step.',
    ],
    [
      "an unknown reference",
      [step("a", { args: { text: "${x.y}" } })],
      'plan-unknown-step: Step "a" waits for "x", which is no step.',
    ],
    [
      "a cycle",
      [step("a", { dependsOn: ["b"] }), step("b", { args: { text: "${a.text}" } })],
      "plan-cycle: Steps wait for each other: a -> b -> a.",
    ],
    [
      "a step that waits for itself",
      [step("a", { dependsOn: ["a"] })],
      "plan-cycle: Steps wait for each other: a -> a.",
    ],
  ])("is refused with %s", (_what, steps, fault) => {
    expect(faults(...steps)).toContain(fault);
  });

  it("is refused with arguments that do not fit, naming the step and the argument", () => {
    const [fault] = faults(step("a", { args: { text: 3 } }));
    expect(fault).toMatch(/^plan-arguments: Step "a" \(note\): "text": .*string/);
    expect(faults(step("a", { args: { text: "x", more: 1 } }))).toHaveLength(1);
  });
});
