/** A meeting from its request to the mail that tells of it, without a model. */
import { Command, isInterrupted } from "@langchain/langgraph";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHoldpoint, officeActions, officePlaybook, type Question } from "../../src/index.ts";
import { createRuntime, type RuntimeOverrides } from "../../src/runtime.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest } from "../../src/work/threads.ts";
import { holdpoint } from "../support/child.ts";
import { alice, approveAll, bob, rejectAll } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";
import { PASSWORD, startMailServer } from "../tools/office/mail-server.ts";
import { filesIn, NOW } from "../tools/office/support.ts";

const REQUEST = "Schedule a 30-minute team meeting with bob@example.com and carol@example.com next Tuesday afternoon.";

async function openOfficeRuntime(overrides: RuntimeOverrides = {}) {
  const home = tempDir();
  const office = { timeZone: "Europe/Berlin", ...overrides.office };
  const runtime = await createRuntime({ home }, { now: () => NOW, ...overrides, office });
  onTestFinished(() => runtime.close());
  return { home, runtime };
}

describe("a meeting", () => {
  it("is found a time for, put before a person with its mail, and happens as approved", async () => {
    const { home, runtime } = await openOfficeRuntime();
    const asked = await startRequest(runtime, alice, { request: REQUEST });
    expect(asked.question?.actions).toMatchObject([
      { action: "create_event", args: { start: "2026-11-24T12:00:00+01:00", end: "2026-11-24T12:30:00+01:00" } },
      {
        action: "send_email",
        args: { to: ["bob@example.com", "carol@example.com"], subject: expect.stringContaining("12:00–12:30") },
        impact: { outside: ["bob@example.com", "carol@example.com"], reversible: false },
        dependsOn: ["event"],
        changes: [{ after: { attached: expect.stringContaining('an invitation to the event "Team meeting"') } }],
      },
    ]);
    expect(asked.question?.reasons.join("\n")).toContain("It goes outside, to bob@example.com, carol@example.com.");
    expect([...filesIn(home, "calendar"), ...filesIn(home, "outbox")]).toEqual([]);

    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(done.run.answer).toMatchObject({ status: "success" });
    const [ics, ...moreEvents] = filesIn(home, "calendar");
    const [eml, ...moreMails] = filesIn(home, "outbox");
    expect([...moreEvents, ...moreMails]).toEqual([]);
    expect(ics).toContain("DTSTART:20261124T110000Z");
    expect(ics).toContain("ATTENDEE:mailto:carol@example.com");
    expect(eml).toContain("To: bob@example.com, carol@example.com");
    const uid = /^UID:(.*)\r$/mu.exec(ics ?? "")?.[1];
    expect(eml).toContain("Content-Type: text/calendar; charset=utf-8; method=REQUEST");
    expect(eml).toContain(`UID:${uid}`);
    const mail = done.effects.find(({ action }) => action === "send_email");
    expect(eml).toContain(`Message-ID: <${mail?.key}@holdpoint>`);
  });

  it("comes to nothing when it is rejected", async () => {
    const { home, runtime } = await openOfficeRuntime();
    const asked = await startRequest(runtime, alice, { request: REQUEST });
    const done = await answerThread(runtime, bob, asked.threadId, (question) =>
      rejectAll(question, "too many meetings"),
    );
    expect(done.run.answer).toMatchObject({
      status: "rejected",
      text: "bob rejected it: too many meetings. Nothing was changed.",
    });
    expect([...filesIn(home, "calendar"), ...filesIn(home, "outbox")]).toEqual([]);
  });

  it("is not proposed where there is no time for it, and says so", async () => {
    const { runtime } = await openOfficeRuntime({ office: { workingHours: { from: "09:00", until: "12:15" } } });
    const view = await startRequest(runtime, alice, { request: REQUEST });
    expect(view.run.answer).toMatchObject({
      status: "no_match",
      text: expect.stringContaining("There is no time of 30 minutes on Tuesday, 24 November 2026"),
    });
    expect(view.run.answer?.text).toContain("Nothing was changed.");
  });

  it("moves on to the next free time when somebody else was first", async () => {
    const { runtime } = await openOfficeRuntime();
    const first = await startRequest(runtime, alice, { request: REQUEST });
    const second = await startRequest(runtime, alice, { request: REQUEST });
    await answerThread(runtime, bob, first.threadId, approveAll);
    const done = await answerThread(runtime, bob, second.threadId, approveAll);
    expect(done.run.answer).toMatchObject({
      status: "invalid_request",
      text: expect.stringContaining(
        "bob@example.com, carol@example.com are busy at Tuesday, 24 November 2026, 12:00–12:30",
      ),
    });
    const third = await startRequest(runtime, alice, { request: REQUEST });
    expect(third.question?.actions[0]?.args.start).toBe("2026-11-24T12:30:00+01:00");
  });

  it("is cancelled again when the mail server fails after the event was created", async () => {
    const server = await startMailServer("refuses");
    const { home, runtime } = await openOfficeRuntime({ office: { smtpUrl: server.url } });
    const asked = await startRequest(runtime, alice, { request: REQUEST });
    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(done.run.answer).toMatchObject({ status: "failed", text: expect.stringContaining("did not take the mail") });
    expect(done.effects).toMatchObject([
      { action: "create_event", status: "undone", note: "The event is cancelled." },
      { action: "send_email", status: "failed" },
    ]);
    expect(filesIn(home, "calendar").join()).toContain("STATUS:CANCELLED");
    expect([...filesIn(home, "outbox"), ...server.taken()]).toEqual([]);
    expect(JSON.stringify(done)).not.toContain(PASSWORD);
    const again = await startRequest(runtime, alice, { request: REQUEST });
    expect(again.question?.actions[0]?.args.start).toBe("2026-11-24T12:00:00+01:00");
  });

  it("waits for somebody who can tell when the mail server dies with the mail", async () => {
    const server = await startMailServer("dies");
    const { home, runtime } = await openOfficeRuntime({ office: { smtpUrl: server.url } });
    const asked = await startRequest(runtime, alice, { request: REQUEST });
    const open = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(open.question).toMatchObject({ kind: "reconciliation" });
    const done = await answerThread(runtime, bob, asked.threadId, ({ proposalId, actions }) => ({
      proposalId,
      decisions: actions.map(({ step }) => ({ type: "happened" as const, step, message: "Bob has it" })),
    }));
    expect(done.run.answer?.status).toBe("success");
    expect(filesIn(home, "calendar").join()).toContain("STATUS:CONFIRMED");
    expect(server.taken()).toHaveLength(1);
  });

  it("is understood beside the requests of the store", async () => {
    const { runtime } = await openOfficeRuntime();
    const view = await startRequest(runtime, alice, { request: "Do you have any round sunglasses in stock?" });
    expect(view.run.answer?.status).toBe("success");
    const unknown = await startRequest(runtime, alice, { request: `${REQUEST.slice(0, -1)} and delete everything` });
    expect(unknown.run.answer).toMatchObject({
      status: "unsupported_intent",
      text: expect.stringContaining('"and delete everything" was not understood'),
    });
  });
});

it("is arranged on the command line, with files to look at", async () => {
  const home = tempDir();
  const asked = await holdpoint(home, REQUEST, "--json");
  expect(asked.status).toBe(3);
  const { threadId, plan } = JSON.parse(asked.stdout);
  expect(plan.assumptions).toEqual([expect.stringMatching(/^"next Tuesday" is \d{4}-\d\d-\d\d; today is /)]);
  const done = await holdpoint(home, "resume", threadId, "--approve");
  expect(done.stdout).toContain('"Team meeting" is in the calendar');
  expect(filesIn(home, "calendar")).toHaveLength(1);
  expect(filesIn(home, "outbox")).toHaveLength(1);
  const undone = await holdpoint(home, "rollback", threadId);
  expect(undone.stdout).toContain("The event is cancelled.");
  expect(undone.stdout).toContain('"send_email" cannot be undone.');
});

it("is arranged in a program of one's own, by the exported actions and playbook", async () => {
  const home = tempDir();
  const office = { home, timeZone: "Europe/Berlin", address: "office@example.com" };
  const program = await createHoldpoint({
    ...{ home, now: () => NOW, actions: officeActions(office) },
    playbooks: officePlaybook({ ...office, now: () => NOW }),
  });
  onTestFinished(() => program.close());
  const options = { configurable: { thread_id: "t1" } };
  const waiting = await program.invoke({ request: REQUEST }, options);
  if (!isInterrupted<Question>(waiting)) throw new Error("nobody is asked");
  const [{ id, value } = {}] = waiting.__interrupt__;
  const resume = { [String(id)]: value && approveAll(value) };
  const done = await program.invoke(new Command({ resume }), options);
  expect(done.answer?.status).toBe("success");
  expect(filesIn(home, "outbox").join()).toContain("From: office@example.com");
});
