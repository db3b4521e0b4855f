/** Events that were changed more often than they keep note of. */
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/domain/json.ts";
import { ActionFailure } from "../../../src/errors.ts";
import { newOffice, TUESDAY } from "./support.ts";

/** An event that was renamed, and then moved from room to room. */
async function movedAround() {
  const office = newOffice();
  const { create, update } = office;
  const made = await create.run(TUESDAY, "made");
  const { id } = made.output as { id: string };
  const args = { id, title: "First" };
  const renamed = await update.run(args, "renamed");
  for (let room = 1; room <= 25; room += 1) await update.run({ id, location: `Room ${room}` }, `room ${room}`);
  const effectOf = (output: unknown) => ({
    ...update.effect(args, "renamed", renamed.changes),
    output: output as Json,
  });
  const titles = async () => {
    const found = await office.read("find_events", { from: "2026-11-24", until: "2026-11-24" });
    return (found as { events: { title: string }[] }).events.map(({ title }) => title);
  };
  return { ...office, id, made, renamed, effectOf, titles };
}

describe("after more than twenty later changes", () => {
  it("a change is undone by what the ledger knows of it", async () => {
    const { update, renamed, effectOf, titles } = await movedAround();
    const said = await update.undo(effectOf(renamed.output));
    expect(said).toBe("The event is as it was.");
    expect(await titles()).toEqual(["Review"]);
  });

  it("a change of which nobody knows whether it was made is not called undone", async () => {
    const { update, effectOf, titles } = await movedAround();
    const undone = update.undo(effectOf(null));
    await expect(undone).rejects.toBeInstanceOf(ActionFailure);
    await expect(undone).rejects.toThrow("does not say any more whether this change was made");
    expect(await titles()).toEqual(["First"]);
  });

  it("an event still knows who made it, and is cancelled when that is undone", async () => {
    const { create, made, titles } = await movedAround();
    expect(await create.lookup("made")).toMatchObject({ output: { id: (made.output as { id: string }).id } });
    expect(await create.undo(create.effect(TUESDAY, "made", made.changes))).toBe("The event is cancelled.");
    expect(await titles()).toEqual([]);
  });
});
