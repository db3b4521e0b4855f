/** Selling one product: stock goes down, the balance goes up. */
import type { WriteAction } from "../action.ts";
import type { Store } from "./database.ts";
import { formatMoney, toCents } from "./money.ts";
import { labelOf } from "./products.ts";
import { createTrade } from "./trade.ts";
import type { TradeInput, TradeOutput } from "./trade-schema.ts";

export function createSell(store: Store): WriteAction<TradeInput, TradeOutput> {
  return createTrade(store, {
    name: "sell",
    title: "Sell sunglasses",
    description:
      "Sells a quantity of one product: takes it from stock and records one transaction. Use one step for each product.",
    verb: "Sold",
    goods: "out",
    summarize: (sale) => {
      const to = sale.customer === null ? "" : ` to ${sale.customer}`;
      const what = `${sale.quantity} × ${labelOf({ id: sale.item, name: sale.name })}${to}`;
      return `Sold ${what} for ${formatMoney(toCents(sale.total))}; ${sale.stockAfter} left in stock.`;
    },
  });
}
