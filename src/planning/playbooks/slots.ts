/** All slots that a form may name. */
import { itemSlot, itemsSlot, quantitySlot } from "./items.ts";
import { customerSlot, nameSlot, reasonSlot } from "./people.ts";
import { boundSlot, inStockSlot, minQuantitySlot, productsSlot } from "./products.ts";
import type { Slots } from "./reader.ts";
import { priceSlot } from "./unit-price.ts";

export const SLOTS: Slots = {
  items: itemsSlot,
  item: itemSlot,
  quantity: quantitySlot,
  price: priceSlot,
  name: nameSlot,
  customer: customerSlot,
  reason: reasonSlot,
  products: productsSlot,
  minQuantity: minQuantitySlot,
  inStock: inStockSlot,
  priceBelow: boundSlot("priceBelow"),
  priceAtMost: boundSlot("priceAtMost"),
  priceAbove: boundSlot("priceAbove"),
  priceAtLeast: boundSlot("priceAtLeast"),
};
