/** Stock adjustments: more, less, or an exact count. */
import type { Playbook } from "./playbook.ts";

export const stockAdjustment: Playbook = {
  name: "stock_adjustment",
  title: "Correct the stock",
  examples: [
    "Add 5 Moon sunglasses to stock",
    "Set the stock of Aviator to 30",
    "Remove 2 Sport sunglasses from stock because they were damaged",
  ],
  phrases: {
    stock: "[the|our|your] (stock|inventory)",
    level: "[the|our] (stock|inventory|stock level|stock count|inventory level|inventory count) (of|for) {item}",
    itemLevel: "{item} ['s] (stock|inventory) [level|count]",
    why: "[<pause> (because [of]|due to|reason :) {reason}]",
  },
  wordings: [
    {
      forms: [
        "(add|put|book) {items} (to|into|in) <stock> <why>",
        "(restock|replenish) {items} <why>",
        "(restock|replenish) {item} (with|by) {quantity} <why>",
        "(increase|raise) (<level>|<itemLevel>) by {quantity} <why>",
        "add {quantity} to (<level>|<itemLevel>) <why>",
      ],
      step: {
        action: "adjust_stock",
        title: "Add {quantity} × {item} to stock",
        args: { item: "{item}", change: "{quantity}", reason: "{reason}" },
      },
    },
    {
      forms: [
        "(remove|take|deduct|subtract|take out|write off) {items} (from|out of) <stock> <why>",
        "write off {items} <why>",
        "(reduce|decrease|lower) (<level>|<itemLevel>) by {quantity} <why>",
        "(remove|deduct|subtract) {quantity} from (<level>|<itemLevel>) <why>",
      ],
      step: {
        action: "adjust_stock",
        title: "Remove {quantity} × {item} from stock",
        args: { item: "{item}", change: "{-quantity}", reason: "{reason}" },
      },
    },
    {
      forms: [
        "(set|change|update|correct|adjust) (<level>|[the] <itemLevel>|the number of {item} in <stock>) (to|=) {quantity:zero} <why>",
      ],
      step: {
        action: "adjust_stock",
        title: "Set the stock of {item} to {quantity}",
        args: { item: "{item}", quantity: "{quantity}", reason: "{reason}" },
      },
    },
  ],
};
