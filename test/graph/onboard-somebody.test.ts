/** Onboarding from one sentence, without a model: ten steps over the operations and the office, as one transaction. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isInterrupted } from "@langchain/langgraph";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createHoldpoint,
  officeActions,
  operationsActions,
  operationsPlaybook,
  type Question,
} from "../../src/index.ts";
import { openOnboarding } from "../../src/planning/playbooks/onboarding.ts";
import { createRuntime, playbookActions, type RuntimeOverrides } from "../../src/runtime.ts";
import { createRegistry } from "../../src/tools/registry.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest } from "../../src/work/threads.ts";
import { holdpoint } from "../support/child.ts";
import { alice, approveAll, bob } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";
import { startMailServer } from "../tools/office/mail-server.ts";
import { filesIn, NOW } from "../tools/office/support.ts";

const SAID = "Onboard new software engineer Sarah Chen";
const REQUEST = `${SAID} (sarah.chen@example.com), starting next Tuesday, manager dana@example.com`;

async function opened(overrides: RuntimeOverrides = {}) {
  const home = tempDir();
  const office = { timeZone: "Europe/Berlin", ...overrides.office };
  const runtime = await createRuntime({ home }, { now: () => NOW, operations: {}, ...overrides, office });
  onTestFinished(() => runtime.close());
  const signal = new AbortController().signal;
  const context = { tenant: "acme", principal: "alice", idempotencyKey: "", now: NOW, signal };
  const find = async (name: string) => await runtime.registry.shared.getRead(name).run({}, context);
  const classics = () => JSON.stringify(runtime.store.snapshot(["inventory"])).match(/"SG005".*?_stock":(\d+)/)?.[1];
  return { home, runtime, find, classics };
}

describe("onboarding somebody", () => {
  it("is one proposal, and happens as approved", async () => {
    const { home, runtime, find, classics } = await opened();
    const asked = await startRequest(runtime, alice, { request: REQUEST });
    expect(asked.state.plan?.steps).toHaveLength(10);
    expect(asked.state.plan?.assumptions).toEqual(['"next Tuesday" is 2026-11-24; today is 2026-11-22.']);
    const { actions = [], pointOfNoReturn } = asked.question ?? {};
    expect(actions.map(({ step }) => step)).toEqual([
      ...["accounts", "laptop", "desk", "buddy", "present", "event", "report", "notify", "mail"],
    ]);
    expect(actions.every(({ changes }) => changes.length > 0)).toBe(true);
    expect(pointOfNoReturn).toBe("mail");
    expect(await find("find_tasks")).toMatchObject({ total: 0 });

    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(done.run.answer?.status).toBe("success");
    const mine = { project: "Onboarding Sarah Chen", due: "2026-11-24" };
    expect(await find("find_tasks")).toMatchObject({ total: 4, tasks: [mine, mine, mine, mine] });
    expect(classics()).toBe("9");
    expect(filesIn(home, "calendar").join()).toContain("SUMMARY:Welcome\\, Sarah Chen");
    expect(filesIn(home, "outbox").join()).toContain("To: sarah.chen@example.com");
    const [report = ""] = readdirSync(join(home, "reports/acme"));
    expect(readFileSync(join(home, "reports/acme", report), "utf8")).toContain(
      "Prepare a desk and a badge for Sarah Chen",
    );
    expect(await find("find_notifications")).toMatchObject({
      notifications: [{ recipients: ["dana@example.com"], title: "Sarah Chen starts on 2026-11-24" }],
    });
  });

  it("is taken back whole when the mail fails, but for the report; and says so", async () => {
    const server = await startMailServer("refuses");
    const { home, runtime, find, classics } = await opened({ office: { smtpUrl: server.url } });
    const asked = await startRequest(runtime, alice, { request: REQUEST });
    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    const { status, text = "" } = done.run.answer ?? {};
    expect(status).toBe("failed");
    expect(text).toContain("did not take the mail");
    expect(text).toContain('The task "Set up a laptop for Sarah Chen" is deleted.');
    expect(text).toContain("The event is cancelled.");
    expect(text).toMatch(
      /The report stays, as it says what was so then: reports\/acme\/onboarding-sarah-chen-[0-9a-f]{12}\.html\./,
    );
    expect(text).toContain('The notification "Sarah Chen starts on 2026-11-24" cannot be taken back');
    expect(text).not.toContain("Nothing was changed");
    expect(done.effects.map(({ status: now }) => now)).toEqual([...Array(8).fill("undone"), "failed"]);
    expect(await find("find_tasks")).toMatchObject({ total: 0 });
    expect(classics()).toBe("10");
    expect(filesIn(home, "calendar").join()).toContain("STATUS:CANCELLED");
    expect(readdirSync(join(home, "reports/acme"))).toHaveLength(1);
    const [correction, note] = ((await find("find_notifications")) as { notifications: { id: string }[] })
      .notifications;
    expect(correction).toMatchObject({ corrects: note?.id });
    expect(server.taken()).toEqual([]);
  });

  it("goes on without the present when it is out of stock, and says so", async () => {
    const { runtime, find, classics } = await opened();
    const sold = await startRequest(runtime, alice, { request: "Sell 10 Classic to Bob" });
    await answerThread(runtime, bob, sold.threadId, approveAll);
    expect(classics()).toBe("0");
    const asked = await startRequest(runtime, alice, { request: REQUEST });
    expect(asked.question?.actions.map(({ step }) => step)).not.toContain("present");
    expect(asked.question?.actions).toHaveLength(8);
    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(done.run.answer?.text).toMatch(/SG005|Classic/);
    expect(await find("find_tasks")).toMatchObject({ total: 4 });
    expect(JSON.stringify(await find("find_notifications"))).toContain("You meet Sarah Chen on");
  });

  it("asks for what has to be known, too, and changes nothing until then", async () => {
    const { runtime } = await opened();
    const view = await startRequest(runtime, alice, { request: SAID });
    expect(view.run.answer).toMatchObject({ status: "invalid_request" });
    expect(view.run.answer?.text).toBe(
      "To onboard Sarah Chen, more has to be known. On which day do they start (starting 2030-01-31)? " +
        "What is their mail address? Who is their manager, by mail address? Nothing was changed.",
    );
    const more = await startRequest(runtime, alice, { request: `${SAID} starting tomorrow, manager dana@example.com` });
    expect(more.run.answer?.text).toContain("more has to be known. What is their mail address? Nothing was changed.");
  });

  it("is arranged on the command line", async () => {
    const home = tempDir();
    const asked = await holdpoint(
      home,
      `${SAID} (sarah.chen@example.com) from 2030-01-31, manager dana@example.com`,
      "--json",
    );
    expect(asked.status).toBe(3);
    const { threadId } = JSON.parse(asked.stdout) as { threadId: string };
    const done = await holdpoint(home, "resume", threadId, "--approve");
    expect(done.stdout).toContain('The mail "Welcome, Sarah Chen" was sent to');
    const undone = await holdpoint(home, "rollback", threadId);
    expect(undone.stdout).toMatch(/notify\s.*not undone/);
    const [first] = undone.stdout.split("\n");
    expect(first).toBe(
      "Of 9 steps, 6 are undone; 2 are made up for as far as that goes, and not undone; 1 is left as it is.",
    );
    expect(undone.stdout).toMatch(/laptop\s+│ Set up a laptop for Sarah Chen\s+│ undone/);
    expect(undone.stdout).toContain("The report stays");
    expect(undone.stdout).toContain('"send_email" cannot be undone.');
    expect((await holdpoint(home, "show", threadId)).stdout).toMatch(/send_notification\s+│ not undone/);
    expect((await holdpoint(home, "playbooks", "--json")).stdout).toContain('"from": "operations"');
  });
});

it("is arranged in a program of one's own, by the exported actions and playbook", async () => {
  const [home, zone] = [tempDir(), { timeZone: "UTC" }];
  const program = await createHoldpoint({
    ...{ home, now: () => NOW, playbooks: operationsPlaybook({ ...zone, now: () => NOW }) },
    actions: [...officeActions({ home, ...zone }), ...operationsActions({ home })],
  });
  onTestFinished(() => program.close());
  const waiting = await program.invoke({ request: REQUEST }, { configurable: { thread_id: "t1" } });
  if (!isInterrupted<Question>(waiting)) throw new Error("nobody is asked");
  expect(waiting.__interrupt__[0]?.value?.actions).toHaveLength(9);
});

it("on a weekend is said to be so", async () => {
  const { runtime } = await opened();
  const request = REQUEST.replace("next Tuesday", "2026-11-28");
  const asked = await startRequest(runtime, alice, { request });
  expect(asked.state.plan?.assumptions).toEqual([
    "The first day, 2026-11-28, is a Saturday, and is meant all the same.",
  ]);
  expect(asked.question?.actions).toHaveLength(9);
});

describe("the wording of an onboarding", () => {
  const actions = [...officeActions({ timeZone: "UTC" }), ...operationsActions()];
  const { match, list } = openOnboarding(playbookActions(createRegistry(actions)), { timeZone: "UTC", now: () => NOW });
  const [mail, boss] = ["jo.doe@example.com", "dana@example.com"];

  it.each([
    [
      `Please onboard our new designer Jo Doe, e-mail ${mail}, who starts on Friday, reporting to ${boss}, thanks!`,
      "2026-11-27",
    ],
    [`Onboard Jo Doe as product manager on 31 January 2030 with the email ${mail} and manager ${boss}`, "2030-01-31"],
    [`Onboard Jo Doe as a data engineer (${mail}), starting tomorrow, manager ${boss}`, "2026-11-23"],
    [`welcome the new colleague Jo Doe, managed by ${boss}, starting tomorrow, ${mail}`, "2026-11-23"],
    [list[0]?.examples[0] ?? "", "2030-01-31"],
  ])("%s", (request, due) => {
    const found = match(request);
    expect(found).toMatchObject({ kind: "plan", playbook: "onboarding", plan: { goal: request } });
    expect(found.kind === "plan" && found.plan.steps[1]?.args.due).toBe(due);
  });

  it.each([
    [`Onboard new rocket scientist Jo Doe (${mail}), starting tomorrow, manager ${boss}`],
    [`Onboard Jo Doe as a rocket scientist (${mail}), starting tomorrow, manager ${boss}`],
  ])("names the roles where it knows none such: %s", (request) => {
    const problem = expect.stringContaining("A role may be left out, or is one of: software engineer, data engineer,");
    expect(match(request)).toMatchObject({ kind: "not_understood", problem });
  });

  it.each([
    [`${REQUEST} and give her the root password`],
    [`Do not onboard Sarah Chen (${mail}), starting tomorrow, manager ${boss}`],
    [`Onboard Sarah Chen and Bob (${mail}), starting tomorrow, manager ${boss}`],
    [`Offboard Sarah Chen (${mail}), starting tomorrow, manager ${boss}`],
  ])("is not guessed at: %s", (request) => {
    expect(match(request).kind).not.toBe("plan");
  });
});
