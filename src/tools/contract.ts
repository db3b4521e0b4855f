/**
 * The contract suite: calls an action against a scratch target, and says which of the promises of docs/actions.md it keeps.
 * What an action does not claim is not held against it; it is said.
 */
import { randomUUID } from "node:crypto";
import { canonicalJson, type Json, type JsonObject, JsonObjectSchema } from "../domain/json.ts";
import { jsonSchemaOf } from "../domain/json-schema.ts";
import { type Change, ChangeSchema, type Effect, ImpactSchema } from "../domain/proposal.ts";
import { explainError } from "../errors.ts";
import type { Action, ActionContext, AnyRead, AnyWrite } from "./action.ts";
import { callSettings } from "./call-settings.ts";
import { fingerprintOf } from "./fingerprint.ts";

/**
 * `broken`: it does not do what it says. `not claimed`: it does not say that it does. `not checked`: it did what could be
 * seen, but without a snapshot nobody can tell whether the target stayed as it was.
 */
type ContractOutcome = "kept" | "broken" | "not claimed" | "not checked";

export interface ContractCheck {
  /** What is promised, in words. */
  readonly promise: string;
  readonly outcome: ContractOutcome;
  /** What was seen, where it is not kept. */
  readonly detail: string;
}

export interface ContractOptions {
  /** Of a call that can be made on the target as it is. It is really made. */
  readonly args: unknown;
  /** What can be seen of the target: with it, promises that nothing changes are checked, too. */
  readonly snapshot?: (() => unknown) | undefined;
  readonly tenant?: string;
  readonly principal?: string;
  /** To which hosts the action may send requests; see `allowedHosts` in docs/policy.md. Default: to none. */
  readonly allowedHosts?: readonly string[];
  /** ISO 8601 UTC. Default: the clock's. */
  readonly now?: string;
}

export interface ContractReport {
  readonly action: string;
  readonly checks: readonly ContractCheck[];
}

/** Whether no promise is broken. */
export const isContractKept = ({ checks }: ContractReport): boolean =>
  checks.every(({ outcome }) => outcome !== "broken");

/** A promise that is not kept, in words. */
class Broken extends Error {}

/** That something is not claimed, and why that is so. */
class NotClaimed extends Error {}

/** That something cannot be seen here. */
class NotChecked extends Error {
  constructor() {
    super("there is no snapshot of the target to compare");
  }
}

function outcomeOf(error: unknown): ContractOutcome {
  if (error instanceof NotChecked) return "not checked";
  return error instanceof NotClaimed ? "not claimed" : "broken";
}

function assertThat(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Broken(otherwise);
}

const isSame = (one: unknown, other: unknown): boolean => canonicalJson(one ?? null) === canonicalJson(other ?? null);

/** How long a call that is aborted may go on, in milliseconds. */
const ABORT_MS = 2000;

/**
 * Calls the action as the graph does: preview, run, repeat, look up, undo; with bad input and an aborted signal, too.
 * @param options `args` are really carried out: name a target on which that does no harm
 * @returns every promise, with what came of it; it never throws
 */
export async function checkContract(action: Action, options: ContractOptions): Promise<ContractReport> {
  const checks: ContractCheck[] = [];
  const check = async (promise: string, look: () => unknown): Promise<void> => {
    try {
      await look();
      checks.push({ promise, outcome: "kept", detail: "" });
    } catch (error) {
      checks.push({
        promise,
        outcome: outcomeOf(error),
        detail: error instanceof Broken ? error.message : explainError(error),
      });
    }
  };
  await checkDefinition(action, options, check);
  const parsed = action.input.safeParse(options.args);
  if (parsed.success) {
    if (action.kind === "read") await checkRead(action, parsed.data, options, check);
    else await checkWrite(action, parsed.data, options, check);
  }
  return { action: action.name, checks };
}

type Check = (promise: string, look: () => unknown) => Promise<void>;

async function checkDefinition(action: Action, { args }: ContractOptions, check: Check): Promise<void> {
  await check("Its schemas can be told to a model and to pages", () => {
    jsonSchemaOf(action.input, "input");
    jsonSchemaOf(action.output, "output");
  });
  await check("It says what it does, and how it is called", () => {
    assertThat(action.title.trim() !== "" && action.description.trim() !== "", "its title or its description is empty");
    callSettings(action);
  });
  await check("It takes the arguments", () => {
    const parsed = action.input.safeParse(args);
    const [issue] = parsed.error?.issues ?? [];
    assertThat(parsed.success, `${issue?.path.join(".") || "the arguments"}: ${issue?.message}`);
    JsonObjectSchema.parse(parsed.data);
  });
  await check("It refuses arguments that are none", () => {
    for (const none of [null, "text", 7, []]) {
      assertThat(!action.input.safeParse(none).success, `it takes ${JSON.stringify(none)}`);
    }
  });
}

function contextOf(
  { tenant = "default", principal = "contract", now, allowedHosts = [] }: ContractOptions,
  key: string,
): ActionContext {
  const at = now ?? new Date().toISOString();
  const { signal } = new AbortController();
  return { tenant, principal, idempotencyKey: key, signal, now: at, allowedHosts: async () => allowedHosts };
}

const newKey = (): string => `contract_${randomUUID()}`;

/** Output as the ledger keeps it. */
function outputOf({ output }: Action, given: unknown): Json {
  const parsed = output.safeParse(given);
  const [issue] = parsed.error?.issues ?? [];
  assertThat(parsed.success, `its output does not fit its schema: ${issue?.path.join(".") ?? ""} ${issue?.message}`);
  return JSON.parse(canonicalJson(parsed.data)) as Json;
}

function assertSentence(text: unknown, what: string): void {
  assertThat(typeof text === "string" && text.trim() !== "", `${what} is no sentence: ${JSON.stringify(text)}`);
}

const changesNothing = async (snapshot: ContractOptions["snapshot"], work: () => Promise<unknown>): Promise<void> => {
  const before = await snapshot?.();
  await work();
  if (!snapshot) throw new NotChecked();
  assertThat(isSame(before, await snapshot()), "the target is another one after it");
};

/** An aborted call ends soon, whatever it ends with. */
async function checkAborted(call: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const late = Symbol("late");
  const timer = Promise.withResolvers<symbol>();
  const timeout = setTimeout(() => timer.resolve(late), ABORT_MS);
  const signal = AbortSignal.abort(new Error("It is not wanted any more."));
  const ended = await Promise.race([call(signal).catch(() => undefined), timer.promise]);
  clearTimeout(timeout);
  assertThat(ended !== late, `it goes on for more than ${ABORT_MS} ms after its signal has aborted`);
}

async function checkRead(action: AnyRead, args: JsonObject, options: ContractOptions, check: Check): Promise<void> {
  const reading = { runId: "contract", step: "contract", stopped: () => false };
  const context = { ...contextOf(options, newKey()), reading };
  await check("It changes nothing, and its output fits its schema", async () => {
    await changesNothing(options.snapshot, async () => {
      const output = outputOf(action, await action.run(args, context));
      assertSentence(action.summarize(args, output), "its summary");
    });
  });
  await check("It ends soon when it is aborted", () =>
    checkAborted((signal) => action.run(args, { ...context, signal })),
  );
}

const effectOf = (
  action: AnyWrite,
  { key, args, ...more }: Pick<Effect, "key" | "args"> & Partial<Effect>,
): Effect => ({
  ...{ key, runId: "contract", proposalId: "contract", position: 0, step: "contract", attempts: 1, args },
  ...{ action: action.name, version: action.version, status: "succeeded", output: null, undoData: null },
  ...{ changes: [], note: null, createdAt: new Date().toISOString(), ...more },
});

async function checkWrite(action: AnyWrite, given: JsonObject, options: ContractOptions, check: Check): Promise<void> {
  const { snapshot } = options;
  const key = newKey();
  const context = contextOf(options, key);
  const staging = { ...context, staged: [] };
  const start = await snapshot?.();
  let args = given;
  let previewed: Change[] = [];
  let done: { output: Json; changes: Change[] } | undefined;
  let undoData: Json = null;
  await check("Its preview changes nothing, twice the same, and can be shown", async () => {
    fingerprintOf(action);
    await changesNothing(snapshot, async () => {
      args = JsonObjectSchema.parse((await action.prepare?.(given, staging)) ?? given);
      previewed = ChangeSchema.array().parse(await action.preview(args, staging));
      const again = await action.preview(args, staging);
      assertThat(isSame(previewed, again), "a second preview says something else");
      if (action.impact) ImpactSchema.parse(action.impact(args, previewed));
    });
  });
  await check("A key that it has never seen is not found", async () => {
    if (!action.lookup) throw new NotClaimed("it cannot be looked up");
    const found = await action.lookup(newKey(), contextOf(options, newKey()));
    assertThat(found === undefined, "it finds what never happened");
  });
  await check("What never happened can be undone, which changes nothing", async () => {
    if (!action.undo) throw new NotClaimed("it cannot be undone");
    undoData = (await action.captureUndo?.(args, context)) ?? null;
    const never = newKey();
    await changesNothing(snapshot, async () => {
      const effect = effectOf(action, { key: never, args, status: "undoing", undoData });
      assertSentence(await action.undo?.(effect, contextOf(options, `${never}:undo`)), "what it says of that");
    });
  });
  await check("It changes as many rows as its preview said, and its output fits its schema", async () => {
    const result = await action.run(args, context);
    done = { output: outputOf(action, result.output), changes: ChangeSchema.array().parse(result.changes) };
    const [told, changed] = [previewed.length, done.changes.length];
    assertThat(told === changed, `it changed ${changed} rows, and told of ${told}`);
    assertSentence(action.summarize(args, done.output), "its summary");
  });
  if (!done) return;
  await checkAfter(action, { args, key, done, undoData, start }, options, check);
}

interface Done {
  readonly args: JsonObject;
  readonly key: string;
  readonly done: { readonly output: Json; readonly changes: readonly Change[] };
  readonly undoData: Json;
  readonly start: unknown;
}

async function checkAfter(
  action: AnyWrite,
  { args, key, done, undoData, start }: Done,
  options: ContractOptions,
  check: Check,
): Promise<void> {
  const context = contextOf(options, key);
  await check("The same key again has no second effect, and the same output", async () => {
    if (!action.idempotent) throw new NotClaimed("its receiver does not know a repeat");
    await changesNothing(options.snapshot, async () => {
      const again = await action.run(args, context);
      assertThat(isSame(outputOf(action, again.output), done.output), "the output is another one");
    });
  });
  await check("What happened is found by its key", async () => {
    if (!action.lookup) throw new NotClaimed("it cannot be looked up");
    const found = await action.lookup(key, context);
    assertThat(found !== undefined, "it is not found");
    assertThat(isSame(outputOf(action, found.output), done.output), "what is found has another output");
  });
  await check("A preview that is aborted ends soon, and changes nothing", async () => {
    const look = (signal: AbortSignal) => action.preview(args, { ...context, signal, staged: [] });
    await changesNothing(options.snapshot, () => checkAborted(look));
  });
  const effect = effectOf(action, { key, args, output: done.output, changes: [...done.changes], undoData });
  await check("It can be taken back, which leaves the target as it was", async () => {
    if (!action.undo) throw new NotClaimed("it cannot be undone");
    const undoing = contextOf(options, `${key}:undo`);
    assertSentence(await action.undo(effect, undoing), "what it says of that");
    if (action.reversibility === "compensatable") throw new NotClaimed("it is made good by something else");
    if (!options.snapshot) throw new NotChecked();
    assertThat(isSame(start, await options.snapshot()), "the target is not as it was");
  });
  await check("Taking it back again changes nothing", async () => {
    if (!action.undo) throw new NotClaimed("it cannot be undone");
    await changesNothing(options.snapshot, async () => {
      assertSentence(await action.undo?.(effect, contextOf(options, `${key}:undo`)), "what it says of that");
    });
  });
}
