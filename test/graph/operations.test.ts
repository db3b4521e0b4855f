/** Tasks, stock and notifications from their proposal to what is left of them when they are taken back. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { PlanSchema } from "../../src/domain/plan.ts";
import { createRuntime, type RuntimeOverrides } from "../../src/runtime.ts";
import { answerThread } from "../../src/work/answer.ts";
import { rollBackThread, startRequest } from "../../src/work/threads.ts";
import { holdpoint } from "../support/child.ts";
import { alice, approveAll, bob, type PlannedStep } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";
import { PATIENT, SECRET, startReceiver } from "../tools/operations/webhook-receiver.ts";

const DAY_MS = 86_400_000;

/** A runtime with the packs, for which every request is this plan, and its clock. */
async function openWith(steps: PlannedStep[], overrides: RuntimeOverrides = {}) {
  const clock = { at: Date.parse("2026-11-22T15:00:00.000Z") };
  const plan = PlanSchema.parse({
    goal: "test",
    source: { kind: "playbook", name: "test" },
    steps: steps.map((step) => ({ title: `Step ${step.id}`, ...step })),
  });
  const runtime = await createRuntime(
    { home: tempDir() },
    {
      ...{ now: () => new Date(clock.at).toISOString(), office: { timeZone: "UTC" }, operations: {} },
      ...{ policy: { planReview: "never" as const }, ...overrides },
      matchRequest: () => ({ kind: "plan", playbook: "test", plan }),
    },
  );
  onTestFinished(() => runtime.close());
  const stockOf = (item: string) =>
    runtime.store.snapshot(["inventory"])[0]?.rows.find(({ item_id: id }) => id === item)?.quantity_in_stock;
  const find = async (name: string) =>
    await runtime.registry.shared.getRead(name).run(
      {},
      {
        ...{ tenant: "acme", principal: "alice", idempotencyKey: "", now: runtime.now() },
        signal: new AbortController().signal,
      },
    );
  return { runtime, clock, stockOf, find };
}

async function approved(runtime: Awaited<ReturnType<typeof openWith>>["runtime"]) {
  const asked = await startRequest(runtime, alice, { request: "Do it" });
  return { asked, done: await answerThread(runtime, bob, asked.threadId, approveAll) };
}

const STOCK: PlannedStep = {
  id: "stock",
  action: "update_inventory",
  args: {
    updates: [
      { item: "Aviator", change: 12 },
      { item: "Moon", quantity: 7 },
    ],
    reason: "delivery 4711",
  },
};
const TASK: PlannedStep = { id: "task", action: "create_task", args: { title: "Check the delivery", assignee: "Bo" } };
const NOTE: PlannedStep = {
  id: "note",
  action: "send_notification",
  args: { channel: "in_app", to: ["Bo"], title: "Delivery", text: "Twelve Aviators came." },
  dependsOn: ["stock"],
};

describe("an inventory update", () => {
  it("is approved, and rolled back the next day", async () => {
    const { runtime, clock, stockOf } = await openWith([STOCK]);
    const { asked, done } = await approved(runtime);
    expect(asked.question?.actions[0]?.changes).toMatchObject([
      { key: "SG001", before: { quantity_in_stock: 23 }, after: { quantity_in_stock: 35 } },
      { key: "SG006", before: { quantity_in_stock: 10 }, after: { quantity_in_stock: 7 } },
    ]);
    expect(done.run.answer?.status).toBe("success");
    expect([stockOf("SG001"), stockOf("SG006")]).toEqual([35, 7]);
    clock.at += DAY_MS;
    const report = await rollBackThread(runtime, bob, {
      threadId: asked.threadId,
      reason: "wrong lorry",
      anyway: false,
    });
    expect(report).toEqual({
      kind: "rolled_back",
      effects: [
        {
          ...{ step: "stock", action: "update_inventory", status: "undone" },
          note: "Undone: stock of Aviator (SG001) is 23 now (was 35); stock of Moon (SG006) is 10 now (was 7).",
        },
      ],
    });
    expect([stockOf("SG001"), stockOf("SG006")]).toEqual([23, 10]);
  });

  it("that others have built on is not rolled back before somebody says so", async () => {
    const { runtime, stockOf } = await openWith([STOCK]);
    const { asked } = await approved(runtime);
    const sell = runtime.registry.shared.getWrite("sell");
    const signal = new AbortController().signal;
    const context = { tenant: "acme", principal: "alice", idempotencyKey: "sale", now: runtime.now(), signal };
    await sell.run({ item: "SG001", quantity: 5 }, context);
    const back = { threadId: asked.threadId, reason: null };
    expect(await rollBackThread(runtime, bob, { ...back, anyway: false })).toEqual({
      kind: "moved_on",
      since: ["Aviator (SG001) had 35 in stock after it, and has 30 now."],
    });
    await rollBackThread(runtime, bob, { ...back, anyway: true });
    expect([stockOf("SG001"), stockOf("SG006")]).toEqual([18, 10]);
  });
});

describe("a notification", () => {
  it("that cannot be taken back says so: before it is sent, and when it is to be undone", async () => {
    const { runtime, find } = await openWith([STOCK, TASK, NOTE]);
    const { asked } = await approved(runtime);
    const note = asked.question?.actions.find(({ step }) => step === "note");
    expect(note).toMatchObject({ reversibility: "compensatable", impact: { reversible: false } });
    expect(asked.question?.impact.reversible).toBe(false);
    expect(asked.question?.reasons.join("\n")).toContain("can be made up for, not undone");
    const report = await rollBackThread(runtime, bob, { threadId: asked.threadId, reason: null, anyway: false });
    expect(report).toMatchObject({
      effects: [
        {
          ...{ step: "note", status: "not_undone" },
          note: 'The notification "Delivery" cannot be taken back: Bo got it. A correction was sent there: Correction: please disregard "Delivery".',
        },
        { step: "task", status: "undone", note: 'The task "Check the delivery" is deleted.' },
        { step: "stock", status: "undone" },
      ],
    });
    expect(await find("find_tasks")).toMatchObject({ total: 0 });
    expect(await find("find_notifications")).toMatchObject({
      notifications: [{ title: 'Correction: please disregard "Delivery"' }, { title: "Delivery" }],
    });
  });

  it("of a transaction that fails is corrected, and the answer does not say that nothing was changed", async () => {
    const receiver = await startReceiver(410);
    const webhooks = { ops: { url: receiver.url, secret: SECRET } };
    const hook: PlannedStep = {
      id: "hook",
      action: "send_notification",
      args: { channel: "webhook", endpoint: "ops", title: "Delivery", text: "It came." },
      dependsOn: ["note"],
    };
    const { runtime, stockOf } = await openWith([STOCK, NOTE, hook], { operations: { webhooks, delivery: PATIENT } });
    const { asked, done } = await approved(runtime);
    expect(asked.question?.reasons.join("\n")).toContain("It goes outside, to the webhook ops.");
    const { status, text = "" } = done.run.answer ?? {};
    expect(status).toBe("failed");
    expect(text).toContain('The webhook "ops" did not take it, tried once: it answered 410.');
    expect(text).toContain("What had been done was undone. Undone: stock of Aviator (SG001) is 23 now (was 35)");
    expect(text).toContain('The notification "Delivery" cannot be taken back: Bo got it.');
    expect(text).not.toContain("Nothing was changed");
    expect(stockOf("SG001")).toBe(23);
  });

  it("to a webhook that has not answered waits for somebody who can tell, and its secrets stand nowhere", async () => {
    const receiver = await startReceiver(500);
    const webhooks = { ops: { url: receiver.url, secret: SECRET } };
    const args = { channel: "webhook", endpoint: "ops", title: "A", text: "B" };
    const hook: PlannedStep = { ...NOTE, id: "hook", args };
    const { runtime } = await openWith([STOCK, hook], { operations: { webhooks, delivery: PATIENT } });
    const { asked, done } = await approved(runtime);
    expect(done.question).toMatchObject({ kind: "reconciliation" });
    expect(receiver.received).toHaveLength(4);
    expect(new Set(receiver.ids()).size).toBe(1);
    const settled = await answerThread(runtime, bob, asked.threadId, ({ proposalId, actions }) => ({
      proposalId,
      decisions: actions.map(({ step }) => ({ type: "happened" as const, step, message: "the log says so" })),
    }));
    expect(settled.run.answer?.status).toBe("success");
    const files = readdirSync(runtime.home, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const kept = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1"));
    expect(kept.length).toBeGreaterThan(3);
    expect(JSON.stringify([asked, done, settled, kept])).not.toMatch(/T0K3N|whsec_/);
  });
});

describe("the command line", () => {
  it.each([
    ...["find_tasks", "create_task", "update_inventory"],
    "find_notifications",
    "send_notification",
    "generate_report",
  ])("tries %s against a target of its own", async (name) => {
    const { status, stdout } = await holdpoint(tempDir(), "actions", "test", name, "--json");
    const { checks, kept } = JSON.parse(stdout) as { checks: { outcome: string; detail: string }[]; kept: boolean };
    expect([status, kept]).toEqual([0, true]);
    const odd = checks.filter(({ outcome }) => outcome !== "kept").map(({ detail }) => detail);
    const stays = ["send_notification", "generate_report"].includes(name);
    expect(odd).toEqual(stays ? ["it is made good by something else"] : []);
  });

  it("takes endpoints from a file, with secrets from the environment", async () => {
    const home = tempDir();
    const file = join(home, "webhooks.yaml");
    writeFileSync(file, 'webhooks:\n  ops: { url: "${OPS_URL}", secret: "${OPS_SECRET}" }\n');
    const environment = { HOLDPOINT_WEBHOOKS: file, OPS_URL: "https://hooks.example.com/T0K3N", OPS_SECRET: SECRET };
    const shown = await holdpoint({ home, environment }, "actions", "show", "send_notification", "--json");
    expect(JSON.parse(shown.stdout).description).toContain("Endpoints of webhooks: ops.");
    expect(shown.stdout).not.toMatch(/T0K3N|whsec_/);
    const { OPS_SECRET: _none, ...without } = environment;
    const failed = await holdpoint({ home, environment: without }, "actions");
    expect([failed.status, failed.stderr]).toEqual([2, expect.stringContaining("OPS_SECRET, which is not set")]);
    expect(failed.stderr).not.toContain("T0K3N");
  });

  it("says where they are from, and what comes of undoing them", async () => {
    const { stdout } = await holdpoint(tempDir(), "actions", "--json");
    const { actions } = JSON.parse(stdout) as { actions: { name: string; from: string }[] };
    expect(actions.find(({ name }) => name === "send_notification")).toMatchObject({
      ...{ from: "operations", reversibility: "compensatable", idempotent: true },
    });
  });
});
