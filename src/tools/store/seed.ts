/** The initial data of the sunglasses store. */

import type { Db } from "../../sqlite.ts";
import { insertProduct, type Product } from "./products.ts";
import { insertTransaction } from "./transactions.ts";

const PRODUCTS: readonly Product[] = [
  product("SG001", "Aviator", 23, 8_000, "Teardrop sunglasses with a thin metal frame and mirrored lenses."),
  product("SG002", "Wayfarer", 6, 9_500, "Square sunglasses with a sturdy black frame, good on every face."),
  product("SG003", "Mystique", 3, 7_000, "Cat-eye sunglasses with a glossy frame and tinted lenses."),
  product("SG004", "Sport", 11, 11_000, "Light sunglasses with curved lenses and a frame that stays on during a run."),
  product("SG005", "Classic", 10, 6_000, "Round sunglasses with a slim gold frame."),
  product("SG006", "Moon", 10, 12_000, "Large round sunglasses with a silver frame and polarised lenses."),
];

const OPENING_BALANCE = {
  number: 1,
  customer: "OPENING_BALANCE",
  summary: "Opening balance",
  amountCents: 0,
  balanceAfterCents: 50_000,
  time: "2026-01-01T09:00:00.000Z",
  itemId: null,
  quantity: null,
} as const;

/** Replaces everything in the tables by the initial data; transaction ids start over. Call inside a transaction. */
export function fillWithSeed(db: Db): void {
  db.exec("delete from receipts; delete from transactions; delete from inventory");
  db.exec("delete from sqlite_sequence where name = 'transactions'");
  for (const item of PRODUCTS) insertProduct(db, item);
  insertTransaction(db, OPENING_BALANCE, null);
}

function product(id: string, name: string, quantity: number, priceCents: number, description: string): Product {
  return { id, name, description, quantity, priceCents };
}
