/** Invariants 2 and 3 with two workers: the short form of `npm run chaos -- races`. */
import { it } from "vitest";
import { race } from "../../chaos/races.ts";

it("two workers that recover the same transaction at once pick it up once", async () => {
  await race(25);
}, 120_000);
