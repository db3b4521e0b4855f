import { describe, expect, it } from "vitest";
import { openOfficePlaybooks } from "../../../src/planning/playbooks/office.ts";
import { playbookActions } from "../../../src/runtime.ts";
import { officeActions } from "../../../src/tools/office/index.ts";
import { createRegistry } from "../../../src/tools/registry.ts";

/** A Sunday evening in Berlin, a Monday in Auckland. */
const NOW = "2026-11-22T15:00:00.000Z";
const actions = playbookActions(createRegistry(officeActions({ timeZone: "Europe/Berlin" })));
const { match, list } = openOfficePlaybooks(actions, { timeZone: "Europe/Berlin", now: () => NOW });

/** What is looked for, of a request that is understood. */
const wanted = (request: string) => {
  const found = match(request);
  return found.kind === "plan" ? found.plan.steps[0]?.args : found;
};

describe("a request about a meeting that there is", () => {
  it.each([
    ["move the meeting with bob@example.com to tomorrow at 3pm", "2026-11-23T15:00:00+01:00"],
    ["Move the call with bob@example.com on Monday to next Friday, 09:30, please", "2026-11-27T09:30:00+01:00"],
    ["Reschedule my meeting with bob@example.com to 2030-07-01 12am", "2030-07-01T00:00:00+02:00"],
  ])("%s", (request, start) => {
    expect(match(request)).toMatchObject({ plan: { steps: [{ args: { only: true } }, { args: { start } }, {}] } });
  });

  it.each([
    "Cancel the meeting with Bob on Tuesday",
    "Do not cancel the meeting with bob@example.com",
    "Cancel the meeting with bob@example.com and delete everything",
    "Cancel all meetings with bob@example.com",
    "Move the meeting with bob@example.com to Wednesday",
    "Move the meeting with bob@example.com to Wednesday 25:00",
    "Move the meeting with bob@example.com to Wednesday 15:00 or Thursday 16:00",
  ])("is not guessed at: %s", (request) => {
    expect(match(request).kind).not.toBe("plan");
  });
});

describe("a request for a meeting", () => {
  it.each([
    ["Schedule a 30-minute team meeting with bob@example.com next Tuesday afternoon.", 30, "2026-11-24", "afternoon"],
    [
      "Could you please set up a meeting with bob@example.com for 45 minutes tomorrow in the morning, thanks!",
      45,
      "2026-11-23",
      "morning",
    ],
    ["book a one-hour call with bob@example.com on Friday", 60, "2026-11-27", undefined],
    ["Arrange a half-hour review meeting on 31 January 2030 with bob@example.com", 30, "2030-01-31", undefined],
    ["plan a meeting with bob@example.com this Sunday for 15 min", 15, "2026-11-29", undefined],
  ])("%s", (request, minutes, day, part) => {
    expect(wanted(request)).toEqual({ people: ["bob@example.com"], minutes, day, ...(part ? { part } : {}) });
  });

  it.each(list.flatMap(({ name, examples }) => examples.map((example) => [name, example] as const)))(
    "%s takes its example: %s",
    (name, example) => {
      expect(match(example)).toMatchObject({ kind: "plan", playbook: name });
    },
  );

  it("says which day was meant, by the office's own calendar", () => {
    const request = "Schedule a meeting with bob@example.com tomorrow";
    expect(match(request)).toMatchObject({
      plan: { goal: request, assumptions: ['"tomorrow" is 2026-11-23; today is 2026-11-22.'] },
    });
    const auckland = openOfficePlaybooks(actions, { timeZone: "Pacific/Auckland", now: () => NOW });
    expect(auckland.match(request)).toMatchObject({ plan: { steps: [{ args: { day: "2026-11-24" } }, {}, {}, {}] } });
  });

  it.each([
    ["a second wish", "Schedule a meeting with bob@example.com tomorrow and delete everything"],
    ["a condition", "Schedule a meeting with bob@example.com tomorrow unless it rains"],
    ["a negation", "Do not schedule a meeting with bob@example.com tomorrow"],
    ["a person without an address", "Schedule a meeting with Bob tomorrow"],
    ["no day", "Schedule a meeting with bob@example.com"],
    ["two days", "Schedule a meeting with bob@example.com on Monday or Tuesday"],
  ])("is not guessed at with %s", (_what, request) => {
    expect(match(request).kind).toBe("not_understood");
  });

  it.each([
    [
      "a length that cannot be",
      "Schedule a 3-minute meeting with bob@example.com tomorrow",
      "expected a whole number from 5 to 480",
    ],
    ["an address that is none", "Schedule a meeting with bob@@example tomorrow", "bob@@example"],
  ])("names %s", (_what, request, problem) => {
    expect(match(request)).toMatchObject({ kind: "invalid", problem: expect.stringContaining(problem) });
  });
});
