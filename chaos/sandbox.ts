/** Hostile programs, each many times, several at once with harmless ones beside them, in one process that has to live. */
import { availableParallelism } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import Table from "cli-table3";
import type { ProgramEnd } from "../src/sandbox/run-program.ts";
import type { HostileProgram } from "./hostile/program.ts";
import { HOSTILE_PROGRAMS } from "./hostile/programs.ts";
import { LATEST_MS, TIME_MS, type Trial, tryProgram } from "./hostile/trial.ts";

/** How many hostile programs run at once; beside each one runs a harmless one. */
const AT_ONCE = Math.max(2, availableParallelism());
/**
 * How much the process may grow, in bytes: for each hostile program twice its 64 MB, since what compiled it may not be
 * collected yet, and its worker's own 112 MB; 32 MB for each harmless one; and 128 MB that Node collects late.
 */
const MB = 1024 * 1024;
const MAX_GROWTH = AT_ONCE * (2 * 64 + 112 + 32) * MB + 128 * MB;

interface Record {
  readonly program: HostileProgram;
  readonly ends: Map<string, number>;
  readonly faults: Set<string>;
  slowestMs: number;
  /** The same without what a harmless program took beside it. */
  longestMs: number;
}

/**
 * @param times how often each program runs
 * @returns whether all went well; what was seen is printed
 */
export async function tryHostilePrograms(times: number): Promise<boolean> {
  const records = HOSTILE_PROGRAMS.map((program) => ({
    program,
    ends: new Map(),
    faults: new Set<string>(),
    slowestMs: 0,
    longestMs: 0,
  }));
  await tryProgram({ what: "to warm up", code: "return 1", ends: "any" });
  const watch = new Watch();
  const turns = Array.from({ length: times }, () => records).flat();
  const began = performance.now();
  const takeTurns = async () => {
    for (let record = turns.shift(); record; record = turns.shift()) await tryOnce(record);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeTurns));
  const seconds = (performance.now() - began) / 1000;
  const grown = watch.stop();
  const faults = faultsOf(records, times);
  if (grown.peak > MAX_GROWTH) faults.push(`The process grew by ${inMb(grown.peak)}.`);
  print(records, { times, seconds, ...grown });
  process.stdout.write(
    faults.map((fault) => `${fault}\n`).join("") || "All ended as they have to, each always alike.\n",
  );
  return faults.length === 0;
}

async function tryOnce(record: Record): Promise<void> {
  const { end, wallMs, besideMs, faults } = await tryProgram(record.program);
  record.slowestMs = Math.max(record.slowestMs, wallMs);
  record.longestMs = Math.max(record.longestMs, wallMs - besideMs);
  const said = comparable(end);
  record.ends.set(said, (record.ends.get(said) ?? 0) + 1);
  for (const fault of lateFault(wallMs - besideMs, faults)) record.faults.add(fault);
}

const lateFault = (ms: number, faults: Trial["faults"]): readonly string[] =>
  ms < TIME_MS + LATEST_MS
    ? faults
    : [...faults, `it took ${Math.round(ms)} ms longer than the harmless one beside it`];

const OUT_OF_TIME = "stopped: time";

/** What has to be the same every time. How far a program came that ran out of time is the machine's affair. */
function comparable(end: ProgramEnd): string {
  const { workedMs: _worked, ...same } = end;
  return same.kind === "stopped" && same.why === "time" ? OUT_OF_TIME : JSON.stringify(same);
}

const depends = ({ ends }: Record): boolean => ends.size > 1 && ends.has(OUT_OF_TIME);

function faultsOf(records: readonly Record[], times: number): string[] {
  return records.flatMap(({ program: { what }, ends, faults }) => {
    const counts = [...ends].map(([end, count]) => `${count} of ${times}: ${end.slice(0, 200)}`);
    // Whether a program that works for long runs out of time is the machine's affair, too.
    const differ =
      [...ends.keys()].filter((end) => end !== OUT_OF_TIME).length > 1
        ? [`${what}: its ends differ: ${counts.join("; ")}`]
        : [];
    return [...[...faults].map((fault) => `${what}: ${fault}`), ...differ];
  });
}

/** The memory of this process, and how long it did nothing else, from being made until `stop`. */
class Watch {
  readonly #before = process.memoryUsage.rss();
  readonly #delay = monitorEventLoopDelay({ resolution: 10 });
  #peak = 0;
  readonly #timer = setInterval(() => {
    this.#peak = Math.max(this.#peak, process.memoryUsage.rss());
  }, 10);

  constructor() {
    this.#delay.enable();
  }

  /** Growth in bytes, the longest delay of the event loop in milliseconds. */
  stop(): { readonly peak: number; readonly left: number; readonly delayMs: number } {
    clearInterval(this.#timer);
    this.#delay.disable();
    const left = process.memoryUsage.rss() - this.#before;
    return { peak: Math.max(this.#peak - this.#before, left), left, delayMs: this.#delay.max / 1e6 };
  }
}

interface Figures {
  readonly times: number;
  readonly seconds: number;
  readonly peak: number;
  readonly left: number;
  readonly delayMs: number;
}

const inMb = (bytes: number): string => `${Math.round(bytes / MB)} MB`;

function print(records: readonly Record[], { times, seconds, peak, left, delayMs }: Figures): void {
  const table = new Table({ head: ["program", "slowest, ms", "ends"], style: { head: [], border: [], compact: true } });
  for (const { program, slowestMs, ends } of records.toSorted((one, other) => other.slowestMs - one.slowestMs)) {
    table.push([program.what, Math.round(slowestMs), [...ends.keys()].map((end) => end.slice(0, 70)).join("\n")]);
  }
  const slowest = Math.max(...records.map(({ slowestMs }) => slowestMs));
  const longest = Math.max(...records.map(({ longestMs }) => longestMs));
  process.stdout.write(
    `${table.toString()}\n` +
      `${records.length} hostile programs, ${times} times each, ${AT_ONCE} at once with ${AT_ONCE} harmless ones, ` +
      `in ${Math.round(seconds)} s.\n` +
      `The slowest was gone after ${Math.round(slowest)} ms from being started, and ${Math.round(longest)} ms later than ` +
      `the harmless one beside it (limit ${TIME_MS} ms, at the latest ${TIME_MS + LATEST_MS} ms).\n` +
      `${records.filter(depends).length} came to their end or ran out of time, depending on the machine's pace.\n` +
      `The process grew by at most ${inMb(peak)} (bound ${inMb(MAX_GROWTH)}), by ${inMb(left)} at the end; ` +
      `it was held up for at most ${Math.round(delayMs)} ms.\n`,
  );
}
