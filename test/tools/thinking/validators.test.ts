/** What a composed text has to meet, each kind by itself. Row A3. */
import { describe, expect, it } from "vitest";
import {
  type ComposeValidator,
  problemsOf,
  requirementsOf,
  type Validators,
  validatorsSchema,
} from "../../../src/tools/thinking/validators.ts";

const about = {
  ...{ value: undefined, instruction: "Write.", context: { to: "Ada" }, tenant: "acme", principal: "alice" },
  signal: new AbortController().signal,
};
const problems = (text: string, validators: Validators, named: Record<string, ComposeValidator> = {}) =>
  problemsOf({ text, value: undefined }, validators, { named: new Map(Object.entries(named)), about });
const refusalOf = (given: unknown, names: string[] = []): string =>
  validatorsSchema(names).safeParse(given).error?.issues[0]?.message ?? "";

describe("a text", () => {
  it.each<[Validators, string, string]>([
    [{ minLength: 3 }, "abc", "It has 2 characters, and needs at least 3."],
    [{ maxLength: 2 }, "a😀", "It has 3 characters; at most 2 are allowed."],
    [{ maxWords: 2 }, "two words", "It has 3 words; at most 2 are allowed."],
    [{ pattern: "^Dear \\w+" }, "Dear Ada", "The regular expression ^Dear \\w+ matches nowhere in it."],
    [{ mustContain: ["T-1"] }, "See T-1.", "It does not contain: T-1"],
  ])("meets %j, or is told what it does not meet", async (validators, good, said) => {
    const bad: Record<string, string> = {
      minLength: "ab",
      maxLength: "abc",
      maxWords: "now three words",
      mustContain: "t-1",
    };
    expect(await problems(good, validators)).toEqual([]);
    expect(await problems(bad[Object.keys(validators)[0] ?? ""] ?? "Hello", validators)).toEqual([said]);
    expect(requirementsOf(validators)).toHaveLength(1);
  });

  it("is told everything at once", async () => {
    expect(await problems("x", { minLength: 2, mustContain: ["y", "z"] })).toHaveLength(3);
  });

  it("is counted in words where a language puts no spaces between them", async () => {
    expect(await problems("私は日本語を話します", { maxWords: 2 })).toHaveLength(1);
  });

  it("cannot make a pattern slow", async () => {
    const started = performance.now();
    expect(await problems(`${"a".repeat(50_000)}!`, { pattern: "^(a+)+$" })).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe("a program's own validator", () => {
  it("sees text and context, and is asked only once everything else holds", async () => {
    const seen: unknown[] = [];
    const tone: ComposeValidator = (text, { context, instruction, tenant }) => {
      seen.push([text, context, instruction, tenant]);
      return text.includes("please") ? true : "It has to say please.";
    };
    const validators = { maxLength: 20, custom: ["tone"] };
    expect(await problems("Do it.", validators, { tone })).toEqual(["It has to say please."]);
    expect(
      await problems("Do it, please.", validators, { tone: async (text, more) => await tone(text, more) }),
    ).toEqual([]);
    expect(await problems("x".repeat(21), validators, { tone })).toHaveLength(1);
    expect(seen).toHaveLength(2);
    expect(seen[0]).toEqual(["Do it.", { to: "Ada" }, "Write.", "acme"]);
  });

  it.each<[string, ComposeValidator]>([
    ["throws", () => Promise.reject(new Error("The key sk-live-abcdefgh12345678 is wrong."))],
    ["says nothing", (() => undefined) as never],
    ["says false", (() => false) as never],
  ])("that %s has judged nothing: the text does not pass, and no secret is told", async (_what, tone) => {
    const judged = problems("Hello", { custom: ["tone"] }, { tone });
    await expect(judged).rejects.toThrow('The validator "tone" could not judge the text');
    await expect(judged).rejects.not.toThrow("abcdefgh");
  });
});

describe("validators that a plan asks for", () => {
  it.each<[unknown, string]>([
    [{ pattern: "(?=a)" }, "The pattern cannot be taken"],
    [{ pattern: "a".repeat(1001) }, "at most 1000"],
    [{ minLength: 5, maxLength: 4 }, "minLength is more than maxLength"],
    [{ schema: { type: "object" }, maxWords: 3, pattern: "a" }, "leave out pattern, maxWords"],
    [{ schema: { type: "objekt" } }, "The JSON Schema cannot be taken"],
    [{ maxLength: 0 }, "Too small"],
    [{ length: 3 }, "Unrecognized key"],
    [{ custom: ["tone"] }, "Unrecognized key"],
  ])("are refused where they make no sense: %j", (given, said) => {
    expect(refusalOf(given)).toContain(said);
  });

  it("may name those of the program, and no others", () => {
    expect(refusalOf({ custom: ["tone"] }, ["tone", "facts"])).toBe("");
    expect(refusalOf({ custom: ["tune"] }, ["tone", "facts"])).toContain('"tone"|"facts"');
  });
});
