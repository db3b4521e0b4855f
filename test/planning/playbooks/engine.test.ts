import { describe, expect, it } from "vitest";
import { PlanSchema } from "../../../src/domain/plan.ts";
import { createFormParser } from "../../../src/planning/playbooks/form.ts";
import { matchPlaybooks, readPlaybook } from "../../../src/planning/playbooks/match.ts";
import { type Playbook, whatCanBeAsked } from "../../../src/planning/playbooks/playbook.ts";
import { readForm } from "../../../src/planning/playbooks/reader.ts";
import { Sentence } from "../../../src/planning/playbooks/sentence.ts";
import { storePlaybooks } from "../../../src/planning/playbooks/store.ts";

const HOSTILE = [
  "hi ",
  "please, please. ",
  "could you can I I want to ",
  "sunglasses under $5 and under $5, that are in stock and ",
  "- ",
  "minus ",
  "a couple of half a dozen hundred and ",
  "two point five point ",
  "1,000,",
  "1.1.",
  "a-a'",
  "don't ",
  "'\"",
  "((((",
  "$$$$",
  "x",
  "9",
  "Alice de la ",
  "1 a, ",
];
const OPENINGS = ["", "buy ", "buy 1 a, ", "sunglasses ", "for ", "sell 1 Moon to ", "restock 1 Moon because "];

describe("the plan of a playbook", () => {
  it("is a valid plan of independent steps that names its playbook and repeats the request", () => {
    const request = "I want to buy 3 pairs of classic sunglasses and 1 pair of aviator sunglasses.";
    const result = matchPlaybooks(storePlaybooks, `  ${request}\n`);
    if (result.kind !== "plan") throw new Error(result.problem);
    expect(result.playbook).toBe("sale");
    expect(PlanSchema.parse(result.plan)).toEqual(result.plan);
    expect(result.plan.goal).toBe(request);
    expect(result.plan.source).toEqual({ kind: "playbook", name: "sale" });
    expect(result.plan.steps.map(({ id, dependsOn }) => ({ id, dependsOn }))).toEqual([
      { id: "s1", dependsOn: [] },
      { id: "s2", dependsOn: [] },
    ]);
  });

  it("has a goal of at most 500 characters", () => {
    const result = matchPlaybooks(storePlaybooks, `buy 2 Moons${", please".repeat(100)}`);
    expect(result.kind === "plan" && result.plan.goal.length).toBe(500);
  });
});

describe("the examples of a playbook", () => {
  it.each(storePlaybooks.flatMap(({ name, examples }) => examples.map((example) => [name, example] as const)))(
    "are understood by it: %s, %s",
    (name, example) => {
      expect(matchPlaybooks(storePlaybooks, example)).toMatchObject({ kind: "plan", playbook: name });
    },
  );

  it("tell what can be asked, one line for each playbook", () => {
    expect(whatCanBeAsked(storePlaybooks)).toEqual([
      'Ask about products: "Do you have any round sunglasses in stock that are under $100?"',
      'Buy or sell products: "Purchase 3 Wayfarer sunglasses for customer Alice."',
      'Return products: "Return 2 Aviator sunglasses I bought last week."',
      'Correct the stock: "Add 5 Moon sunglasses to stock"',
    ]);
  });
});

describe("matching", () => {
  it("refuses a request that two playbooks read differently", () => {
    const rival: Playbook = {
      name: "rival",
      title: "Rival",
      examples: [],
      phrases: {},
      wordings: [
        { forms: ["buy {items}"], step: { action: "steal", title: "Steal {item}", args: { item: "{item}" } } },
      ],
    };
    const result = matchPlaybooks([...storePlaybooks, rival], "Buy 2 Moons");
    expect(result).toMatchObject({ kind: "not_understood", problem: expect.stringContaining("more than one way") });
    expect(result).toMatchObject({ problem: expect.stringContaining('"Sell 2 × Moons" or "Steal Moons"') });
  });

  it.each(OPENINGS)("takes work in proportion to the length of a hostile request after %j", (opening) => {
    const workOn = (hostile: string, length: number): number => {
      const sentence = new Sentence((opening + hostile.repeat(length)).slice(0, length));
      for (const playbook of storePlaybooks) readPlaybook(playbook, sentence);
      return sentence.work;
    };
    for (const hostile of HOSTILE) {
      const [half, whole] = [workOn(hostile, 2_000), workOn(hostile, 4_000)];
      expect(whole, hostile).toBeLessThan(2.2 * half + 1_000);
      expect(whole, hostile).toBeLessThan(1_000_000);
    }
  });

  it("loses no character of a request but white space and quotation marks", () => {
    for (const text of [...HOSTILE, "Don’t sell “2½” Moons;\u0000 \u200b\ud800 (€5)", "Alice's I'd 1,00 2x 😎"]) {
      const { tokens } = new Sentence(text);
      const covered = tokens.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i));
      const lost = [...text].filter((_, at) => !covered.includes(at)).join("");
      expect(lost).toMatch(/^[\s"“”']*$/u);
    }
  });
});

describe("a form", () => {
  it("is read in steps that do not multiply with the ways to read it", () => {
    const sentence = new Sentence("a ".repeat(12));
    const form = createFormParser({})("(a | a a | [a] a | a [a])*");
    expect(readForm(form, [{ end: 0, values: {} }], { tokens: sentence, slots: {} })).toHaveLength(13);
    expect(sentence.work).toBeLessThan(200);
  });

  it.each([
    ["buy {items", /unexpected "{"/],
    ["(buy|order {items}", /no "\)"/],
    ["buy] {items}", /unexpected "]"/],
    ["<nobody> {items}", /unknown phrase <nobody>/],
    ["* buy", /nothing before it/],
    ["<again>", /contains itself/],
  ])("with a mistake in it is reported as a defect: %s", (form, message) => {
    expect(() => createFormParser({ again: "buy <again>" })(form)).toThrow(message);
  });
});
