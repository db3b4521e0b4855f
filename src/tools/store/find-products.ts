/** Answering what the store has. */
import { defineAction, type ReadAction } from "../action.ts";
import type { Store } from "./database.ts";
import { answerFor } from "./find-products-answer.ts";
import { type Criteria, CriteriaSchema, type Found, FoundSchema } from "./find-products-schema.ts";
import { toCents, toDollars } from "./money.ts";
import type { Product } from "./products.ts";
import { readView } from "./views.ts";
import { isSameWord, wordsOf } from "./words.ts";

export function createFindProducts(store: Store): ReadAction<Criteria, Found> {
  return defineAction({
    kind: "read",
    name: "find_products",
    version: 1,
    title: "Find sunglasses",
    description:
      "Finds products by words, stock and price; every criterion is optional. Use it for questions, and to learn ids, " +
      "prices and stock. Finding nothing gives an empty list.",
    input: CriteriaSchema,
    example: { text: "round", inStock: true },
    output: FoundSchema,
    sample: {},
    run: async (criteria: Criteria, { staged }) => ({
      products: readView(store.db, staged)
        .products.filter((product) => isMatch(product, criteria))
        .map(({ priceCents, ...shown }) => ({ ...shown, price: toDollars(priceCents) })),
    }),
    summarize: (criteria, found) => answerFor(criteria, found.products),
  });
}

function isMatch(product: Product, criteria: Criteria): boolean {
  const { text, inStock, minQuantity = 0, priceBelow, priceAtMost, priceAbove, priceAtLeast } = criteria;
  const price = product.priceCents;
  return (
    (text === undefined || hasWords(product, text)) &&
    (inStock === undefined || product.quantity > 0 === inStock) &&
    product.quantity >= minQuantity &&
    (priceBelow === undefined || price < toCents(priceBelow)) &&
    (priceAtMost === undefined || price <= toCents(priceAtMost)) &&
    (priceAbove === undefined || price > toCents(priceAbove)) &&
    (priceAtLeast === undefined || price >= toCents(priceAtLeast))
  );
}

/** Everything here is sunglasses, whether or not its description says so. */
function hasWords(product: Product, text: string): boolean {
  const words = wordsOf(`${product.name} ${product.description} sunglasses`);
  return wordsOf(text).every((wanted) => words.some((word) => isSameWord(word, wanted)));
}
