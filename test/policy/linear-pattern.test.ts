/** No pattern that somebody brings, and no text, makes policy slow. */
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { createBlockedText } from "../../src/policy/blocked.ts";
import { defaultBlockedPatterns } from "../../src/policy/blocked-patterns.ts";
import { readingsOf } from "../../src/policy/disguises.ts";
import { linearPattern } from "../../src/policy/linear-pattern.ts";
import { createPolicy } from "../../src/policy/policy.ts";
import { evaluateRules, parseRules } from "../../src/policy/rules.ts";
import { defaultFacts } from "./facts.ts";

/** On JavaScript's own engine each of these takes longer than anybody waits: 2^30 steps and more. */
const hostile: [RegExp, string][] = [
  [/(a+)+$/, `${"a".repeat(100_000)}!`],
  [/(a|aa)+$/, `${"a".repeat(100_000)}!`],
  [/^(\w+\s?)*$/, `${"word ".repeat(20_000)}!`],
  [/(x+x+)+y/, "x".repeat(100_000)],
  [/(.*a){20}$/, "a".repeat(10_000)],
];

describe("a hostile pattern on a hostile text", () => {
  it.each(hostile)("%s ends as a blocked pattern", (pattern, text) => {
    const { find } = createBlockedText([{ name: "hostile", pattern }]);
    expect(find(text)?.name).toBe(pattern.source === "(.*a){20}$" ? "hostile" : undefined);
  });

  it.each(hostile)("%s ends in a rule", (pattern, text) => {
    const when = `action.args.text.matches(${JSON.stringify(pattern.source)})`;
    const rules = parseRules([{ name: "hostile", when, effect: "deny", reason: "r" }], {
      actions: ["sell"],
      where: "",
    });
    const facts = { ...defaultFacts(), action: { ...defaultFacts().action, args: { text } } };
    expect(evaluateRules(rules, facts)).toHaveLength(pattern.source === "(.*a){20}$" ? 1 : 0);
  });

  it("runs on the engine that knows no steps back", () => {
    expect(linearPattern(/a/)).not.toBeInstanceOf(RegExp);
    expect(() => RE2JS.compile("(a)\\1")).toThrow();
  });
});

describe("a pattern that the linear engine does not take", () => {
  it.each([
    [/(?=a)b/, "invalid or unsupported Perl syntax"],
    [/(?<!a)b/, ""],
    [/(a)\1/, "invalid escape sequence"],
    [/a{1001}/, "invalid repeat count"],
    [/((a{100}){100}){100}/, "invalid repeat count"],
    [/a/y, 'the flag "y" is not supported'],
    [new RegExp("a".repeat(1001)), "at most 1000 are taken"],
  ])("is refused when policy is made (%#)", (pattern, message) => {
    const make = () => createPolicy({ blockedPatterns: [{ name: "mine", pattern }] });
    expect(make).toThrow('The blocked pattern "mine"');
    expect(make).toThrow(message);
  });
});

describe("a pattern of a program", () => {
  it.each<[RegExp, string, string | undefined]>([
    [/\bproject x\b/i, "About PROJECT  X today", "PROJECT X"],
    [/\bproject x\b/, "About PROJECT X today", undefined],
    [/caf\u00e9/, "un café", "café"],
    [/\p{Lu}\p{Ll}+/u, "abc Ελλ", "Ελλ"],
    [/^second$/m, "first\nsecond", "second"],
    [/a.b/s, "a\nb", "a\nb"],
    [/(?<year>\d{4})/g, "in 2026", "2026"],
    [/\/etc\/[a-z]+/, "cat /etc/hosts", "/etc/hosts"],
  ])("%s means on %j what it means in JavaScript", (pattern, text, match) => {
    expect(createBlockedText([{ name: "mine", pattern }]).find(text)?.match).toBe(match);
  });

  it("can stand beside the default ones", () => {
    const { find } = createBlockedText([...defaultBlockedPatterns, { name: "secret", pattern: /project x/i }]);
    expect(find("Project X")?.name).toBe("secret");
    expect(find("rm -rf /")?.name).toBe("shell destruction");
  });
});

describe("reading disguises", () => {
  it.each([
    [
      "%25",
      "&amp;",
      "\\u0025",
      "61",
      "0x61 ",
      "QUFBQUFB",
      "a\u200b",
      "AAAAAAAAAAAAAAAAAAAAAAAA ",
      "%41\\u0041&#65;4141 QUFB",
    ],
    [
      Buffer.from("hello base ".repeat(9)).toString("base64"),
      Buffer.from(Buffer.from("hello ".repeat(9)).toString("base64")).toString("hex"),
      Buffer.from("%2561\u200b&#37;6".repeat(3)).toString("hex"),
    ],
  ])("costs a few times the length of the text, however it is made up (%#)", (...parts) => {
    for (const part of parts) {
      for (const length of [1000, 20_000]) {
        const text = part.repeat(length / part.length);
        const read = readingsOf(text).reduce((sum, reading) => sum + reading.text.length, 0);
        expect(read, part).toBeLessThan(8 * length);
      }
    }
  });
});
