/**
 * What was done under which idempotency key.
 *
 * 1. A receipt is written in the same transaction as its effect: there is never one without the other.
 * 2. A key has at most one effect. A repeat gets the recorded result.
 * 3. A key that was undone never has an effect again, also when there had been nothing to undo.
 */
import { z } from "zod";
import { canonicalJson } from "../../domain/json.ts";
import { type Change, ChangeSchema } from "../../domain/proposal.ts";
import { ActionFailure } from "../../errors.ts";
import { type Db, immediately } from "../../sqlite.ts";
import type { ActionContext } from "../action.ts";

interface Result<Output> {
  output: Output;
  changes: Change[];
}

/** What a write did, as far as `undo` must know. */
export interface Done<Output> extends Result<Output> {
  /** Null where it is about several: its output says which. */
  itemId: string | null;
  /** Units that stock gained, negative when it lost some. */
  quantityChange: number;
  transactionNumber: number | null;
}

/** One call of a write. */
interface Call<Output> {
  readonly action: string;
  readonly args: unknown;
  readonly context: ActionContext;
  readonly output: z.ZodType<Output>;
}

export interface Receipt {
  readonly action: string;
  /** Canonical JSON of the arguments; null when the key was undone before anything had happened. */
  readonly request: string | null;
  readonly itemId: string | null;
  readonly quantityChange: number;
  readonly transactionNumber: number | null;
  readonly output: string | null;
  readonly changes: string;
  readonly undoneAt: string | null;
}

/**
 * Does `work` once for the call's key, in one transaction together with its receipt.
 * @throws ActionFailure `failed` when the key was undone, `invalid_request` when it belongs to another call.
 */
export function once<Output>(db: Db, call: Call<Output>, work: () => Done<Output>): Result<Output> {
  return immediately(db, () => {
    const key = call.context.idempotencyKey;
    const receipt = findReceipt(db, key);
    if (receipt) return recall(receipt, call);
    const done = work();
    insertReceipt(db, key, {
      action: call.action,
      request: canonicalJson(call.args),
      itemId: done.itemId,
      quantityChange: done.quantityChange,
      transactionNumber: done.transactionNumber,
      output: JSON.stringify(done.output),
      changes: JSON.stringify(done.changes),
      undoneAt: null,
    });
    return { output: done.output, changes: done.changes };
  });
}

/** The result that the action has standing under this key; undefined when nothing happened or it was undone. */
export function findResult<Output>(
  db: Db,
  key: string,
  expected: Pick<Call<Output>, "action" | "output">,
): Result<Output> | undefined {
  const receipt = findReceipt(db, key);
  if (!receipt || receipt.undoneAt !== null || receipt.action !== expected.action) return undefined;
  return resultOf(receipt, expected.output);
}

export function findReceipt(db: Db, key: string): Receipt | undefined {
  return db
    .prepare<[string], Receipt>(
      `select action, request, item_id as itemId, quantity_change as quantityChange,
         transaction_number as transactionNumber, output, changes, undone_at as undoneAt
       from receipts where idempotency_key = ?`,
    )
    .get(key);
}

export function insertReceipt(db: Db, key: string, receipt: Receipt): void {
  db.prepare(
    `insert into receipts
       (idempotency_key, action, request, item_id, quantity_change, transaction_number, output, changes, undone_at)
     values (@key, @action, @request, @itemId, @quantityChange, @transactionNumber, @output, @changes, @undoneAt)`,
  ).run({ ...receipt, key });
}

export function markUndone(db: Db, key: string, now: string): void {
  db.prepare("update receipts set undone_at = ? where idempotency_key = ?").run(now, key);
}

const CountsSchema = z.object({
  item: z.string().optional(),
  quantity: z.number().optional(),
  updates: z.array(z.object({ item: z.string(), quantity: z.number().optional() })).default([]),
});

/** How many of an item somebody counted after what was done under a key; undefined when nobody did. */
export function countedSince(db: Db, key: string, item: string): number | undefined {
  const later = db
    .prepare<[string], { request: string }>(
      `select request from receipts
       where rowid > (select rowid from receipts where idempotency_key = ?)
         and action in ('adjust_stock', 'update_inventory') and request is not null and undone_at is null
       order by rowid desc`,
    )
    .all(key);
  const counts = later.flatMap(({ request }) => {
    const { updates, ...alone } = CountsSchema.parse(JSON.parse(request));
    return [alone, ...updates].filter((one) => one.item === item).map(({ quantity }) => quantity);
  });
  return counts.find((count) => count !== undefined);
}

function recall<Output>(receipt: Receipt, call: Call<Output>): Result<Output> {
  if (receipt.undoneAt !== null) {
    throw new ActionFailure("failed", `This ${call.action} was undone at ${receipt.undoneAt} and is not done again.`, {
      hint: "Ask for it again to have it done anew.",
    });
  }
  if (receipt.action !== call.action || receipt.request !== canonicalJson(call.args)) {
    const key = call.context.idempotencyKey;
    throw new ActionFailure("invalid_request", `The key "${key}" stands for another ${receipt.action} already.`);
  }
  return resultOf(receipt, call.output);
}

function resultOf<Output>(receipt: Receipt, output: z.ZodType<Output>): Result<Output> {
  return {
    output: output.parse(JSON.parse(receipt.output ?? "null")),
    changes: z.array(ChangeSchema).parse(JSON.parse(receipt.changes)),
  };
}
