/** Values of every type: as requests say them, as models and programs give them, and hostile ones. */
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/domain/json.ts";
import type { PlaybookInput } from "../../../src/planning/own-playbooks/declaration.ts";
import { open } from "./support.ts";

type Parameter = NonNullable<PlaybookInput["parameters"]>[string];

/** A playbook with one parameter, which an action takes as it is. */
const asking = (parameter: Parameter) =>
  open({
    name: "ask",
    title: "Ask",
    parameters: { value: parameter },
    match: { examples: ["Take {value} now"] },
    steps: [{ id: "s1", title: "Count", action: "anything", args: { value: "{value}" } }],
  });

function read(parameter: Parameter, words: string): Json | undefined {
  const found = asking(parameter).match(`Take ${words} now`);
  return found.kind === "plan" ? found.plan.steps[0]?.args.value : `${found.kind}: ${found.problem}`;
}

describe("a request says", () => {
  it.each<[Parameter["type"], string, Json]>([
    ["integer", "12", 12],
    ["integer", "1,200", 1200],
    ["integer", "two hundred and five", 205],
    ["integer", "a dozen", 12],
    ["integer", "-3", -3],
    ["number", "2.5", 2.5],
    ["money", "$1,200.50", 1200.5],
    ["money", "95 dollars", 95],
    ["money", "95", 95],
    ["boolean", "yes", true],
    ["boolean", "FALSE", false],
    ["date", "2030-01-31", "2030-01-31"],
    ["date", "31 January 2030", "2030-01-31"],
    ["date", "1st of Feb 2030", "2030-02-01"],
    ["date", "January 31, 2030", "2030-01-31"],
    ["datetime", "2030-01-31T09:00:00+01:00", "2030-01-31T09:00:00+01:00"],
    ["datetime", "2030-01-31 09:00 UTC", "2030-01-31T09:00:00Z"],
    ["datetime", "2030-01-31 at 09:00 -0530", "2030-01-31T09:00:00-05:30"],
    ["email", "ada.l+x@example.org", "ada.l+x@example.org"],
    [{ oneOf: ["Berlin", "São Paulo"] }, "são  PAULO", "São Paulo"],
    ["name", "Ana de la Cruz", "Ana de la Cruz"],
    ["text", "review the design", "review the design"],
    [{ listOf: "name" }, "Ana, Bob and Carl Smith", ["Ana", "Bob", "Carl Smith"]],
    [{ listOf: "name" }, "Ana, Bob, and Carl", ["Ana", "Bob", "Carl"]],
    [{ listOf: "name" }, "Ana y Bob", ["Ana", "Bob"]],
    [{ listOf: "name" }, "Ana & Bob", ["Ana", "Bob"]],
    [{ listOf: "email" }, "a@example.org; b@example.org", ["a@example.org", "b@example.org"]],
    [{ listOf: "integer" }, "1, 2 and 3", [1, 2, 3]],
    [{ listOf: { oneOf: ["red", "green"] } }, "Green", ["green"]],
    [{ listOf: "text" }, 'Red door, "and then, some" and Blue roof', ["Red door", "and then, some", "Blue roof"]],
  ])("%j in words: %s", (type, words, value) => {
    expect(read({ type }, words)).toEqual(value);
  });

  it.each<[Parameter, string, string]>([
    [{ type: "money", currency: "EUR" }, "95.50 €", "95.5"],
    [{ type: "money", currency: "EUR" }, "EUR 95", "95"],
    [{ type: "money", currency: "GBP" }, "95 pounds", "95"],
    [{ type: "money", currency: "JPY" }, "¥9,500", "9500"],
    [
      { type: "money", currency: "JPY" },
      "9.5",
      "invalid: {value}: expected an amount in JPY of at least 0 with at most 0 decimals",
    ],
    [{ type: "money", currency: "EUR" }, "$95", "not_understood"],
    [{ type: "money" }, "95 €", "not_understood"],
    [{ type: "money" }, "$1.234", "not_understood"],
    [{ type: "money" }, "-$5", "invalid: {value}: expected an amount in USD of at least 0"],
    [{ type: "integer" }, "2.5", "not_understood"],
    [{ type: "integer" }, "1.000", "not_understood"],
    [{ type: "number" }, "two and a half", "not_understood"],
    [{ type: "integer", min: 1, max: 5 }, "7", 'invalid: {value}: expected a whole number from 1 to 5; it is "7".'],
    [{ type: "date" }, "01/02/2030", "not_understood"],
    [{ type: "date" }, "2030-02-30", "invalid: {value}: expected a date such as"],
    [
      { type: "date", min: "2030-01-01" },
      "2029-12-31",
      "invalid: {value}: expected a date such as 2030-01-31 of at least",
    ],
    [{ type: "datetime" }, "2030-01-31 09:00", "not_understood"],
    [{ type: "email" }, "ada at example.org", "not_understood"],
    [{ type: "email" }, "ada@example", "invalid: {value}: expected an e-mail address"],
    [{ type: { oneOf: ["red"] } }, "blue", "not_understood"],
    [
      { type: "text", pattern: "SG\\d{3}", example: "SG001" },
      "SG0012",
      "invalid: {value}: expected text of 1 to 200 characters that matches",
    ],
    [
      { type: { listOf: "name" }, max: 2 },
      "Ana, Bob, Carl",
      "invalid: {value}: expected a list of 1 to 2, each of them a name",
    ],
    [{ type: { listOf: "text" } }, "Ana, Bob and delete everything", "not_understood"],
    [{ type: { listOf: "integer" } }, "two hundred and five", "more than one way"],
  ])("%j, and %s is", (parameter, words, outcome) => {
    expect(String(read(parameter, words))).toContain(outcome);
  });
});

describe("a value that is given", () => {
  const fill = (parameter: Parameter, value: Json) => {
    const filled = asking(parameter).fill("ask", { value }, "x");
    return filled && "plan" in filled
      ? filled.plan.steps[0]?.args.value
      : filled?.problems.map(({ message }) => message).join();
  };

  it.each<[Parameter, Json]>([
    [{ type: "integer" }, "12"],
    [{ type: "integer" }, 1.5],
    [{ type: "number" }, "x"],
    [{ type: "money" }, 1.001],
    [{ type: "money" }, 0.1 + 0.2],
    [{ type: "boolean" }, "yes"],
    [{ type: "date" }, "tomorrow"],
    [{ type: "datetime" }, "2030-01-31T09:00:00"],
    [{ type: "text" }, ""],
    [{ type: "text" }, 5],
    [{ type: "text" }, { $ref: "s1.id" }],
    [{ type: "text" }, ["a"]],
    [{ type: { oneOf: ["red"] } }, "Red"],
    [{ type: { listOf: "text" } }, "a"],
    [{ type: { listOf: "text" } }, []],
    [{ type: { listOf: "text" } }, [{ $ref: "s1.id" }]],
    [{ type: "text" }, null],
    [{ type: "name" }, "Ada\nLovelace"],
  ])("has its type: %j is not %j", (parameter, value) => {
    expect(fill(parameter, value)).toMatch(/^expected .*; it is /);
  });

  it.each([
    ["a reference", "${s1.x}", "reference to a step"],
    ["a reference among words", "see ${s1.x.0} there", "reference to a step"],
    ["a NUL", "a\u0000b", "control characters"],
    ["half a character", "a\ud800", "control characters"],
    ["an escape sequence", "a\u001b[2Jb", "control characters"],
    ["text that turns around", "a\u202eb", "control characters"],
  ])("is refused with %s in it, alone and in a list", (_what, value, problem) => {
    expect(fill({ type: "text" }, value)).toContain(problem);
    expect(fill({ type: { listOf: "text" } }, ["a", value])).toContain(problem);
  });

  it.each([
    "{value}",
    "{{value}}",
    "$ref",
    "s1.x",
    "${}",
    "${S}",
    "$ {s1.x}",
    "__proto__",
    "'; drop table runs; --",
    "a\nb\tc",
  ])("that only looks odd stays the text that it is: %j", (value) => {
    expect(fill({ type: "text" }, value)).toBe(value);
  });

  it("is none without a parameter of its name", () => {
    const filled = asking({ type: "text" }).fill("ask", { value: "a", action: "sell", constructor: 1 }, "x");
    expect(filled).toEqual({
      problems: [
        { parameter: "action", message: 'there is no parameter "action"' },
        { parameter: "constructor", message: 'there is no parameter "constructor"' },
      ],
    });
    expect(asking({ type: "text" }).fill("other", {}, "x")).toBeUndefined();
  });
});
