import { describe, expect, it } from "vitest";
import { resolveDay, todayIn } from "../../../src/domain/day-words.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { newOffice, TUESDAY } from "./support.ts";

const BOB = ["bob@example.com"];
const AFTERNOON = { people: BOB, minutes: 30, day: "2026-11-24", part: "afternoon" };

async function slotAfter(events: JsonObject[], args: JsonObject, given: { timeZone?: string; now?: string } = {}) {
  const { create, read } = newOffice(given.timeZone ? { timeZone: given.timeZone } : {});
  const now = given.now ? { now: given.now } : {};
  for (const [index, event] of events.entries())
    await create.run({ people: BOB, title: "Busy", ...event }, `eff_${index}`, now);
  return await read("find_free_slot", args, now);
}

describe("find_free_slot", () => {
  it("gives the first time at which all are free, and up to three more", async () => {
    const slot = await slotAfter([{ start: "2026-11-24T12:10:00+01:00", end: "2026-11-24T13:05:00+01:00" }], AFTERNOON);
    expect(slot).toEqual({
      start: "2026-11-24T13:15:00+01:00",
      end: "2026-11-24T13:45:00+01:00",
      when: "Tuesday, 24 November 2026, 13:15–13:45 (Europe/Berlin)",
      timeZone: "Europe/Berlin",
      minutes: 30,
      people: BOB,
      alternatives: ["13:30", "13:45", "14:00"].map((clock) => ({
        start: `2026-11-24T${clock}:00+01:00`,
        end: expect.stringMatching(/^2026-11-24T14:/),
      })),
    });
  });

  it("stays within working hours, and keeps Saturdays and Sundays free unless one is named", async () => {
    const range = { people: BOB, minutes: 480, from: "2026-11-27", until: "2026-12-01" };
    const friday = { start: "2026-11-27T16:00:00+01:00", end: "2026-11-27T18:00:00+01:00" };
    expect(await slotAfter([friday], range)).toMatchObject({ start: "2026-11-30T09:00:00+01:00" });
    const saturday = { people: BOB, minutes: 60, day: "2026-11-28", workingHours: { from: "10:00", until: "11:00" } };
    expect(await slotAfter([], saturday)).toMatchObject({ start: "2026-11-28T10:00:00+01:00" });
  });

  it("never lies in the past", async () => {
    const now = "2026-11-24T13:20:00.000Z"; // 14:20 in Berlin
    expect(await slotAfter([], AFTERNOON, { now })).toMatchObject({ start: "2026-11-24T14:30:00+01:00" });
    await expect(slotAfter([], AFTERNOON, { now: "2026-11-24T17:00:00.000Z" })).rejects.toThrow("that is over");
  });

  it.each([
    ["the clocks went forward", "2026-03-29", "2026-03-29T09:00:00+02:00"],
    ["the clocks went back", "2026-10-25", "2026-10-25T09:00:00+01:00"],
    ["the day before they go back", "2026-10-24", "2026-10-24T09:00:00+02:00"],
  ])("begins at nine by the clock on the wall on the day that %s", async (_what, day, start) => {
    const now = "2026-01-01T00:00:00.000Z";
    expect(await slotAfter([], { people: BOB, minutes: 60, day }, { now })).toMatchObject({ start });
  });

  it("takes what recurs at the same time by the clock on the wall when the clocks change", async () => {
    const weekly = {
      ...{ start: "2026-10-20T09:00:00+02:00", end: "2026-10-20T11:00:00+02:00" },
      recurrence: "FREQ=WEEKLY;COUNT=10",
    };
    const now = "2026-10-01T00:00:00.000Z";
    const args = { people: BOB, minutes: 60, day: "2026-10-27" };
    expect(await slotAfter([weekly], args, { now })).toMatchObject({ start: "2026-10-27T11:00:00+01:00" });
    const later = { ...args, day: "2027-01-05" };
    expect(await slotAfter([weekly], later, { now })).toMatchObject({ start: "2027-01-05T09:00:00+01:00" });
  });

  it("takes whole days as those of the office", async () => {
    const day = { start: "2026-11-23", end: "2026-11-24" };
    const args = { people: BOB, minutes: 60, from: "2026-11-23", until: "2026-11-25" };
    expect(await slotAfter([day], args)).toMatchObject({ start: "2026-11-25T09:00:00+01:00" });
    expect(await slotAfter([day], args, { timeZone: "Pacific/Auckland" })).toMatchObject({
      start: "2026-11-25T09:00:00+13:00",
    });
  });

  it("looks in the time zone that is asked for", async () => {
    const args = { ...AFTERNOON, timeZone: "America/New_York" };
    expect(await slotAfter([], args)).toMatchObject({
      start: "2026-11-24T12:00:00-05:00",
      timeZone: "America/New_York",
    });
  });

  const WRONG: [string, JsonObject, string][] = [
    [
      "no time that is long enough",
      { minutes: 301 },
      "There is no time of 301 minutes on Tuesday, 24 November 2026 at which bob@example.com is free",
    ],
    ["too short a time", { minutes: 4 }, "minutes must be a whole number of minutes, 5 to 1440"],
    ["a zone that there is not", { timeZone: "Europe/Atlantis" }, 'timeZone: "Europe/Atlantis" is no time zone'],
    ["a day that is none", { day: "someday" }, 'day: "someday" is no day'],
    ["a day and a range", { from: "2026-11-24", until: "2026-11-25" }, "give either day, or from and until"],
    [
      "hours that end before they begin",
      { workingHours: { from: "17:00", until: "09:00" } },
      "workingHours must end after they begin",
    ],
  ];
  it.each(WRONG)("says so where there is %s", async (_what, wrong, message) => {
    await expect(slotAfter([], { ...AFTERNOON, ...wrong })).rejects.toThrow(message);
  });
});

describe("check_availability", () => {
  it("gives busy and free times of each person, without saying with what they are busy", async () => {
    const { create, read } = newOffice();
    await create.run(TUESDAY, "eff_1");
    await create.run(
      { ...TUESDAY, people: ["carol@example.com"], start: TUESDAY.end, end: "2026-11-24T15:00:00+01:00" },
      "eff_2",
    );
    const times = { from: "2026-11-24T13:30:00+01:00", until: "2026-11-24T15:00:00+01:00" };
    const found = await read("check_availability", { people: ["bob@example.com", "carol@example.com"], ...times });
    const [start, middle, end] = [
      "2026-11-24T13:30:00+01:00",
      "2026-11-24T14:00:00+01:00",
      "2026-11-24T15:00:00+01:00",
    ];
    expect(found).toEqual({
      timeZone: "Europe/Berlin",
      people: [
        { person: "bob@example.com", busy: [{ start, end: middle }], free: [{ start: middle, end }] },
        { person: "carol@example.com", busy: [{ start: middle, end }], free: [{ start, end: middle }] },
      ],
    });
    expect(JSON.stringify(found)).not.toContain("Review");
  });

  it("refuses a time that ends before it begins, or is longer than 62 days", async () => {
    const { read } = newOffice();
    const look = (from: string, until: string) => read("check_availability", { people: BOB, from, until });
    await expect(look("2026-11-24T12:00:00Z", "2026-11-24T12:00:00Z")).rejects.toThrow("is not after from");
    await expect(look("2026-11-24T12:00:00Z", "2027-11-24T12:00:00Z")).rejects.toThrow("more than 62 days after from");
  });
});

describe("days in words", () => {
  it.each([
    ["next Tuesday", "2026-11-24"],
    ["tuesday", "2026-11-24"],
    ["Sunday", "2026-11-29"],
    ["today", "2026-11-22"],
    ["Tomorrow", "2026-11-23"],
    ["2028-02-29", "2028-02-29"],
    ["2027-02-29", undefined],
    ["next week", undefined],
  ])("%s is %s, said on Sunday 2026-11-22", (words, day) => {
    expect(resolveDay(words, "2026-11-22")).toBe(day);
  });

  it("today is another day elsewhere", () => {
    expect(todayIn("Pacific/Auckland", "2026-11-22T15:00:00.000Z")).toBe("2026-11-23");
    expect(todayIn("Europe/Berlin", "2026-11-22T15:00:00.000Z")).toBe("2026-11-22");
  });
});
