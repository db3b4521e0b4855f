/**
 * Runs a program that nobody trusts: in a worker of its own, with limits, with nothing to reach but the functions that it is
 * given, and with a clock and random numbers that are the same whenever it runs again.
 */
import { Worker } from "node:worker_threads";
import type { Json } from "../domain/json.ts";
import { storableText } from "../domain/text.ts";
import { readCrossing } from "./crossing.ts";
import { compileEngine } from "./engine.ts";
import { explainStop } from "./explain.ts";
import { GivenStatuses, outcomeOf, type ProgramOutcome } from "./outcome.ts";
import type { FromWorker, ProgramData, ProgramLimits, StopReason, ToWorker } from "./protocol.ts";

const DEFAULT_LIMITS: ProgramLimits = {
  timeMs: 2000,
  memory: 64 * 1024 * 1024,
  calls: 200,
  output: 200_000,
  wholeMs: 120_000,
};

/** Longest text of a program, in UTF-16 code units. */
const MAX_PROGRAM = 20_000;

/** Longest answer to a call, in UTF-16 code units of JSON. */
const MAX_ANSWER = 4_000_000;
/** Longest text of why a call failed. */
const MAX_ERROR = 10_000;

export interface ProgramInput {
  /** The body of an async function. */
  readonly code: string;
  /** The functions that it may call; each takes one value, and gives a promise of one. */
  readonly names: readonly string[];
  /**
   * Carries out a call; what it throws is thrown in the program with its message and, where it is a text, its `status`.
   * `answered`: how many of its calls, the first of them, had been answered when it made this one.
   */
  call(name: string, args: Json, answered: number): Promise<Json>;
  /** Hears of a call whose arguments cannot cross, which is not carried out; `why` is what the program is told. */
  refused?(name: string, why: string): void;
  /** The time that it sees, ISO 8601 UTC; its random numbers follow from it. */
  readonly now: string;
  readonly limits?: Partial<ProgramLimits>;
  readonly signal: AbortSignal;
}

/** What came of a program, and what it took. */
export type ProgramEnd = {
  readonly log: readonly string[];
  /** For how long it worked itself, in milliseconds. */
  readonly workedMs: number;
  readonly calls: number;
} & ProgramOutcome;

/** How much later than its time a program is cut off that does not hear that it is over, in milliseconds. */
const GRACE_MS = 500;
/** The worker's own objects, beside the program's. */
const RESOURCES = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };
const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

/**
 * Calls are answered in the order in which they were made, so that a program comes to the same whenever it is given the
 * same answers.
 * @returns what came of it; a program that only harms itself is no error
 * @throws the signal's reason when that aborts
 */
export async function runProgram(input: ProgramInput): Promise<ProgramEnd> {
  const { code, names, signal } = input;
  signal.throwIfAborted();
  const limits = { ...DEFAULT_LIMITS, ...input.limits };
  if (code.length > MAX_PROGRAM) {
    const message = `It is longer than ${MAX_PROGRAM} characters.`;
    return { kind: "threw", message, log: [], workedMs: 0, calls: 0 };
  }
  const data: ProgramData = { wasm: await compileEngine(), code, names, now: Date.parse(input.now), limits };
  const silent = { stdin: false, stdout: true, stderr: true, env: {}, execArgv: [] };
  const worker = new Worker(WORKER, { workerData: data, resourceLimits: RESOURCES, ...silent });
  try {
    return await new Attendant(worker, input, limits).ended();
  } finally {
    await worker.terminate();
  }
}

type Call = Extract<FromWorker, { kind: "call" }>;

/** Answers a worker's calls, and watches over its time. */
class Attendant {
  readonly #worker: Worker;
  readonly #input: ProgramInput;
  readonly #limits: ProgramLimits;
  readonly #end = Promise.withResolvers<ProgramEnd>();
  #answered: Promise<void> = Promise.resolve();
  #watchdog: NodeJS.Timeout | undefined;
  /** Parts of its work that it has been given and not told the end of: the first one, and one for each answer. */
  #underWay = 1;
  #usedMs = 0;
  readonly #given = new GivenStatuses();
  #calls = 0;
  #isOver = false;

  constructor(worker: Worker, input: ProgramInput, limits: ProgramLimits) {
    this.#worker = worker;
    this.#input = input;
    this.#limits = limits;
    worker.on("message", (message: FromWorker) => this.#listen(message));
    worker.on("error", (error: NodeJS.ErrnoException) =>
      this.#stop(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? "memory" : "crashed"),
    );
    worker.on("exit", () => this.#stop("crashed"));
  }

  async ended(): Promise<ProgramEnd> {
    const { signal } = this.#input;
    const abort = () => this.#end.reject(signal.reason);
    const whole = setTimeout(() => this.#stop("time"), this.#limits.wholeMs);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort(); // while the engine was made ready
    try {
      return await this.#end.promise;
    } finally {
      this.#isOver = true;
      for (const timer of [this.#watchdog, whole]) clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }

  #listen(message: FromWorker): void {
    if (this.#isOver) return;
    try {
      this.#take(message);
    } catch {
      this.#stop("crashed"); // what it says cannot be read
    }
  }

  #take(message: FromWorker): void {
    if (message.kind === "call") {
      this.#call(message);
      return;
    }
    if (message.kind === "began") {
      this.#watch();
      return;
    }
    clearTimeout(this.#watchdog);
    this.#usedMs = message.usedMs;
    this.#underWay -= 1;
    if (this.#underWay > 0) this.#watch();
    if (message.kind === "stopped") this.#stop(message.why, message.log);
    else if (message.kind !== "waiting") this.#settle(outcomeOf(message, this.#given), message.log);
  }

  #call({ id, name, args, answered }: Call): void {
    this.#calls += 1;
    const answer = this.#answerTo({ name, args, answered });
    const pass = async () => {
      const said = await answer;
      if (this.#isOver) return;
      this.#underWay += 1;
      // While it works already, an answer gives it no more time.
      if (this.#underWay === 1) this.#watch();
      this.#worker.postMessage({ id, ...said } satisfies ToWorker);
    };
    // What was thrown cannot even be put into words.
    this.#answered = this.#answered.then(pass).catch(() => this.#stop("crashed"));
  }

  async #answerTo({ name, args, answered }: Omit<Call, "id" | "kind">): Promise<Omit<ToWorker, "id">> {
    try {
      if (!this.#input.names.includes(name)) throw new Error("there is no such function");
      const read = readCrossing(args);
      if ("fault" in read) {
        const why = `it cannot be called with that: ${read.fault}`;
        this.#input.refused?.(name, why);
        throw new Error(why);
      }
      const text = JSON.stringify(await this.#input.call(name, read.value, answered)) ?? "null";
      if (text.length > MAX_ANSWER) throw new Error(`its answer is longer than ${MAX_ANSWER} characters`);
      return { isDone: true, text };
    } catch (error) {
      const text = (error instanceof Error ? error.message : String(error)).slice(0, MAX_ERROR);
      const status = statusOf(error);
      if (status === undefined) return { isDone: false, text };
      this.#given.add(`${name}: ${text}`, status);
      return { isDone: false, text, status };
    }
  }

  /** It works from now on, until it says otherwise. */
  #watch(): void {
    const since = performance.now();
    const cutOff = () => {
      this.#usedMs += performance.now() - since;
      this.#stop("time");
    };
    this.#watchdog = setTimeout(cutOff, Math.max(0, this.#limits.timeMs - this.#usedMs) + GRACE_MS);
  }

  #stop(why: StopReason, log: readonly string[] = []): void {
    this.#settle({ kind: "stopped", why, message: explainStop(why, this.#limits) }, log);
  }

  #settle(end: ProgramOutcome, log: readonly string[]): void {
    this.#end.resolve({ ...end, log: log.map(storableText), workedMs: this.#usedMs, calls: this.#calls });
  }
}

const statusOf = (error: unknown): string | undefined =>
  error instanceof Error && "status" in error && typeof error.status === "string" ? error.status : undefined;
