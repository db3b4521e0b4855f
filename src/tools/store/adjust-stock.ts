/** Correcting how many of a product are in stock, without money: a delivery, a count, a loss. */
import { z } from "zod";
import { type ActionContext, defineAction, type PreviewContext, type WriteAction } from "../action.ts";
import type { Store } from "./database.ts";
import { ITEM, line, unitsChange, wholeNumber } from "./fields.ts";
import { stockImpact } from "./impact.ts";
import { assertInStock, getProduct, labelOf, type Product, setStock } from "./products.ts";
import { type Done, findResult, once } from "./receipts.ts";
import { stockMovedOn, undoEffect } from "./undo.ts";
import { readView, stockChange } from "./views.ts";

const NAME = "adjust_stock";

const InputSchema = z
  .strictObject({
    item: ITEM,
    change: unitsChange("change").optional().describe("Units to add, or to remove when negative."),
    quantity: wholeNumber("quantity", 0).optional().describe("How many there are to be, instead of a change."),
    reason: line("reason", 200).optional(),
  })
  .refine(
    (args) => (args.change === undefined) !== (args.quantity === undefined),
    "give either change (units to add or remove) or quantity (the new stock), and not both",
  );
type AdjustInput = z.infer<typeof InputSchema>;

const OutputSchema = z.strictObject({
  item: z.string(),
  name: z.string(),
  change: z.number().int(),
  stockBefore: z.number().int(),
  stockAfter: z.number().int(),
  reason: z.string().nullable(),
});
type AdjustOutput = z.infer<typeof OutputSchema>;

export function createAdjustStock(store: Store): WriteAction<AdjustInput, AdjustOutput> {
  const { db } = store;
  return defineAction({
    kind: "write",
    name: NAME,
    version: 1,
    title: "Correct the stock",
    description:
      "Changes how many of a product are in stock, by a difference or to a number, without a sale or a return. " +
      "Use it for deliveries, counts and losses.",
    input: InputSchema,
    example: { item: "SG001", change: 3, reason: "delivery" },
    output: OutputSchema,
    reversibility: "reversible",
    idempotent: true,
    prepare: async (args: AdjustInput, context: PreviewContext) => ({
      ...args,
      item: getProduct(readView(db, context.staged).products, args.item).id,
    }),
    dedupeKey: ({ item, change, quantity }) => ({ item, change: change ?? null, quantity: quantity ?? null }),
    preview: async (args: AdjustInput, context: PreviewContext) =>
      planAdjustment(readView(db, context.staged).products, args).changes,
    impact: (_args, changes) => stockImpact(changes),
    run: async (args: AdjustInput, context: ActionContext) =>
      once(db, { action: NAME, args, context, output: OutputSchema }, () => {
        const done = planAdjustment(readView(db).products, args);
        setStock(db, done.output.item, done.output.stockAfter);
        return done;
      }),
    lookup: async (key) => findResult(db, key, { action: NAME, output: OutputSchema }),
    undo: async (effect, context) => undoEffect(db, effect, context.now),
    movedOn: async (effect) => stockMovedOn(db, effect),
    summarize: (_args, { item, name, stockBefore, stockAfter }) =>
      `Stock of ${labelOf({ id: item, name })} is now ${stockAfter} (was ${stockBefore}).`,
  });
}

/** Stock that is what it should be already is no change. @throws ActionFailure `no_match` or `insufficient_stock`. */
function planAdjustment(products: readonly Product[], args: AdjustInput): Done<AdjustOutput> {
  const product = getProduct(products, args.item);
  const change = args.quantity === undefined ? (args.change ?? 0) : args.quantity - product.quantity;
  assertInStock(product, -change);
  const stockAfter = product.quantity + change;
  return {
    itemId: product.id,
    quantityChange: change,
    transactionNumber: null,
    output: {
      item: product.id,
      name: product.name,
      change,
      stockBefore: product.quantity,
      stockAfter,
      reason: args.reason ?? null,
    },
    changes: change === 0 ? [] : [stockChange(product, stockAfter)],
  };
}
