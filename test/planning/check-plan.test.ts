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

describe("references", () => {
  const input = z.strictObject({ text: z.string(), count: z.int().optional(), tags: z.array(z.string()).optional() });
  const output = z.object({
    text: z.string(),
    count: z.number(),
    none: z.null(),
    tags: z.array(z.string()).nullable(),
  });
  const find = () => ({ kind: "read" as const, input, output });
  const found = (args: Step["args"]) =>
    checkPlan({ goal: "", source: { kind: "playbook" }, steps: [step("a"), step("b", { args })] }, find).map(
      ({ reason }) => reason,
    );

  it.each<[string, Step["args"]]>([
    ["a text for a text", { text: { $ref: "a.text" } }],
    ["a number for a whole number, which it may be", { text: "x", count: { $ref: "a.count" } }],
    ["a list that may be null for a list", { text: "x", tags: { $ref: "a.tags" } }],
    ["anything inside text", { text: "${a.count} of ${a.tags}" }],
    ["one of a list's items", { text: { $ref: "a.tags.0" }, tags: [{ $ref: "a.text" }] }],
  ])("fit: %s", (_what, args) => expect(found(args)).toEqual([]));

  it.each<[string, Step["args"], string]>([
    ["a number for a text", { text: { $ref: "a.count" } }, '"text" takes string; "a.count" is number.'],
    ["text for a number", { text: "x", count: "${a.count}" }, '"count" takes number; "a.count" stands inside text.'],
    ["null for a text", { text: { $ref: "a.none" } }, '"text" takes string; "a.none" is null.'],
    ["a text for a list", { text: "x", tags: { $ref: "a.text" } }, '"tags" takes array; "a.text" is string.'],
    ["a whole output for a text", { text: { $ref: "a" } }, '"text" takes string; "a" is object.'],
    ["a member of a text", { text: "x", tags: [{ $ref: "a.text.0" }] }, 'refers to "a.text.0", which "a" does not put'],
  ])("do not fit: %s", (_what, args, reason) => expect(found(args)).toEqual([expect.stringContaining(reason)]));

  it("do not keep the other arguments from being checked", () => {
    expect(found({ text: { $ref: "a.text" }, count: "many", more: 1 })).toEqual([
      expect.stringContaining('"count"'),
      expect.stringContaining("more"),
    ]);
  });
});

describe("conditions", () => {
  it.each([
    ["over what is put out", { when: 'a.rows.size() > 0 && a.text != "x"' }],
    ["over what nobody declared", { when: "a.any.thing > 3 + a.any.other" }],
    ["with an id in quotes", { when: 'steps["a"].rows.exists(r, r.id == "1")' }],
    ["as a check of its own output", { success: { check: "output.rows.size() == a.rows.size()" } }],
  ])("are taken: %s", (_what, more) => expect(faults(step("a"), step("b", more))).toEqual([]));

  it.each([
    ["that are no CEL", { when: "a.rows >" }, "plan-condition"],
    ["on a field that is not there", { when: "a.row.size() > 0" }, 'there is no "row"'],
    ["that are never true or false", { when: "a.rows.size()" }, "it is never true or false"],
    ["with a function that does not exist", { when: "a.rows.first() == 1" }, 'there is no function "first"'],
    ["with a pattern that is no literal", { when: "a.text.matches(a.text)" }, "in quotes"],
    ["on a step that is not there", { when: "x.rows.size() > 0" }, 'waits for "x", which is no step'],
    ["on steps that cannot be told", { when: "steps[a.text].rows == []" }, 'steps["<id of a step>"]'],
    ["on the own output before there is one", { when: "b.rows.size() > 0" }, "b -> b"],
    ["as a check of a field that is not there", { success: { check: "output.row == 1" } }, 'there is no "row"'],
  ])("are refused %s", (_what, more, fault) => {
    expect(faults(step("a"), step("b", more))).toEqual([expect.stringContaining(fault)]);
  });

  it("count as dependencies", () => {
    expect(faults(step("a", { when: "b.any == 1" }), step("b", { success: { check: "a.any == output.any" } }))).toEqual(
      ["plan-cycle: Steps wait for each other: a -> b -> a."],
    );
  });

  it("that are never true leave their steps unreachable, and what waits for them", () => {
    const steps = [step("c", { dependsOn: ["b"] }), step("a", { when: "1 > 2" }), step("b", { dependsOn: ["a"] })];
    expect(faults(...steps)).toEqual([
      'plan-unreachable: Step "a" is never reached: "1 > 2" is never true.',
      'plan-unreachable: Step "b" is never reached: it waits for "a", which is not.',
      'plan-unreachable: Step "c" is never reached: it waits for "b", which is not.',
    ]);
  });
});

describe("what a model planned", () => {
  const read = { kind: "read" as const, input: z.looseObject({}), output: Rows };
  const ofModel = (...steps: Step[]) =>
    checkPlan({ goal: "", source: { kind: "model" }, steps }, () => read).map(({ rule, step }) => [rule, step]);
  const clear = { title: "Find round sunglasses" };

  it.each(["Do it", "Step 2", "Handle everything", "...", "TODO", "Finish the remaining steps", "42"])(
    "is vague where a title says nothing: %s",
    (title) => expect(ofModel(step("a", { title }))).toEqual([["plan-vague-step", "a"]]),
  );

  it.each(["<customer name>", "TBD", "{{quantity}}", "[email address]", "result of step s1", "???"])(
    "is vague where an argument is a blank: %s",
    (text) => expect(ofModel(step("a", { ...clear, args: { list: [text] } }))).toEqual([["plan-vague-step", "a"]]),
  );

  it.each([
    "Finish the annual report",
    "Do the laundry list export",
    "Sell 3 Classic to Alice",
    "検索する",
    "Step up the stock",
  ])("is not vague: %s", (title) =>
    expect(ofModel(step("a", { title, args: { text: "[draft] see <b>x</b>" } }))).toEqual([]),
  );

  it("is needless where it reads the same twice, unless on purpose or at another time", () => {
    const args = { q: "x" };
    expect(ofModel(step("a", { ...clear, args }), step("b", { ...clear, args }))).toEqual([
      ["plan-needless-step", "b"],
    ]);
    const later = { notBefore: "2030-01-01T00:00:00Z" };
    const others = [step("b", { ...clear, args, repeat: true }), step("c", { ...clear, args, ...later })];
    expect(ofModel(step("a", { ...clear, args }), ...others)).toEqual([]);
  });
});

it("is checked in no time, however long it is", () => {
  const chain = Array.from({ length: 1000 }, (_, index) =>
    step(`s${index}`, {
      args: { text: index === 0 ? "x" : `\${s${index - 1}.text}` },
      ...(index % 2 ? { when: `s${index - 1}.rows.size() >= 0` } : {}),
    }),
  );
  expect(faults(...chain)).toEqual([]);
});
