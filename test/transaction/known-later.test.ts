/** Invariant 1, rows E4 and E5: what becomes known of an action after it was shown counts, before it runs. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Change, Impact } from "../../src/domain/proposal.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { createPolicy } from "../../src/policy/policy.ts";
import type { TenantSettings } from "../../src/policy/settings.ts";
import { defineAction } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest, type ThreadView } from "../../src/work/threads.ts";
import { alice, approveAll, bob, openTestRuntime } from "../support/runtime.ts";

const quiet = { level: "low", resources: [], reversible: true, durationMs: 1 } as const satisfies Impact;
const AUTOMATIC: Partial<TenantSettings> = {
  ...{ automation: true, approvalRequired: false, canaryShare: 1, safetyMode: "permissive" },
};

interface World {
  /** What an invoice says that is to be paid. */
  invoice: { amount: number; to: string };
  /** What every payment is said to have as impact, besides its amount. */
  impact: Record<string, unknown>;
  changes: Change[];
  fails: boolean;
}

/** `go` writes an invoice and pays it; `pay 60` pays. */
async function open(settings: Partial<TenantSettings> = {}) {
  const world: World = { invoice: { amount: 50, to: "us" }, impact: {}, changes: [], fails: false };
  const paid: unknown[] = [];
  const undone: string[] = [];
  const reversible = { kind: "write", version: 1, reversibility: "reversible", description: "d" } as const;
  const invoice = defineAction({
    ...{ ...reversible, name: "invoice", title: "Write an invoice" },
    ...{ input: z.strictObject({}), output: z.object({ amount: z.number(), to: z.string() }) },
    preview: async () => [],
    impact: () => quiet,
    run: async () => ({ output: world.invoice, changes: [] }),
    undo: async () => {
      undone.push("invoice");
      return "The invoice was withdrawn.";
    },
    summarize: () => "Written.",
  });
  const pay = defineAction({
    ...{ ...reversible, name: "pay", title: "Pay" },
    ...{ input: z.strictObject({ amount: z.number(), to: z.string().optional() }), output: z.object({}) },
    preview: async () => world.changes,
    impact: ({ amount }) => ({ ...quiet, amount, ...world.impact }),
    run: async (args) => {
      if (world.fails) throw new Error("The bank is closed.");
      paid.push(args);
      return { output: {}, changes: [] };
    },
    lookup: async () => undefined,
    undo: async () => "Paid back.",
    summarize: ({ amount }) => `Paid ${amount}.`,
  });
  const refer = (key: string) => ({ $ref: `i.${key}` });
  const runtime = await openTestRuntime({
    actions: [invoice, pay],
    plans: {
      go: [
        { id: "i", action: "invoice", args: {} },
        { id: "p", action: "pay", args: { amount: refer("amount"), to: refer("to") } },
      ],
      pay: [{ id: "p", action: "pay", args: { amount: 60 } }],
    },
    policy: createPolicy(),
  });
  const stamp = { tenant: "acme", principal: "root", at: "2026-11-01T10:00:00.000Z" };
  await changeSettings(runtime.ledger, stamp, settings);
  const ask = (request: "go" | "pay") => startRequest(runtime, alice, { request });
  const approve = ({ threadId }: ThreadView) => answerThread(runtime, bob, threadId, approveAll);
  /** Asks, and approves whatever is asked. */
  const done = async (request: "go" | "pay") => {
    const view = await ask(request);
    return (view.question ? await approve(view) : view).run.answer;
  };
  return { world, paid, undone, ask, approve, done };
}

describe("an argument that refers to another write", () => {
  it.each<[string, Partial<TenantSettings>, Record<string, unknown>]>([
    ["a large amount", { largeAmount: 1000 }, {}],
    ["a recipient outside", {}, { outside: ["eve@example.org"] }],
    ["a high impact", {}, { level: "high" }],
    ["a budget for the run", { budgetPerRun: 5000 }, {}],
    ["a budget for the day", { budgetPerDay: 5000 }, {}],
  ])("does not let %s pass by itself", async (_what, settings, impact) => {
    const { world, paid, undone, done, ask } = await open({ ...AUTOMATIC, ...settings });
    await done("go"); // the tenant has done it before
    expect(paid).toHaveLength(1);
    world.invoice = { amount: 99_000_00, to: "eve" };
    world.impact = impact;
    expect((await ask("go")).run.answer).toMatchObject({ status: "failed" });
    expect(paid).toHaveLength(1);
    expect(undone).toEqual(["invoice"]);
  });

  it("does not let one person approve what takes two", async () => {
    const { world, paid, done } = await open();
    world.impact = { level: "critical" };
    expect(await done("go")).toMatchObject({ status: "failed", text: expect.stringContaining("ask for 2 people") });
    expect(paid).toEqual([]);
  });

  it("counts for the budgets of those after it", async () => {
    const { world, paid, done } = await open({ budgetPerDay: 100 });
    world.invoice = { amount: 90, to: "us" };
    expect(await done("go")).toMatchObject({ status: "success" });
    expect(await done("pay")).toMatchObject({ status: "denied", text: expect.stringContaining("to 150") });
    expect(paid).toHaveLength(1);
  });
});

describe("what was approved and would do something else by now", () => {
  it.each<[string, Record<string, unknown>, number]>([
    ["has a higher impact, which takes two people", { level: "critical" }, 0],
    ["goes outside", { outside: ["eve@example.org"] }, 0],
    ["changes many rows", {}, 30],
  ])("is proposed again when it %s", async (_what, impact, rows) => {
    const { world, paid, ask, approve } = await open();
    const asked = await ask("pay");
    world.impact = impact;
    const row = (key: number): Change => ({ table: "t", key: String(key), before: null, after: { key } });
    world.changes = Array.from({ length: rows }, (_none, key) => row(key));
    const again = await approve(asked);
    expect(paid).toEqual([]);
    expect(again.run.status).toBe("waiting");
    expect(again.question?.proposalId).not.toBe(asked.question?.proposalId);
    expect(again.question?.actions[0]).toMatchObject({ impact, changes: world.changes });
  });

  it("runs when it is as much as before", async () => {
    const { world, ask, approve } = await open();
    const asked = await ask("pay");
    world.changes = [{ table: "stock", key: "k", before: { n: 1 }, after: { n: 2 } }];
    expect((await approve(asked)).run.answer?.status).toBe("success");
  });
});

describe("a budget", () => {
  it("is not used up by what failed", async () => {
    const { world, paid, done } = await open({ budgetPerDay: 100 });
    world.fails = true;
    expect(await done("pay")).toMatchObject({ status: "failed" });
    world.fails = false;
    expect(await done("pay")).toMatchObject({ status: "success" });
    expect(await done("pay")).toMatchObject({ status: "denied" });
    expect(paid).toHaveLength(1);
  });

  it("is not used up by an approval that was not enough", async () => {
    const { world, ask, approve } = await open({ budgetPerRun: 100 });
    const asked = await ask("pay");
    world.impact = { outside: ["eve@example.org"] };
    const again = await approve(asked);
    expect((await approve(again)).run.answer?.status).toBe("success");
  });

  it("lets those pass that fit, of several that people approve at once", async () => {
    const { paid, ask, approve } = await open({ budgetPerDay: 130 });
    const asked = [await ask("pay"), await ask("pay"), await ask("pay")];
    await Promise.all(asked.map(approve));
    expect(paid).toHaveLength(2);
  });
});

describe("an impact that does not fit", () => {
  it.each<[string, Record<string, unknown>]>([
    ["an amount that is no number", { amount: Number.NaN }],
    ["a negative amount", { amount: -5 }],
    ["a level that there is none", { level: "hihg" }],
    ["no resources", { resources: undefined }],
  ])("fails the run, and names the action: %s", async (_what, impact) => {
    const { world, ask } = await open();
    world.impact = impact;
    const { run } = await ask("pay");
    expect(run.answer).toMatchObject({ status: "failed", text: expect.stringContaining('The impact of "pay"') });
  });
});
