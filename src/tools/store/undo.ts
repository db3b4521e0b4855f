/** Taking back what a write did. The same for all writes: their receipts say what there is to take back. */
import type { Effect } from "../../domain/proposal.ts";
import { ActionFailure, HoldpointError } from "../../errors.ts";
import { type Db, immediately } from "../../sqlite.ts";
import { addCents, formatMoney } from "./money.ts";
import { labelOf, type Product, readProducts, setStock } from "./products.ts";
import { findReceipt, insertReceipt, markUndone, type Receipt } from "./receipts.ts";
import {
  deleteTransaction,
  findLastTransaction,
  findTransaction,
  insertTransaction,
  nextTransactionNumber,
  type Transaction,
  transactionId,
} from "./transactions.ts";

export const NOTHING = "Nothing had happened, so there was nothing to undo.";

/**
 * Takes the effect back in one transaction; may be repeated. Its transaction row is deleted while it is the last one,
 * which leaves the table as it was; a row whose balance later rows carry is reversed by a new row.
 * @returns one sentence that says what was done.
 * @throws ActionFailure when stock or balance would fall below zero; then nothing is undone.
 */
export function undoEffect(db: Db, effect: Effect, now: string): string {
  return immediately(db, () => {
    const receipt = findReceipt(db, effect.key);
    if (!receipt) return refuseFromNowOn(db, effect, now);
    if (receipt.undoneAt !== null) {
      return receipt.output === null ? NOTHING : `It was undone already, at ${receipt.undoneAt}.`;
    }
    const sentences = [reverseStock(db, receipt), ...reverseTransaction(db, receipt, now)];
    markUndone(db, effect.key, now);
    return `Undone: ${sentences.join("; ")}.`;
  });
}

/** What others changed since of the stock that the effect left. Money is carried on by every later sale, and is no loss. */
export function stockMovedOn(db: Db, effect: Effect): string[] {
  const products = readProducts(db);
  return effect.changes.flatMap(({ table, key, after }) => {
    const product = products.find(({ id }) => id === key);
    if (table !== "inventory" || !product || after?.quantity_in_stock === product.quantity) return [];
    return [`${labelOf(product)} had ${after?.quantity_in_stock} in stock after it, and has ${product.quantity} now.`];
  });
}

/** A run that is still on its way somewhere must find that its effect is not wanted any more. */
export function refuseFromNowOn(db: Db, effect: Effect, now: string): string {
  insertReceipt(db, effect.key, {
    action: effect.action,
    request: null,
    itemId: null,
    quantityChange: 0,
    transactionNumber: null,
    output: null,
    changes: "[]",
    undoneAt: now,
  });
  return NOTHING;
}

function reverseStock(db: Db, receipt: Receipt): string {
  const product = productOf(db, receipt);
  const stock = product.quantity - receipt.quantityChange;
  if (stock < 0) {
    throw new ActionFailure(
      "insufficient_stock",
      `Cannot undo: ${labelOf(product)} would have to lose ${receipt.quantityChange} in stock again, ` +
        `available ${product.quantity}.`,
    );
  }
  setStock(db, product.id, stock);
  return `stock of ${labelOf(product)} is ${stock} now (was ${product.quantity})`;
}

function productOf(db: Db, receipt: Receipt): Product {
  const product = readProducts(db).find(({ id }) => id === receipt.itemId);
  if (!product) throw new HoldpointError("internal", `The product ${receipt.itemId} of a receipt is gone.`);
  return product;
}

function reverseTransaction(db: Db, receipt: Receipt, now: string): string[] {
  if (receipt.transactionNumber === null) return [];
  const [original, last] = [findTransaction(db, receipt.transactionNumber), findLastTransaction(db)];
  if (!original || !last) {
    throw new HoldpointError("internal", `${transactionId(receipt.transactionNumber)} of a receipt is gone.`);
  }
  if (original.number === last.number) {
    deleteTransaction(db, original.number);
    return [`${transactionId(original.number)} is removed`];
  }
  const reversal = reversalOf(original, last.balanceAfterCents, { number: nextTransactionNumber(db), time: now });
  insertTransaction(db, reversal, null);
  return [`${transactionId(reversal.number)} reverses ${transactionId(original.number)}`];
}

function reversalOf(
  original: Transaction,
  balanceCents: number,
  fresh: Pick<Transaction, "number" | "time">,
): Transaction {
  const balanceAfterCents = addCents(balanceCents, -original.amountCents);
  if (balanceAfterCents < 0) {
    throw new ActionFailure(
      "invalid_request",
      `Cannot undo: paying back ${formatMoney(original.amountCents)} is more than the balance of ` +
        `${formatMoney(balanceCents)}.`,
    );
  }
  const summary = `Reversal of ${transactionId(original.number)}: ${original.summary}`;
  return { ...original, ...fresh, amountCents: -original.amountCents, balanceAfterCents, summary };
}
