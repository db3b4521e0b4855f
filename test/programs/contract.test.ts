/** What a program has to come to, and what becomes of one that does not. Rows C2 to C5. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { listPrograms } from "../../src/ledger/programs.ts";
import { listReads } from "../../src/ledger/reads.ts";
import type { StoreRuntime } from "../../src/runtime.ts";
import { defineAction } from "../../src/tools/action.ts";
import { snapshotOf } from "../../src/tools/store/views.ts";
import { answerThread } from "../../src/work/answer.ts";
import type { ThreadView } from "../../src/work/threads.ts";
import { playOpenAI } from "../support/openai-server.ts";
import { approve, ask, openPrograms, program, programmer } from "../support/programs.ts";
import { alice } from "../support/runtime.ts";

const GOOD =
  'await sell({ item: "SG001", quantity: 1 });\nreturn { status: "success", answer: "One Aviator is sold." };';

/** Programs that cannot be taken, and what the model is told of each. */
const FAULTY: [string, string, RegExp][] = [
  ["no result", "await find_products({});", /the result: expected \{ status, answer, rows\? \}/],
  ["no status", 'return { answer: "Done." };', /the result\.status: expected one of success, no_match/],
  ["a wrong status", 'return { status: "done", answer: "Done." };', /the result\.status: expected one of success/],
  ["no answer", 'return { status: "success", answer: " " };', /the result\.answer: expected one or two sentences/],
  ["an answer that is an essay", 'return { status: "success", answer: "a".repeat(601) };', /at most 600 characters/],
  ["more than it may return", 'return { status: "success", answer: "Done.", approved: true };', /approved/],
  [
    "rows that are not flat",
    'return { status: "success", answer: "x", rows: [{ a: { b: 1 } }] };',
    /rows\.0\.a: expected a text/,
  ],
  ["an error that it throws", 'const x = 1;\nthrow new Error("too bad");', /Line 2: Error: too bad/],
  ["text that is no program", "return {;", /SyntaxError/],
  ["an import", 'await import("node:fs");', /cannot make code or import/],
  ["eval", 'eval("1");', /cannot make code or import|eval/],
  ["process", "process.exit(1);", /process is not defined.*reaches nothing but/],
  ["an action that there is not", "await delete_everything({});", /delete_everything is not defined/],
  ["arguments that do not fit", 'await sell({ item: "SG001", quantity: 0 });', /sell: .*quantity/],
  ["arguments that are no object", 'await sell("SG001");', /sell: it takes one object/],
  ["a reference to a step", 'await sell({ item: { $ref: "s1.item" }, quantity: 1 });', /looks like a reference/],
  [
    "a reference in text",
    'await sell({ item: "SG001", quantity: 1, customer: "${s1.name}" });',
    /looks like a reference/,
  ],
  [
    "a call that it does not wait for",
    'sell({ item: "SG001", quantity: 1 });\nreturn { status: "success", answer: "x" };',
    /await every call/,
  ],
  [
    "success though a write failed",
    'try { await sell({ item: "SG002", quantity: 99 }); } catch {}\nreturn { status: "success", answer: "x" };',
    /a write could not be done \(all are done, or none\): sell: /,
  ],
  ["half a surrogate", 'return { status: "success", answer: "\\ud800" };', /half a surrogate pair/],
];

describe("a program with", () => {
  it.each(FAULTY)("%s goes back with the fault, and the next one counts", async (_what, code, fault) => {
    const server = await playOpenAI(
      programmer().answer(program(code)),
      programmer(/<last_program>[\s\S]*<faults>/).answer(program(GOOD)),
    );
    const runtime = await openPrograms(server);
    const view = await ask(runtime, "Sell one Aviator.");
    const [, second] = server.calls;
    const told = String(second?.body.messages.at(-1)?.content);
    expect(told.slice(told.indexOf("<faults>")).replaceAll('\\"', '"')).toMatch(fault);
    const programs = await listPrograms(runtime.ledger, "acme", view.run.id);
    expect(programs.map(({ outcome }) => outcome?.faults.length)).toEqual([1, 0]);
    expect(view.question?.program).toMatchObject({ number: 2, triedBefore: 1, code: GOOD });
    expect(view.question?.actions).toHaveLength(1); // nothing of the first is staged
    expect((await approve(runtime, view)).run.answer?.text).toBe("One Aviator is sold.");
  });
});

describe("programs that never come to an end that counts", () => {
  it("end the run after three, with the last fault, and nothing staged", async () => {
    const server = await playOpenAI(programmer().answer(program('throw new Error("never");')).repeat(3));
    const runtime = await openPrograms(server);
    const { run, question } = await ask(runtime, "Sell one Aviator.");
    expect(question).toBeNull();
    expect(run.answer).toMatchObject({ status: "failed" });
    expect(run.answer?.text).toContain("3 programs were tried, and none of them could be taken");
    expect(run.answer?.text).toContain("Line 1: Error: never");
  });

  it("end it as the call failed that they end by", async () => {
    const server = await playOpenAI(
      programmer().answer(program('await sell({ item: "SG002", quantity: 99 });')).repeat(3),
    );
    const runtime = await openPrograms(server);
    const { run } = await ask(runtime, "Buy 99 Wayfarer.");
    expect(run.answer?.status).toBe("insufficient_stock");
  });
});

describe("a program's reads", () => {
  it("see what it has staged, and are journalled; those of others do not see it", async () => {
    const code = `
const before = (await find_products({ text: "Moon" })).products[0].quantity;
await sell({ item: "Moon", quantity: 4 });
const after = (await find_products({ text: "Moon" })).products[0].quantity;
console.log(before, after);
return { status: "success", answer: "Left: " + after };`;
    const runtime = await openPrograms(await playOpenAI(programmer().answer(program(code))));
    const view = await ask(runtime, "Sell 4 Moon.");
    expect(view.question?.program?.log).toEqual(["10 6"]);
    expect(snapshotOf(runtime.store.db, ["inventory"])[0]?.rows.at(-1)?.quantity_in_stock).toBe(10);
    const reads = await listReads(runtime.ledger, "acme", view.run.id);
    expect(reads.map(({ step, action }) => `${step} ${action}`)).toEqual([
      "program.0.1 find_products",
      "program.1.1 find_products",
      "program.1.3 find_products",
    ]);
  });

  it("are shown to the model as samples, with personal data masked", async () => {
    const people = defineAction({
      kind: "read",
      name: "find_people",
      version: 1,
      title: "Find people",
      description: "Finds people.",
      input: z.strictObject({}),
      output: z.array(z.strictObject({ name: z.string(), mail: z.string() })),
      sample: {},
      run: async () => ["ada", "bob", "cy", "dan"].map((name) => ({ name, mail: `${name}@example.com` })),
      summarize: () => "Found.",
    });
    const code =
      'const [first] = await find_people({});\nreturn { status: "success", answer: "The first is " + first.name + "." };';
    const server = await playOpenAI(programmer().answer(program(code)));
    const runtime = await openPrograms(server, { actions: [people] });
    expect((await ask(runtime, "Who is first?")).run.answer?.text).toBe("The first is ada.");
    const sent = String(server.calls[0]?.body.messages.at(-1)?.content);
    const samples = sent.slice(sent.indexOf("<samples>"), sent.indexOf("</samples>"));
    expect(samples).toContain('"mail":"[mail 1]"');
    expect(samples).not.toContain("@example.com");
    expect(samples).not.toContain("dan"); // three rows are enough
  });
});

describe("what a program staged", () => {
  const BOTH = `
await sell({ item: "Wayfarer", quantity: 5 });
await sell({ item: "Moon", quantity: 1 });
return { status: "success", answer: "5 Wayfarer and 1 Moon are sold; the balance is then $1095.00." };`;
  const open = async (...codes: string[]) => {
    const runtime = await openPrograms(await playOpenAI(...codes.map((code) => programmer().answer(program(code)))));
    return { runtime, view: await ask(runtime, "Sell 5 Wayfarer and 1 Moon.") };
  };
  const sellElsewhere = async (runtime: StoreRuntime, item: string, quantity: number) => {
    const sell = runtime.registry.of("acme").getWrite("sell");
    await sell.run(
      { item, quantity },
      { ...alice.identity, idempotencyKey: `other ${item}`, signal: new AbortController().signal, now: runtime.now() },
    );
  };
  const stockOf = (runtime: StoreRuntime, id: string) =>
    snapshotOf(runtime.store.db, ["inventory"])[0]?.rows.find(({ item_id }) => item_id === id)?.quantity_in_stock;

  it("is done all or not at all where stock goes between staging and commit", async () => {
    const { runtime, view } = await open(BOTH);
    await sellElsewhere(runtime, "SG002", 2);
    const { run } = await approve(runtime, view);
    expect(run.answer?.status).toBe("insufficient_stock");
    expect([stockOf(runtime, "SG002"), stockOf(runtime, "SG006")]).toEqual([4, 10]);
  });

  it("is told in the words of the actions where what the program says came out otherwise", async () => {
    const { runtime, view } = await open(BOTH);
    await sellElsewhere(runtime, "SG001", 1); // the balance is another one now
    const { run } = await approve(runtime, view);
    expect(run.answer).toMatchObject({ status: "success" });
    expect(run.answer?.text).toBe(
      "Sold 5 × Wayfarer (SG002) for $475.00; 1 left in stock. Sold 1 × Moon (SG006) for $120.00; 9 left in stock.",
    );
  });

  it("is shown before and after, in the proposal and with the answer", async () => {
    const { runtime, view } = await open(BOTH);
    const names = (tables: ThreadView["question"] extends null ? never : { table: string }[] | undefined) =>
      tables?.map(({ table }) => table);
    expect(names(view.question?.tables)).toEqual(["inventory", "transactions", "balance"]);
    expect(view.question?.tables[2]?.rows).toEqual([
      { key: "of the store", before: { balance: "$500.00" }, after: { balance: "$1,095.00" } },
    ]);
    const { run } = await approve(runtime, view);
    expect(names(run.answer?.tables)).toEqual(["inventory", "transactions", "balance"]);
    expect(run.answer?.tables?.[1]?.rows).toMatchObject([
      { before: null, after: { amount: "$475.00" } },
      { before: null, after: { amount: "$120.00" } },
    ]);
  });

  it("goes together where a later write knew of an earlier one, and apart where it did not", async () => {
    const { view } = await open(BOTH);
    expect(view.question?.actions.map(({ takesWith }) => takesWith)).toEqual([["w2"], []]);
    const apart = `
await Promise.all([sell({ item: "Wayfarer", quantity: 5 }), sell({ item: "Moon", quantity: 1 })]);
return { status: "success", answer: "Sold." };`;
    const other = await open(apart);
    expect(other.view.question?.actions.map(({ takesWith }) => takesWith)).toEqual([[], []]);
  });

  it("is not done where a person rejects it, and the program's words are not said", async () => {
    const { runtime, view } = await open(BOTH);
    const { run } = await answerThread(runtime, alice, view.threadId, ({ proposalId }) => ({
      proposalId,
      decisions: [
        { type: "approve", step: "w1" },
        { type: "reject", step: "w2", message: "no Moon" },
      ],
    }));
    expect(run.answer?.text).toContain("Sold 5 × Wayfarer");
    expect(run.answer?.text).toContain("Not done:");
    expect(run.answer?.text).not.toContain("1 Moon are sold");
  });
});
