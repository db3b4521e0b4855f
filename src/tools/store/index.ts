/** The sunglasses store: an action pack over a database of its own. */
import type { Action } from "../action.ts";
import { createAdjustStock } from "./adjust-stock.ts";
import type { Store } from "./database.ts";
import { createFindProducts } from "./find-products.ts";
import { createSell } from "./sell.ts";
import { createTakeBack } from "./take-back.ts";

export { openStore, type Store } from "./database.ts";

/** Everything that a plan may do with the store. */
export function storeActions(store: Store): Action[] {
  return [createFindProducts(store), createSell(store), createTakeBack(store), createAdjustStock(store)];
}
