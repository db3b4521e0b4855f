/** Recurrence rules, lengths and zones that ical.js never comes to the end of. */
import { describe, expect, it } from "vitest";
import { ActionFailure } from "../../../src/errors.ts";
import { busyTimes } from "../../../src/tools/office/busy.ts";
import { readIcs } from "../../../src/tools/office/ics.ts";
import { newOffice, TUESDAY } from "./support.ts";

const SPAN = { from: Date.parse("2026-11-01T00:00:00Z"), until: Date.parse("2026-12-01T00:00:00Z") };
const READING = { zone: "Europe/Berlin", owner: "me@example.com" };
const ZONE = [
  ...["BEGIN:VTIMEZONE", "TZID:Nowhere", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0100"],
  ...["TZOFFSETTO:+0200", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "END:STANDARD", "END:VTIMEZONE"],
];

const icsOf = (lines: string[], before: string[] = []): string =>
  [
    ...["BEGIN:VCALENDAR", "VERSION:2.0", ...before, "BEGIN:VEVENT", "UID:endless", "DTSTAMP:20260101T000000Z"],
    ...[...lines, "END:VEVENT", "END:VCALENDAR"],
  ].join("\r\n");

/** From a Tuesday. */
const recurring = (rule: string, start = "20261103T110000Z"): string =>
  icsOf([`DTSTART:${start}`, "DURATION:PT1H", `RRULE:${rule}`]);

describe("an event of somebody else", () => {
  it.each([
    ["a day that no month has", recurring("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")],
    ["every second of years", recurring("FREQ=SECONDLY", "20200101T000000Z")],
    ["a zone without an end", icsOf(["DTSTART;TZID=Nowhere:20261103T110000", "DURATION:PT1H"], ZONE)],
    ["a rule that ical.js does not take", recurring("FREQ=WEEKLY;BYMONTHDAY=3")],
  ])("with %s makes nobody free, and holds nothing up", (_what, ics) => {
    const began = performance.now();
    const read = () => busyTimes([ics], SPAN, READING);
    const message = expect.stringContaining("The calendar holds something that cannot be read: endless") as string;
    expect(read).toThrow(expect.objectContaining({ name: ActionFailure.name, message }) as Error);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it("that is as long as the world is not read for ever", () => {
    const ics = icsOf(["DTSTART:20261103T110000Z", "DURATION:P99999999999999W"]);
    expect(() => readIcs(ics, READING.zone)).toThrow("cannot be read: endless");
  });
});

describe("an event of the office's own", () => {
  it.each([
    ["recurs every second", "FREQ=SECONDLY", "is no RRULE"],
    ["recurs every minute, said elsewhere", "INTERVAL=1;FREQ=MINUTELY", "is no RRULE"],
    ["recurs every hour", "FREQ=HOURLY;COUNT=3", "is no RRULE"],
    ["recurs in steps of ages", "FREQ=DAILY;INTERVAL=100000000000", "is no RRULE"],
    ["has a weekday that never comes", "FREQ=DAILY;INTERVAL=7;BYDAY=MO", "gives times that cannot be told"],
    ["is over before it begins", "FREQ=DAILY;UNTIL=20200101T000000Z", "gives no time within a year"],
    ["has a rule that ical.js does not take", "FREQ=WEEKLY;BYMONTHDAY=3", "gives times that cannot be told"],
  ])("that %s is refused", async (_what, recurrence, message) => {
    const { create } = newOffice();
    await expect(async () => create.preview({ ...TUESDAY, people: [], recurrence })).rejects.toThrow(message);
  });

  it("is not moved to where its rule has no end", async () => {
    const { create, update } = newOffice();
    const { output } = await create.run({ ...TUESDAY, people: [], recurrence: "FREQ=DAILY;INTERVAL=7;BYDAY=TU" }, "k1");
    const moved = { id: output.id, start: "2026-11-25T13:00:00+01:00" };
    await expect(update.run(moved, "k2")).rejects.toThrow("gives times that cannot be told");
    await update.run({ id: output.id, start: "2026-12-01T13:00:00+01:00" }, "k3");
  });
});

it("a daily event of forty years is read in time", () => {
  const ics = icsOf([
    ...["DTSTART;TZID=Europe/Berlin:19861103T120000", "DTEND;TZID=Europe/Berlin:19861103T130000", "RRULE:FREQ=DAILY"],
  ]);
  expect(busyTimes([ics], SPAN, READING)).toHaveLength(30);
});
