/** Invariants 1, 3 and 5 under whatever people do at once: the short form of `npm run chaos -- interleavings`. */
import { it } from "vitest";
import { checkInterleavings } from "../../chaos/interleavings.ts";

it("no interleaving of answers and recoveries misapplies one, or writes what nobody approved", async () => {
  await checkInterleavings(80);
}, 120_000);
