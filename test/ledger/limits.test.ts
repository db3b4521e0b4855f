/** Rows E3 and E13: limits are exact however many runs come at once, and a canary's share is what it says. */
import type { Dialect } from "kysely";
import { describe, expect, it, type TestContext } from "vitest";
import { z } from "zod";
import { canaryOf } from "../../src/ledger/gate-facts.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { defineAction } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest } from "../../src/work/threads.ts";
import { openPostgresDialect } from "../support/ledger.ts";
import { alice, approveAll, bob, openTestRuntime } from "../support/runtime.ts";

const change = (text: string) => ({ table: "paid", key: text, before: null, after: { text } });
const pay = (done: string[]) =>
  defineAction({
    ...{ kind: "write", name: "pay", version: 1, title: "Pay", description: "Pays 30 cents." },
    input: z.strictObject({ text: z.string() }),
    output: z.object({ text: z.string() }),
    reversibility: "reversible",
    preview: async ({ text }) => [change(text)],
    impact: (_args, changes) => ({
      ...{ level: "low", resources: changes.map(({ key }) => key), reversible: true, durationMs: 1, amount: 30 },
    }),
    run: async ({ text }) => {
      done.push(text);
      return { output: { text }, changes: [change(text)] };
    },
    undo: async () => "Paid back.",
    summarize: (_args, { text }) => `Paid ${text}.`,
  });

async function open(settings: object, ledger?: Dialect) {
  const done: string[] = [];
  const plans = Object.fromEntries(
    Array.from({ length: 51 }, (_, n) => [`pay ${n}`, [{ id: "p", action: "pay", args: { text: `${n}` } }]]),
  );
  const runtime = await openTestRuntime({ actions: [pay(done)], plans, ...(ledger ? { ledger } : {}) });
  const stamp = { ...alice.identity, at: runtime.now() };
  await changeSettings(runtime.ledger, stamp, {
    automation: true,
    approvalRequired: false,
    canaryShare: 1,
    ...settings,
  });
  const first = await startRequest(runtime, alice, { request: "pay 50" });
  await answerThread(runtime, bob, first.threadId, approveAll);
  const atOnce = Array.from({ length: 50 }, (_, n) => startRequest(runtime, alice, { request: `pay ${n}` }));
  const views = await Promise.all(atOnce);
  return { done, views };
}

const postgres = async (context: TestContext): Promise<Dialect> => (await openPostgresDialect(context)).dialect;
const databases: readonly [name: string, ledger: (context: TestContext) => Promise<Dialect> | undefined][] = [
  ["SQLite", () => undefined],
  ["Postgres", postgres],
];

// Each run is a whole one: on a busy machine they take long.
describe.each(databases)("fifty runs at once on %s", { timeout: 120_000 }, (_name, ledger) => {
  it("do by themselves exactly as many as the limit lets, and ask for the others", async (context) => {
    const { done, views } = await open({ actionsPerHour: 7 }, await ledger(context));
    expect(done).toHaveLength(1 + 7);
    const waiting = views.filter(({ run }) => run.status === "waiting");
    expect(waiting).toHaveLength(43);
    expect(waiting.every(({ question }) => question?.reasons.join().includes("7 times it may by itself"))).toBe(true);
  });

  it("spend exactly as much as the day's budget lets, and the others are denied", async (context) => {
    const budget = { actionsPerHour: 1000, actionsPerDay: 1000, budgetPerDay: 30 * 6 + 29 };
    const { done, views } = await open(budget, await ledger(context));
    expect(done).toHaveLength(6);
    expect(views.filter(({ run }) => run.answer?.status === "denied")).toHaveLength(45);
  });
});

describe("a canary's share", () => {
  it.each([0.05, 0.25, 0.5, 0.9])("of %s holds over 10,000 runs, within two standard deviations", (share) => {
    const runs = 10_000;
    const inside = Array.from({ length: runs }, (_, n) => canaryOf("acme", `run_${n}`)).filter(
      (at) => at < share,
    ).length;
    // Of a binomial distribution: sqrt(n p (1 - p)).
    expect(Math.abs(inside - runs * share)).toBeLessThan(2 * Math.sqrt(runs * share * (1 - share)));
  });

  it("is the same for a run for good, and another for another tenant", () => {
    expect(canaryOf("acme", "run_1")).toBe(canaryOf("acme", "run_1"));
    expect(canaryOf("other", "run_1")).not.toBe(canaryOf("acme", "run_1"));
  });
});
