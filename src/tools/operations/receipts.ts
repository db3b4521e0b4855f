/**
 * What was done under which idempotency key.
 *
 * 1. Under a key one thing is done at the most, and another one under the same key is refused.
 * 2. What is done within the database has its receipt in the same transaction. What leaves this machine is `begun` before
 *    that, so that nobody takes what may have happened for what did not.
 * 3. A key that was undone never has an effect again, also when there had been nothing to undo.
 */
import { z } from "zod";
import { canonicalJson } from "../../domain/json.ts";
import { type Change, ChangeSchema } from "../../domain/proposal.ts";
import { ActionFailure } from "../../errors.ts";
import { type Db, immediately } from "../../sqlite.ts";
import type { ActionContext } from "../action.ts";

export interface Done<Output> {
  readonly output: Output;
  readonly changes: Change[];
}

/** One call of a write. */
export interface Call<Output> {
  readonly action: string;
  readonly args: unknown;
  readonly context: Pick<ActionContext, "tenant" | "idempotencyKey" | "now">;
  readonly output: z.ZodType<Output>;
}

interface Receipt {
  readonly action: string;
  readonly request: string | null;
  readonly status: "begun" | "done" | "undone";
  readonly output: string | null;
  readonly changes: string;
  readonly time: string;
}

/**
 * Does `work` once for the call's key, in one transaction with its receipt.
 * @throws ActionFailure when the key was undone, or stands for another call
 */
export function once<Output>(db: Db, call: Call<Output>, work: () => Done<Output>): Done<Output> {
  return immediately(db, () => {
    const known = begun(db, call);
    if (known?.status === "done") return resultOf(known, call.output);
    const done = work();
    settle(db, call, done);
    return done;
  });
}

/** What was noted of something that is about to be done outside. */
export interface Begun {
  /** An earlier call came to no end that is known. */
  readonly isRepeat: boolean;
  /** When the first call was made, ISO 8601 UTC. */
  readonly since: string;
}

/**
 * Notes that something is about to be done outside.
 * @returns its result when it was done already
 * @throws ActionFailure when the key was undone, or stands for another call
 */
export function begin<Output>(db: Db, call: Call<Output>): Done<Output> | Begun {
  return immediately(db, () => {
    const known = begun(db, call);
    if (known?.status === "done") return resultOf(known, call.output);
    return { isRepeat: known !== undefined, since: known?.time ?? call.context.now };
  });
}

/** The receipt of the call, which is written where there is none. */
function begun<Output>(db: Db, { action, args, context }: Call<Output>): Receipt | undefined {
  const { tenant, idempotencyKey: key, now } = context;
  const request = canonicalJson(args);
  const known = findReceipt(db, tenant, key);
  if (!known) {
    write(db, { tenant, key, action, request, status: "begun", output: null, changes: "[]", time: now });
    return undefined;
  }
  if (known.status === "undone") {
    throw new ActionFailure("failed", `This ${action} was undone at ${known.time} and is not done again.`, {
      hint: "Ask for it again to have it done anew.",
    });
  }
  if (known.action === action && known.request === request) return known;
  // Of an attempt before, this says nothing: whoever repeats one must not take it for an answer.
  throw new ActionFailure("failed", `The key "${key}" stands for another ${known.action} already.`);
}

/** Notes what came of it. Call inside the transaction that writes what else there is of it. */
export function settle<Output>(db: Db, { action, args, context }: Call<Output>, done: Done<Output>): void {
  const { tenant, idempotencyKey: key, now } = context;
  const [output, changes] = [JSON.stringify(done.output), JSON.stringify(done.changes)];
  write(db, { tenant, key, action, request: canonicalJson(args), status: "done", output, changes, time: now });
}

/** Of what surely did not happen nothing is left. */
export function forget(db: Db, { tenant, idempotencyKey: key }: Call<unknown>["context"]): void {
  db.prepare("delete from receipts where tenant = ? and key = ? and status = 'begun'").run(tenant, key);
}

/**
 * What was done under a key; undefined for nothing.
 * @throws Error when it was begun, and nobody knows what came of it
 */
export function findDone<Output>(
  db: Db,
  key: string,
  { action, tenant, output }: { action: string; tenant: string; output: z.ZodType<Output> },
): Done<Output> | undefined {
  const known = findReceipt(db, tenant, key);
  if (!known || known.action !== action || known.status === "undone") return undefined;
  if (known.status === "done") return resultOf(known, output);
  throw new Error("It was begun, and nobody knows what came of it.");
}

/** What was asked for under a key; undefined where nothing was. */
export function findRequest(db: Db, key: string, tenant: string): unknown {
  const { request = null } = findReceipt(db, tenant, key) ?? {};
  return request === null ? undefined : JSON.parse(request);
}

/** Whether something was done or begun under a key, and was not undone since. */
export function isStanding(db: Db, key: string, tenant: string): boolean {
  const known = findReceipt(db, tenant, key);
  return known !== undefined && known.status !== "undone";
}

/**
 * Takes back what was done under a key, in one transaction; may be repeated.
 * @param how `work` takes it back, and says so; `already` is what it was, when that is asked for again
 * @returns one sentence that says what was done
 */
export function undoOnce(
  db: Db,
  { key, action }: { key: string; action: string },
  { tenant, now }: Pick<ActionContext, "tenant" | "now">,
  { work, already = "undone" }: { work: () => string; already?: string },
): string {
  return immediately(db, () => {
    const known = findReceipt(db, tenant, key);
    const { request = null, output = null } = known ?? {};
    if (known?.status === "undone") return output === null ? NOTHING : `It was ${already} already, at ${known.time}.`;
    const said = known ? work() : NOTHING;
    write(db, { tenant, key, action, request, status: "undone", output, changes: known?.changes ?? "[]", time: now });
    return said;
  });
}

const NOTHING = "Nothing had happened, so there was nothing to undo.";

function resultOf<Output>({ output, changes }: Receipt, schema: z.ZodType<Output>): Done<Output> {
  return {
    output: schema.parse(JSON.parse(output ?? "null")),
    changes: z.array(ChangeSchema).parse(JSON.parse(changes)),
  };
}

function findReceipt(db: Db, tenant: string, key: string): Receipt | undefined {
  return db
    .prepare<[string, string], Receipt>(
      "select action, request, status, output, changes, time from receipts where tenant = ? and key = ?",
    )
    .get(tenant, key);
}

function write(db: Db, row: Receipt & { tenant: string; key: string }): void {
  db.prepare(
    `insert or replace into receipts (tenant, key, action, request, status, output, changes, time)
     values (@tenant, @key, @action, @request, @status, @output, @changes, @time)`,
  ).run(row);
}
