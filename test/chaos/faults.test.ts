/** Invariant 4 over a network that drops, duplicates, delays and breaks: what is not known is never repeated blindly. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Receiver, tryFaults } from "../../chaos/harness.ts";

const folder = mkdtempSync(join(tmpdir(), "holdpoint-receivers-"));
const receivers = (["idempotent", "look-up", "opaque"] as const).map((kind) => new Receiver(kind, folder));
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

beforeAll(async () => {
  for (const receiver of receivers) await receiver.start();
});
afterAll(() => {
  for (const receiver of receivers) receiver.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(receivers.map((receiver) => [receiver.kind, receiver] as const))(
  "a receiver that is %s",
  (kind, receiver) => {
    it.each(SEEDS)("with faults of seed %i: sent no more often than it may be, and nothing is lost", async (seed) => {
      const { lost, sends, duplicates, duplicated } = await tryFaults(
        receiver,
        seed,
        seed % 2 === 0 ? "fails" : "succeeds",
      );
      expect(sends).toBeLessThanOrEqual(kind === "idempotent" ? 4 : 1);
      if (kind === "idempotent" || duplicates === 0) expect({ lost, duplicated }).toEqual({ lost: 0, duplicated: 0 });
    });
  },
);
