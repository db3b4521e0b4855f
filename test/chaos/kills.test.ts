/**
 * Invariants 2, 3, 4 and 6 under SIGKILL: the short form of `npm run chaos`. Each point is tried once, with one kind of
 * receiver after the other; the points around the call itself with each.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Receiver, tryControl, tryPoint } from "../../chaos/harness.ts";
import { findPoint, points } from "../../chaos/points.ts";
import type { Kind } from "../../chaos/receiver.ts";

const KINDS: readonly Kind[] = ["idempotent", "look-up", "opaque"];
const folder = mkdtempSync(join(tmpdir(), "holdpoint-receivers-"));
const receivers = KINDS.map((kind) => new Receiver(kind, folder));

beforeAll(async () => {
  for (const receiver of receivers) await receiver.start();
});
afterAll(() => {
  for (const receiver of receivers) receiver.stop();
  rmSync(folder, { recursive: true, force: true });
});

function receiverOf(kind: Kind): Receiver {
  const found = receivers.find((receiver) => receiver.kind === kind);
  if (!found) throw new Error(`There is no receiver that is ${kind}.`);
  return found;
}

const AROUND_THE_CALL = ["executing, no request", "request sent and done, no answer", "effect done, no outcome"];
const trials = points.flatMap(({ name, kinds: possible }, index) => {
  const kinds = AROUND_THE_CALL.includes(name) ? possible : [possible[index % possible.length] ?? "opaque"];
  return kinds.map((kind): [string, Kind] => [name, kind]);
});

describe("a process that is killed", () => {
  it.each(trials)('at "%s", with a receiver that is %s: nothing is lost or done twice', async (name, kind) => {
    const { lost, duplicated, uncertain } = await tryPoint(receiverOf(kind), findPoint(name));
    expect({ lost, duplicated }).toEqual({ lost: 0, duplicated: 0 });
    if (kind !== "opaque") expect(uncertain).toBe(0);
    else if (AROUND_THE_CALL.includes(name)) expect(uncertain).toBe(1);
  });
});

describe("the same kill of a plain LangGraph node", () => {
  it("does it twice, which shows that the harness would see it", async () => {
    for (const name of ["request sent and done, no answer", "effect done, no outcome"]) {
      expect(await tryControl(receiverOf("opaque"), findPoint(name))).toMatchObject({ duplicated: 1 });
    }
  });
});
