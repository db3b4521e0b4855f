/** Programs on the command line: the proposal, the answer, and `show`. Rows C5 and C7. */
import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { program, programmer } from "../support/programs.ts";
import { tempDir } from "../support/temp.ts";

async function holdpoint(environment: Record<string, string>, ...words: string[]) {
  let stdout = "";
  const write = (text: string) => {
    stdout += text;
  };
  const status = await runCli(words, { environment, interactive: false, write, writeError: () => undefined });
  return { status, stdout };
}

const WRONG = 'await sell({ item: "SG005", quantity: 99 });';
const RIGHT = `
const { products } = await find_products({ text: "Classic" });
console.log("found", products.length);
await sell({ item: products[0].id, quantity: 3 });
await take_back({ item: "Aviator", quantity: 1 });
return { status: "success", answer: "3 Classic are sold, 1 Aviator is taken back." };`.trim();

describe("a program on the command line", () => {
  it("is shown with its log and the tables it touches, and every attempt in show", async () => {
    const server = await playOpenAI(
      expectCall({ user: /<actions>/ }).answer(json({ outcome: "program", message: "Two things at once.", steps: [] })),
      programmer().answer(program(WRONG)),
      programmer(/<last_program>/).answer(program(RIGHT)),
      expectCall({ system: /The planner wrote a program/, user: /<program>[\s\S]*found 1/ }).answer(
        json({
          ...{
            needed: "",
            consequences: "",
            order: "",
            saferWay: "",
            verdict: "allow",
            reasons: ["Both are asked for."],
          },
          actions: ["w1", "w2"].map((step) => ({ step, verdict: "allow", reason: "" })),
        }),
      ),
    );
    const environment = {
      ...{ HOLDPOINT_HOME: tempDir(), HOLDPOINT_PLANNING: "model", NO_COLOR: "1" },
      ...{ OPENAI_API_KEY: server.apiKey, OPENAI_BASE_URL: server.url },
    };
    const asked = await holdpoint(environment, "Swap an Aviator for 3 Classic", "--thread", "swap");
    expect(asked.status).toBe(3);
    for (const [part, ...lines] of [
      ["Plan by program 2: Two things at once."],
      [
        "Program 2 after 1 that could not be taken",
        '  1 const { products } = await find_products({ text: "Classic" });',
      ],
      ["It logged", "  found 1"],
      ["It will say", "  3 Classic are sold, 1 Aviator is taken back."],
      ["Before and after", "  inventory"],
    ]) {
      expect(asked.stdout).toContain([part, ...lines].join("\n"));
    }
    const rows = asked.stdout.split("\n").map((line) => line.replaceAll(/[│\s]+/g, " ").trim());
    expect(rows).toContain("SG005 before SG005 Classic Round sunglasses with a sli… 10 $60.00");
    expect(rows).toContain("after SG005 Classic Round sunglasses with a sli… 7 $60.00");
    expect(rows.filter((row) => row.startsWith("TXN"))).toHaveLength(2);
    expect(rows).toContain("of the store before $500.00");
    expect(rows).toContain("after $600.00");

    const { stdout: json3 } = await holdpoint(environment, "show", "swap", "--json");
    const { question } = JSON.parse(json3);
    const done = await holdpoint(environment, "resume", "swap", "--approve", "--proposal", question.proposalId);
    expect(done.status).toBe(0);
    expect(done.stdout).toContain("3 Classic are sold, 1 Aviator is taken back.");
    expect(done.stdout).toContain("What changed\n  inventory");

    const { stdout: shown } = await holdpoint(environment, "show", "swap");
    expect(shown).toContain(`Program 1 Two things at once.\n  1 ${WRONG}`);
    expect(shown).toContain("Why it was not taken\n  Line 1: Error: sell: Not enough Classic (SG005) in stock");
    expect(shown).toContain("Program 2 Two things at once.");
    expect(shown).toMatch(/success: 3 Classic are sold, 1 Aviator is taken back\., 2 write\(s\) staged/);
    expect(shown).toContain("program.2.1: find_products, succeeded");
  });
});

/** What a program is good for, as far as playbooks can tell it. */
const WITHOUT_MODEL: [string, string, string][] = [
  ["Do you have any round sunglasses in stock that are under $100?", "success", "Yes: Classic (SG005), $60.00"],
  ["Do you have any red clown glasses?", "success", 'The store has no sunglasses that match "red clown".'],
  ["Buy 8 Wayfarer.", "insufficient_stock", "asked for 8, available 6"],
  ["I would like some Moon sunglasses.", "invalid_request", '"some" is not an exact quantity'],
  ["Engrave my name on a pair of Aviators.", "unsupported_intent", "was not understood"],
  ["Buy 2 Classic, 2 Moon and 9 Mystique.", "insufficient_stock", "asked for 9, available 3"],
  ["What do you have from $70 to $100?", "success", "Yes, 3 products match"],
  ["I return 7 Titanic glasses.", "no_match", 'No product is called "Titanic". The store has: Aviator'],
];

describe("without a model", () => {
  it.each(WITHOUT_MODEL)("%s", async (request, status, text) => {
    const { stdout } = await holdpoint({ HOLDPOINT_HOME: tempDir() }, request, "--json");
    const { answer } = JSON.parse(stdout).run;
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
  });
});
