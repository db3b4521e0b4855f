/** Kills a process at a point, recovers what it left, and counts what its receiver saw. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ActionAnswer } from "../src/domain/answer-formats.ts";
import { findThreadRun } from "../src/ledger/runs.ts";
import type { Question } from "../src/nodes/question.ts";
import type { Runtime } from "../src/runtime.ts";
import { answerThread } from "../src/work/answer.ts";
import { recoverRuns } from "../src/work/recover.ts";
import { startRequest, type ThreadView, viewThread } from "../src/work/threads.ts";
import type { Point } from "./points.ts";
import { openFaultyNetwork } from "./proxy.ts";
import type { Kind, LogLine } from "./receiver.ts";
import { caller, openSubject, requestOf, type Subject, textsOf, threadId } from "./subject.ts";

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export class Receiver {
  readonly kind: Kind;
  readonly log: string;
  readonly #process: ChildProcess;
  url = "";

  constructor(kind: Kind, folder: string) {
    this.kind = kind;
    this.log = join(folder, `${kind}.log`);
    this.#process = fork(script("receiver.ts"), [kind, this.log], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  }

  async start(): Promise<void> {
    const port = await new Promise((resolve) => this.#process.once("message", resolve));
    this.url = `http://127.0.0.1:${port}/`;
  }

  /** What it did with these texts, in order. */
  lines(texts: readonly string[]): LogLine[] {
    const all = readFileSync(this.log, "utf8").trim().split("\n").filter(Boolean);
    return all.map((line) => JSON.parse(line) as LogLine).filter((line) => texts.includes(line.text));
  }

  stop(): void {
    this.#process.disconnect();
  }
}

/** What one kill led to. */
export interface Outcome {
  /** Effects, or undos, that the receiver has once more than it should. */
  readonly duplicated: number;
  /** Effects that the answer claims and the receiver has not, or that it has and the answer does not own up to. */
  readonly lost: number;
  /** Outcomes that were put before a person, or reported as not known. */
  readonly uncertain: number;
}

let runs = 0;

/** @throws Error when the process did not die at the point, or the run does not come to an end */
export async function tryPoint(receiver: Receiver, point: Point): Promise<Outcome> {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-chaos-"));
  const id = `${process.pid}-${++runs}`;
  const subject: Subject = { kind: receiver.kind, url: receiver.url, home, scenario: point.scenario, id };
  try {
    // Its files are there, as in any home in which a process has run before: only what comes then is cut off.
    await (await openSubject(subject)).close();
    const signal = await runChild("worker.ts", { ...subject, point: point.name });
    if (signal !== "SIGKILL") throw new Error(`"${point.name}" was never reached: the process ended by itself.`);
    const { view, asked } = await recover(subject, receiver);
    return judge(view, asked, receiver.lines(textsOf(subject)), subject);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** What a faulty network led to. */
export interface FaultyOutcome extends Outcome {
  /** The most often that one write, or one undo, was sent. */
  readonly sends: number;
  /** How many requests the network delivered twice, which only an idempotent receiver bears. */
  readonly duplicates: number;
}

/** One transaction over a network that goes wrong. What the network itself duplicates is not the committer's doing. */
export async function tryFaults(receiver: Receiver, seed: number, scenario: Point["scenario"]): Promise<FaultyOutcome> {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-chaos-"));
  const network = await openFaultyNetwork(receiver.url, seed);
  const subject: Subject = { kind: receiver.kind, url: network.url, home, scenario, id: `${process.pid}-${++runs}` };
  try {
    const { view, asked } = await recover(subject, receiver);
    const outcome = judge(view, asked, receiver.lines(textsOf(subject)), subject);
    return { ...outcome, sends: Math.max(0, ...network.sent.values()), duplicates: network.duplicates() };
  } finally {
    await network.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** The same kill on a plain LangGraph node. */
export async function tryControl(receiver: Receiver, point: Point): Promise<Outcome> {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-chaos-"));
  const id = `${process.pid}-${++runs}`;
  const subject: Subject = { kind: receiver.kind, url: receiver.url, home, scenario: "succeeds", id };
  try {
    const signal = await runChild("control.ts", { ...subject, point: point.name });
    if (signal !== "SIGKILL") throw new Error(`"${point.name}" was never reached by the plain node.`);
    await runChild("control.ts", subject);
    const texts = textsOf(subject);
    const counts = countsOf(receiver.lines(texts), texts);
    return {
      duplicated: sum(counts.map(({ writes }) => Math.max(0, writes - 1))),
      lost: counts.filter(({ writes }) => writes === 0).length,
      uncertain: 0,
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function runChild(name: string, input: object): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [script(name), JSON.stringify(input)], { stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => {
      if (signal === null && status !== 0) reject(new Error(`${name} failed: ${complaint}`));
      else resolve(signal);
    });
  });
}

const MAX_TURNS = 8;

/** As a person and an operator would: recover, and answer what is asked, by what the receiver has. */
async function recover(subject: Subject, receiver: Receiver): Promise<{ view: ThreadView; asked: number }> {
  const runtime = await openSubject(subject);
  let asked = 0;
  try {
    // Stands for waiting until the dead process is not believed to be alive any more, which takes 30 seconds.
    await runtime.ledger.updateTable("runs").set({ leaseUntil: null, aliveUntil: null }).execute();
    const { ledger } = runtime;
    if (!(await findThreadRun(ledger, caller.identity.tenant, threadId))) {
      await startRequest(runtime, caller, { request: requestOf(subject), threadId }); // nobody had been told that it was taken
    }
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      await recoverRuns(runtime, caller);
      const view = await viewThread(runtime, caller.identity, threadId);
      if (view.run.status === "ended") return { view, asked };
      if (view.question?.kind === "reconciliation") asked += view.question.actions.length;
      await answer(runtime, receiver);
    }
    throw new Error("The run does not come to an end.");
  } finally {
    await runtime.close();
  }
}

async function answer(runtime: Runtime, receiver: Receiver): Promise<void> {
  const tell = ({ kind, actions }: Question): ActionAnswer["type"][] => {
    if (kind === "transaction") return actions.map(() => "approve");
    return actions.map(({ args }) => (receiver.lines([String(args.text)]).length > 0 ? "happened" : "not_happened"));
  };
  await answerThread(runtime, caller, threadId, (question) => ({
    proposalId: question.proposalId,
    decisions: tell(question).map((type, index) => ({ type, step: question.actions[index]?.step })),
  }));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function countsOf(lines: readonly LogLine[], texts: readonly string[]) {
  return texts.map((text) => {
    const of = (did: LogLine["did"]) => lines.filter((line) => line.text === text && line.did === did).length;
    return { text, writes: of("write"), undos: of("undo") };
  });
}

function judge(view: ThreadView, asked: number, lines: readonly LogLine[], subject: Subject): Outcome {
  const counts = countsOf(lines, textsOf(subject));
  const owned = view.effects.filter((effect) => effect.status === "undo_failed");
  const wanted = view.run.answer?.status === "success" ? 1 : 0;
  const wrong = counts.filter(({ text, writes, undos }) => {
    if (writes - undos === wanted) return false;
    return !owned.some((effect) => effect.args.text === text);
  });
  return {
    duplicated: sum(counts.map(({ writes, undos }) => Math.max(0, writes - 1) + Math.max(0, undos - 1))),
    lost: wrong.length,
    uncertain: asked + owned.length,
  };
}
