/** Rules from YAML: every fault is told with file, line and column. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createPolicy } from "../../src/policy/policy.ts";
import { loadRulesFile } from "../../src/policy/rules-file.ts";
import { tempDir } from "../support/temp.ts";

const actions = ["sell", "take_back"];

function load(content: string | Buffer) {
  const path = join(tempDir(), "rules.yaml");
  writeFileSync(path, content);
  return { path, rules: () => loadRulesFile(path, actions) };
}

const RULE = `rules:
  - name: no-sales
    effect: deny
    reason: No sales.
`;

describe("a file of rules", () => {
  it("is read, with comments, blocks and every form of an effect", () => {
    const { rules } = load(`# Ours.
rules:
  - name: no-sales
    match: { action: [sell, take_back], minImpact: high, tenant: acme }
    when: >-
      rows > 3 ||
      !edited
    effect: deny
    reason: |
      No sales.
  - { name: two, effect: { require: { role: approver, count: 2 } }, reason: Two. }
  - { name: one, effect: { require: admin }, reason: One. }
  - { name: no, effect: allow, reason: Fine. }
`);
    expect(rules()).toMatchObject([
      { name: "no-sales", effect: "deny", reason: "No sales.", when: { text: "rows > 3 || !edited" } },
      { name: "two", effect: { require: { role: "approver", count: 2 } } },
      { name: "one", effect: { require: { role: "admin", count: 1 } }, when: undefined },
      { name: "no", effect: "allow" },
    ]);
  });

  it.each<[string, string, string]>([
    ["an unknown field", `${RULE}    wen: true\n`, ':5:5: there is no field "wen".'],
    ["an unknown field of the file", `${RULE}approval: never\n`, ':5:1: there is no field "approval".'],
    ["an unknown field of match", `${RULE}    match: { acton: sell }\n`, ':5:14: there is no field "acton".'],
    ["an unknown action", `${RULE}    match: { action: [sell, sel] }\n`, ':5:29: there is no action "sel"'],
    ["a value that does not fit", `${RULE}    match: { minImpact: 3 }\n`, ":5:25: "],
    ["a missing reason", "rules:\n  - name: a\n    effect: deny\n", ":2:5: a rule needs a reason"],
    ["an unknown effect", "rules:\n  - { name: a, effect: dney, reason: r }\n", ":2:24: expected deny, allow,"],
    ["a condition with bad syntax", `${RULE}    when: rows > 3 &&& edited\n`, ":5:20: found & but"],
    ["an unknown fact", `${RULE}    when: rows > 3 && amont > 1\n`, ':5:23: there is no fact "amont"'],
    ["an unknown fact in quotes", `${RULE}    when: "rows > 3 && amont > 1"\n`, ':5:24: there is no fact "amont"'],
    [
      "an unknown fact in a block",
      `${RULE}    when: |\n      rows > 3 &&\n      amont > 1\n`,
      ':7:7: there is no fact "amont"',
    ],
    ["a condition that is no text", `${RULE}    when: true\n`, ":5:11: "],
    ["a name used twice", `${RULE}${RULE.slice(7)}`, ':5:11: another rule is called "no-sales".'],
    ["a field given twice", `${RULE}    effect: allow\n`, ":5:5: Map keys must be unique."],
    ["what is no YAML", "rules: [\n", ":2:1: "],
    ["an unknown tag", "rules: !!js/function x\n", ":1:8: "],
    ["two documents", `${RULE}---\n${RULE}`, ":5:1: "],
    ["a list alone", "- name: a\n", ":1:1: expected `rules:` with a list of rules"],
    ["nothing", "", ":1:1: expected `rules:` with a list of rules"],
  ])("is refused for %s", (_what, content, message) => {
    const { path, rules } = load(content);
    expect(rules).toThrow(`${path}${message}`);
    expect(rules).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("is refused for all faults at once", () => {
    const { path, rules } = load(`${RULE}    wen: true\n    then: true\n`);
    expect(rules).toThrow(`${path}:5:5: there is no field "wen". ${path}:6:5: there is no field "then".`);
  });

  it("is refused when aliases would make it enormous", () => {
    const lines = ["a: &a0 [x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 9; level++) lines.push(`b${level}: &a${level} [${`*a${level - 1},`.repeat(9)}]`);
    expect(load(`${lines.join("\n")}\n`).rules).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("is refused when it cannot be read", () => {
    const dir = tempDir();
    mkdirSync(join(dir, "folder"));
    expect(() => loadRulesFile(join(dir, "none.yaml"), actions)).toThrow("none.yaml does not exist.");
    expect(() => loadRulesFile(join(dir, "folder"), actions)).toThrow("folder cannot be read.");
    expect(load(Buffer.from([0xff, 0xfe, 0x00])).rules).toThrow("is not UTF-8 text");
    expect(load(`${RULE}#${"x".repeat(1_000_000)}`).rules).toThrow("at most 1000000 are taken");
  });

  it("is taken together with the rules of a program, of other names", () => {
    const { path } = load(RULE);
    const own = { name: "own", effect: "deny", reason: "Own." } as const;
    createPolicy({ rules: [own], rulesFile: path }, actions);
    expect(() => createPolicy({ rules: [{ ...own, name: "no-sales" }], rulesFile: path }, actions)).toThrow(
      'both have a rule "no-sales"',
    );
  });
});
