/**
 * Trying a program: it runs in its sandbox, its reads answer, and its writes are staged and no more. Nothing has an outside
 * effect here. What it called is journalled, so that a program which was cut off comes to the same when it is tried again.
 */
import { type Json, type JsonObject, JsonObjectSchema } from "../domain/json.ts";
import { type Program, type ProgramOutcome, type ProgramWrite, programStep } from "../domain/program.ts";
import type { Change } from "../domain/proposal.ts";
import { ActionFailure } from "../errors.ts";
import type { CallGuard } from "../execution/guarded-call.ts";
import { type HeldBack, runRead } from "../execution/run-read.ts";
import { type ReadOutcome, readKey } from "../ledger/reads.ts";
import { allowedHostsOf } from "../ledger/settings.ts";
import { findReferences } from "../planning/references.ts";
import { type ProgramEnd, runProgram } from "../sandbox/run-program.ts";
import { maskText } from "../telemetry/mask.ts";
import { explainMasked } from "../telemetry/tell.ts";
import type { Action, AnyRead, AnyWrite, PreviewContext } from "../tools/action.ts";
import { judgeProgram } from "./judge-program.ts";
import { prepareWrite, previewFailure } from "./stage.ts";
import { createTurns } from "./turns.ts";

export interface Trial {
  readonly runId: string;
  readonly program: Program;
  /** By the names that the program calls them by. */
  readonly functions: ReadonlyMap<string, Action>;
  /** On whose behalf it reads, and for how long. */
  readonly guard: CallGuard;
  readonly concurrency: number;
  /** What it had read when it was tried before. */
  readonly recorded: readonly ReadOutcome[];
  /**
   * Records what it read, before it is told of it.
   * @returns what is recorded then, which somebody else may have done before; undefined when it may not go on
   */
  record(outcome: ReadOutcome): Promise<ReadOutcome | undefined>;
  /** What policy says against a call; undefined when it says nothing. */
  objection(call: { readonly step: string; readonly action: string; readonly args: JsonObject }): string | undefined;
}

/**
 * @returns what came of it; what held a read back, or undefined when it is to stop: then it can be tried again
 * @throws HoldpointError `action_failed` when a preview broke, and the signal's reason when that aborts
 */
export async function tryProgram(trial: Trial): Promise<ProgramOutcome | HeldBack | undefined> {
  const rehearsal = new Rehearsal(trial);
  const { program, functions, guard } = trial;
  try {
    const end = await runProgram({
      code: program.code,
      names: [...functions.keys()],
      call: (name, args, answered) => rehearsal.call(name, args, answered),
      refused: (name, why) => rehearsal.refused(name, why),
      now: program.startedAt,
      signal: AbortSignal.any([guard.signal, rehearsal.cut]),
    });
    return rehearsal.outcome(end);
  } catch (error) {
    guard.signal.throwIfAborted();
    if (error instanceof CutOff) return error.by;
    throw error;
  } finally {
    rehearsal.end();
  }
}

/** The program is not to go on, though nothing is wrong with it. */
class CutOff extends Error {
  readonly by: HeldBack | undefined;

  constructor(by: HeldBack | undefined) {
    super("The program is not to go on.");
    this.by = by;
  }
}

class Rehearsal {
  readonly #trial: Trial;
  readonly #turns: ReturnType<typeof createTurns>;
  readonly #cut = new AbortController();
  readonly #recorded: ReadonlyMap<string, ReadOutcome>;
  readonly #writes: ProgramWrite[] = [];
  /** Which call each of them was, from 1. */
  readonly #callOf: number[] = [];
  readonly #refused: string[] = [];
  #calls = 0;
  #isTainted = false;
  #isOver = false;

  constructor(trial: Trial) {
    this.#trial = trial;
    this.#turns = createTurns(trial.concurrency);
    this.#recorded = new Map(trial.recorded.map((read) => [read.key, read]));
  }

  /** Aborts when the program is not to go on. */
  get cut(): AbortSignal {
    return this.#cut.signal;
  }

  /** Calls that wait for their turn are not begun any more. */
  end(): void {
    this.#isOver = true;
  }

  /** Carries out one call. @param answered how many of its calls, the first of them, it knows the answer of @throws ActionFailure, whose message the program is told */
  async call(name: string, given: Json, answered: number): Promise<Json> {
    const action = this.#trial.functions.get(name);
    this.#calls += 1;
    const step = programStep(this.#trial.program.number, this.#calls);
    const { data: args } = JsonObjectSchema.safeParse(given);
    const fault = action && args ? this.#faultOf({ step, action: action.name, args }) : "it takes one object";
    if (!action || !args || fault !== undefined) {
      this.refused(name, fault ?? "");
      throw new ActionFailure("invalid_request", fault ?? "");
    }
    if (action.kind === "read") {
      this.#isTainted ||= action.untrustedOutput === true;
      return await this.#turns.read(async () => {
        this.#begin();
        return await this.#read(action, { step, args });
      });
    }
    const known = { call: this.#calls, answered, ...(this.#isTainted ? { untrusted: true as const } : {}) };
    return await this.#turns.write(async () => {
      this.#begin();
      return await this.#write(action, { step, args }, known);
    });
  }

  /** @throws when the program has ended, or nothing more is to begin */
  #begin(): void {
    if (this.#isOver) throw new Error("the program has ended");
    if (this.#cut.signal.aborted || this.#trial.guard.stopped()) this.#cutOff(new CutOff(undefined));
  }

  /** A write that was not even tried could not be done either. @param why what the program is told */
  refused(name: string, why: string): void {
    const action = this.#trial.functions.get(name);
    if (action?.kind === "write") this.#refused.push(`${action.name}: ${maskText(why)}`);
  }

  #faultOf(call: Call & { readonly action: string }): string | undefined {
    return referenceFault(call.args) ?? this.#trial.objection(call);
  }

  outcome(end: ProgramEnd): ProgramOutcome {
    const judged = judgeProgram(end, { writes: this.#writes, refused: this.#refused });
    return { ...judged, untrusted: this.#isTainted };
  }

  async #read(action: AnyRead, { step, args }: Call): Promise<Json> {
    const key = readKey(this.#trial.runId, { step, action: action.name, version: action.version, args });
    const read = this.#recorded.get(key) ?? (await this.#readNow(action, { step, args }));
    if (read.status === "succeeded") return read.output;
    throw new ActionFailure(statusOf(read), read.summary);
  }

  async #readNow(action: AnyRead, call: Call): Promise<ReadOutcome> {
    const { runId, guard } = this.#trial;
    const read = await runRead(guard, action, { runId, ...call, staged: this.#staged() });
    if (read === undefined || read instanceof Error) return this.#cutOff(new CutOff(read));
    // That it was cut off says nothing of what it would have come to.
    if (guard.signal.aborted && read.status !== "succeeded") return this.#cutOff(new CutOff(undefined));
    return (await this.#trial.record(read)) ?? this.#cutOff(new CutOff(undefined));
  }

  async #write(
    action: AnyWrite,
    { step, args }: Call,
    { call, answered, ...known }: { call: number; answered: number } & Pick<ProgramWrite, "untrusted">,
  ): Promise<Json> {
    const { guard } = this.#trial;
    const { signal } = guard;
    const allowedHosts = allowedHostsOf(guard.ledger, guard.identity.tenant);
    const asked = { ...guard.identity, idempotencyKey: "", signal, now: guard.now(), allowedHosts };
    const context: PreviewContext = { ...asked, staged: this.#staged() };
    try {
      const prepared = await prepareWrite(action, { step, args }, context);
      const { changes } = prepared;
      const after = this.#callOf.flatMap((earlier, index) => (earlier <= answered ? [index] : []));
      this.#writes.push({ action: action.name, args: prepared.args, changes, after, ...known });
      this.#callOf.push(call);
      return { changes };
    } catch (error) {
      if (!(error instanceof ActionFailure))
        return this.#cutOff(previewFailure({ id: step, action: action.name }, error));
      this.#refused.push(`${action.name}: ${explainMasked(error)}`);
      throw error;
    }
  }

  #staged(): Change[] {
    return this.#writes.flatMap(({ changes }) => changes);
  }

  #cutOff(why: unknown): never {
    this.#cut.abort(why);
    throw why;
  }
}

interface Call {
  readonly step: string;
  readonly args: JsonObject;
}

/** A failed read has its status in place of an output. */
function statusOf({ output }: ReadOutcome): ActionFailure["status"] {
  const known = ["no_match", "insufficient_stock", "invalid_request"] as const;
  return known.find((status) => status === output) ?? "failed";
}

/** Only plans refer to steps: what a program gives stands for itself. */
const referenceFault = (args: JsonObject): string | undefined =>
  findReferences(args).length === 0 ? undefined : "an argument looks like a reference to a step; give the value itself";
