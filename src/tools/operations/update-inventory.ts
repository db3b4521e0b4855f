/**
 * Changing the stock of several products of the example store at once: a delivery, a stock count, what is written off.
 *
 * 1. All of it or nothing: one transaction of the store, and one receipt there.
 * 2. It is taken back by the difference that it made, so that what was sold since stays sold. A count that was made since
 *    is what somebody has seen: nothing is taken back under it.
 */
import { z } from "zod";
import type { Effect } from "../../domain/proposal.ts";
import { ActionFailure } from "../../errors.ts";
import { type Db, immediately } from "../../sqlite.ts";
import { type ActionContext, defineAction, type PreviewContext, type WriteAction } from "../action.ts";
import { ITEM, line, unitsChange, wholeNumber } from "../store/fields.ts";
import { stockImpact } from "../store/impact.ts";
import { assertInStock, getProduct, labelOf, type Product, readProducts, setStock } from "../store/products.ts";
import { countedSince, type Done, findReceipt, findResult, markUndone, once } from "../store/receipts.ts";
import { NOTHING, refuseFromNowOn, stockMovedOn } from "../store/undo.ts";
import { readView, stockChange } from "../store/views.ts";
import type { Operations } from "./operations.ts";

const NAME = "update_inventory";
const MAX_ITEMS = 50;

const UpdateSchema = z
  .strictObject({
    item: ITEM,
    change: unitsChange("change").optional().describe("Units to add, or to remove when negative."),
    quantity: wholeNumber("quantity", 0).optional().describe("How many were counted, instead of a change."),
  })
  .refine(
    (update) => (update.change === undefined) !== (update.quantity === undefined),
    "give either change (units to add or remove) or quantity (how many there are), and not both",
  );

const InputSchema = z.strictObject({
  updates: z
    .array(UpdateSchema, "updates must be a list of items with a change or a quantity")
    .min(1, "updates must name at least one item")
    .max(MAX_ITEMS, `updates must name at most ${MAX_ITEMS} items`),
  reason: line("reason", 200).describe("Why, such as: delivery 4711, stock count, broken."),
});
type UpdateInput = z.infer<typeof InputSchema>;

const OutputSchema = z.strictObject({
  items: z.array(
    z.strictObject({
      item: z.string(),
      name: z.string(),
      change: z.int(),
      stockBefore: z.int(),
      stockAfter: z.int(),
    }),
  ),
  reason: z.string(),
});
type UpdateOutput = z.infer<typeof OutputSchema>;

export function createUpdateInventory({ store }: Operations): WriteAction<UpdateInput, UpdateOutput> {
  return defineAction({
    kind: "write",
    name: NAME,
    version: 1,
    title: "Update the inventory",
    description:
      "Changes the stock of one or more products together, each by a difference or to a count, with a reason. Use it " +
      "for deliveries, stock counts and what is taken out without a sale.",
    input: InputSchema,
    example: {
      updates: [
        { item: "SG001", change: 12 },
        { item: "SG005", quantity: 9 },
      ],
      reason: "delivery 4711",
    },
    output: OutputSchema,
    reversibility: "reversible",
    idempotent: true,
    prepare: async (args: UpdateInput, context: PreviewContext) => {
      const { products } = readView(store().db, context.staged);
      const updates = args.updates.map((update) => ({ ...update, item: getProduct(products, update.item).id }));
      assertOnce(updates.map(({ item }) => item));
      return { ...args, updates };
    },
    dedupeKey: ({ updates }) => updates.map(({ item, change = null, quantity = null }) => ({ item, change, quantity })),
    preview: async (args: UpdateInput, context: PreviewContext) =>
      planUpdate(readView(store().db, context.staged).products, args).changes,
    impact: (_args, changes) => stockImpact(changes),
    run: async (args: UpdateInput, context: ActionContext) => {
      const { db } = store();
      return once(db, { action: NAME, args, context, output: OutputSchema }, () => {
        const done = planUpdate(readView(db).products, args);
        for (const { item, stockAfter } of done.output.items) setStock(db, item, stockAfter);
        return done;
      });
    },
    lookup: async (key) => findResult(store().db, key, { action: NAME, output: OutputSchema }),
    undo: async (effect, context) => undoUpdate(store().db, effect, context.now),
    movedOn: async (effect) => stockMovedOn(store().db, effect),
    summarize: (_args, { items, reason }) => {
      const said = items.map(
        ({ item, name, stockBefore, stockAfter }) =>
          `${labelOf({ id: item, name })} is now ${stockAfter} (was ${stockBefore})`,
      );
      return `Stock of ${said.join(", of ")}: ${reason}.`;
    },
  });
}

function assertOnce(items: readonly string[]): void {
  const twice = items.find((item, index) => items.indexOf(item) !== index);
  if (twice === undefined) return;
  throw new ActionFailure("invalid_request", `updates: ${twice} is named twice; give one change for each item.`);
}

/** @throws ActionFailure `no_match` or `insufficient_stock`: of the others nothing is changed either */
function planUpdate(products: readonly Product[], { updates, reason }: UpdateInput): Done<UpdateOutput> {
  const planned = updates.map(({ item, change, quantity }) => {
    const product = getProduct(products, item);
    const difference = quantity === undefined ? (change ?? 0) : quantity - product.quantity;
    assertInStock(product, -difference);
    return { product, change: difference, stockAfter: product.quantity + difference };
  });
  assertOnce(planned.map(({ product }) => product.id));
  return {
    itemId: null,
    quantityChange: 0, // of several items there is no one number: the output holds them
    transactionNumber: null,
    output: {
      items: planned.map(({ product: { id, name, quantity }, change, stockAfter }) => ({
        ...{ item: id, name, change, stockBefore: quantity, stockAfter },
      })),
      reason,
    },
    changes: planned
      .filter(({ change }) => change !== 0)
      .map(({ product, stockAfter }) => stockChange(product, stockAfter)),
  };
}

/** @throws ActionFailure that says which item cannot be put back; then none is */
function undoUpdate(db: Db, effect: Effect, now: string): string {
  return immediately(db, () => {
    const receipt = findReceipt(db, effect.key);
    if (!receipt) return refuseFromNowOn(db, effect, now);
    if (receipt.undoneAt !== null) {
      return receipt.output === null ? NOTHING : `It was undone already, at ${receipt.undoneAt}.`;
    }
    const { items } = OutputSchema.parse(JSON.parse(receipt.output ?? "null"));
    const products = readProducts(db);
    const said = items
      .filter(({ change }) => change !== 0)
      .map((item) => putBack(db, getProduct(products, item.item), { item, key: effect.key }));
    markUndone(db, effect.key, now);
    return `Undone: ${said.join("; ") || "no stock had changed"}.`;
  });
}

function putBack(
  db: Db,
  product: Product,
  { item: { change }, key }: { item: UpdateOutput["items"][number]; key: string },
): string {
  const count = countedSince(db, key, product.id);
  if (count !== undefined) {
    throw new ActionFailure(
      "failed",
      `Cannot undo: ${labelOf(product)} was counted since (${count} by a later count), and that count stands.`,
      { hint: "Set the stock to what is there." },
    );
  }
  const stock = product.quantity - change;
  if (stock < 0) {
    throw new ActionFailure(
      "insufficient_stock",
      `Cannot undo: ${labelOf(product)} would have to lose ${change} in stock again, available ${product.quantity}.`,
    );
  }
  setStock(db, product.id, stock);
  return `stock of ${labelOf(product)} is ${stock} now (was ${product.quantity})`;
}
