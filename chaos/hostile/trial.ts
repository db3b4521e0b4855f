/** One hostile program with a harmless one beside it, and what is wrong with what came of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Json } from "../../src/domain/json.ts";
import { type ProgramEnd, runProgram } from "../../src/sandbox/run-program.ts";
import type { HostileProgram } from "./program.ts";

/** What each program may work for, in milliseconds. */
export const TIME_MS = 300;
/** How much later than that it has to be stopped, in milliseconds. */
export const LATEST_MS = 1000;
/** The same where a busy machine must not matter. */
const PATIENT_MS = 10_000;
/** No end is larger, in UTF-16 code units of JSON: twice what may be given away at once, and what stands around it. */
const LARGEST = 500_000;

/** Where the sandbox itself stands on the disk, which no program may see. */
const OUR_FILES = /file:\/\/|node_modules|sandbox\/worker/;

const NAMES = ["find", "fail", "slow"];
const now = "2026-01-31T09:00:00.000Z";

export interface Trial {
  readonly end: ProgramEnd;
  /** From being started until it was gone, in milliseconds. */
  readonly wallMs: number;
  /** The same of the harmless one beside it: what a program takes that does nothing, on this machine at this moment. */
  readonly besideMs: number;
  readonly faults: readonly string[];
}

/** @param latestMs how much later than its time it has to be stopped, in milliseconds */
export async function tryProgram({ code, ends }: HostileProgram, latestMs = LATEST_MS): Promise<Trial> {
  const [{ end, wallMs, foreign }, { end: other, wallMs: besideMs }] = await Promise.all([
    run(code),
    run("return (await find({ b: 1 })).args.b + 1", PATIENT_MS),
  ]);
  // On a busy machine a program may run out of time that has to end otherwise: that end it still has to come to.
  const isCutShort = end.kind === "stopped" && end.why === "time" && !isEnd(end, ends);
  const whole = isCutShort ? (await run(code, PATIENT_MS)).end : end;
  const faults = [
    ...(isEnd(whole, ends) ? [] : [`it ended otherwise: ${JSON.stringify(whole).slice(0, 500)}`]),
    ...(end.workedMs < TIME_MS + latestMs ? [] : [`it worked for ${Math.round(end.workedMs)} ms`]),
    ...(JSON.stringify(end).length < LARGEST ? [] : ["its end is too large"]),
    ...(OUR_FILES.test(JSON.stringify(end)) ? ["its end tells of files of the host"] : []),
    ...(other.kind === "returned" && other.value === 2 ? [] : [`beside it: ${JSON.stringify(other).slice(0, 500)}`]),
    ...foreign.map((what) => `it called ${what}`),
  ];
  return { end, wallMs, besideMs, faults };
}

/** `foreign`: what it called that it must not have reached. */
async function run(
  code: string,
  timeMs = TIME_MS,
): Promise<{ end: ProgramEnd; wallMs: number; foreign: readonly string[] }> {
  const foreign: string[] = [];
  let isGone = false;
  const call = async (name: string, args: Json): Promise<Json> => {
    if (isGone) foreign.push(`${name} after its end`);
    if (!NAMES.includes(name)) foreign.push(name);
    if (name === "fail") throw Object.assign(new Error("it fails"), { status: "denied" });
    if (name === "slow") await sleep(Number((args as { n?: unknown }).n) * 100, undefined, { ref: false });
    return { name, args };
  };
  const began = performance.now();
  const end = await runProgram({
    ...{ code, names: NAMES, call, now, limits: { timeMs } },
    signal: new AbortController().signal,
  });
  isGone = true;
  return { end, wallMs: performance.now() - began, foreign };
}

function isEnd(end: ProgramEnd, ends: HostileProgram["ends"]): boolean {
  if (ends === "any") return true;
  if (typeof ends === "string") return end.kind === ends;
  if ("stopped" in ends) return end.kind === "stopped" && end.why === ends.stopped;
  return end.kind === "returned" && isDeepStrictEqual(end.value, ends.returned);
}
