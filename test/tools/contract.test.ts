/** The contract suite: every shipped action passes it, and each promise that is broken is named. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { startRun } from "../../src/ledger/start-run.ts";
import { type Action, defineAction, type WriteAction } from "../../src/tools/action.ts";
import { checkContract, isContractKept } from "../../src/tools/contract.ts";
import { storeActions } from "../../src/tools/store/index.ts";
import { playOpenAI, toolCalls } from "../support/openai-server.ts";
import { made, openThinking, worker } from "../support/thinking.ts";
import { newStore } from "./store/support.ts";

describe("the actions of the store", () => {
  it.each(["find_products", "sell", "take_back", "adjust_stock"])("%s keeps the contract", async (name) => {
    const { store } = newStore();
    const action = storeActions(store).find((one) => one.name === name) as Action;
    const report = await checkContract(action, { args: action.example, snapshot: () => store.snapshot() });
    expect(report.checks.filter(({ outcome }) => outcome !== "kept")).toEqual([]);
    expect(isContractKept(report)).toBe(true);
  });

  it("are all tried", () => {
    const names = storeActions(newStore().store).map(({ name }) => name);
    expect(names.toSorted()).toEqual(["adjust_stock", "find_products", "sell", "take_back"]);
  });
});

describe("the actions that think", () => {
  it.each([
    ["compose", { instruction: "Write a greeting." }, [worker().answer(made("Good morning."))]],
    [
      "investigate",
      { question: "Which are round?" },
      [
        worker().answer(toolCalls([{ name: "find_products", args: { text: "round" } }])),
        worker().answer(
          toolCalls([{ name: "answer", args: { found: true, answer: "Classic.", evidence: [1], confidence: 1 } }]),
        ),
      ],
    ],
  ])("%s keeps the contract", async (name, args, answers) => {
    const runtime = await openThinking(await playOpenAI(...answers));
    const stamp = { tenant: "default", principal: "contract", at: runtime.now() };
    // Models are asked on behalf of a run, whose budget that is.
    await startRun(runtime.ledger, stamp, { id: "contract", threadId: "contract", request: "Try it" });
    const action = runtime.registry.shared.getRead(name);
    const report = await checkContract(action, { args, snapshot: () => runtime.store.snapshot() });
    expect(report.checks.filter(({ outcome }) => outcome !== "kept")).toEqual([]);
  });
});

type Put = WriteAction<{ key: string; value: number }, { value: number }>;

/** A write of a value that does all it says, with parts replaced. @returns what is broken of it */
async function brokenOf(parts: (values: Map<string, number>) => Partial<Put>): Promise<string[]> {
  const values = new Map<string, number>();
  const done = new Map<string, number | undefined>();
  const change = (key: string, value: number) => [
    { table: "values", key, before: values.has(key) ? { value: values.get(key) ?? 0 } : null, after: { value } },
  ];
  const action = defineAction({
    kind: "write" as const,
    name: "put",
    version: 1,
    title: "Put",
    description: "Puts a value.",
    input: z.strictObject({ key: z.string(), value: z.number() }),
    output: z.strictObject({ value: z.number() }),
    reversibility: "reversible",
    idempotent: true,
    preview: async ({ key, value }: { key: string; value: number }) => change(key, value),
    run: async ({ key, value }, { idempotencyKey }) => {
      const changes = change(key, value);
      if (!done.has(idempotencyKey)) done.set(idempotencyKey, values.get(key));
      values.set(key, value);
      return { output: { value }, changes };
    },
    lookup: async (key) => (done.has(key) ? { output: { value: 1 }, changes: [] } : undefined),
    undo: async ({ key, args }) => {
      if (!done.has(key)) return "It never happened.";
      const before = done.get(key);
      if (before === undefined) values.delete(String(args.key));
      else values.set(String(args.key), before);
      return "It is as it was.";
    },
    summarize: ({ key }, { value }) => `${key} is ${value}.`,
    ...parts(values),
  });
  const report = await checkContract(action as Action, {
    args: { key: "a", value: 1 },
    snapshot: () => [...values.entries()],
  });
  return report.checks.filter(({ outcome }) => outcome === "broken").map(({ promise }) => promise);
}

describe("without a snapshot", () => {
  it("what nobody can see is not said to be kept, and what is broken is", async () => {
    const { store } = newStore();
    const sell = storeActions(store).find(({ name }) => name === "sell") as Action;
    const report = await checkContract(sell, { args: sell.example });
    const unchecked = report.checks.filter(({ outcome }) => outcome === "not checked").map(({ promise }) => promise);
    expect(unchecked).toEqual([
      expect.stringContaining("preview changes nothing"),
      expect.stringContaining("What never happened can be undone"),
      expect.stringContaining("no second effect"),
      expect.stringContaining("aborted"),
      expect.stringContaining("leaves the target as it was"),
      expect.stringContaining("Taking it back again"),
    ]);
    const wrong = await checkContract(sell, { args: { item: "SG001", quantity: 999_999 } });
    expect(isContractKept(wrong)).toBe(false);
  });
});

describe("a broken promise", () => {
  it("is none where everything is kept", async () => {
    expect(await brokenOf(() => ({}))).toEqual([]);
  });

  it.each<[string, (values: Map<string, number>) => Partial<Put>, string]>([
    ["a preview that writes", (v) => ({ preview: async () => writing(v, "b", []) }), "Its preview changes nothing"],
    [
      "an output that does not fit",
      () => ({ run: async () => ({ output: {} as never, changes: [] }) }),
      "It changes as many rows",
    ],
    ["more changes than were told", () => ({ preview: async () => [] }), "It changes as many rows"],
    [
      "a repeat that counts",
      (v) => ({
        run: async () => writing(v, "a", { output: { value: 1 }, changes: [ONE] }),
      }),
      "The same key again has no second effect",
    ],
    ["a look-up that finds all", () => ({ lookup: async () => ({ output: { value: 1 }, changes: [] }) }), "never seen"],
    ["a look-up that finds nothing", () => ({ lookup: async () => undefined }), "What happened is found"],
    ["an undo that does nothing", () => ({ undo: async () => "Done." }), "It can be taken back"],
    ["an undo of what never happened", (v) => ({ undo: async () => writing(v, "z", "Done.") }), "What never happened"],
    ["an undo that throws the second time", () => ({ undo: throwsAt(3) }), "Taking it back again"],
    ["a summary without words", () => ({ summarize: () => " " }), "It changes as many rows"],
    ["an input that takes all", () => ({ input: z.any() as never }), "It refuses arguments that are none"],
    ["a preview that never ends", () => ({ preview: neverAtLast() }), "A preview that is aborted"],
  ])("of %s is named", async (_what, parts, promise) => {
    expect((await brokenOf(parts)).join("\n")).toContain(promise);
  });
});

const ONE = { table: "values", key: "a", before: null, after: { value: 1 } };

/** Counts a value up, and gives the result. */
function writing<T>(values: Map<string, number>, key: string, result: T): T {
  values.set(key, (values.get(key) ?? 0) + 1);
  return result;
}

function throwsAt(call: number) {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls === call) throw new Error("It is gone.");
    return "Done.";
  };
}

function neverAtLast(): Put["preview"] {
  let calls = 0;
  return async ({ value }) => {
    calls += 1;
    if (calls > 2) await new Promise(() => undefined);
    return [{ table: "values", key: "a", before: null, after: { value } }];
  };
}
