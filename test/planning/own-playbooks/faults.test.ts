/** What is wrong with playbooks is told with file, line and column, and what was expected; nothing is passed over. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { wordingFaults } from "../../../src/planning/own-playbooks/check-wordings.ts";
import type { PlaybookInput } from "../../../src/planning/own-playbooks/declaration.ts";
import { tempDir } from "../../support/temp.ts";
import { faultsIn, noting, open, readAll } from "./support.ts";

/** Line 1 to 4 are the same in all of them. */
const file = (rest: string) => `playbooks:\n  - name: p\n    title: P\n${rest}`;
const STEP = "    steps: [{ id: s1, title: T, action: note, args: { text: x } }]\n";
const withParameter = (parameter: string, use = '"{v}"') =>
  file(
    `    parameters: { v: ${parameter} }\n    steps: [{ id: s1, title: T, action: anything, args: { value: ${use} } }]\n`,
  );
const withStep = (step: string, parameters = "{ v: { type: text } }") =>
  file(
    `    parameters: ${parameters}\n    steps:\n      - { id: s1, title: "{v}", action: note, args: { text: x } }\n      - ${step}\n`,
  );
const withMatch = (match: string, parameters = "{ v: { type: name } }") =>
  file(
    `    parameters: ${parameters}\n    match: ${match}\n    steps: [{ id: s1, title: T, action: anything, args: { value: "{v}" } }]\n`,
  );

describe("a file of playbooks", () => {
  it("is read", () => {
    expect(faultsIn(file(STEP))).toEqual([]);
    expect(faultsIn(withParameter("{ type: text }"))).toEqual([]);
    expect(faultsIn(withMatch('{ examples: ["See {v}"], patterns: ["(see|meet) [the] {v}"] }'))).toEqual([]);
  });

  it.each<[string, string, string, string]>([
    ["a list alone", "- name: p\n", "1:1", "expected `playbooks:` with a list of playbooks"],
    ["an unknown field of the file", `${file(STEP)}rules: []\n`, "5:1", 'there is no field "rules"'],
    ["an unknown field", file(`    titel: P\n${STEP}`), "4:5", 'there is no field "titel"'],
    ["no steps", file(""), "2:5", "a playbook needs steps"],
    ["no name", `playbooks:\n  - title: P\n${STEP}`, "2:5", "a playbook needs a name"],
    ["a name that is none", file(STEP).replace("name: p", "name: P p"), "2:11", "a name is a small letter"],
    ["an unknown type", withParameter("{ type: string }"), "4:30", "expected text, name, number"],
    ["a list of lists", withParameter("{ type: { listOf: { listOf: text } } }"), "4:30", "expected text, name"],
    [
      "a parameter's name",
      withParameter("{ type: text }").replace(/\bv\b/g, "V"),
      "4:19",
      "a parameter's name is a small",
    ],
    [
      "a parameter called each",
      withParameter("{ type: text }").replace(/\bv\b/g, "each"),
      "4:19",
      "{each} is the item",
    ],
    [
      "limits that no value meets",
      withParameter("{ type: integer, min: 5, max: 4 }"),
      "4:44",
      "no value is at least 5 and at most 4",
    ],
    ["a limit of another kind", withParameter("{ type: date, min: 5 }"), "4:41", "expected a date; it is 5"],
    ["a limit of what has none", withParameter("{ type: boolean, min: 1 }"), "4:39", "this type has no limits"],
    [
      "a length that is none",
      withParameter("{ type: text, max: 0.5 }"),
      "4:41",
      "expected a whole number from 1 to 10000",
    ],
    [
      "a default that does not fit",
      withParameter("{ type: integer, default: x }"),
      "4:48",
      'expected a whole number; it is "x"',
    ],
    [
      "a default of what is optional",
      withParameter("{ type: text, default: x, optional: true }"),
      "4:58",
      "is never missing",
    ],
    ["a default that refers", withParameter('{ type: text, default: "${s1.x}" }'), "4:45", "reference to a step"],
    [
      "a pattern that is none",
      withParameter('{ type: text, pattern: "(", example: x }'),
      "4:45",
      "the pattern does not fit",
    ],
    ["a pattern without an example", withParameter('{ type: text, pattern: "a+" }'), "4:36", "needs an example"],
    [
      "an example that it does not match",
      withParameter('{ type: text, pattern: "a+", example: b }'),
      "4:60",
      "that matches a+",
    ],
    ["a pattern of numbers", withParameter('{ type: integer, pattern: "1" }'), "4:39", "only text, name and email"],
    ["an unknown currency", withParameter("{ type: money, currency: XQQ }"), "4:47", '"XQQ" is no currency'],
    ["a currency of what is no money", withParameter("{ type: integer, currency: EUR }"), "4:39", "only money"],
    ["a parameter that is not used", withParameter("{ type: text }", "x"), "4:19", "no step uses {v}"],
    [
      "an unknown action",
      withStep("{ id: s2, title: T, action: notes, args: { text: x } }"),
      "7:37",
      'there is no action "notes"; there are note, count_notes',
    ],
    [
      "an unknown field of a step",
      withStep("{ id: s2, title: T, action: note, arg: { text: x } }"),
      "7:43",
      'there is no field "arg"',
    ],
    [
      "an unknown argument",
      withStep("{ id: s2, title: T, action: note, args: { text: x, txt: y } }"),
      "7:60",
      'note does not take "txt"',
    ],
    [
      "an argument that is missing",
      withStep("{ id: s2, title: T, action: note }"),
      "7:9",
      'note does not take "text" so',
    ],
    [
      "text in a number's place",
      withStep('{ id: s2, title: T, action: typed, args: { count: "{v}" } }'),
      "7:59",
      'typed does not take "count" so',
    ],
    [
      "a number that may be too small",
      withStep(
        '{ id: s2, title: "{v}", action: typed, args: { count: "{n}" } }',
        "{ v: { type: text }, n: { type: integer, max: 9 } }",
      ),
      "7:63",
      "(with {n} -1)",
    ],
    [
      "a text that may be too long",
      withStep('{ id: s2, title: T, action: typed, args: { text: "{v}" } }', "{ v: { type: text, max: 201 } }"),
      "7:58",
      "(with {v} of 201 characters)",
    ],
    [
      "an option that is none",
      withStep(
        '{ id: s2, title: T, action: typed, args: { color: "{v}" } }',
        "{ v: { type: { oneOf: [red, blue] } } }",
      ),
      "7:59",
      '(with {v} "blue")',
    ],
    [
      "an optional value in text",
      withStep(
        '{ id: s2, title: T, action: note, args: { text: "to {o}" } }',
        "{ v: { type: text }, o: { type: text, optional: true } }",
      ),
      "7:49",
      "give it a default, or the step an `if`",
    ],
    [
      "an unknown blank",
      withStep('{ id: s2, title: T, action: note, args: { text: "ab {w}" } }'),
      "7:61",
      'there is no parameter "w"; there are v',
    ],
    [
      "braces that are no blank",
      withStep('{ id: s2, title: T, action: note, args: { text: "{\\"a\\": 1}" } }'),
      "7:58",
      "Braces that are text are written {{ and }}",
    ],
    [
      "a blank as a reference",
      withStep('{ id: s2, title: T, action: note, args: { text: "${v.x}" } }'),
      "7:58",
      '"v" is a parameter: {v}',
    ],
    [
      "a blank in a reference",
      withStep('{ id: s2, title: T, action: note, args: { text: { $ref: "s1.{v}" } } }'),
      "7:65",
      "a reference names its step itself",
    ],
    [
      "a blank in an argument's name",
      withStep('{ id: s2, title: T, action: note, args: { text: x, "{v}": y } }'),
      "7:60",
      "no blank may stand in a name",
    ],
    [
      "a blank as an action",
      withStep('{ id: s2, title: T, action: "{v}", args: { text: x } }'),
      "7:37",
      "no blank may stand here",
    ],
    [
      "a text in a condition",
      withStep('{ id: s2, title: T, action: note, args: { text: x }, when: "s1.text == {v}" }'),
      "7:80",
      "only numbers and booleans",
    ],
    [
      "an `if` that is no CEL",
      withStep('{ id: s2, title: T, action: note, args: { text: x }, if: "v ==" }'),
      "7:69",
      "found = but expecting end of input",
    ],
    [
      "an `if` about nothing",
      withStep('{ id: s2, title: T, action: note, args: { text: x }, if: "w == v" }'),
      "7:67",
      'there is no fact "w"; there are v',
    ],
    [
      "an `if` that is never true",
      withStep('{ id: s2, title: T, action: note, args: { text: x }, if: "size(v)" }'),
      "7:67",
      "it is never true or false",
    ],
    [
      "an `if` with a value that is none",
      withStep(
        "{ id: s2, title: T, action: note, args: { text: x }, if: 'v == \"blue\"' }",
        "{ v: { type: { oneOf: [red] } } }",
      ),
      "7:72",
      '"blue" is not possible',
    ],
    [
      "an output of what is left out",
      withStep('{ id: s2, title: T, action: note, args: { text: "${s1.text}" } }').replace(
        "action: note, args",
        "if: \"v == 'x'\", action: note, args",
      ),
      "7:49",
      'it uses what step "s1" puts out',
    ],
    [
      "an unknown step",
      withStep("{ id: s2, title: T, action: note, args: { text: x }, dependsOn: [s3] }"),
      "7:9",
      'waits for "s3", which is no step',
    ],
    [
      "steps that wait for each other",
      withStep("{ id: s2, title: T, action: note, args: { text: x }, dependsOn: [s2] }"),
      "7:9",
      "s2 -> s2",
    ],
    [
      "a step twice",
      withStep("{ id: s1, title: T, action: note, args: { text: x } }"),
      "7:9",
      'Two steps are called "s1"',
    ],
    [
      "a reference that leads nowhere",
      withStep('{ id: s2, title: T, action: note, args: { text: "${s1.txt}" } }'),
      "7:9",
      '"s1" does not put out',
    ],
    [
      "a condition over nothing",
      withStep('{ id: s2, title: T, action: note, args: { text: x }, when: "s1.txt == 1" }'),
      "7:9",
      "does not fit",
    ],
    [
      "`each` over no list",
      withStep("{ id: s2, title: T, action: note, args: { text: x }, each: v }"),
      "7:68",
      '"v" is no parameter with a list',
    ],
    [
      "an output of each",
      withStep(
        '{ id: s2, title: "{l}", action: note, args: { text: "${s3.text}" } }\n      - { id: s3, title: T, each: l, action: note, args: { text: "{each}" } }',
        "{ v: { type: text }, l: { type: { listOf: text } } }",
      ),
      "7:53",
      '"s3" is done for each of a list',
    ],
    [
      "a start that is a date",
      withStep('{ id: s2, title: T, action: note, args: { text: x }, notBefore: "{v}" }', "{ v: { type: date } }"),
      "7:73",
      "{v} is no datetime",
    ],
    [
      "a start that is none",
      withStep(
        '{ id: s2, title: T, action: note, args: { text: x }, notBefore: "{v} - 3 moons" }',
        "{ v: { type: datetime } }",
      ),
      "7:73",
      'expected {start}, "{start} - 3 days"',
    ],
    [
      "how sure it is",
      withStep("{ id: s2, title: T, action: note, args: { text: x }, confidence: 1 }"),
      "7:62",
      'there is no field "confidence"',
    ],
    ["an unknown hole", withMatch('{ examples: ["See {w}"] }'), "5:30", 'there is no parameter "w"; there are v'],
    ["a hole with an option", withMatch('{ patterns: ["see {v:x}"] }'), "5:30", 'there is no parameter "v:x"'],
    ["a wording without what is needed", withMatch('{ examples: ["See them"] }'), "5:26", "it can match without {v}"],
    ["an optional hole that is needed", withMatch('{ patterns: ["see [{v}]"] }'), "5:26", "it can match without {v}"],
    ["a wording of nothing but a hole", withMatch('{ patterns: ["[see] {v}"] }'), "5:26", "would take any request"],
    ["a hole twice", withMatch('{ patterns: ["see {v} [and {v}]"] }'), "5:30", "{v} can stand in it twice"],
    [
      "a hole that is repeated",
      withMatch('{ patterns: ["see (and {v})*"] }'),
      "5:35",
      "a parameter of the type listOf",
    ],
    ["a bracket that stays open", withMatch('{ patterns: ["see (the {v}"] }'), "5:30", 'it has no ")" for a "("'],
    ["a phrase", withMatch('{ patterns: ["see <please> {v}"] }'), "5:30", "the unknown phrase <please>"],
    ["two of a name", `${file(STEP)}${file(STEP).slice(11)}`, "5:11", 'another playbook is called "p" ('],
  ])("is refused for %s", (_what, text, place, message) => {
    const faults = faultsIn(text);
    const shown = JSON.stringify(faults);
    expect(
      faults.some((fault) => fault.place === place && fault.message.includes(message)),
      shown,
    ).toBe(true);
  });

  it("is refused for everything at once, one thing each", () => {
    const text = withStep('{ id: s2, titel: T, action: notes, args: { text: "{w}" } }');
    expect(faultsIn(text).map(({ place }) => place)).toEqual(["7:9", "7:19"]);
    expect(faultsIn(text.replace("titel", "title")).map(({ place }) => place)).toEqual(["7:59"]);
    const many = `${withStep("{ id: s2, title: T, action: no }")}  - { name: q, title: Q, steps: [{ id: s1, title: T, action: no }] }\n`;
    expect(faultsIn(many).map(({ place }) => place)).toEqual(["7:37", "8:62"]);
  });

  it("may be one of a folder; the names of all of them differ", () => {
    const dir = tempDir();
    const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
    mkdirSync(join(dir, "empty"));
    write("b.yaml", file(STEP));
    write("a.yml", file(STEP).replace("name: p", "name: q"));
    write("c.txt", "no playbook");
    expect(readAll(dir).playbooks.map(({ name }) => name)).toEqual(["q", "p"]);
    write("c.yaml", file(STEP));
    const [fault] = readAll(dir).faults;
    expect(fault?.where).toBe(`${join(dir, "c.yaml")}:2:11`);
    expect(fault?.message).toBe(`another playbook is called "p" (${join(dir, "b.yaml")}:2:11)`);
    expect(() => readAll(join(dir, "empty"))).toThrow("has no .yaml file");
    expect(() => readAll(join(dir, "none.yaml"))).toThrow("none.yaml does not exist");
  });

  it("is told by its place in the list where a program wrote it", () => {
    const wrong = noting({ v: { type: "text" } }, ["See {w}"]);
    expect(() => open(noting({ v: { type: "text" } }, ["See {v}"], { name: "first" }), wrong)).toThrow(
      'playbooks[1].match.examples[0] at character 5: there is no parameter "w"; there are v.',
    );
  });
});

describe("wordings", () => {
  const told = (...playbooks: PlaybookInput[]) => wordingFaults(open(...playbooks).list);
  const matching = (parameters: NonNullable<PlaybookInput["parameters"]>, match: PlaybookInput["match"], name = "p") =>
    noting(parameters, [], { name, ...(match ? { match } : {}) });

  it("that do what they are for are whole, with parameters of every type", () => {
    const types = {
      ...{ a: { type: "text" }, b: { type: "name" }, c: { type: "number" }, d: { type: "integer", min: 1 } },
      ...{
        e: { type: "money", currency: "CHF" },
        f: { type: "boolean" },
        g: { type: "date" },
        h: { type: "datetime" },
      },
      ...{ i: { type: "email" }, j: { type: { oneOf: ["red", "dark blue"] } }, k: { type: { listOf: "name" } } },
      l: { type: "text", pattern: "SG\\d+ and more", example: "SG1 and more" },
    } satisfies NonNullable<PlaybookInput["parameters"]>;
    const text = Object.keys(types)
      .map((name) => `word${name} {${name}}`)
      .join(" ");
    expect(told(matching(types, { examples: [text], patterns: [`(do|make) [now|then] ${text} [at once]`] }))).toEqual(
      [],
    );
  });

  it("are told where another playbook takes them, too", () => {
    const one = matching({ v: { type: "name" } }, { examples: ["Meet {v}"] }, "one");
    const two = matching({ w: { type: "text" } }, { patterns: ["(see|meet) {w}"] }, "two");
    expect(told(one, two)).toEqual([
      {
        where: "playbooks[0].match.examples[0]",
        message: expect.stringMatching(/^it never matches.*fits two playbooks/),
      },
      {
        where: "playbooks[1].match.patterns[0]",
        message: expect.stringMatching(/^not all of it matches: "meet blue door"/),
      },
    ]);
  });

  it("are told where nobody could tell what is meant", () => {
    const [fault, ...others] = told(
      matching({ v: { type: "text" }, w: { type: "text" } }, { examples: ["Tell {v} {w}"] }),
    );
    expect(fault?.message).toMatch(/^it never matches.*more than one way: \{v\} is "blue" or "blue door"/);
    expect(others).toEqual([]);
    const [optional] = told(
      matching({ v: { type: "text" }, w: { type: "name", optional: true } }, { patterns: ["tell {v} [to {w}]"] }),
    );
    expect(optional?.message).toMatch(/^not all of it matches: "tell blue door to Ada Lovelace" can be read/);
  });
});
