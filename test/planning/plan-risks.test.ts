/** How many transactions a plan makes, and what makes it one to look at. */
import { describe, expect, it } from "vitest";
import type { Step } from "../../src/domain/plan.ts";
import { countWriteStages, planRisks } from "../../src/planning/plan-risks.ts";

const kindOf = (action: string) => (action === "write" || action === "read" ? action : undefined);
const step = (id: string, action: string, dependsOn: string[] = [], more: Partial<Step> = {}): Step => ({
  ...{ id, title: `Step ${id}`, action, args: {}, dependsOn },
  ...more,
});

describe("the writes of a plan", () => {
  it.each<[string, Step[], number]>([
    ["none", [step("a", "read")], 0],
    ["one", [step("a", "write")], 1],
    ["side by side", [step("a", "write"), step("b", "write")], 1],
    ["behind reads", [step("r", "read"), step("a", "write", ["r"]), step("b", "write")], 1],
    ["one behind the other", [step("a", "write"), step("b", "write", ["a"])], 1],
    ["with a read between", [step("a", "write"), step("r", "read", ["a"]), step("b", "write", ["r"])], 2],
    ["with a condition on the other", [step("a", "write"), step("b", "write", [], { when: "a.ok" })], 2],
    [
      "in three stages, whatever the order of the steps",
      [
        step("c", "write", ["s"]),
        step("s", "read", ["b"]),
        step("b", "write", ["r"]),
        step("r", "read", ["a"]),
        step("a", "write"),
      ],
      3,
    ],
    ["in a circle", [step("a", "write", ["b"]), step("b", "read", ["a"])], 1],
  ])("%s: make as many transactions as it takes", (_what, steps, stages) => {
    expect(countWriteStages(steps, kindOf)).toBe(stages);
  });

  it("are a risk where one runs before another can be shown, where some are not planned yet, or where the plan says so", () => {
    const source = { kind: "model" } as const;
    const risks = (steps: Step[], named: string[] = []) => planRisks({ goal: "", source, steps, risks: named }, kindOf);
    expect(risks([step("a", "write"), step("b", "write", ["a"])])).toEqual([]);
    expect(risks([step("a", "write"), step("r", "read", ["a"]), step("b", "write", ["r"])])).toEqual([
      expect.stringContaining("2 transactions"),
    ]);
    expect(risks([step("a", "write"), step("e", "expand", ["a"])])).toEqual([expect.stringContaining('"Step e"')]);
    expect(risks([step("a", "read"), step("e", "expand", ["a"])])).toEqual([]);
    expect(risks([step("a", "read")], ["It is slow."])).toEqual(["The plan names a risk: It is slow."]);
  });
});
