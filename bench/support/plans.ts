/** Plans of waits, and how long they have to take. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Action, defineAction } from "../../src/tools/action.ts";
import type { BenchStep } from "./executor.ts";

/** A read that takes so many milliseconds, without leaving the process. */
export const wait = defineAction({
  kind: "read",
  name: "wait",
  version: 1,
  title: "Wait",
  description: "Waits.",
  input: z.strictObject({ ms: z.number() }),
  output: z.object({ ms: z.number() }),
  run: async ({ ms }) => {
    if (ms > 0) await sleep(ms);
    return { ms };
  },
  summarize: ({ ms }) => `Waited ${ms} ms.`,
}) as Action;

export interface Wait {
  readonly ms: number;
  /** Places of earlier ones in the list. */
  readonly after: readonly number[];
}

export const asSteps = (waits: readonly Wait[]): BenchStep[] =>
  waits.map(({ ms, after }, place) => ({
    ...{ id: `s${place}`, action: "wait", args: { ms } },
    dependsOn: after.map((earlier) => `s${earlier}`),
  }));

/** How long the longest way through takes, in milliseconds: nothing can be faster. */
export function criticalPath(waits: readonly Wait[]): number {
  const ends: number[] = [];
  for (const { ms, after } of waits) ends.push(ms + Math.max(0, ...after.map((earlier) => ends[earlier] ?? 0)));
  return Math.max(...ends);
}

/** So many that need nothing of each other. */
export const side = (count: number, ms: number): Wait[] => Array.from({ length: count }, () => ({ ms, after: [] }));

/** Chains of five, each of another speed: whoever waits for a whole level waits for the slowest one each time. */
export function chains(...speeds: readonly (readonly number[])[]): Wait[] {
  const waits: Wait[] = [];
  for (const chain of speeds) {
    for (const [place, ms] of chain.entries()) waits.push({ ms, after: place === 0 ? [] : [waits.length - 1] });
  }
  return waits;
}

/** Random waits of 10 to 100 ms, each after up to three earlier ones; the same seed gives the same. */
export function randomWaits(count: number, seed: number): Wait[] {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  return Array.from({ length: count }, (_, place) => ({
    ms: 10 + below(91),
    after: place === 0 ? [] : [...new Set(Array.from({ length: below(4) }, () => below(place)))],
  }));
}

/** Mulberry32, a small generator of pseudo-random numbers from 0 to below 1 (Tommy Ettinger, public domain). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The same waits with plain promises. */
export async function plainWaits(waits: readonly Wait[]): Promise<void> {
  const begun: Promise<unknown>[] = [];
  for (const { ms, after } of waits)
    begun.push(Promise.all(after.map((earlier) => begun[earlier])).then(() => sleep(ms)));
  await Promise.all(begun);
}
