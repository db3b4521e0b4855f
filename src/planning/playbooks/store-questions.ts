/** Product questions: one look-up, nothing changes. */
import type { Playbook } from "./playbook.ts";

export const productQuestion: Playbook = {
  name: "product_question",
  title: "Ask about products",
  examples: [
    "Do you have any round sunglasses in stock that are under $100?",
    "What sunglasses do you have?",
    "How many Aviators are in stock?",
    "How much is the Classic?",
  ],
  phrases: {
    now: "[currently|still|now|right now|at the moment]",
    have: "(do you <now> (have|sell|carry|stock|offer) | have you got | you have | are there | is there)",
    stock: "(in [the|your] (stock|store|shop|inventory) | available | on hand | left) <now>",
    cost: "(cost|costs|costing|priced [at] | (is|are) priced [at] | sell for | go for | with a price of)",
    below: "(under|below|less than|cheaper than|lower than|for less than|for under)",
    atMost: "(at most|up to|no more than|not more than|not over|not above|maximum|max|a maximum of|at or below)",
    above: "(over|above|more than|higher than|greater than|more expensive than)",
    atLeast: "(at least|from|no less than|not less than|not under|not below|minimum|min|a minimum of|starting at)",
    range: "(between {priceAtLeast:bare} and {priceAtMost:bare} | from {priceAtLeast:bare} to {priceAtMost:bare})",
    afterwards:
      "{priceAtMost} (or (less|under|below|cheaper)|at most|max|maximum) | {priceAtLeast} (or (more|above|over|up)|and (up|above|over))",
    bound:
      "<below> {priceBelow:bare} | <above> {priceAbove:bare} | <atMost> {priceAtMost} | <atLeast> {priceAtLeast} | <range> | <afterwards>",
    // after "cost" a number without a currency can only be a price
    costBound: "<bound> | <atMost> {priceAtMost:bare} | <atLeast> {priceAtLeast:bare}",
    counted: "[have|with] (at least {minQuantity} | more than {minQuantity:above}) [of them] <stock> {inStock}",
    joint: "[,] [and|but] [that|which]",
    filter: "<joint> ([is|are|for] <now> (<stock> {inStock} | <bound> | <counted>) | <cost> <costBound>)",
    filters: "<filter> (<filter>)*",
    maybeFilters: "(<filter>)*",
  },
  wordings: [
    {
      forms: [
        "<have> {products} <maybeFilters>",
        "[tell me|know|check|see] (if|whether) (<have> {products} <maybeFilters> | {products:named} <filters>)",
        "[you] got {products} <maybeFilters>",
        "(show|list|see|view|display|find|browse|look up|look for|search [for]) [me|us] {products} <maybeFilters>",
        "(show|give) me a list of {products} <maybeFilters>",
        "[i am|we are] looking for {products} <maybeFilters>",
        "[show me] what <now> (do you (have|sell|offer|carry)|have you got|you have|is there) <maybeFilters>",
        "(show|list) [me|us] [the|your] [whole|entire|full] (inventory|stock|catalog|catalogue|range|selection|assortment)",
        "[show me] what is <now> <stock> {inStock}",
        "(what|which) {products:named} <maybeFilters> (<have> | there are) <maybeFilters>",
        "(what|which) [of] {products:named} <filters>",
        "(is|are) [there] {products} <filters>",
        "any {products:noun}",
        "{products:named} <filters>",
        "how many {products:named} (<have> | are there | are | is) [<stock>]",
        "(check|what is) [the] (availability|stock) (of|for) {products:named}",
        "how (much|expensive) (is|are) {products:named}",
        "how much for {products:named}",
        "how much (does|do) {products:named} cost",
        "what (does|do) {products:named} cost",
        "[tell me|know|show me|what is|what are|check] [the] (price|prices|cost) (of|for) {products:named}",
        "what is [the] {products:named} 's (price|cost)",
        "(tell me|know) (how much|what) {products:named} (costs|cost)",
      ],
      step: {
        action: "find_products",
        title:
          "Look up [at least {minQuantity} ][{text} ]sunglasses[{inStock} in stock][ from {$priceAtLeast}][ over {$priceAbove}][ up to {$priceAtMost}][ under {$priceBelow}]",
        args: {
          text: "{text}",
          inStock: "{inStock}",
          minQuantity: "{minQuantity}",
          priceBelow: "{priceBelow}",
          priceAtMost: "{priceAtMost}",
          priceAbove: "{priceAbove}",
          priceAtLeast: "{priceAtLeast}",
        },
      },
    },
  ],
};
