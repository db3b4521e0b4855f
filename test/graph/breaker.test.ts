/** A receiver over HTTP that fails: its breaker opens, tries, closes, outlasts a restart, and asks a person meanwhile. */
import { describe, expect, it } from "vitest";
import { listAudit } from "../../src/ledger/audit.ts";
import { recordFailure } from "../../src/ledger/breakers.ts";
import { listProposals } from "../../src/ledger/proposals.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { createPolicy, type PolicyOptions } from "../../src/policy/policy.ts";
import type { CallSettings } from "../../src/tools/call-settings.ts";
import { answerThread } from "../../src/work/answer.ts";
import { continueThread, startRequest, type ThreadView } from "../../src/work/threads.ts";
import { holdpoint } from "../support/child.ts";
import { mailActions, openFlakyReceiver } from "../support/flaky-receiver.ts";
import { openTestRuntime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const plans = {
  mail: [{ id: "m", action: "send_mail", args: { text: "mail" } }],
  two: [
    { id: "m", action: "send_mail", args: { text: "one" } },
    { id: "n", action: "send_mail", args: { text: "two" }, dependsOn: ["m"] },
  ],
  archived: [
    { id: "m", action: "send_mail", args: { text: "one" } },
    { id: "n", action: "archive_mail", args: { text: "two" }, dependsOn: ["m"] },
  ],
  count: [{ id: "c", action: "count_mails", args: {} }],
};
const MINUTE = 60_000;
const AUTOMATIC = { automation: true, approvalRequired: false, canaryShare: 1, actionsPerHour: 1000 };

interface Options {
  call?: CallSettings & { canTell?: boolean };
  policy?: PolicyOptions;
  settings?: object;
  tenant?: string;
}

async function open({ call = {}, policy, settings = {}, tenant = "acme" }: Options = {}) {
  const home = tempDir();
  const receiver = await openFlakyReceiver();
  let time = Date.parse("2026-11-01T10:00:00.000Z");
  const now = () => new Date(time).toISOString();
  const start = () =>
    openTestRuntime({
      ...{ home, plans, now, actions: mailActions(receiver, { retry: { attempts: 1 }, ...call }) },
      ...(policy ? { policy: createPolicy(policy) } : {}),
    });
  let runtime = await start();
  const as = (principal: string) => ({ identity: { tenant, principal } });
  await changeSettings(runtime.ledger, { tenant, principal: "root", at: now() }, { ...AUTOMATIC, ...settings });
  const ask = (request: keyof typeof plans = "mail") => startRequest(runtime, as("alice"), { request });
  const approve = ({ threadId }: ThreadView, type: "approve" | "happened" = "approve") =>
    answerThread(runtime, as("bob"), threadId, ({ proposalId, actions }) => ({
      ...{ proposalId, decisions: actions.map(({ step }) => ({ type, step })) },
    }));
  const send = async () => {
    const view = await ask();
    return (view.run.status === "waiting" ? await approve(view) : view).run.answer?.status;
  };
  await send(); // the tenant has done it before, so that it may happen by itself
  receiver.sent.length = 0;
  return {
    goOn: (threadId: string) => continueThread(runtime, as("bob"), threadId),
    ...{ home, receiver, ask, approve, send, ledger: () => runtime.ledger },
    moveOn: (minutes: number) => {
      time += minutes * MINUTE;
    },
    breaks: async () =>
      (await listAudit(runtime.ledger, tenant)).map(({ event }) => event).filter((event) => event.includes("breaker")),
    restart: async () => {
      await runtime.close();
      runtime = await start();
    },
    fail: async (times: number) => {
      receiver.mood = "down";
      for (let n = 0; n < times; n++) expect(await send()).toBe("failed");
    },
  };
}

const LEFT_ALONE = '"send_mail" failed 5 times in a row, and is left alone until 2026-11-01T10:02:00.000Z.';

describe("a receiver that fails", () => {
  it("is left alone after five failures, over a restart too, tried after 120 s, and used again once it works", async () => {
    const { receiver, ask, send, fail, restart, moveOn, breaks } = await open();
    await fail(5);
    expect(receiver.sent).toHaveLength(5);
    const sixth = await ask();
    expect(sixth).toMatchObject({ run: { status: "waiting" }, question: { reasons: [LEFT_ALONE] } });
    await restart();
    expect((await ask()).question?.reasons).toEqual([LEFT_ALONE]);
    expect(receiver.sent).toHaveLength(5);

    moveOn(2);
    expect((await ask()).run.answer?.status).toBe("failed"); // by itself: the trial, and the receiver still fails
    expect(receiver.sent).toHaveLength(6);
    const again = '"send_mail" failed 6 times in a row, and is left alone until 2026-11-01T10:04:00.000Z.';
    expect((await ask()).question?.reasons).toEqual([again]);
    expect(receiver.sent).toHaveLength(6);

    receiver.mood = "up";
    moveOn(2);
    for (let n = 0; n < 3; n++) expect(await send()).toBe("success");
    expect(receiver.sent).toHaveLength(9);
    expect(await breaks()).toEqual([
      ...["breaker.opened", "breaker.tried", "breaker.opened", "breaker.tried", "breaker.closed"],
    ]);
    await fail(5); // the count began anew
    expect((await ask()).run.status).toBe("waiting");
  });

  it("is tried at once when a person approves it all the same, and left alone for longer when it fails", async () => {
    const { receiver, ask, approve, fail, moveOn } = await open();
    await fail(5);
    const waiting = [await ask(), await ask()] as const;
    moveOn(1);
    expect((await approve(waiting[0])).run.answer?.status).toBe("failed");
    expect(receiver.sent).toHaveLength(6);
    const again = '"send_mail" failed 6 times in a row, and is left alone until 2026-11-01T10:03:00.000Z.';
    expect((await ask()).question?.reasons).toEqual([again]);
    receiver.mood = "up";
    expect((await approve(waiting[1])).run.answer?.status).toBe("success");
    expect((await ask()).run.answer?.status).toBe("success");
  });

  it("is not called for what whoever approved it could not know about: that is asked again", async () => {
    const { receiver, ask, approve, send, fail, ledger } = await open({ settings: { manyRows: 1 } });
    const early = await ask();
    await fail(5);
    receiver.mood = "up";
    const again = await approve(early);
    expect(again.question?.reasons).toContain(LEFT_ALONE);
    expect(again.question?.notices).toEqual([`It has to be approved again: ${LEFT_ALONE}`]);
    expect(receiver.sent).toHaveLength(5);
    const proposals = await listProposals(ledger(), "acme", again.run.id);
    expect(proposals.map(({ status }) => status)).toEqual(["stale", "pending"]);
    expect((await approve(again)).run.answer?.status).toBe("success");
    expect(receiver.sent).toHaveLength(6);
    expect(await send()).toBe("success");
  });

  it("while a transaction is under way is not called for the rest of it, and what was done is undone", async () => {
    const { receiver, ask, ledger } = await open();
    const failure = { action: "send_mail", trial: null, failures: 5, openMs: 2 * MINUTE };
    const at = "2026-11-01T10:00:00.000Z";
    receiver.onSent = async () => {
      for (let n = 0; n < 5; n++) await recordFailure(ledger(), { tenant: "acme", principal: "other", at }, failure);
    };
    const done = await ask("two");
    expect(done.run.answer).toMatchObject({ status: "failed", text: expect.stringContaining(LEFT_ALONE) });
    expect(done.effects.map(({ step, status }) => `${step} ${status}`)).toEqual(["m undone", "n failed"]);
    expect(receiver.sent).toEqual(["one"]);
  });

  it("does not end a transaction that has got past it, once a person has said what happened", async () => {
    const { receiver, ask, approve, breaks } = await open({ call: { canTell: false, breaker: { failures: 1 } } });
    await approve(await ask("archived"));
    receiver.mood = "down";
    const asked = await ask("archived");
    expect(asked.question).toMatchObject({ kind: "reconciliation", actions: [{ step: "m" }] });
    expect(await breaks()).toEqual(["breaker.opened"]);
    receiver.mood = "up";
    expect((await approve(asked, "happened")).run.answer?.status).toBe("success");
    expect(receiver.sent.slice(-2)).toEqual(["one", "two"]);
  });

  it("is not called by what policy approves, also where policy is to approve everything", async () => {
    const { receiver, ask, fail } = await open({ policy: { approval: "never" } });
    await fail(5);
    const { run } = await ask();
    expect(run.answer).toMatchObject({ status: "failed", text: expect.stringContaining(LEFT_ALONE) });
    expect(receiver.sent).toHaveLength(5);
  });

  it("is said to be the reason by `explain` and `show`", async () => {
    const { home, ask, fail } = await open({ tenant: "default" });
    await fail(5);
    const { threadId } = await ask();
    for (const command of ["explain", "show"]) {
      expect((await holdpoint(home, command, threadId)).stdout.replaceAll(/\s+/g, " ")).toContain(LEFT_ALONE);
    }
  });

  it("is read no more either: the run is paused until it is tried again, and says so", async () => {
    const { receiver, ask, goOn, moveOn } = await open({ call: { retry: { attempts: 3, pauseMs: 1 } } });
    receiver.mood = "down";
    expect((await ask("count")).run.answer?.text).toContain("answered 503");
    expect(receiver.asked).toHaveLength(3);
    const held = '"count_mails" failed 5 times in a row, and is left alone until 2026-11-01T10:02:00.000Z.';
    const { run, threadId } = await ask("count");
    const pause = { why: "receiver", reason: held, until: "2026-11-01T10:02:00.000Z" };
    expect(run).toMatchObject({ status: "paused", pause });
    expect(receiver.asked).toHaveLength(5);
    receiver.mood = "up";
    expect((await ask("count")).run).toMatchObject({ status: "paused", pause });
    expect(receiver.asked).toHaveLength(5);
    moveOn(2);
    expect((await goOn(threadId)).run.answer).toMatchObject({ status: "success" });
  });
});

describe("a receiver that never answers", () => {
  it("lets a read fail in its time", async () => {
    const { receiver, ask } = await open({ call: { timeoutMs: 300 } });
    receiver.mood = "silent";
    const { run } = await ask("count");
    expect(run.answer).toMatchObject({ status: "failed", text: expect.stringContaining("within 300 ms") });
  });

  it.each([
    [true, "It was not found, but may still be under way."],
    [false, "Nobody can tell whether it happened."],
  ])("leaves a write in doubt, also where it can be looked up (%s), and a person is asked", async (canTell, why) => {
    const { receiver, ask, approve } = await open({ call: { timeoutMs: 300, retry: { attempts: 4 }, canTell } });
    receiver.mood = "silent";
    const asked = await ask();
    expect(asked).toMatchObject({ run: { status: "waiting", answer: null }, question: { kind: "reconciliation" } });
    expect(asked.question?.reasons).toEqual([`"send_mail" did not answer within 300 ms. ${why}`]);
    expect(receiver.sent).toEqual(["mail"]);
    expect((await approve(asked, "happened")).run.answer?.status).toBe("success");
    expect(receiver.sent).toEqual(["mail"]);
  });
});
