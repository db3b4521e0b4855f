/** The rows of `inventory`, and finding a product by what people call it. */
import { ActionFailure } from "../../errors.ts";
import type { Db } from "../../sqlite.ts";
import { isSameName } from "./words.ts";

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly quantity: number;
  readonly priceCents: number;
}

/** All products, by id. */
export function readProducts(db: Db): Product[] {
  return db
    .prepare<[], Product>(
      `select item_id as id, name, description, quantity_in_stock as quantity, price_cents as priceCents
       from inventory order by item_id`,
    )
    .all();
}

export function insertProduct(db: Db, product: Product): void {
  db.prepare(
    `insert into inventory (item_id, name, description, quantity_in_stock, price_cents)
     values (@id, @name, @description, @quantity, @priceCents)`,
  ).run(product);
}

/** Sets how many are in stock. Call inside the transaction that read the product. */
export function setStock(db: Db, id: string, quantity: number): void {
  db.prepare("update inventory set quantity_in_stock = ? where item_id = ?").run(quantity, id);
}

/** How sentences name a product: `Wayfarer (SG002)`. */
export function labelOf(product: { name: string; id: string }): string {
  return `${product.name} (${product.id})`;
}

/**
 * The product with this id or name. Case does not matter, nor singular or plural in names; anything looser is refused,
 * because what is bought must not be guessed.
 * @throws ActionFailure `no_match` that lists what there is.
 */
export function getProduct(products: readonly Product[], asked: string): Product {
  const found = findProduct(products, asked);
  if (found) return found;
  const known = products.map(labelOf).join(", ");
  throw new ActionFailure("no_match", `No product is called "${asked}". The store has: ${known || "nothing"}.`);
}

function findProduct(products: readonly Product[], asked: string): Product | undefined {
  const wanted = asked.trim().toLowerCase();
  const exact = products.find((p) => p.id.toLowerCase() === wanted || p.name.toLowerCase() === wanted);
  if (exact) return exact;
  const similar = products.filter((p) => isSameName(p.name, asked));
  return similar.length === 1 ? similar[0] : undefined;
}

/** @throws ActionFailure `insufficient_stock` when fewer than `quantity` are there. */
export function assertInStock(product: Product, quantity: number): void {
  if (quantity <= product.quantity) return;
  throw new ActionFailure(
    "insufficient_stock",
    `Not enough ${labelOf(product)} in stock: asked for ${quantity}, available ${product.quantity}.`,
  );
}
