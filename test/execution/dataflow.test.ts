import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { runDataflow } from "../../src/execution/dataflow.ts";

interface Options {
  concurrency?: number;
  stopAfter?: string;
  fails?: string;
  /** Recording takes until this item has started. */
  recordsUntilStart?: string;
  /** How long taking in takes, in milliseconds. */
  takeMs?: number;
  recordFails?: string;
}

/** Runs a graph of named items; what each waits for is given by name. Returns what happened, in order. */
async function run(waitsFor: Record<string, string[]>, options: Options = {}, log: string[] = []) {
  const done = new Set<string>();
  const given = new Set<string>();
  let running = 0;
  let most = 0;
  await runDataflow<string, string, string>({
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
    take: async (items) => {
      for (const item of items) done.add(item);
      log.push(`take ${items.join(",")}`);
      if (options.takeMs) await sleep(options.takeMs);
      return items;
    },
    record: async (items) => {
      while (options.recordsUntilStart && !log.includes(`start ${options.recordsUntilStart}`)) await sleep(1);
      if (options.recordFails && items.includes(options.recordFails)) throw new Error("the disk is full");
      log.push(`record ${items.join(",")}`);
    },
  });
  return { log, most, done };
}

describe("dataflow", () => {
  it("starts each item as soon as its own dependencies are there, not when a whole level is", async () => {
    const { log } = await run({ a: [], slowslowslow: [], b: ["a"] });
    expect(log.indexOf("start b")).toBeLessThan(log.indexOf("take slowslowslow"));
    expect(log.indexOf("start b")).toBeGreaterThan(log.indexOf("take a"));
  });

  it("never has more items running than it may", async () => {
    const { most, done } = await run(Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`i${n}`, []])), {
      concurrency: 3,
    });
    expect(most).toBe(3);
    expect(done.size).toBe(12);
  });

  it("starts nothing more once it is stopped, and awaits what runs", async () => {
    const { log, done } = await run({ a: [], bbbb: [], c: ["a"], d: ["bbbb"] }, { stopAfter: "a" });
    expect(log.filter((line) => line.startsWith("start"))).toEqual(["start a", "start bbbb"]);
    expect([...done]).toEqual(["a", "bbbb"]);
  });

  it("takes together what finishes in one turn, and starts first what comes first", async () => {
    const { log } = await run({ b: [], c: ["b"], a: [], d: ["a"] }, { concurrency: 2 });
    const second = ["start c", "start d", "record b,a", "take c,d", "record c,d"];
    expect(log).toEqual(["start b", "start a", "take b,a", ...second]);
  });

  it("records while dependants are under way, before anything more is taken in, and ends when all is recorded", async () => {
    const { log } = await run({ a: [], b: ["a"], c: ["b"] }, { recordsUntilStart: "b" });
    const each = ["start a", "take a", "start b", "record a", "take b", "start c", "record b", "take c", "record c"];
    expect(log).toEqual(each);
  });

  it("throws what recording threw, records nothing more, and starts nothing more", async () => {
    const log: string[] = [];
    const given = { a: [], b: ["a"], slow: [], z: ["slow"] };
    const failing = run(given, { recordsUntilStart: "b", recordFails: "a" }, log);
    await expect(failing).rejects.toThrow("the disk is full");
    expect(log.filter((line) => line.startsWith("record"))).toEqual([]);
    expect(log).not.toContain("start z");
  });

  it("loses nothing that finishes while something else is taken in", async () => {
    const { log, done } = await run({ a: [], bb: [], c: ["bb"], looooooooooong: [] }, { takeMs: 30 });
    expect([...done].toSorted()).toEqual(["a", "bb", "c", "looooooooooong"]);
    expect(log.indexOf("start c")).toBeLessThan(log.indexOf("take looooooooooong"));
    expect((await run({ a: [], bb: [] }, { takeMs: 30 })).done).toEqual(new Set(["a", "bb"]));
  });

  it("throws what was thrown, once what runs has ended", async () => {
    const given = { a: [], slow: [], z: ["slow"] };
    await expect(run(given, { fails: "a" })).rejects.toThrow("a threw");
  });

  it("ends when what is left can never start", async () => {
    expect((await run({ a: [], b: ["nothing"] })).done).toEqual(new Set(["a"]));
  });
});
