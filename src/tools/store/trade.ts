/**
 * What `sell` and `take_back` have in common: goods go one way, money the other.
 *
 * 1. Preview and run compute by the same function: the first over staged changes, the second on the locked database.
 * 2. One row of `transactions` for each item, its balance carried from the row before.
 */
import { type ActionContext, defineAction, type PreviewContext, type WriteAction } from "../action.ts";
import type { Store } from "./database.ts";
import { moneyImpact } from "./impact.ts";
import { toDollars } from "./money.ts";
import { getProduct, setStock } from "./products.ts";
import { type Done, findResult, once } from "./receipts.ts";
import { assertPrice, type Direction, planTrade } from "./trade-plan.ts";
import { type TradeInput, TradeInputSchema, type TradeOutput, TradeOutputSchema } from "./trade-schema.ts";
import { insertTransaction } from "./transactions.ts";
import { stockMovedOn, undoEffect } from "./undo.ts";
import { readView } from "./views.ts";

/** What tells one kind of trade from the other. */
interface TradeKind extends Direction {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  summarize(output: TradeOutput): string;
}

/** The action for one kind of trade. */
export function createTrade(store: Store, kind: TradeKind): WriteAction<TradeInput, TradeOutput> {
  const { db } = store;
  return defineAction({
    kind: "write",
    name: kind.name,
    version: 1,
    title: kind.title,
    description: kind.description,
    input: TradeInputSchema,
    example: { item: "SG001", quantity: 2 },
    output: TradeOutputSchema,
    reversibility: "reversible",
    idempotent: true,
    prepare: async (args: TradeInput, context: PreviewContext) => {
      const product = getProduct(readView(db, context.staged).products, args.item);
      assertPrice(product, args.unitPrice);
      return { ...args, item: product.id, unitPrice: toDollars(product.priceCents) };
    },
    dedupeKey: ({ item, quantity, customer }) => ({ item, quantity, customer: customer?.trim().toLowerCase() ?? null }),
    preview: async (args: TradeInput, context: PreviewContext) =>
      planTrade(kind, args, { view: readView(db, context.staged), now: context.now }).changes,
    impact: (_args, changes) => moneyImpact(changes),
    run: async (args: TradeInput, context: ActionContext) => {
      const call = { action: kind.name, args, context, output: TradeOutputSchema };
      return once(db, call, () => perform(store, kind, { args, context }));
    },
    lookup: async (key) => findResult(db, key, { action: kind.name, output: TradeOutputSchema }),
    undo: async (effect, context) => undoEffect(db, effect, context.now),
    movedOn: async (effect) => stockMovedOn(db, effect),
    summarize: (_args, output) => kind.summarize(output),
  });
}

/** Call inside the transaction that also writes the receipt. */
function perform(
  { db }: Store,
  kind: TradeKind,
  { args, context }: { args: TradeInput; context: ActionContext },
): Done<TradeOutput> {
  const trade = planTrade(kind, args, { view: readView(db), now: context.now });
  setStock(db, trade.product.id, trade.stockAfter);
  insertTransaction(db, trade.transaction, context.idempotencyKey);
  return {
    itemId: trade.product.id,
    quantityChange: trade.stockAfter - trade.product.quantity,
    transactionNumber: trade.transaction.number,
    output: trade.output,
    changes: trade.changes,
  };
}
