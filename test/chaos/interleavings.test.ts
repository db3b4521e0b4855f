/**
 * Invariants 1, 3 and 5 under whatever people and processes do at once: the short form of
 * `npm run chaos -- interleavings`, the known plays and a few random ones.
 */
import { expect, it } from "vitest";
import { checkInterleavings } from "../../chaos/interleavings.ts";
import { knownPlays } from "../../chaos/known-plays.ts";

it("no interleaving of answers, requests, time and recoveries misapplies one, or writes what nobody approved", async () => {
  const { counts } = await checkInterleavings(knownPlays.length + 12);
  for (const verdict of ["approved", "edited", "expired", "superseded"]) expect(counts.get(verdict)).toBeGreaterThan(0);
}, 120_000);
