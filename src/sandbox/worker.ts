/** The worker that one program runs in: QuickJS in WebAssembly, which reaches nothing but what is put into it here. */
import { parentPort, workerData } from "node:worker_threads";
import { EvalFlags, Intrinsics, type JSValueHandle, QuickJS } from "quickjs-wasi";
import { PRELUDE } from "./prelude.ts";
import type { FromWorker, ProgramData, StopReason, ToWorker } from "./protocol.ts";

const { wasm, code, names, now, limits } = workerData as ProgramData;

const STACK = 256 * 1024;
/** Lines of log that are kept. */
const MAX_LINES = 200;
/** Neither `eval` nor anything that needs a host; a program needs no proxies and no bytes. */
const INTRINSICS =
  Intrinsics.DATE | Intrinsics.REGEXP | Intrinsics.JSON | Intrinsics.MAP_SET | Intrinsics.PROMISE | Intrinsics.BIG_INT;

const lines: string[] = [];
let logged = 0;
let left = 0;
let usedMs = 0;
/** Until when it may work at this moment. */
let deadline = 0;
let stopped: StopReason | undefined;
let calls = 0;
/** Of them, how many it has been told the answer of. */
let answered = 0;
/** Calls that have no answer yet. */
const open = new Map<number, string>();
let ended: { kind: "threw" | "returned"; text: string } | undefined;

const post = (message: FromWorker): void => parentPort?.postMessage(message);

/** From now on nothing of the program runs: an interrupt cannot be caught in it. */
function stop(why: StopReason): never {
  stopped ??= why;
  throw new Error("It was stopped.");
}

/** What is lent must not let out where it comes from: the sandbox would show the program the stack of an error. */
const withoutStack =
  (use: (...args: JSValueHandle[]) => JSValueHandle) =>
  (...args: JSValueHandle[]): JSValueHandle => {
    try {
      return use(...args);
    } catch (error) {
      const bare = new Error(error instanceof Error ? error.message : String(error));
      bare.stack = "";
      throw bare;
    }
  };

function isOver(): boolean {
  if (stopped === undefined && performance.now() > deadline) stopped = "time";
  return stopped !== undefined;
}

/** A clock that stands: random numbers follow from it, too. */
const wasi = (memory: WebAssembly.Memory) => ({
  clock_time_get: (_id: number, _precision: bigint, place: number): number => {
    new DataView(memory.buffer).setBigUint64(place, BigInt(now) * 1_000_000n, true);
    return 0;
  },
  random_get: (place: number, length: number): number => {
    new Uint8Array(memory.buffer, place, length).fill(now & 0xff);
    return 0;
  },
  fd_write: (): number => 0,
});

/** Compiled apart, so that what runs has no compiler. @throws what the program's text is, where it is none */
async function compiled(text: string, name: string): Promise<Uint8Array> {
  const compiler = await QuickJS.create({ wasm, wasi, memoryLimit: limits.memory, maxStackSize: STACK });
  return compiler.compile(text, name, EvalFlags.STRICT);
}

/** One part of the program's work: until it ends, or waits for answers. */
function work(vm: QuickJS, part: () => void): void {
  const began = performance.now();
  deadline = began + limits.timeMs - usedMs;
  try {
    part();
    vm.executePendingJobs();
  } catch (error) {
    // What a program throws is caught inside; this comes from beyond: an interrupt, or a stack or memory that is used up.
    if (stopped === undefined && !ended) stopped = /memory/i.test(String(error)) ? "memory" : "crashed";
  }
  usedMs += performance.now() - began;
  tell();
}

function tell(): void {
  const log = left === 0 ? lines : [...lines, `(${left} more lines were left out)`];
  if (stopped !== undefined) post({ kind: "stopped", why: stopped, usedMs, log });
  else if (ended?.kind === "returned") post({ ...ended, kind: "returned", unawaited: [...open.values()], usedMs, log });
  else if (ended) post({ ...ended, kind: "threw", usedMs, log });
  else if (open.size === 0) post({ kind: "stopped", why: "never ends", usedMs, log });
  else post({ kind: "waiting", usedMs });
}

const textOf = (handle: JSValueHandle | undefined): string => (handle?.isString ? handle.toString() : "");

/** JSON that the program gives away. */
function givenBy(handle: JSValueHandle | undefined): string {
  // Before it is copied.
  if (handle?.isString && handle.getProp("length").toNumber() > limits.output) stop("output");
  const text = textOf(handle);
  if (text === "<null>") stop("memory"); // what the engine gives when there is none left for a text
  return text;
}

/** What the program is lent. Its texts are made by the prelude. */
function lend(vm: QuickJS): JSValueHandle {
  const lent = vm.newObject();
  const give = (name: string, use: (...args: JSValueHandle[]) => JSValueHandle) =>
    vm.setProp(lent, name, vm.newFunction(name, withoutStack(use)));
  give("call", (name, args) => {
    if (stopped !== undefined) stop(stopped);
    const text = givenBy(args);
    if (++calls > limits.calls) stop("calls");
    open.set(calls, textOf(name));
    // One that is made once the program is over is not carried out, and told as one that was not awaited.
    if (!ended) post({ kind: "call", id: calls, name: textOf(name), args: text, answered });
    return vm.newNumber(calls);
  });
  give("log", (line) => {
    const text = textOf(line);
    if (lines.length < MAX_LINES && logged + text.length <= limits.output) {
      lines.push(text);
      logged += text.length;
    } else left += 1;
    return vm.getUndefined();
  });
  give("end", (kind, result) => {
    const text = givenBy(result);
    ended ??= { kind: textOf(kind) === "returned" ? "returned" : "threw", text };
    return vm.getUndefined();
  });
  return lent;
}

async function main(): Promise<void> {
  post({ kind: "began" });
  let program: Uint8Array;
  try {
    program = await compiled(`(async () => {\n${code}\n})`, "program");
  } catch (error) {
    const message = String(error instanceof Error ? error.message : error).replace(/^Compilation error: /, "");
    ended = { kind: "threw", text: JSON.stringify({ name: "SyntaxError", message, stack: String(error) }) };
    return tell();
  }
  const options = { wasm, wasi, memoryLimit: limits.memory, maxStackSize: STACK, timezoneOffset: 0 };
  const vm = await QuickJS.create({ ...options, intrinsics: INTRINSICS, interruptHandler: isOver });
  deadline = Number.POSITIVE_INFINITY;
  const setUp = vm.evalBytecode(await compiled(PRELUDE, "prelude"));
  const nothing = vm.getUndefined();
  const own = vm.callFunction(setUp, nothing, lend(vm), vm.hostToHandle([...names]));
  const [run, settle] = [own.getProp("run"), own.getProp("settle")];
  parentPort?.on("message", ({ id, isDone, text, status }: ToWorker) => {
    if (stopped !== undefined || ended) return;
    open.delete(id);
    answered += 1;
    const said = () => [
      ...[vm.newNumber(id), isDone ? vm.getTrue() : vm.getFalse(), vm.newString(text)],
      status === undefined ? nothing : vm.newString(status),
    ];
    work(vm, () => void vm.callFunction(settle, nothing, ...said()));
  });
  work(vm, () => {
    const entry = vm.evalBytecode(program);
    if (entry.isFunction) vm.callFunction(run, nothing, entry);
    else
      ended = { kind: "threw", text: JSON.stringify({ name: "SyntaxError", message: "unbalanced braces", stack: "" }) };
  });
}

await main();
