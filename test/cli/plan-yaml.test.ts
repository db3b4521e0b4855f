/** A plan as a person writes it. */
import { describe, expect, it } from "vitest";
import { readPlanYaml } from "../../src/cli/edit-plan.ts";

const step = "  - id: a\n    title: Write a note\n    action: note\n    args: { text: x }\n";

describe("a plan as YAML", () => {
  it("is read with everything that a step can have", () => {
    const more = "    when: b.rows > 0\n    onFailure: skip\n    success: { check: output.ok }\n    dependsOn: [b]\n";
    expect(readPlanYaml(`goal: Noted\nsteps:\n${step}${more}`)).toMatchObject({
      goal: "Noted",
      steps: [{ id: "a", args: { text: "x" }, when: "b.rows > 0", onFailure: "skip", dependsOn: ["b"] }],
    });
  });

  it("leaves the plan as it was where it is empty", () => {
    expect(readPlanYaml("")).toBeNull();
    expect(readPlanYaml("# nothing\n")).toBeNull();
  });

  it.each([
    ["what is no YAML", "goal: [", "This is no YAML"],
    ["a name twice", "goal: a\ngoal: b", "unique"],
    ["a list", "- a", "A plan is a mapping"],
    ["no steps", "goal: a", "steps: "],
    ["a field that no step has", `goal: a\nsteps:\n${step}    unless: b\n`, "unless"],
    ["an id that is none", `goal: a\nsteps:\n${step.replace("id: a", "id: A b")}`, "steps.0.id: a step id is"],
    ["aliases, which could blow up", `goal: &a x\nrisks: [*a]\nsteps:\n${step}`, "aliases"],
  ])("is refused with %s", (_what, text, problem) => expect(readPlanYaml(text)).toContain(problem));
});
