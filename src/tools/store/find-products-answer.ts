/** The customer's answer to a search. It says only what follows from the criteria and what was found. */
import type { Criteria, Found } from "./find-products-schema.ts";
import { formatMoney, toCents } from "./money.ts";
import { labelOf } from "./products.ts";
import { isSameWord, wordsOf } from "./words.ts";

type FoundProduct = Found["products"][number];

/** One sentence: what matches, or that nothing does and by which criteria. */
export function answerFor(criteria: Criteria, products: readonly FoundProduct[]): string {
  if (products.length === 0) return answerForNone(criteria);
  const list = products.map(describeProduct).join("; ");
  if (Object.keys(criteria).length === 0) return `The store has ${count(products.length)}: ${list}.`;
  if (criteria.inStock !== false && products.every(({ quantity }) => quantity === 0)) {
    return `Not in stock at the moment: ${products.map(nameAndPrice).join("; ")}.`;
  }
  return products.length === 1 ? `Yes: ${list}.` : `Yes, ${products.length} products match: ${list}.`;
}

function answerForNone(criteria: Criteria): string {
  const what = describeCriteria(criteria);
  if (criteria.inStock === false) return `No ${what} are out of stock.`;
  if (criteria.inStock && !criteria.minQuantity) return `No ${what} are in stock.`;
  return `The store has no ${what}.`;
}

/** "round sunglasses under $50.00 with at least 3 in stock"; `inStock` alone is left to the sentence around it. */
function describeCriteria(criteria: Criteria): string {
  const { adjective, quoted } = describeText(criteria.text);
  const amount = criteria.minQuantity ? `with at least ${criteria.minQuantity} in stock` : "";
  return [adjective, "sunglasses", describePrices(criteria), amount, quoted].filter(Boolean).join(" ");
}

/** A single word reads well before the noun; anything longer, or a plural, is quoted. Only its words are repeated. */
function describeText(text = ""): { adjective?: string; quoted?: string } {
  const words = wordsOf(text).filter((word) => !isSameWord(word, "sunglasses"));
  const [first] = words;
  if (first === undefined) return {};
  if (words.length === 1 && !/[^s]s$/i.test(first)) return { adjective: first };
  return { quoted: `that match "${words.join(" ")}"` };
}

function describePrices({ priceAbove, priceAtLeast, priceBelow, priceAtMost }: Criteria): string {
  const isExact = priceAtLeast !== undefined && priceAtLeast === priceAtMost;
  const bounds = [
    priceAbove === undefined ? [] : `over ${money(priceAbove)}`,
    priceAtLeast === undefined || isExact ? [] : `at ${money(priceAtLeast)} or more`,
    priceBelow === undefined ? [] : `under ${money(priceBelow)}`,
    priceAtMost === undefined || isExact ? [] : `at ${money(priceAtMost)} or less`,
    isExact ? `at exactly ${money(priceAtLeast)}` : [],
  ];
  return bounds.flat().join(" and ");
}

function describeProduct(product: FoundProduct): string {
  return `${nameAndPrice(product)}, ${product.quantity > 0 ? `${product.quantity} in stock` : "out of stock"}`;
}

function nameAndPrice(product: FoundProduct): string {
  return `${labelOf(product)}, ${money(product.price)}`;
}

function count(products: number): string {
  return products === 1 ? "1 product" : `${products} products`;
}

function money(dollars: number): string {
  return formatMoney(toCents(dollars));
}
