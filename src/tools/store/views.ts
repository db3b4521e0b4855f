/** Rows as people see them, and the state of the store with staged changes laid over it. */
import { z } from "zod";
import type { Change, Row } from "../../domain/proposal.ts";
import { HoldpointError } from "../../errors.ts";
import { consistently, type Db } from "../../sqlite.ts";
import { formatMoney, parseMoney } from "./money.ts";
import { type Product, readProducts } from "./products.ts";
import {
  findLastTransaction,
  nextTransactionNumber,
  parseTransactionId,
  readTransactions,
  type Transaction,
  transactionId,
} from "./transactions.ts";

export interface TableSnapshot {
  readonly table: string;
  readonly rows: Row[];
}

/** What a write is computed from. */
export interface StoreView {
  readonly products: readonly Product[];
  readonly balanceCents: number;
  readonly nextNumber: number;
}

const InventoryRowSchema = z.object({
  item_id: z.string(),
  name: z.string(),
  description: z.string(),
  quantity_in_stock: z.number().int(),
  price: z.string(),
});
const TransactionRowSchema = z.object({ transaction_id: z.string(), balance_after: z.string() });

function inventoryRow(product: Product): Row {
  return {
    item_id: product.id,
    name: product.name,
    description: product.description,
    quantity_in_stock: product.quantity,
    price: formatMoney(product.priceCents),
  } satisfies z.infer<typeof InventoryRowSchema>;
}

function transactionRow(transaction: Transaction): Row {
  return {
    transaction_id: transactionId(transaction.number),
    customer_name: transaction.customer,
    summary: transaction.summary,
    amount: formatMoney(transaction.amountCents),
    balance_after: formatMoney(transaction.balanceAfterCents),
    time: transaction.time,
  };
}

/** One product's stock going from what it is to `quantity`. */
export function stockChange(product: Product, quantity: number): Change {
  const [before, after] = [inventoryRow(product), inventoryRow({ ...product, quantity })];
  return { table: "inventory", key: product.id, before, after };
}

export function transactionInsert(transaction: Transaction): Change {
  const after = transactionRow(transaction);
  return { table: "transactions", key: transactionId(transaction.number), before: null, after };
}

/** The store's balance, which no table holds by itself: the newest transaction carries it. */
export function balanceChange(beforeCents: number, afterCents: number): Change {
  const [before, after] = [{ balance: formatMoney(beforeCents) }, { balance: formatMoney(afterCents) }];
  return { table: "balance", key: "of the store", before, after };
}

/** The rows of the named tables, all at one moment. */
export function snapshotOf(db: Db, tables: readonly string[] = ["inventory", "transactions"]): TableSnapshot[] {
  return consistently(db, () => {
    const all = [
      { table: "inventory", rows: readProducts(db).map(inventoryRow) },
      { table: "transactions", rows: readTransactions(db).map(transactionRow) },
    ];
    return all.filter(({ table }) => tables.includes(table));
  });
}

/** The store as it will be when `staged` has happened: what a later write of the same proposal is computed from. */
export function readView(db: Db, staged: readonly Change[] = []): StoreView {
  const view = consistently(db, () => ({
    products: readProducts(db),
    balanceCents: findLastTransaction(db)?.balanceAfterCents ?? 0,
    nextNumber: nextTransactionNumber(db),
  }));
  return staged.reduce(overlay, view);
}

function overlay(view: StoreView, change: Change): StoreView {
  if (change.table === "inventory") return overlayInventory(view, change);
  if (change.table === "transactions" && change.after) return overlayTransaction(view, change.after);
  return view;
}

function overlayInventory(view: StoreView, change: Change): StoreView {
  const { after } = change;
  const others = view.products.filter((product) => product.id !== change.key);
  if (!after) return { ...view, products: others };
  const row = parseRow(InventoryRowSchema, after);
  const product: Product = {
    id: row.item_id,
    name: row.name,
    description: row.description,
    quantity: row.quantity_in_stock,
    priceCents: parseMoney(row.price),
  };
  return { ...view, products: [...others, product].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

function overlayTransaction(view: StoreView, after: Row): StoreView {
  const row = parseRow(TransactionRowSchema, after);
  const number = parseTransactionId(row.transaction_id) ?? 0;
  return { ...view, balanceCents: parseMoney(row.balance_after), nextNumber: Math.max(view.nextNumber, number + 1) };
}

function parseRow<T>(schema: z.ZodType<T>, row: Row): T {
  const parsed = schema.safeParse(row);
  if (parsed.success) return parsed.data;
  throw new HoldpointError("internal", `A staged change is not a row of the store: ${JSON.stringify(row)}.`);
}
