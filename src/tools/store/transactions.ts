/**
 * The rows of `transactions`.
 *
 * 1. Each row's balance is the balance of the row before it plus its own amount.
 * 2. A number is used once, also when its row is deleted; the next one is known beforehand.
 */
import type { Db } from "../../sqlite.ts";

export interface Transaction {
  readonly number: number;
  readonly customer: string | null;
  readonly summary: string;
  /** Positive: a sale; negative: a refund; 0: the opening balance. */
  readonly amountCents: number;
  readonly balanceAfterCents: number;
  /** ISO 8601 UTC. */
  readonly time: string;
  readonly itemId: string | null;
  readonly quantity: number | null;
}

const COLUMNS = `id as number, customer_name as customer, summary, amount_cents as amountCents,
  balance_after_cents as balanceAfterCents, time, item_id as itemId, quantity`;

/** All transactions, oldest first. */
export function readTransactions(db: Db): Transaction[] {
  return db.prepare<[], Transaction>(`select ${COLUMNS} from transactions order by id`).all();
}

export function findTransaction(db: Db, number: number): Transaction | undefined {
  return db.prepare<[number], Transaction>(`select ${COLUMNS} from transactions where id = ?`).get(number);
}

export function findLastTransaction(db: Db): Transaction | undefined {
  return db.prepare<[], Transaction>(`select ${COLUMNS} from transactions order by id desc limit 1`).get();
}

/** Call inside the transaction that read the balance and the next number. */
export function insertTransaction(db: Db, row: Transaction, idempotencyKey: string | null): void {
  db.prepare(
    `insert into transactions
       (id, customer_name, summary, amount_cents, balance_after_cents, time, item_id, quantity, idempotency_key)
     values (@number, @customer, @summary, @amountCents, @balanceAfterCents, @time, @itemId, @quantity, @idempotencyKey)`,
  ).run({ ...row, idempotencyKey });
}

export function deleteTransaction(db: Db, number: number): void {
  db.prepare("delete from transactions where id = ?").run(number);
}

/** The number that the next row gets; AUTOINCREMENT keeps count of deleted rows too. */
export function nextTransactionNumber(db: Db): number {
  const row = db.prepare<[], { seq: number }>("select seq from sqlite_sequence where name = 'transactions'").get();
  return (row?.seq ?? 0) + 1;
}

/** How people see a transaction's number: `TXN001`. */
export function transactionId(number: number): string {
  return `TXN${String(number).padStart(3, "0")}`;
}

/** The inverse of `transactionId`; undefined for any other text. */
export function parseTransactionId(id: string): number | undefined {
  const number = Number(id.slice(3));
  return Number.isSafeInteger(number) && transactionId(number) === id ? number : undefined;
}
