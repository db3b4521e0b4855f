/** Sells one Aviator after the other until none is left, keys prefixed by argv[3]; reports how many it sold. */
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { ActionFailure } from "../../../src/errors.ts";
import { openStore } from "../../../src/tools/store/index.ts";
import { createSell } from "../../../src/tools/store/sell.ts";

const [path = "", prefix = ""] = process.argv.slice(2);
const store = openStore(path);
const sell = createSell(store);
const context = {
  tenant: "acme",
  principal: prefix,
  signal: new AbortController().signal,
  now: new Date().toISOString(),
};
console.log("ready");
await once(process.stdin, "data");

let sold = 0;
for (;;) {
  try {
    await sell.run({ item: "SG001", quantity: 1 }, { ...context, idempotencyKey: `${prefix}-${sold}` });
    sold += 1;
    await pause(sold % 3); // lets the other process in: SQLite's waiting is not fair
  } catch (error) {
    if (error instanceof ActionFailure && error.status === "insufficient_stock") break;
    throw error;
  }
}
console.log(JSON.stringify(sold));
store.close();
