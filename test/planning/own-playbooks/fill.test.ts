/** The plans of playbooks: blanks, steps that are left out or repeated, times; and that no value becomes more than a value. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { PlaybookInput } from "../../../src/planning/own-playbooks/declaration.ts";
import { findReferences } from "../../../src/planning/references.ts";
import { open } from "./support.ts";

type Steps = PlaybookInput["steps"];
type Parameters = NonNullable<PlaybookInput["parameters"]>;

/** The steps of a playbook for values, or the problems. */
function plan(parameters: Parameters, steps: Steps, values: JsonObject) {
  const filled = open({ name: "p", title: "P", parameters, steps }).fill("p", values, "do it");
  if (!filled) throw new Error("there is no such playbook");
  return "plan" in filled ? filled.plan.steps : filled.problems.map(({ message }) => message);
}

const note = (id: string, text: string, more: Partial<Steps[number]> = {}): Steps[number] => ({
  ...{ id, title: `Note ${id}`, action: "note", args: { text } },
  ...more,
});

describe("a blank", () => {
  it("that is a whole value keeps its type, and is left out where it was not given", () => {
    const steps: Steps = [
      {
        ...{ id: "a", title: "T", action: "typed" },
        args: { count: "{n}", price: "{m}", sure: "{b}", texts: "{list}", text: "{t}", day: "{d}" },
      },
    ];
    const parameters: Parameters = {
      ...{ n: { type: "integer", min: 1, max: 9 }, m: { type: "money" }, b: { type: "boolean", default: false } },
      ...{ list: { type: { listOf: "text" }, max: 3 }, t: { type: "text", optional: true } },
      d: { type: "date", optional: true },
    };
    expect(plan(parameters, steps, { n: 2, m: 1.5, list: ["x", "y"], t: null })).toMatchObject([
      { args: { count: 2, price: 1.5, sure: false, texts: ["x", "y"] } },
    ]);
    const [step] = plan(parameters, steps, { n: 2, m: 1.5, list: ["x"] }) as { args: JsonObject }[];
    expect(Object.keys(step?.args ?? {})).toEqual(["count", "price", "sure", "texts"]);
  });

  it("inside text is written out: amounts with their currency, lists with commas", () => {
    const parameters: Parameters = {
      ...{ who: { type: "name" }, n: { type: "integer" }, list: { type: { listOf: "money" } } },
      ...{ m: { type: "money", currency: "EUR" }, b: { type: "boolean" } },
    };
    const steps = [note("a", "Hello {who}: {n}, {m}, {list}, {b}, {{n}}, ${b.text}!"), note("b", "x")];
    const values = { who: "Ana", n: 1200, m: 95.5, list: [1, 2.25], b: true };
    expect(plan(parameters, steps, values)).toMatchObject([
      { args: { text: "Hello Ana: 1200, €95.50, $1.00, $2.25, true, {n}, ${b.text}!" } },
      {},
    ]);
  });

  it("in a title stays on one line, of at most 200 characters", () => {
    const steps = [note("a", "{t}", { title: "Say {t}" })];
    const [step] = plan({ t: { type: "text" } }, steps, { t: `a\nb${"c".repeat(197)}` }) as { title: string }[];
    expect(step?.title).toBe(`Say a b${"c".repeat(192)}…`);
  });

  it("in a condition is a number or true or false", () => {
    const steps: Steps = [
      { id: "find", title: "Find", action: "typed" },
      note("a", "x", { when: "find.items.size() > {n} || {b}", success: { check: "output.text.size() > {n}" } }),
    ];
    const parameters: Parameters = { n: { type: "integer" }, b: { type: "boolean" } };
    expect(plan(parameters, steps, { n: -2, b: true })).toMatchObject([
      {},
      { when: "find.items.size() > (-2) || (true)", success: { check: "output.text.size() > (-2)" } },
    ]);
  });
});

describe("a step", () => {
  it("is left out where its `if` is false, and nobody waits for it then", () => {
    const parameters: Parameters = { remote: { type: "boolean", default: false }, n: { type: "integer", default: 1 } };
    const steps = [
      note("laptop", "send {n}", { if: "remote && n > 0" }),
      note("track", "${laptop.text}", { if: "remote && n > 0" }),
      note("mail", "welcome", { dependsOn: ["laptop"] }),
    ];
    expect(plan(parameters, steps, {})).toMatchObject([{ id: "mail", dependsOn: [] }]);
    expect(plan(parameters, steps, { remote: true })).toMatchObject([
      { id: "laptop" },
      { id: "track", args: { text: "${laptop.text}" } },
      { id: "mail", dependsOn: ["laptop"] },
    ]);
  });

  it("with `each` is there for each item; steps for the same item know each other", () => {
    const parameters: Parameters = { people: { type: { listOf: "name" }, optional: true }, team: { type: "text" } };
    const steps = [
      note("account", "{each} of {team}", { each: "people", title: "Account for {each}" }),
      note("task", "for ${account.text}", {
        each: "people",
        args: { text: "{each}", after: { $ref: "account.text" } },
      }),
      note("done", "{people} are in", { dependsOn: ["account", "task"], if: "people != null" }),
      note("team", "{team}"),
    ];
    expect(plan(parameters, steps, { people: ["Ana", "Bob"], team: "x" })).toMatchObject([
      { id: "account_1", title: "Account for Ana", args: { text: "Ana of x" } },
      { id: "account_2", title: "Account for Bob" },
      { id: "task_1", args: { text: "Ana", after: { $ref: "account_1.text" } } },
      { id: "task_2", args: { text: "Bob", after: { $ref: "account_2.text" } } },
      { id: "done", args: { text: "Ana, Bob are in" }, dependsOn: ["account_1", "account_2", "task_1", "task_2"] },
      { id: "team" },
    ]);
    expect(plan(parameters, steps, { team: "x" })).toMatchObject([{ id: "team" }]);
  });

  it("begins not before a time, or some time before or after it", () => {
    const parameters: Parameters = { start: { type: "datetime" } };
    const times = ["{start}", "{start} - 3 days", "{start}+90 minutes", "2031-01-01T00:00:00Z"];
    const steps = times.map((notBefore, index) => note(`s${index}`, "x", { notBefore }));
    const made = plan(parameters, steps, { start: "2030-01-31T09:00:00+01:00" }) as { notBefore: string }[];
    expect(made.map(({ notBefore }) => notBefore)).toEqual([
      "2030-01-31T09:00:00+01:00",
      "2030-01-28T08:00:00.000Z",
      "2030-01-31T09:30:00.000Z",
      "2031-01-01T00:00:00Z",
    ]);
  });
});

describe("a value", () => {
  it("that would make a reference together with another, or with what stands around it, is refused", () => {
    const parameters: Parameters = { a: { type: "text" }, b: { type: "text" } };
    const steps = [note("s1", "{a}{b}"), note("s2", "x")];
    const refused = ["with these values it would refer to a step where the playbook does not"];
    expect(plan(parameters, steps, { a: "$", b: "{s2.text}" })).toEqual(refused);
    expect(plan(parameters, steps, { a: "${s2", b: ".text}" })).toEqual(refused);
    expect(plan(parameters, steps, { a: "a", b: "b" })).toMatchObject([{ args: { text: "ab" } }, {}]);
  });

  it("never changes what runs, which step is referred to, or what is asked in a condition", () => {
    const parameters: Parameters = {
      ...{ a: { type: "text" }, b: { type: "text", optional: true }, list: { type: { listOf: "text" }, max: 5 } },
      n: { type: "number" },
    };
    const steps: Steps = [
      { id: "find", title: "Find {a}", action: "typed" },
      note("s1", "{a} ${find.items.0.id} {b}{a}", { when: "find.items.size() > {n}", if: "b != null" }),
      note("s2", "{each}", { each: "list" }),
      note("s3", "of {list}", { dependsOn: ["s1"] }),
    ];
    const playbooks = open({ name: "p", title: "P", parameters, steps });
    const text = fc.oneof(
      fc.string({ minLength: 1, maxLength: 20 }),
      fc.string({
        unit: fc.constantFrom("$", "{", "}", "s", "1", ".", "f", "i", "n", "d", "a"),
        minLength: 1,
        maxLength: 12,
      }),
    );
    const values = fc.record({
      a: text,
      b: fc.option(text),
      list: fc.array(text, { minLength: 1, maxLength: 3 }),
      n: fc.double(),
    });
    fc.assert(
      fc.property(values, (given) => {
        const filled = playbooks.fill("p", JSON.parse(JSON.stringify(given)), "x");
        if (!filled || "problems" in filled) return;
        const made = filled.plan.steps;
        expect(made.map(({ id, action }) => `${id}: ${action}`)).toEqual([
          "find: typed",
          ...(given.b === null ? [] : ["s1: note"]),
          ...given.list.map((_item, index) => `s2_${index + 1}: note`),
          "s3: note",
        ]);
        expect(made.flatMap(({ args }) => findReferences(args))).toEqual(given.b === null ? [] : ["find.items.0.id"]);
        const [when] = made.flatMap((step) => step.when ?? []);
        if (when) expect(when).toBe(`find.items.size() > (${JSON.stringify(given.n)})`);
      }),
      { numRuns: 500 },
    );
  });
});
