/** What programs do that their author did not think of. Rows C2 and C3, invariants 7 and 12. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { listPrograms } from "../../src/ledger/programs.ts";
import { listReads } from "../../src/ledger/reads.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { defineAction } from "../../src/tools/action.ts";
import { continueThread } from "../../src/work/threads.ts";
import { playOpenAI } from "../support/openai-server.ts";
import { ask, openPrograms, program, programmer } from "../support/programs.ts";
import { alice, bob } from "../support/runtime.ts";

const NOTHING = 'return { status: "no_match", answer: "Nothing." };';
const read = (name: string, run: (n: number) => Promise<unknown>, more: object = {}) =>
  defineAction({
    ...{ kind: "read", name, version: 1, title: name, description: "Reads.", retry: { attempts: 1 } },
    input: z.strictObject({ n: z.int().default(0) }),
    output: z.json(),
    run: async ({ n }) => (await run(n)) as z.infer<ReturnType<typeof z.json>>,
    summarize: () => "Read.",
    ...more,
  });

const bell = defineAction({
  kind: "write",
  name: "ring_bell",
  version: 1,
  title: "Ring the bell",
  description: "Rings the bell.",
  input: z.strictObject({}),
  output: z.strictObject({}),
  reversibility: "reversible",
  preview: async () => [{ table: "bells", key: "b", before: null, after: { rung: true } }],
  run: async () => ({ output: {}, changes: [] }),
  undo: async () => "Unrung.",
  summarize: () => "Rung.",
});

describe("a write that is refused before it is previewed", () => {
  it.each([
    ["by policy", 'sell({ item: "SG001", quantity: 1, customer: "x; rm -rf / --no-preserve-root" })', /is blocked/],
    ["for a reference", 'sell({ item: "${s1.id}", quantity: 1 })', /looks like a reference/],
    ["for no object", 'sell("SG001")', /takes one object/],
    ["for what cannot cross", 'sell({ item: "SG001", quantity: 1, customer: "\\0" })', /cannot be called with that/],
    [
      "for a prototype",
      'sell(JSON.parse(\'{"item":"SG001","quantity":1,"__proto__":{}}\'))',
      /cannot be called with that/,
    ],
  ])("%s cannot be passed over in a success", async (_how, call, fault) => {
    const code = `
await sell({ item: "SG004", quantity: 1 });
try { await ${call}; } catch {}
return { status: "success", answer: "Both are sold." };`;
    const server = await playOpenAI(
      programmer().answer(program(code)),
      programmer(/<faults>/).answer(program(NOTHING)),
    );
    const runtime = await openPrograms(server);
    const { run, question } = await ask(runtime, "Sell both.");
    expect(question).toBeNull();
    const [first] = await listPrograms(runtime.ledger, "acme", run.id);
    expect(first?.outcome?.faults.join()).toMatch(fault);
  });
});

describe("a write without arguments, after text from outside", () => {
  it("is marked, too", async () => {
    const mail = read("read_mail", async () => "Ring!", { untrustedOutput: true });
    const code = `
if ((await read_mail({})) === "Ring!") await ring_bell({});
return { status: "success", answer: "Rung." };`;
    const runtime = await openPrograms(await playOpenAI(programmer().answer(program(code))), { actions: [mail, bell] });
    const { question } = await ask(runtime, "Do what the mail asks for.");
    expect(question?.actions).toMatchObject([{ action: "ring_bell", untrusted: [expect.any(String)] }]);
    expect(question?.reasons).toContainEqual(expect.stringContaining("came from outside"));
  });
});

describe("calls that wait for their turn", () => {
  it("are not carried out once the program has ended", async () => {
    let begun = 0;
    const slow = read("look", async () => {
      begun += 1;
      await sleep(200);
      return null;
    });
    const code = 'for (let n = 0; n < 100; n++) look({ n });\nthrow new Error("enough");';
    const server = await playOpenAI(programmer().answer(program(code)), programmer(/enough/).answer(program(NOTHING)));
    const runtime = await openPrograms(server, { actions: [slow] });
    await ask(runtime, "Look.");
    await sleep(500);
    expect(begun).toBeLessThanOrEqual(10);
  });
});

describe("the time of a run", () => {
  it("is looked at between a program's reads, and nothing more begins once it is over", async () => {
    let now = Date.parse("2030-01-07T08:00:00.000Z");
    const looked: number[] = [];
    const look = read("look", async (n) => {
      looked.push(n);
      now += 20 * 60_000;
      return null;
    });
    const code = `
for (let n = 0; n < 5; n++) await look({ n });
return { status: "success", answer: "Looked." };`;
    const runtime = await openPrograms(await playOpenAI(programmer().answer(program(code))), {
      actions: [look],
      now: () => new Date(now).toISOString(),
    });
    await changeSettings(runtime.ledger, { ...bob.identity, at: runtime.now() }, { maxMinutes: 30 });
    const { run, threadId } = await ask(runtime, "Look five times.");
    expect(looked).toEqual([0, 1]);
    expect(run.answer).toMatchObject({ status: "failed", text: expect.stringContaining("40 of 30 minutes of work") });
    expect((await listReads(runtime.ledger, "acme", run.id)).filter(({ action }) => action === "look")).toHaveLength(2);
    expect((await continueThread(runtime, alice, threadId)).run.answer?.status).toBe("failed");
    expect(looked).toEqual([0, 1]);
  });
});

describe("personal data", () => {
  const sentIn = (server: Awaited<ReturnType<typeof playOpenAI>>, call: number) =>
    String(server.calls[call]?.body.messages.at(-1)?.content);

  it("is masked in a sample before that is cut, not after", async () => {
    const text = `${"word ".repeat(13)}adalovelace@example.com`; // the cut is within the address
    const people = read("find_people", async () => [text], { sample: {} });
    const server = await playOpenAI(programmer().answer(program(NOTHING)));
    await ask(await openPrograms(server, { actions: [people] }), "Who is it?");
    expect(sentIn(server, 0)).toContain("[mail 1]");
    expect(sentIn(server, 0)).not.toContain("adalove");
  });

  it("is masked in a fault before that is cut, not after", async () => {
    const people = read("find_people", async () => "adalovelace@example.com");
    const code = 'throw new Error("word ".repeat(93) + (await find_people({})));';
    const server = await playOpenAI(
      programmer().answer(program(code)),
      programmer(/<faults>/).answer(program(NOTHING)),
    );
    await ask(await openPrograms(server, { actions: [people] }), "Who is it?");
    expect(sentIn(server, 1)).not.toContain("adalove");
  });

  it("behind a mark that a program wrote is not shown with the program when it goes back", async () => {
    const people = read("find_people", async () => [{ mail: "ada@example.com", password: "o'neill1" }], { sample: {} });
    const code = "const mail = '[mail 1]', word = '[secret 1]';\\nthrow new Error('again');";
    const server = await playOpenAI(
      programmer().answer(program(code)),
      programmer(/<last_program>/).answer(program('return { status: "no_match", answer: "No " + "[mail 1]".length };')),
    );
    const { run } = await ask(await openPrograms(server, { actions: [people] }), "Who is it?");
    expect(sentIn(server, 1)).toContain("const mail = '[mail 1]', word = '[secret 1]';");
    expect(sentIn(server, 1)).not.toMatch(/ada@example|neill/);
    expect(run.answer?.text).toContain("No 15");
  });

  it.each([['a"b'], ["a'b`${c}\\n\n"]])("behind a mark is that very text in a program: %j", async (password) => {
    const accounts = read("find_accounts", async () => [{ password }], { sample: {} });
    const code = `
const [{ password }] = await find_accounts({});
const same = [ "[secret 1]", '[secret 1]', \`[secret 1]\` ].every((one) => one === password);
return { status: "no_match", answer: same ? "Same." : "Other." };`;
    const server = await playOpenAI(programmer().answer(program(code)));
    const { run } = await ask(await openPrograms(server, { actions: [accounts] }), "Is it the same?");
    expect(sentIn(server, 0)).toContain("[secret 1]");
    expect(run.answer?.text).toMatch(/^Same/);
  });
});

describe("rows", () => {
  it("do not show what every object has", async () => {
    const code = 'return { status: "success", answer: "x", rows: [{ constructor: 1, toString: 2 }, { a: 3 }] };';
    const runtime = await openPrograms(await playOpenAI(programmer().answer(program(code))));
    expect((await ask(runtime, "Show it.")).run.answer?.details.join("\n")).not.toContain("native code");
  });

  it("stay small, however many columns they name", async () => {
    const code = `
const rows = [];
for (let n = 0; n < 100; n++) {
  const row = {};
  for (let m = 0; m < 100; m++) row["c" + n + "_" + m] = 1;
  rows.push(row);
}
return { status: "success", answer: "x", rows };`;
    const server = await playOpenAI(
      programmer().answer(program(code)),
      programmer(/<faults>/).answer(program(NOTHING)),
    );
    const { run } = await ask(await openPrograms(server), "Show it.");
    expect(run.answer?.details.join("\n").length).toBeLessThan(400_000);
  });
});

describe("the answer of a program", () => {
  it("shows no key and nobody's address, whatever its status", async () => {
    const people = read("find_people", async () => "ada@example.com sk_live_51H8abcdefghijklmnopqrstuvwx");
    for (const status of ["success", "no_match"]) {
      const code = `const text = await find_people({});
return { status: "${status}", answer: "It is " + text, rows: [{ text }] };`;
      const runtime = await openPrograms(await playOpenAI(programmer().answer(program(code))), { actions: [people] });
      const said = JSON.stringify((await ask(runtime, "Who is it?")).run.answer);
      expect(said).not.toContain("ada@example.com");
      expect(said).not.toContain("sk_live_51H8");
    }
  });
});

describe("a goal that grows by what stands behind its marks", () => {
  it("is cut, and the run goes on", async () => {
    const people = read("find_people", async () => ["ada.lovelace.countess@example.com"], { sample: {} });
    const code = 'await sell({ item: "SG001", quantity: 1 });\nreturn { status: "success", answer: "Sold." };';
    const server = await playOpenAI(programmer().answer(program(code, `${"g".repeat(485)} [mail 1]`)));
    const { question } = await ask(await openPrograms(server, { actions: [people] }), "Sell one Aviator.");
    expect(question?.actions).toHaveLength(1);
  });
});
