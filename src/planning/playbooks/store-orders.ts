/** Sales and returns: one independent step for each item. */
import type { Phrases } from "./form.ts";
import type { Playbook } from "./playbook.ts";

const PEOPLE: Phrases = {
  labelled: "[the] (customer|client) [:|named] {customer}",
  behalf: "on behalf of ({name} | <labelled>)",
  wants: "[the] (customer|client) [:] {customer} <wishes> | {name} <wishes>",
  person: "({name:capital} | <labelled>)",
  wishes: "(wants|would like|needs|wishes) to",
};

export const sale: Playbook = {
  name: "sale",
  title: "Buy or sell products",
  examples: [
    "Purchase 3 Wayfarer sunglasses for customer Alice.",
    "I want to buy 3 pairs of classic sunglasses and 1 pair of aviator sunglasses.",
    "Sell two Moons to Bob",
  ],
  phrases: {
    ...PEOPLE,
    buyer: "<pause> ((for|to) ({name} | <labelled>) | <labelled> | <behalf> | for (me|us|myself|ourselves))",
    buy: "(buy|order|get) [me|us]|sell|purchase|grab|ring up|(give|bring) (me|us)|(place|make) an order for",
    wanting:
      "(i|we) (will|would like to) (take|have) | (i|we) (want|need|would like) | (can|could|may) (i|we) (have|get)",
    record: "(record|register|process|make) (a|the) (sale|purchase) of",
    each: "[<pause> {price}]",
  },
  wordings: [
    {
      forms: [
        "(<buy>|<wanting>|<record>) {items:priced} [<buyer> <each>]",
        "sell (me|us) {items:priced}",
        "sell [to] <person> {items:priced}",
        "<buyer> [:] <pause> [<wishes>|<wish>] (<buy>|<wanting>) {items:priced}",
        "<wants> (buy|purchase|order|get|have) {items:priced}",
        "<person> (buys|purchases|orders) {items:priced}",
      ],
      step: {
        action: "sell",
        title: "Sell {quantity} × {item}[ to {customer}][ at {$unitPrice} each]",
        args: { item: "{item}", quantity: "{quantity}", customer: "{customer}", unitPrice: "{unitPrice}" },
      },
    },
  ],
};

export const takeBack: Playbook = {
  name: "return",
  title: "Return products",
  examples: [
    "Return 2 Aviator sunglasses I bought last week.",
    "I'd like to give back a pair of Moon sunglasses",
    "Refund 1 Classic for customer Alice",
  ],
  phrases: {
    ...PEOPLE,
    giver: "<pause> ((for|from) ({name} | <labelled>) | <labelled> | <behalf>)",
    back: "return|refund [me|us] [for]|(process|record|register|make) (a|the) return of|(give|send|bring|take|hand) back|(get|want|need|would like) a refund (for|on)",
    weekday: "(monday|tuesday|wednesday|thursday|friday|saturday|sunday)",
    ago: "{quantity} (day|days|week|weeks|month|months|year|years) ago",
    when: "yesterday | recently | earlier [today|this week] | today | (last|this) (week|weekend|month|year|<weekday>) | last night | this (morning|afternoon|evening) | on <weekday> | the other day | <ago>",
    bought:
      "<pause> [[that|which] (i|we) [have] [just|recently] | [that|which] (was|were)] (bought|purchased|ordered|got) [here|from you] [<when>]",
    history: "<bought> | <pause> from <when>",
  },
  wordings: [
    {
      forms: [
        "[i|we] (<back>) {items} [<history>] [<giver>] [<history>] [for a refund]",
        "(give|send|bring|take|hand) {items} back [<history>] [<giver>] [<history>]",
        "<giver> [:] <pause> [<wish>] (<back>) {items} [<history>]",
        "<wants> (<back>) {items} [<history>]",
        "<person> returns {items} [<history>]",
      ],
      step: {
        action: "take_back",
        title: "Take back {quantity} × {item}[ from {customer}]",
        args: { item: "{item}", quantity: "{quantity}", customer: "{customer}" },
      },
    },
  ],
};
