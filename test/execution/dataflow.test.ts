import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { runDataflow } from "../../src/execution/dataflow.ts";

interface Options {
  concurrency?: number;
  stopAfter?: string;
  fails?: string;
}

/** Runs a graph of named items; what each waits for is given by name. Returns what happened, in order. */
async function run(waitsFor: Record<string, string[]>, options: Options = {}) {
  const done = new Set<string>();
  const given = new Set<string>();
  const log: string[] = [];
  let running = 0;
  let most = 0;
  await runDataflow<string, string>({
    concurrency: options.concurrency ?? 8,
    stopped: () => options.stopAfter !== undefined && done.has(options.stopAfter),
    ready: () => {
      const isReady = (item: string) => !given.has(item) && waitsFor[item]?.every((other) => done.has(other));
      const ready = Object.keys(waitsFor).filter(isReady);
      for (const item of ready) given.add(item);
      return ready;
    },
    compare: (a, b) => Object.keys(waitsFor).indexOf(a) - Object.keys(waitsFor).indexOf(b),
    run: async (item) => {
      log.push(`start ${item}`);
      if (item === options.fails) throw new Error(`${item} threw`);
      running++;
      most = Math.max(most, running);
      await sleep(item.length * 10);
      running--;
      return item;
    },
    settle: async (items) => {
      for (const item of items) done.add(item);
      log.push(`settle ${items.join(",")}`);
    },
  });
  return { log, most, done };
}

describe("dataflow", () => {
  it("starts each item as soon as its own dependencies are settled, not when a whole level is", async () => {
    const { log } = await run({ a: [], slowslowslow: [], b: ["a"] });
    expect(log.indexOf("start b")).toBeLessThan(log.indexOf("settle slowslowslow"));
    expect(log.indexOf("start b")).toBeGreaterThan(log.indexOf("settle a"));
  });

  it("never has more items running than it may", async () => {
    const { most, done } = await run(Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`i${n}`, []])), {
      concurrency: 3,
    });
    expect(most).toBe(3);
    expect(done.size).toBe(12);
  });

  it("starts nothing more once it is stopped, and awaits what runs", async () => {
    const { log } = await run({ a: [], bbbb: [], c: ["a"], d: ["bbbb"] }, { stopAfter: "a" });
    expect(log).toEqual(["start a", "start bbbb", "settle a", "settle bbbb"]);
  });

  it("settles together what finishes in one turn, and starts first what comes first", async () => {
    const { log } = await run({ b: [], c: ["b"], a: [], d: ["a"] }, { concurrency: 2 });
    expect(log).toEqual(["start b", "start a", "settle b,a", "start c", "start d", "settle c,d"]);
  });

  it("throws what was thrown, once what runs has ended", async () => {
    const given = { a: [], slow: [], z: ["slow"] };
    await expect(run(given, { fails: "a" })).rejects.toThrow("a threw");
  });

  it("ends when what is left can never start", async () => {
    expect((await run({ a: [], b: ["nothing"] })).done).toEqual(new Set(["a"]));
  });
});
