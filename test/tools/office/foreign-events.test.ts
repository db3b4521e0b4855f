/** Events as other programs write them. */
import ICAL from "ical.js";
import { describe, expect, it } from "vitest";
import { busyTimes } from "../../../src/tools/office/busy.ts";
import { newIcs } from "../../../src/tools/office/ics.ts";
import { toLocal } from "../../../src/tools/office/zones.ts";

const DAY = { from: Date.parse("2026-11-01T00:00:00Z"), until: Date.parse("2026-12-01T00:00:00Z") };
const READING = { zone: "Europe/Berlin", owner: "me@example.com" };

/** When the lines of an event take time, in Berlin. */
function taken(...lines: string[]): string[] {
  return takenBy([lines]).map(({ at }) => at);
}

function takenBy(events: string[][], span = DAY) {
  const vevents = events.map((lines) => ["BEGIN:VEVENT", "UID:x", "DTSTAMP:20260101T000000Z", ...lines, "END:VEVENT"]);
  const ics = ["BEGIN:VCALENDAR", "VERSION:2.0", ...vevents.flat(), "END:VCALENDAR"].join("\r\n");
  return busyTimes([ics], span, READING).map(({ from, until, people }) => ({
    at: `${toLocal(from, READING.zone)}/${toLocal(until, READING.zone)}`,
    people,
  }));
}

const NOON = ["DTSTART;TZID=Europe/Berlin:20261124T120000", "DTEND;TZID=Europe/Berlin:20261124T130000"];
const AT_NOON = "2026-11-24T12:00:00+01:00/2026-11-24T13:00:00+01:00";

describe("busy times", () => {
  it.each([
    ["a zone by its name", NOON],
    ["UTC", ["DTSTART:20261124T110000Z", "DTEND:20261124T120000Z"]],
    ["a length instead of an end", ["DTSTART:20261124T110000Z", "DURATION:PT1H"]],
    ["no zone at all", ["DTSTART:20261124T120000", "DTEND:20261124T130000"]],
    ["an end in another zone", ["DTSTART;TZID=Europe/Berlin:20261124T120000", "DTEND;TZID=Asia/Tokyo:20261124T210000"]],
  ])("are read with %s", (_what, lines) => {
    expect(taken(...lines)).toEqual([AT_NOON]);
  });

  it.each([
    ["is cancelled", "STATUS:CANCELLED"],
    ["leaves people free", "TRANSP:TRANSPARENT"],
  ])("are none of an event that %s", (_what, line) => {
    expect(taken(...NOON, line)).toEqual([]);
  });

  it("are those of whoever comes, and of the owner where nobody is named", () => {
    const [ann, bob] = ["ORGANIZER:mailto:ann@example.com", "ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.com"];
    expect(takenBy([[...NOON, ann, bob, "ATTENDEE:MAILTO:Carl@Example.com"]])[0]?.people).toEqual([
      "ann@example.com",
      "carl@example.com",
    ]);
    expect(takenBy([NOON])[0]?.people).toEqual(["me@example.com"]);
  });

  it("follow a rule, its exceptions, and occurrences that were moved or dropped", () => {
    const rule = [...NOON, "RRULE:FREQ=DAILY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20261125T120000"];
    const moved = [
      ...["RECURRENCE-ID;TZID=Europe/Berlin:20261126T120000", "DTSTART;TZID=Europe/Berlin:20261126T160000"],
      "DTEND;TZID=Europe/Berlin:20261126T170000",
    ];
    const dropped = ["RECURRENCE-ID:20261127T110000Z", "DTSTART:20261127T110000Z", "DURATION:PT1H", "STATUS:CANCELLED"];
    expect(takenBy([rule, moved, dropped]).map(({ at }) => at.slice(0, 16))).toEqual([
      "2026-11-24T12:00",
      "2026-11-26T16:00",
    ]);
  });

  it("of a day are as long as that day, also when the clocks change", () => {
    expect(taken("DTSTART;VALUE=DATE:20261124")).toEqual(["2026-11-24T00:00:00+01:00/2026-11-25T00:00:00+01:00"]);
    const october = { from: Date.parse("2026-10-25T00:00:00Z"), until: Date.parse("2026-10-25T12:00:00Z") };
    const [day] = takenBy([["DTSTART;VALUE=DATE:20261024", "RRULE:FREQ=DAILY;COUNT=3"]], october);
    expect(day?.at).toBe("2026-10-25T00:00:00+02:00/2026-10-26T00:00:00+01:00");
  });

  it("of a rule without an end that began long ago are found at once", () => {
    const began = performance.now();
    expect(taken("DTSTART:19700101T110000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")).toHaveLength(30);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

it("names the changes of the clocks in an event that recurs, so that other programs read the same times", () => {
  const event = {
    ...{ title: "Weekly", start: "2026-10-20T09:00:00+02:00", end: "2026-10-20T10:00:00+02:00", people: [] },
    ...{ location: null, description: null, recurrence: "FREQ=WEEKLY;COUNT=60", status: "confirmed" as const },
  };
  const writing = { now: "2026-10-01T00:00:00Z", zone: "Europe/Berlin", done: { key: "k", before: null } };
  const calendar = ICAL.Component.fromString(newIcs("x", "me@example.com", event, writing));
  const read = new ICAL.Event(calendar.getFirstSubcomponent("vevent") ?? undefined);
  const iterator = read.iterator();
  const hours = Array.from({ length: 60 }, () => new Date(iterator.next().toUnixTime() * 1000)); // by the text alone
  expect(hours.map((time) => toLocal(time.getTime(), "Europe/Berlin").slice(11, 16))).toEqual(Array(60).fill("09:00"));
  expect(new Set(hours.map((time) => time.getUTCHours()))).toEqual(new Set([7, 8]));
});
