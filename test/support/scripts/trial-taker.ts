/**
 * Asks the breakers of actions for a call each, and ends without a word of what became of it:
 * `trial-taker.ts <ledger file> <time> <action>...`. Prints the actions that it may call, a line each.
 */
import { askBreaker } from "../../../src/ledger/breakers.ts";
import { openSqliteLedger } from "../../../src/ledger/database.ts";

const [path = "", at = "", ...actions] = process.argv.slice(2);
const ledger = await openSqliteLedger(path);
for (const action of actions) {
  const stamp = { tenant: "acme", principal: `process ${process.pid}`, at };
  if ("trial" in (await askBreaker(ledger, stamp, { action, trialMs: 1000, byHand: false }))) console.log(action);
}
await ledger.destroy();
