import { once } from "node:events";
import { createServer } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { hasRadicale, PASSWORD, startCalendarServer } from "./calendar-server.ts";
import { newOffice, TUESDAY } from "./support.ts";

const SLOT = { people: ["bob@example.com"], minutes: 30, day: "2026-11-24", part: "afternoon" };

/** What a person's own calendar program wrote: every Tuesday from 12:00 to 13:00, with a zone of its own name. */
const WEEKLY = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Elsewhere//EN
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:weekly
DTSTAMP:20260101T000000Z
SUMMARY:Lunch with the bank
DTSTART;TZID=W. Europe Standard Time:20260106T120000
DTEND;TZID=W. Europe Standard Time:20260106T130000
RRULE:FREQ=WEEKLY
ORGANIZER:mailto:bob@example.com
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Lunch
TRIGGER:-PT15M
END:VALARM
END:VEVENT
END:VCALENDAR
`;

describe.skipIf(!hasRadicale)("a calendar on a CalDAV server (radicale)", () => {
  it("gets an event once for each key, and gives it back cancelled when it is undone", async () => {
    const server = await startCalendarServer();
    const { create } = newOffice({ caldavUrl: server.url });
    expect(await create.lookup("eff_1")).toBeUndefined();
    const { output, changes } = await create.run(TUESDAY, "eff_1");
    expect(await server.get(output.id)).toContain("SUMMARY:Review");
    expect(await create.run(TUESDAY, "eff_1")).toEqual({ output, changes });
    expect(await create.lookup("eff_1")).toEqual({ output, changes });
    const effect = create.effect(TUESDAY, "eff_1", changes);
    expect(await create.movedOn(effect)).toEqual([]);
    expect(await create.undo(effect)).toBe("The event is cancelled.");
    expect(await create.undo(effect)).toBe("The event was cancelled already.");
    expect(await server.get(output.id)).toContain("STATUS:CANCELLED");
    await expect(create.run(TUESDAY, "eff_1")).rejects.toThrow("was undone and is not done again");
  });

  it("makes an event only where all are free, by what others wrote there", async () => {
    const server = await startCalendarServer();
    await server.put("weekly", WEEKLY);
    const { create, read } = newOffice({ caldavUrl: server.url });
    expect(await read("find_free_slot", SLOT)).toMatchObject({ start: "2026-11-24T13:00:00+01:00" });
    const taken = { ...TUESDAY, start: "2026-11-24T12:30:00+01:00" };
    await expect(create.preview(taken)).rejects.toThrow(
      "bob@example.com is busy at Tuesday, 24 November 2026, 12:00–13:00",
    );
    await expect(create.run(taken)).rejects.toThrow("bob@example.com is busy at");
    await create.run({ ...taken, people: ["carol@example.com"] });
  });

  it("changes an event and leaves in it what is not its own", async () => {
    const server = await startCalendarServer();
    await server.put("weekly", WEEKLY);
    const { update } = newOffice({ caldavUrl: server.url });
    const { changes } = await update.run({ id: "weekly", location: "Room 1" }, "eff_1");
    expect(changes[0]).toMatchObject({ before: { location: null }, after: { location: "Room 1" } });
    const ics = await server.get("weekly");
    expect(ics).toContain("LOCATION:Room 1");
    expect(ics).toContain("BEGIN:VALARM");
    expect(ics).toContain("DTSTART;TZID=W. Europe Standard Time:20260106T120000");
  });

  it("says what somebody else changed since, and does not write over what changes meanwhile", async () => {
    const server = await startCalendarServer();
    const { create, update } = newOffice({ caldavUrl: server.url });
    const { output, changes } = await create.run(TUESDAY, "eff_1");
    const moved = (await server.get(output.id)).replace("DTSTART:20261124T120000Z", "DTSTART:20261124T113000Z");
    await server.put(encodeURIComponent(output.id), moved);
    expect(await create.movedOn(create.effect(TUESDAY, "eff_1", changes))).toEqual([
      'The start of the event "Review" was 2026-11-24T13:00:00+01:00, and is 2026-11-24T12:30:00+01:00 now.',
    ]);
    const both = await Promise.allSettled([
      update.run({ id: output.id, title: "One" }, "eff_2"),
      update.run({ id: output.id, title: "Two" }, "eff_3"),
    ]);
    const failed = both.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
    expect(failed.length).toBeLessThan(2);
    for (const why of failed) expect(why).toContain("was changed by somebody else meanwhile");
    await server.remove(output.id);
    expect(await create.movedOn(create.effect(TUESDAY, "eff_1", changes))).toEqual([
      'The event "Review" is not in the calendar any more.',
    ]);
  });

  it("cancels and restores", async () => {
    const server = await startCalendarServer();
    const { create, cancel } = newOffice({ caldavUrl: server.url });
    const { output } = await create.run(TUESDAY, "eff_1");
    const { changes } = await cancel.run({ id: output.id }, "eff_2");
    expect(await server.get(output.id)).toContain("STATUS:CANCELLED");
    expect(await cancel.undo(cancel.effect({ id: output.id }, "eff_2", changes))).toBe("The event is restored.");
    expect(await server.get(output.id)).toContain("STATUS:CONFIRMED");
  });

  it("that wants another password says so, and nobody hears the one that was given", async () => {
    const server = await startCalendarServer();
    const { read, create } = newOffice({ caldavUrl: server.url.replace(PASSWORD, "an0ther-pass") });
    const failure = await read("find_free_slot", SLOT).catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({
      code: "action_failed",
      message: expect.stringContaining("answered with status 401"),
    });
    expect(`${(failure as Error).stack} ${JSON.stringify(failure)}`).not.toContain("an0ther-pass");
    await expect(create.run(TUESDAY)).rejects.toMatchObject({ code: "action_failed" });
    await server.stop();
    await expect(read("find_free_slot", SLOT)).rejects.toThrow("cannot be reached (ECONNREFUSED)");
  });
});

describe("a server that is no calendar", () => {
  it.each([
    ["a page", { status: 200, body: "<html>Welcome</html>", type: "text/html" }, "answered with status 200"],
    ["an error of its own", { status: 503, body: "", type: "text/plain" }, "answered with status 503"],
    [
      "more than anybody can read",
      { status: 207, body: "x".repeat(21_000_000), type: "text/xml" },
      "more than 20000000 bytes",
    ],
  ])("which answers with %s makes nobody free", async (_what, answer, message) => {
    const server = createServer((_request, response) => {
      response.writeHead(answer.status, { "content-type": answer.type }).end(answer.body);
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { read } = newOffice({ caldavUrl: `http://127.0.0.1:${port}/calendar/` });
    await expect(read("find_free_slot", SLOT)).rejects.toThrow(message);
  });

  it("is not given a password over a line that is not encrypted", () => {
    const open = () => newOffice({ caldavUrl: `http://office:${PASSWORD}@dav.example.com/work/` });
    expect(open).toThrow("would send a password unencrypted");
    expect(open).not.toThrow(PASSWORD);
  });
});
