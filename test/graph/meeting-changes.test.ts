/** A meeting that there is already, cancelled or moved by what it is called: through the graph, without a model and with one. */
import { describe, expect, it, onTestFinished } from "vitest";
import { PlanSchema } from "../../src/domain/plan.ts";
import { createHoldpoint, officeActions, officePlaybook } from "../../src/index.ts";
import { createModels } from "../../src/models/roles.ts";
import { createRuntime, type RuntimeOverrides, type StoreRuntime } from "../../src/runtime.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest } from "../../src/work/threads.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { alice, approveAll, bob } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";
import { startMailServer } from "../tools/office/mail-server.ts";
import { filesIn, NOW } from "../tools/office/support.ts";

const MEETING = "Schedule a 30-minute team meeting with bob@example.com next Tuesday afternoon.";
const CANCEL = "Cancel the meeting with bob@example.com on Tuesday";
const MOVE = "Move the meeting with bob@example.com on Tuesday to Wednesday 15:00";

async function open(overrides: RuntimeOverrides = {}) {
  const home = tempDir();
  const office = { timeZone: "Europe/Berlin", ...overrides.office };
  const runtime = await createRuntime({ home }, { now: () => NOW, ...overrides, office });
  onTestFinished(() => runtime.close());
  return { home, runtime };
}

async function arranged(runtime: StoreRuntime, request: string) {
  const asked = await startRequest(runtime, alice, { request });
  return await answerThread(runtime, bob, asked.threadId, approveAll);
}

describe("a meeting that there is", () => {
  it("is cancelled by who comes and when, and all hear of it", async () => {
    const { home, runtime } = await open();
    await arranged(runtime, MEETING);
    const asked = await startRequest(runtime, alice, { request: CANCEL });
    expect(asked.question?.actions).toMatchObject([
      {
        action: "cancel_event",
        args: { seen: '"Team meeting", Tuesday, 24 November 2026, 12:00–12:30 (Europe/Berlin), with bob@example.com' },
        changes: [{ before: { status: "confirmed" }, after: { status: "cancelled" } }],
      },
      {
        action: "send_email",
        args: { to: ["bob@example.com"], event: { title: "Team meeting", status: "cancelled" } },
        changes: [{ after: { attached: expect.stringContaining('the cancellation of the event "Team meeting"') } }],
      },
    ]);
    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(done.run.answer).toMatchObject({ status: "success" });
    expect(filesIn(home, "calendar").join()).toContain("STATUS:CANCELLED");
    expect(filesIn(home, "outbox").join()).toContain("method=CANCEL");
    const again = await startRequest(runtime, alice, { request: CANCEL });
    expect(again.run.answer).toMatchObject({
      status: "no_match",
      text: expect.stringContaining("There is no such event"),
    });
  });

  it("is moved, and all are invited to the new time", async () => {
    const { home, runtime } = await open();
    await arranged(runtime, MEETING);
    const done = await arranged(runtime, MOVE);
    expect(done.run.answer).toMatchObject({ status: "success" });
    const mails = filesIn(home, "outbox").join().replace(/=\r\n/gu, "");
    expect(mails).toContain("begins on Wednesday, 25 November 2026, 15:00 (Europe/Berlin) now");
    expect(mails).toContain("DTSTART:20261125T140000Z");
    expect(mails).toContain("SEQUENCE:1");
    expect(filesIn(home, "calendar").join()).toContain("DTEND:20261125T143000Z");
  });

  it("of which there are several is asked back for, and nothing is changed", async () => {
    const { home, runtime } = await open();
    await arranged(runtime, MEETING);
    await arranged(runtime, MEETING.replace("team", "budget"));
    const before = filesIn(home, "calendar");
    const view = await startRequest(runtime, alice, { request: CANCEL });
    expect(view.question).toBeNull();
    expect(view.run.answer).toMatchObject({ status: "invalid_request" });
    expect(view.run.answer?.text).toContain('2 events fit, so nothing was chosen: "Team meeting", Tuesday');
    expect(view.run.answer?.text).toContain("Nothing was changed.");
    expect(filesIn(home, "calendar")).toEqual(before);
    const named = await startRequest(runtime, alice, { request: CANCEL.replace("meeting", "budget meeting") });
    expect(named.question?.actions[0]?.args.seen).toContain("Budget meeting");
  });

  it("that somebody moves before the approval stays as it is, and nobody is told", async () => {
    const { home, runtime } = await open();
    await arranged(runtime, MEETING);
    const mails = filesIn(home, "outbox").length;
    const asked = await startRequest(runtime, alice, { request: CANCEL });
    await arranged(runtime, MOVE);
    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(done.run.answer?.text).toContain("Somebody else changed the event since this was proposed");
    expect(filesIn(home, "calendar").join()).toContain("STATUS:CONFIRMED");
    expect(filesIn(home, "outbox")).toHaveLength(mails + 1);
  });

  it("is restored when the mail about its cancellation cannot be sent", async () => {
    const server = await startMailServer();
    const { home, runtime } = await open({ office: { smtpUrl: server.url } });
    await arranged(runtime, MEETING);
    await server.stop();
    const done = await arranged(runtime, CANCEL);
    expect(done.run.answer?.status).toBe("failed");
    expect(done.effects).toMatchObject([
      { action: "cancel_event", status: "undone", note: "The event is restored." },
      { action: "send_email", status: "failed" },
    ]);
    expect(filesIn(home, "calendar").join()).toContain("STATUS:CONFIRMED");
  });
});

describe("a mail about an event of the same plan", () => {
  const at = { start: "2026-11-24T12:00:00+01:00", end: "2026-11-24T12:30:00+01:00" };
  const withEvent = (event: object, address: string) => {
    const plan = PlanSchema.parse({
      ...{ goal: "Review", source: { kind: "playbook", name: "test" } },
      steps: [
        {
          id: "event",
          title: "E",
          action: "create_event",
          args: { title: "Review", ...at, people: ["bob@example.com"] },
        },
        {
          ...{ id: "mail", title: "M", action: "send_email" },
          args: { to: ["bob@example.com"], subject: "Review", text: "See you.", event },
        },
      ],
    });
    return { office: { address }, matchRequest: () => ({ kind: "plan" as const, playbook: "test", plan }) };
  };

  it.each([{ $ref: "event" }, { $ref: "event.id" }])("carries the invitation by reference: %j", async (event) => {
    const { home, runtime } = await open(withEvent(event, "office@example.com"));
    const done = await arranged(runtime, "Review");
    expect(done.run.answer).toMatchObject({ status: "success" });
    const [, uid] = /^UID:(.*)\r$/mu.exec(filesIn(home, "calendar").join()) ?? [];
    expect(filesIn(home, "outbox").join()).toContain(`UID:${uid}`);
  });

  it("does not go outside unseen: what could not be shown was not approved", async () => {
    const { home, runtime } = await open(withEvent({ $ref: "event.id" }, "office@elsewhere.example"));
    const done = await arranged(runtime, "Review");
    expect(done.run.answer?.text).toContain("It needs an approval that was not asked for: It goes outside");
    expect(filesIn(home, "calendar").join()).toContain("STATUS:CANCELLED");
    expect(filesIn(home, "outbox")).toEqual([]);
  });
});

describe("a model", () => {
  const ASK = "Bob and I should talk on Tuesday for half an hour or so, his address is bob@example.com";

  it("is offered the office's playbooks, and its choice becomes their plan", async () => {
    const parameters = { people: ["bob@example.com"], day: "Tuesday", minutes: 30 };
    const server = await playOpenAI(
      expectCall({ model: "planner-model", user: /Bob and I should talk/ }).answer(
        json({
          ...{ outcome: "playbook", message: "", goal: "", steps: [], assumptions: ["He is free."] },
          playbook: { name: "meeting", parameters, confidence: 0.9 },
        }),
      ),
    );
    const names = { planner: "planner-model", reviewer: "reviewer-model", reflector: "reflector-model" };
    const { planner } = createModels({ apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000, ...names });
    const { runtime } = await open({ models: planner ? { planner } : {} });
    const view = await startRequest(runtime, alice, { request: ASK });
    expect(view.state.plan).toMatchObject({
      source: { kind: "playbook", name: "meeting", chosenBy: "model" },
      assumptions: ['"Tuesday" is 2026-11-24; today is 2026-11-22.', "He is free."],
    });
    expect(view.question?.actions.map(({ action }) => action)).toEqual(["create_event", "send_email"]);
    const sent = JSON.stringify(server.calls[0]);
    for (const name of ["meeting", "meeting-on-date", "cancel-meeting", "move-meeting", "find_events"])
      expect(sent).toContain(`\\"name\\":\\"${name}\\"`);
    expect(sent).toContain("Finds a time within working hours");
  });

  it("is offered them in a program of one's own, too", async () => {
    const server = await playOpenAI(
      expectCall({ model: "planner-model", user: /"name":"move-meeting"/ }).answer(
        json({ outcome: "unsupported", message: "No.", goal: "", steps: [] }),
      ),
    );
    const names = { planner: "planner-model", reviewer: "reviewer-model", reflector: "reflector-model" };
    const { planner } = createModels({ apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000, ...names });
    if (!planner) throw new Error("there is no planner");
    const home = tempDir();
    const office = { home, timeZone: "Europe/Berlin" };
    const program = await createHoldpoint({
      ...{ home, actions: officeActions(office), playbooks: officePlaybook(office), model: { planner } },
    });
    onTestFinished(() => program.close());
    const done = await program.invoke({ request: ASK }, { configurable: { thread_id: "t1" } });
    expect(done.answer?.status).toBe("unsupported_intent");
  });
});
