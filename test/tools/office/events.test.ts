import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import { filesIn, NOW, newOffice, TUESDAY } from "./support.ts";

describe("create_event", () => {
  it("makes an event once for each key, with a file to look at", async () => {
    const { home, create } = newOffice();
    const [change] = await create.preview(TUESDAY);
    expect(change).toMatchObject({ table: "calendar", key: "new", before: null, after: { title: "Review" } });
    expect(filesIn(home, "calendar")).toEqual([]);
    const first = await create.run(TUESDAY, "eff_1");
    expect(await create.run(TUESDAY, "eff_1")).toEqual(first);
    expect(await create.lookup("eff_1")).toEqual(first);
    expect(await create.lookup("eff_2")).toBeUndefined();
    const [ics, ...more] = filesIn(home, "calendar");
    expect(more).toEqual([]);
    expect(ics).toContain(`UID:${first.output.id}`);
  });

  it("keeps tenants apart: the calendar of one makes nobody busy in another's", async () => {
    const { create } = newOffice();
    const { output } = await create.run(TUESDAY, "eff_1");
    expect(await create.lookup("eff_1", { tenant: "other" })).toBeUndefined();
    const other = await create.run(TUESDAY, "eff_1", { tenant: "other" });
    expect(other.output.id).not.toBe(output.id);
  });

  it("refuses a time at which somebody is busy, at the preview and again when it runs", async () => {
    const { create } = newOffice();
    await create.preview(TUESDAY);
    await create.run(TUESDAY, "eff_1");
    const late = { ...TUESDAY, title: "Late", start: "2026-11-24T13:30:00+01:00", end: "2026-11-24T14:30:00+01:00" };
    const busy = {
      status: "invalid_request",
      message:
        'bob@example.com is busy at Tuesday, 24 November 2026, 13:00–14:00 (Europe/Berlin), so "Late" cannot be at ' +
        "Tuesday, 24 November 2026, 13:30–14:30 (Europe/Berlin).",
    };
    await expect(create.preview(late)).rejects.toMatchObject(busy);
    await expect(create.run(late, "eff_2")).rejects.toMatchObject(busy);
    await create.run({ ...late, people: ["carol@example.com"] }, "eff_2");
    await create.run({ ...late, start: TUESDAY.end, people: ["BOB@example.com"] }, "eff_3");
  });

  it("sees what stands before it in the same proposal", async () => {
    const { create, cancel } = newOffice();
    const staged = await create.preview(TUESDAY);
    await expect(create.preview({ ...TUESDAY, title: "Second" }, { staged })).rejects.toThrow(
      "bob@example.com is busy",
    );
    const { output } = await create.run(TUESDAY, "eff_1");
    const cancelled = await cancel.preview({ id: output.id });
    await create.preview({ ...TUESDAY, title: "Instead" }, { staged: cancelled });
  });

  it("of two processes that want the same time lets one have it", async () => {
    const one = newOffice();
    const two = newOffice({ home: one.home });
    await one.create.run({ ...TUESDAY, people: ["zoe@example.com"] }, "eff_0");
    const both = await Promise.allSettled([one.create.run(TUESDAY, "eff_1"), two.create.run(TUESDAY, "eff_2")]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("is undone by cancelling, once and for all", async () => {
    const { home, create } = newOffice();
    const { changes } = await create.run(TUESDAY, "eff_1");
    const effect = create.effect(TUESDAY, "eff_1", changes);
    expect(await create.undo(effect)).toBe("The event is cancelled.");
    expect(await create.undo(effect)).toBe("The event was cancelled already.");
    expect(filesIn(home, "calendar").join()).toContain("STATUS:CANCELLED");
    await expect(create.run(TUESDAY, "eff_1")).rejects.toThrow("was undone and is not done again");
    await create.run(TUESDAY, "eff_2");
  });

  it("that never happened is undone, too, and cannot happen afterwards", async () => {
    const { create } = newOffice();
    expect(await create.undo(create.effect(TUESDAY, "eff_1"))).toBe(
      "Nothing had happened, so there was nothing to undo.",
    );
    await expect(create.run(TUESDAY, "eff_1")).rejects.toThrow("was undone and is not done again");
    await create.run(TUESDAY, "eff_2");
  });

  const WRONG: [string, JsonObject, string][] = [
    [
      "an end before its start",
      { end: "2026-11-24T12:00:00+01:00" },
      'end: "2026-11-24T12:00:00+01:00" is not after start',
    ],
    ["no offset", { start: "2026-11-24T13:00:00" }, 'start: "2026-11-24T13:00:00" is no time with its offset'],
    ["a day that there is not", { start: "2026-02-30", end: "2026-02-30" }, 'start: "2026-02-30" is no day'],
    ["a day and a time", { start: "2026-11-24" }, "start and end must both be days, or both times"],
    ["an address that is none", { people: ["bob@"] }, 'people.0: people: "bob@" is no mail address'],
    ["what is over", { start: "2026-11-20T13:00:00+01:00", end: "2026-11-20T14:00:00+01:00" }, "is over already"],
    ["no rule", { recurrence: "every day" }, 'recurrence: "every day" is no RRULE'],
    ["a rule that is more than one line", { recurrence: "FREQ=DAILY\nATTENDEE:x" }, "recurrence must be one line"],
  ];
  it.each(WRONG)("refuses %s, naming the field and the value", async (_what, wrong, message) => {
    await expect(newOffice().create.preview({ ...TUESDAY, ...wrong })).rejects.toThrow(message);
  });

  it("keeps text as text: a title cannot add lines to the file", async () => {
    const { home, create, read } = newOffice();
    const title = "A; B, C\\n:D";
    const { output } = await create.run({ ...TUESDAY, title, description: "One\r\nATTENDEE:mailto:eve@example.com" });
    expect(output.title).toBe(title);
    expect(filesIn(home, "calendar").join()).not.toMatch(/^ATTENDEE:mailto:eve/m);
    const span = { from: TUESDAY.start, until: TUESDAY.end };
    const { people } = (await read("check_availability", { people: ["eve@example.com"], ...span })) as {
      people: unknown[];
    };
    expect(people).toMatchObject([{ busy: [] }]);
  });
});

describe("update_event", () => {
  it("moves an event, as long as it was, and puts it back", async () => {
    const { create, update } = newOffice();
    const { output } = await create.run(TUESDAY, "eff_1");
    const args = { id: output.id, start: "2026-11-24T15:00:00+01:00" };
    const [preview] = await update.preview(args);
    const { changes } = await update.run(args, "eff_2");
    expect(changes[0]).toMatchObject({
      after: { start: "2026-11-24T15:00:00+01:00", end: "2026-11-24T16:00:00+01:00" },
    });
    expect(Date.parse(String(preview?.after?.end))).toBe(Date.parse("2026-11-24T16:00:00+01:00"));
    expect((await update.run(args, "eff_2")).changes).toEqual(changes);
    const effect = update.effect(args, "eff_2", changes);
    expect(await update.undo(effect)).toBe("The event is as it was.");
    expect(await update.undo(effect)).toBe("The event was put back already.");
    await expect(update.run(args, "eff_2")).rejects.toThrow("was undone and is not done again");
    expect((await create.lookup("eff_1"))?.output).toMatchObject({ start: TUESDAY.start, end: TUESDAY.end });
  });

  it("takes back only what it changed, and says before what somebody else changed since", async () => {
    const { create, update } = newOffice();
    const { output } = await create.run(TUESDAY, "eff_1");
    const args = { id: output.id, title: "Retro" };
    const { changes } = await update.run(args, "eff_2");
    await update.run({ id: output.id, start: "2026-11-24T15:00:00+01:00" }, "eff_3");
    const effect = update.effect(args, "eff_2", changes);
    expect(await update.movedOn(effect)).toEqual([
      'The start of the event "Retro" was 2026-11-24T13:00:00+01:00, and is 2026-11-24T15:00:00+01:00 now.',
      'The end of the event "Retro" was 2026-11-24T14:00:00+01:00, and is 2026-11-24T16:00:00+01:00 now.',
    ]);
    await update.undo(effect);
    expect((await create.lookup("eff_1"))?.output).toMatchObject({
      title: "Review",
      start: "2026-11-24T15:00:00+01:00",
    });
  });

  it("keeps the time to which somebody else moved it since, when it is undone", async () => {
    const { create, update } = newOffice();
    const { output } = await create.run(TUESDAY, "eff_1");
    const args = { id: output.id, title: "Retro", start: "2026-11-24T15:00:00+01:00" };
    const { changes } = await update.run(args, "eff_2");
    await update.run({ id: output.id, start: "2026-11-24T16:00:00+01:00" }, "eff_3");
    expect(await update.undo(update.effect(args, "eff_2", changes))).toBe(
      "The event is as it was, but for what somebody else changed since and what stays: start, end.",
    );
    expect((await create.lookup("eff_1"))?.output).toMatchObject({
      title: "Review",
      start: "2026-11-24T16:00:00+01:00",
    });
  });

  it("of an event that somebody moved since it was shown changes nothing", async () => {
    const { create, update, cancel } = newOffice();
    const { output } = await create.run(TUESDAY, "eff_1");
    const { id } = output;
    const shown = await update.prepare({ id, title: "Retro" });
    const toCancel = await cancel.prepare({ id });
    expect(toCancel.seen).toBe(
      '"Review", Tuesday, 24 November 2026, 13:00–14:00 (Europe/Berlin), with bob@example.com',
    );
    await update.run({ id, start: "2026-11-24T15:00:00+01:00" }, "eff_2");
    const moved =
      'Somebody else changed the event since this was proposed: it was "Review", Tuesday, 24 November 2026, 13:00';
    for (const [write, args] of [
      [update, shown],
      [cancel, toCancel],
    ] as const) {
      await expect(write.preview(args)).rejects.toThrow(moved);
      await expect(write.run(args, "eff_3")).rejects.toMatchObject({ code: "action_failed" });
      expect(write.action.dedupeKey?.(args)).not.toHaveProperty("seen");
    }
    expect((await create.lookup("eff_1"))?.output).toMatchObject({ title: "Review", status: "confirmed" });
  });

  it("is proposed upon what the proposal changes before it", async () => {
    const { create, update, cancel } = newOffice();
    const { output } = await create.run(TUESDAY, "eff_1");
    const first = await update.prepare({ id: output.id, start: "2026-11-24T15:00:00+01:00" });
    const staged = await update.preview(first);
    const second = await cancel.prepare({ id: output.id }, { staged });
    expect(second.seen).toContain("15:00–16:00");
    await cancel.preview(second, { staged });
    await update.run(first, "eff_2");
    await cancel.run(second, "eff_3");
    expect((await create.lookup("eff_1"))?.output.status).toBe("cancelled");
  });

  it("refuses what cannot be, naming it", async () => {
    const { create, update } = newOffice();
    const { output } = await create.run(TUESDAY, "eff_1");
    await create.run({ ...TUESDAY, start: TUESDAY.end, end: "2026-11-24T15:00:00+01:00" }, "eff_2");
    const { id } = output;
    await expect(update.preview({ id: "nothing", title: "x" })).rejects.toThrow('id: there is no event "nothing"');
    await expect(update.preview({ id })).rejects.toThrow("say what is to change");
    await expect(update.preview({ id, end: "2026-11-24T14:30:00+01:00" })).rejects.toThrow("bob@example.com is busy");
    await expect(update.run({ id, end: "2026-11-24T14:30:00+01:00" }, "eff_3")).rejects.toThrow("is busy");
    await expect(update.preview({ id, end: TUESDAY.start })).rejects.toThrow("is not after start");
  });
});

describe("cancel_event", () => {
  it("frees the time, and is restored where the time is still free", async () => {
    const { create, cancel } = newOffice();
    const { output } = await create.run(TUESDAY, "eff_1");
    const { changes } = await cancel.run({ id: output.id }, "eff_2");
    await expect(cancel.preview({ id: output.id })).rejects.toThrow("is cancelled already");
    const effect = cancel.effect({ id: output.id }, "eff_2", changes);
    const other = await create.run({ ...TUESDAY, title: "Other" }, "eff_3");
    await expect(cancel.undo(effect)).rejects.toThrow("bob@example.com is busy");
    await cancel.run({ id: other.output.id }, "eff_4");
    expect(await cancel.undo(effect)).toBe("The event is restored.");
    expect((await create.lookup("eff_1"))?.output.status).toBe("confirmed");
  });

  it("that never happened is undone, too", async () => {
    const { create, cancel } = newOffice();
    const { output } = await create.run(TUESDAY, "eff_1");
    const undone = await cancel.undo(cancel.effect({ id: output.id }, "eff_2"));
    expect(undone).toBe("Nothing had happened, so there was nothing to undo.");
    await expect(cancel.run({ id: output.id }, "eff_2")).rejects.toThrow("was undone and is not done again");
  });
});

it("writes a file that was cut off at the next opening", async () => {
  const { home, create, office } = newOffice();
  await create.run(TUESDAY, "eff_1");
  office.close();
  const { officeFiles } = await import("../../../src/tools/office/database.ts");
  const files = officeFiles(home);
  files.db().exec("update events set filed = 0, version = 7");
  files.close();
  const { rmSync } = await import("node:fs");
  rmSync(`${home}/calendar`, { recursive: true });
  const again = newOffice({ home });
  await again.read("check_availability", { people: ["bob@example.com"], from: NOW, until: "2026-11-25T00:00:00Z" });
  expect(filesIn(home, "calendar")).toHaveLength(1);
});
