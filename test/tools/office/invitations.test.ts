/** Invitations in mails: RFC 5546 by way of RFC 6047. */
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { ActionFailure } from "../../../src/errors.ts";
import { hasRadicale, startCalendarServer } from "./calendar-server.ts";
import { startMailServer } from "./mail-server.ts";
import { filesIn, newOffice, TUESDAY } from "./support.ts";

const MAIL = { to: ["bob@example.com"], subject: "Review", text: "Hello Bob,\n\nsee you on Tuesday.\n" };

/** The part of a mail that calendar programs read, unfolded. */
function calendarPart(eml: string): { type: string; ics: string } {
  const [, part = ""] = /\r\n(Content-Type: text\/calendar[\s\S]*?)\r\n--/u.exec(eml) ?? [];
  const [head = "", ...body] = part.split("\r\n\r\n");
  const text = /base64/iu.test(head) ? Buffer.from(body.join(""), "base64").toString() : body.join("\r\n\r\n");
  const plain = /quoted-printable/iu.test(head)
    ? text.replace(/=\r\n/gu, "").replace(/=([0-9A-F]{2})/gu, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
  return { type: head.replace(/\r\n\s+/gu, " "), ics: plain.replace(/\r\n[ \t]/gu, "") };
}

/** What somebody does to the text of the one event in the calendar. */
function rewrite(home: string, change: (ics: string) => string): void {
  const db = new Database(join(home, "office.db"));
  const row = db.prepare<[], { ics: string }>("select ics from events").get();
  db.prepare("update events set ics = ?").run(change(row?.ics ?? ""));
  db.close();
}

const MOVED = (id: string): string =>
  [
    ...[`UID:${id}`, "RECURRENCE-ID;TZID=Europe/Berlin:20261201T130000", "DTSTAMP:20260101T000000Z"],
    ...["DTSTART:20261202T130000Z", "DTEND:20261202T140000Z", "SUMMARY:Pay elsewhere", "END:VEVENT"],
  ].join("\r\n");

describe("a mail about an event", () => {
  it("carries an invitation that calendar programs answer", async () => {
    const { home, create, send } = newOffice();
    const { output } = await create.run({ ...TUESDAY, people: ["bob@example.com", "carol@example.com"] }, "k1");
    const approved = await send.prepare({ ...MAIL, event: output.id });
    const [shown] = await send.preview(approved);
    expect(shown?.after?.attached).toBe(
      'an invitation to the event "Review", Tuesday, 24 November 2026, 13:00–14:00 (Europe/Berlin), with bob@example.com, carol@example.com',
    );
    const sent = await send.run(approved, "k2");
    expect(sent.changes[0]?.after).toEqual(shown?.after);
    expect(send.action.summarize(approved, sent.output)).toContain("with an invitation to the event");
    const { type, ics } = calendarPart(filesIn(home, "outbox").join());
    expect(type).toMatch(/^Content-Type: text\/calendar; charset=utf-8; method=REQUEST/u);
    for (const line of [
      ...["METHOD:REQUEST", `UID:${output.id}`, "SEQUENCE:0", "ORGANIZER:mailto:office@example.com"],
      "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:carol@example.com",
      ...["DTSTART:20261124T120000Z", "DTEND:20261124T130000Z", "STATUS:CONFIRMED"],
    ]) {
      expect(ics.split("\r\n")).toContain(line);
    }
    expect(ics).not.toContain("HOLDPOINT-DONE");
    expect(filesIn(home, "outbox").join()).toContain("filename=invite.ics");
  });

  it("takes what create_event put out, and tells of changes and cancellations under the same UID", async () => {
    const { home, create, update, cancel, send } = newOffice();
    const { output } = await create.run(TUESDAY, "k1");
    await send.run({ ...MAIL, event: output }, "k2");
    const moved = await update.run({ id: output.id, start: "2026-11-24T15:00:00+01:00" }, "k3");
    await send.run({ ...MAIL, event: moved.output }, "k4");
    const staged = await cancel.preview({ id: output.id });
    const cancelling = await send.prepare({ ...MAIL, event: output.id }, { staged });
    const [shown] = await send.preview(cancelling, { staged });
    expect(shown?.after?.attached).toContain("the cancellation of the event");
    await expect(send.run(cancelling, "k6")).rejects.toThrow("is not any more as it was shown");
    await cancel.run({ id: output.id }, "k5");
    await send.run(cancelling, "k6");
    const parts = filesIn(home, "outbox").map((eml) => calendarPart(eml).ics);
    const told = parts.map((ics) =>
      ["METHOD", "UID", "SEQUENCE"].map((name) => new RegExp(`^${name}:(.*)\r$`, "mu").exec(ics)?.[1]),
    );
    expect(told.toSorted((a, b) => Number(a[2]) - Number(b[2]))).toEqual([
      ["REQUEST", output.id, "0"],
      ["REQUEST", output.id, "1"],
      ["CANCEL", output.id, "2"],
    ]);
  });

  it("does not go out when the event was changed since it was approved", async () => {
    const { home, create, update, send } = newOffice();
    const { output } = await create.run(TUESDAY, "k1");
    const approved = await send.prepare({ ...MAIL, event: output.id });
    await update.run({ id: output.id, location: "Room 2" }, "k2");
    await expect(send.preview(approved)).rejects.toThrow('"Review" is not any more as it was shown');
    await expect(send.run(approved, "k3")).rejects.toBeInstanceOf(ActionFailure);
    expect(filesIn(home, "outbox")).toEqual([]);
  });

  it("carries nothing that the calendar holds and nobody was shown", async () => {
    const { home, create, send } = newOffice();
    const { output } = await create.run(TUESDAY, "k1");
    const approved = await send.prepare({ ...MAIL, event: output.id });
    rewrite(home, (ics) =>
      ics
        .replace(
          "END:VEVENT",
          [
            ...[
              "ATTACH:https://elsewhere.example/x.exe",
              "URL:https://elsewhere.example/",
              "COMMENT:Pay elsewhere first",
            ],
            ...[
              "CONTACT:elsewhere@elsewhere.example",
              "SUMMARY:Other elsewhere",
              "IMAGE:https://elsewhere.example/x.png",
            ],
            ...["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:elsewhere", "END:VALARM", "END:VEVENT"],
          ].join("\r\n"),
        )
        .replace("SUMMARY:", 'SUMMARY;ALTREP="https://elsewhere.example/":')
        .replace(/ATTENDEE[^:\r\n]*:/u, 'ATTENDEE;PARTSTAT=ACCEPTED;DIR="https://elsewhere.example/";CN=Elsewhere:')
        .replace("BEGIN:VEVENT", "X-WR-CALNAME:elsewhere\r\nBEGIN:VEVENT"),
    );
    await send.run(approved, "k2");
    const { ics } = calendarPart(filesIn(home, "outbox").join());
    expect(ics).not.toMatch(/elsewhere/iu);
    expect(ics).toContain("SUMMARY:Review");
    expect(ics).toContain("ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:bob@example.com");
  });

  it.each([
    [
      "a single occurrence that was moved",
      "END:VCALENDAR",
      (id: string) => `BEGIN:VEVENT\r\n${MOVED(id)}\r\nEND:VCALENDAR`,
    ],
    ["an occurrence that was left out", "END:VEVENT", () => "EXDATE;TZID=Europe/Berlin:20261201T130000\r\nEND:VEVENT"],
    ["another zone", "DTSTART;TZID=Europe/Berlin", () => "DTSTART;TZID=Africa/Lagos"],
  ])("does not go out with %s", async (_what, mark, by) => {
    const { home, create, send } = newOffice();
    const { output } = await create.run({ ...TUESDAY, recurrence: "FREQ=WEEKLY" }, "k1");
    const approved = await send.prepare({ ...MAIL, event: output.id });
    rewrite(home, (ics) => ics.replace(mark, by(String((output as { id: string }).id))));
    await expect(send.run(approved, "k2")).rejects.toBeInstanceOf(ActionFailure);
    await expect(send.run(approved, "k2")).rejects.toThrow('single occurrences of "Review" were changed');
    expect(filesIn(home, "outbox")).toEqual([]);
  });

  it("carries the invitation to what recurs daily without an end", async () => {
    const { home, create, send } = newOffice();
    const { output } = await create.run({ ...TUESDAY, recurrence: "FREQ=DAILY" }, "k1");
    await send.run(await send.prepare({ ...MAIL, event: output.id }), "k2");
    expect(calendarPart(filesIn(home, "outbox").join()).ics).toContain("RRULE:FREQ=DAILY");
  });

  it("that went out already is found again, whatever became of the event", async () => {
    const { home, create, cancel, send } = newOffice();
    const { output } = await create.run(TUESDAY, "k1");
    const approved = await send.prepare({ ...MAIL, event: output.id });
    const first = await send.run(approved, "k2");
    await cancel.run({ id: output.id }, "k3");
    expect((await send.run(approved, "k2")).output).toEqual(first.output);
    expect(filesIn(home, "outbox")).toHaveLength(1);
  });

  it.each([
    ["no event of that id", "nothing", 'there is no event "nothing"'],
    ["no such event", { ...TUESDAY, title: "Other" }, 'there is no event "Other"'],
    ["an event at which nobody is invited", { ...TUESDAY, title: "Alone", people: [] }, "nobody is invited"],
    ["times in the wrong order", { ...TUESDAY, end: TUESDAY.start }, "is not after start"],
  ])("is refused with %s", async (_what, event, message) => {
    const { create, send } = newOffice();
    await create.run(TUESDAY, "k1");
    await create.run({ ...TUESDAY, title: "Alone", people: [] }, "k2");
    await expect(send.preview({ ...MAIL, event })).rejects.toThrow(message);
  });

  it("goes over SMTP with its invitation", async () => {
    const server = await startMailServer();
    const { create, send } = newOffice({ smtpUrl: server.url });
    const { output } = await create.run(TUESDAY, "k1");
    await send.run(await send.prepare({ ...MAIL, event: output.id }), "k2");
    expect(calendarPart(server.taken().join()).ics).toContain(`UID:${output.id}`);
  });

  it("is surely not sent when the calendar server is away", async () => {
    const answer = { status: 500 };
    const dav = createServer((_request, response) => void response.writeHead(answer.status).end()).listen(
      0,
      "127.0.0.1",
    );
    onTestFinished(() => void dav.close());
    await once(dav, "listening");
    const address = dav.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { send } = newOffice({ caldavUrl: `http://127.0.0.1:${port}/work/` });
    await expect(send.run({ ...MAIL, event: TUESDAY }, "k1")).rejects.toBeInstanceOf(ActionFailure);
    expect(await send.lookup("k1")).toBeUndefined();
  });
});

it.skipIf(!hasRadicale)("only whoever organises an event invites to it", async () => {
  const server = await startCalendarServer();
  await server.put(
    "foreign",
    `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Elsewhere//EN
BEGIN:VEVENT
UID:foreign
DTSTAMP:20260101T000000Z
SUMMARY:Lunch
DTSTART:20261124T110000Z
DTEND:20261124T120000Z
ORGANIZER:mailto:bob@example.com
ATTENDEE:mailto:office@example.com
END:VEVENT
END:VCALENDAR
`,
  );
  const { create, send } = newOffice({ caldavUrl: server.url });
  await expect(send.preview({ ...MAIL, event: "foreign" })).rejects.toThrow("bob@example.com organises");
  const { output } = await create.run(TUESDAY, "k1");
  await send.run(await send.prepare({ ...MAIL, event: output.id }), "k2");
});
