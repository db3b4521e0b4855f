/**
 * What a sale or a return does to the store. Pure: preview computes by it over staged changes, run on the locked
 * database.
 */
import type { Change } from "../../domain/proposal.ts";
import { ActionFailure } from "../../errors.ts";
import { addCents, formatMoney, multiplyCents, toCents, toDollars } from "./money.ts";
import { assertInStock, getProduct, labelOf, type Product } from "./products.ts";
import type { TradeInput, TradeOutput } from "./trade-schema.ts";
import { type Transaction, transactionId } from "./transactions.ts";
import { balanceChange, type StoreView, stockChange, transactionInsert } from "./views.ts";

/** Which way the goods go, and how sentences say so: "Sold" or "Took back". Money goes the other way. */
export interface Direction {
  readonly goods: "out" | "in";
  readonly verb: string;
}

interface Trade {
  readonly product: Product;
  readonly stockAfter: number;
  readonly transaction: Transaction;
  readonly output: TradeOutput;
  readonly changes: Change[];
}

/** @throws ActionFailure when the store, as `view` shows it, cannot do this. */
export function planTrade(
  direction: Direction,
  args: TradeInput,
  { view, now }: { view: StoreView; now: string },
): Trade {
  const product = getProduct(view.products, args.item);
  assertPrice(product, args.unitPrice);
  if (direction.goods === "out") assertInStock(product, args.quantity);
  const totalCents = multiplyCents(product.priceCents, args.quantity);
  if (direction.goods === "in") assertPayable(totalCents, view.balanceCents);
  const amountCents = direction.goods === "out" ? totalCents : 0 - totalCents;
  const stockAfter = product.quantity + (direction.goods === "out" ? -args.quantity : args.quantity);
  const transaction: Transaction = {
    number: view.nextNumber,
    customer: args.customer ?? null,
    summary: `${direction.verb} ${args.quantity} × ${labelOf(product)}`,
    amountCents,
    balanceAfterCents: addCents(view.balanceCents, amountCents),
    time: now,
    itemId: product.id,
    quantity: args.quantity,
  };
  return {
    product,
    stockAfter,
    transaction,
    output: outputOf(product, transaction, { stockAfter, quantity: args.quantity }),
    changes: [
      stockChange(product, stockAfter),
      transactionInsert(transaction),
      balanceChange(view.balanceCents, transaction.balanceAfterCents),
    ],
  };
}

function outputOf(
  product: Product,
  transaction: Transaction,
  { stockAfter, quantity }: { stockAfter: number; quantity: number },
): TradeOutput {
  return {
    transactionId: transactionId(transaction.number),
    item: product.id,
    name: product.name,
    quantity,
    unitPrice: toDollars(product.priceCents),
    total: toDollars(Math.abs(transaction.amountCents)),
    stockAfter,
    balanceAfter: toDollars(transaction.balanceAfterCents),
    customer: transaction.customer,
  };
}

/** @throws ActionFailure `invalid_request` when a price was agreed that is not the list price. */
export function assertPrice(product: Product, agreed: number | undefined): void {
  if (agreed === undefined || toCents(agreed) === product.priceCents) return;
  const [list, given] = [formatMoney(product.priceCents), formatMoney(toCents(agreed))];
  throw new ActionFailure("invalid_request", `The price of ${labelOf(product)} is ${list}, not ${given}.`, {
    hint: "Ask again without a price, and look at the new total.",
  });
}

function assertPayable(totalCents: number, balanceCents: number): void {
  if (totalCents <= balanceCents) return;
  const [refund, balance] = [formatMoney(totalCents), formatMoney(balanceCents)];
  throw new ActionFailure("invalid_request", `The refund of ${refund} is more than the balance of ${balance}.`);
}
