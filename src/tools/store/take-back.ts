/** Taking goods back: stock goes up, and the price is refunded out of the balance. */
import type { WriteAction } from "../action.ts";
import type { Store } from "./database.ts";
import { formatMoney, toCents } from "./money.ts";
import { labelOf } from "./products.ts";
import { createTrade } from "./trade.ts";
import type { TradeInput, TradeOutput } from "./trade-schema.ts";

export function createTakeBack(store: Store): WriteAction<TradeInput, TradeOutput> {
  return createTrade(store, {
    name: "take_back",
    title: "Take sunglasses back",
    description:
      "Takes returned goods back: puts a quantity of one product into stock again, refunds its price and records one " +
      "transaction. Use one step for each product.",
    verb: "Took back",
    goods: "in",
    summarize: (taken) => {
      const from = taken.customer === null ? "" : ` from ${taken.customer}`;
      const what = `${taken.quantity} × ${labelOf({ id: taken.item, name: taken.name })}${from}`;
      return `Took back ${what}; ${formatMoney(toCents(taken.total))} refunded; ${taken.stockAfter} in stock now.`;
    },
  });
}
