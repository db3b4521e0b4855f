/** Maintenance within one process: each job, what it leaves alone, and that one failing stops no other. */
import { describe, expect, it, onTestFinished } from "vitest";
import { PlanSchema } from "../../src/domain/plan.ts";
import { createHoldpoint } from "../../src/index.ts";
import { listAudit } from "../../src/ledger/audit.ts";
import { checkAudit } from "../../src/ledger/audit-check.ts";
import { listIdleThreads, retireCheckpoints } from "../../src/ledger/checkpoint-retention.ts";
import { findDecision } from "../../src/ledger/decisions.ts";
import { expireProposal } from "../../src/ledger/expiry.ts";
import { takeMaintenance } from "../../src/ledger/maintenance-lease.ts";
import { claimNotice, endAttempt, listNotices, type Notice } from "../../src/ledger/notices.ts";
import { getProposal } from "../../src/ledger/proposals.ts";
import type { RunsTable } from "../../src/ledger/schema.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { createPolicy, type PolicyOptions } from "../../src/policy/policy.ts";
import { DEFAULT_SETTINGS, type TenantSettings } from "../../src/policy/settings.ts";
import { createRuntime, type NoticeListener, type Runtime } from "../../src/runtime.ts";
import { answerThread } from "../../src/work/answer.ts";
import { type MaintenanceReport, maintainOnce, startMaintenance } from "../../src/work/maintain.ts";
import { pauseAfter } from "../../src/work/maintenance/pauses.ts";
import { startRequest, viewThread } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { openReceiver } from "../support/notice-receiver.ts";
import { alice, approveAll, bob, mallory } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const START = Date.parse("2026-11-01T10:00:00.000Z");
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

interface Given {
  settings?: Partial<TenantSettings>;
  policy?: PolicyOptions;
  notify?: string | NoticeListener;
}

async function open({ settings = {}, policy = {}, notify }: Given = {}) {
  let time = START;
  const home = tempDir();
  const notebook = createNotebook(home);
  const now = () => new Date(time).toISOString();
  const steps = [{ id: "a", title: "Write to Zebulon", action: "note", args: { text: "a" }, dependsOn: [] }];
  const plan = (goal: string) => PlanSchema.parse({ goal, source: { kind: "playbook", name: "test" }, steps });
  const matchRequest = (goal: string) => ({ kind: "plan" as const, playbook: "test", plan: plan(goal) });
  const given = { actions: notebook.actions, policy: createPolicy(policy), matchRequest, notify, now };
  const runtime = await createRuntime({ home }, given);
  onTestFinished(() => runtime.close());
  const stamp = { tenant: "acme", principal: "ada", at: now() };
  if (Object.keys(settings).length > 0) await changeSettings(runtime.ledger, stamp, settings);
  const pass = async (milliseconds = 0) => {
    time += milliseconds;
    return await maintainOnce(runtime);
  };
  const ask = (caller = alice) => startRequest(runtime, caller, { request: "go" });
  return { runtime, home, ask, pass, lines: notebook.lines };
}

const jobs = (report: Awaited<ReturnType<typeof maintainOnce>>) =>
  report.done.map(({ job, what }) => `${job}: ${what}`);
const kinds = (notices: readonly { kind: string }[]) => notices.map(({ kind }) => kind).toSorted();

describe("what nobody decided in time", () => {
  it("ends, of every tenant, and its run with it; what has time or none stays", async () => {
    const { runtime, ask, pass, lines } = await open({ policy: { approvalExpiresMs: 60 * MINUTE } });
    const [own, foreign] = [await ask(), await ask(mallory)];
    expect(jobs(await pass(30 * MINUTE))).not.toContainEqual(expect.stringMatching(/^expire/));
    const later = await ask();
    const report = await pass(30 * MINUTE);
    expect(report.failures).toEqual([]);
    expect(report.done.filter(({ job }) => job === "expire")).toMatchObject([
      { tenant: "acme", subject: own.threadId, what: "expired: nobody decided until 2026-11-01T11:00:00.000Z" },
      { tenant: "evil", subject: foreign.threadId },
    ]);
    expect((await viewThread(runtime, alice.identity, own.threadId)).run.answer?.status).toBe("expired");
    expect(await findDecision(runtime.ledger, "acme", own.question?.proposalId ?? "")).toMatchObject({
      ...{ principal: "system", verdict: "expired" },
    });
    expect((await viewThread(runtime, alice.identity, later.threadId)).question).not.toBeNull();
    expect(kinds(await listNotices(runtime.ledger, "acme"))).toEqual([
      "approval_expired",
      "approval_expiring",
      "approval_expiring",
    ]);
    expect(lines()).toEqual([]);
  });

  it("has the time that the settings give its impact", async () => {
    const approvals = { ...DEFAULT_SETTINGS.approvals };
    approvals.medium = { ...approvals.medium, expiresMinutes: 10 };
    const { ask, pass } = await open({ settings: { approvals, remindBeforeMinutes: null } });
    const { threadId, question } = await ask();
    expect(question?.impact.level).toBe("medium");
    expect(jobs(await pass(10 * MINUTE - 1))).toEqual([]);
    expect(await pass(1)).toMatchObject({ done: [{ job: "expire", subject: threadId }] });
    expect(jobs(await pass(MINUTE))).toEqual([]);
  });

  it("goes on where a worker died between the decision and the answer", async () => {
    const { runtime, ask, pass } = await open({ policy: { approvalExpiresMs: MINUTE } });
    const { threadId, question, run } = await ask();
    const { ledger } = runtime;
    const proposal = await getProposal(ledger, "acme", question?.proposalId ?? "");
    expect(await expireProposal(ledger, { tenant: "acme", at: runtime.now() }, proposal, null)).toBe(true);
    expect(jobs(await pass())).toEqual([]); // somebody was seen at it just now
    await ledger.updateTable("runs").set({ aliveUntil: null }).where("id", "=", run.id).execute();
    expect(await pass()).toMatchObject({ done: [{ job: "recover", subject: threadId, what: "ended: expired" }] });
    expect(kinds(await listNotices(ledger, "acme"))).toEqual(["approval_expired"]);
  });
});

describe("a reminder", () => {
  const EXPIRES = { approvalExpiresMs: DAY };

  it("comes once, an hour before it is too late, and not to what is decided", async () => {
    const { runtime, ask, pass } = await open({ policy: EXPIRES });
    const [waiting, decided] = [await ask(), await ask()];
    await answerThread(runtime, bob, decided.threadId, approveAll);
    expect(jobs(await pass(DAY - 60 * MINUTE - 1))).toEqual([]);
    expect(await pass(1)).toMatchObject({
      done: [{ job: "remind", subject: waiting.threadId, what: "reminded: it expires at 2026-11-02T10:00:00.000Z" }],
    });
    expect(jobs(await pass(MINUTE))).toEqual([]);
    expect(await listNotices(runtime.ledger, "acme")).toMatchObject([
      {
        ...{ kind: "approval_expiring", threadId: waiting.threadId, proposalId: waiting.question?.proposalId },
        text: `One person (approver) can approve this until 2026-11-02T10:00:00.000Z, then it expires: note on thread "${waiting.threadId}".`,
      },
    ]);
    const events = (await listAudit(runtime.ledger, "acme", waiting.run.id)).map(({ event }) => event);
    expect(events.filter((event) => event === "proposal.reminded")).toHaveLength(1);
  });

  it("comes at half of a shorter time", async () => {
    const { ask, pass } = await open({ policy: { approvalExpiresMs: 20 * MINUTE } });
    await ask();
    expect(jobs(await pass(10 * MINUTE - 1))).toEqual([]);
    expect(jobs(await pass(1))).toEqual(["remind: reminded: it expires at 2026-11-01T10:20:00.000Z"]);
  });

  it("comes as early as the settings say, or never", async () => {
    const early = await open({ policy: EXPIRES, settings: { remindBeforeMinutes: 120 } });
    await early.ask();
    expect(jobs(await early.pass(DAY - 120 * MINUTE))).toHaveLength(1);
    const never = await open({ policy: EXPIRES, settings: { remindBeforeMinutes: null } });
    await never.ask();
    expect(jobs(await never.pass(DAY - MINUTE))).toEqual([]);
  });
});

describe("a notice", () => {
  it("tells of what policy approved, without personal data, unless the tenant wants none", async () => {
    const told = await open({ policy: { approval: "never" } });
    const { threadId, run } = await told.ask();
    const text = `Approved by policy, without a person: note on thread "${threadId}".`;
    expect(await listNotices(told.runtime.ledger, "acme")).toMatchObject([
      { kind: "automatic_action", runId: run.id, text },
    ]);
    expect(await listNotices(told.runtime.ledger, "evil")).toEqual([]);
    const silent = await open({ policy: { approval: "never" }, settings: { notifyOnAutomatic: false } });
    await silent.ask();
    expect(await listNotices(silent.runtime.ledger, "acme")).toEqual([]);
    const asked = await open();
    await answerThread(asked.runtime, bob, (await asked.ask()).threadId, approveAll);
    expect(await listNotices(asked.runtime.ledger, "acme")).toEqual([]);
  });

  it("is handed to a program's function once, and again after a pause that grows where that throws", async () => {
    const heard: Notice[] = [];
    let works = false;
    const notify = (notice: Notice) => {
      heard.push(notice);
      if (!works) throw new Error("no connection to bob@example.com");
    };
    const { runtime, ask, pass } = await open({ policy: { approval: "never" }, notify });
    const { threadId } = await ask();
    expect((await pass()).failures).toMatchObject([{ job: "notify", problem: "no connection to [mail]" }]);
    expect((await pass(30_000 - 1)).failures).toEqual([]);
    expect((await pass(1)).failures).toHaveLength(1);
    expect((await pass(MINUTE - 1)).failures).toEqual([]);
    works = true;
    expect(await pass(1)).toMatchObject({
      done: [{ subject: threadId, what: "told: automatic action" }],
      failures: [],
    });
    expect((await pass(DAY)).done).toEqual([]);
    const [first] = heard;
    expect(heard).toEqual([first, first, first]);
    expect(first).toMatchObject({ tenant: "acme", kind: "automatic_action", threadId });
    expect(await listNotices(runtime.ledger, "acme")).toMatchObject([{ attempts: 3, deliveredAt: expect.any(String) }]);
    expect([pauseAfter(1), pauseAfter(2), pauseAfter(50)]).toEqual([30_000, 60_000, 3_600_000]);
  });

  it("is posted with its id, and a redirect or another answer does not count as taken", async () => {
    const answers = [302, 500, 204];
    const { url, received } = await openReceiver((response) => {
      response.writeHead(answers.shift() ?? 204, { location: "/elsewhere" }).end("x");
    });
    const { ask, pass } = await open({ policy: { approval: "never" }, notify: url });
    const { threadId } = await ask();
    const problems: string[] = [];
    for (let turn = 0; turn < 3; turn++)
      problems.push(...(await pass(DAY / 24)).failures.map(({ problem }) => problem));
    expect(problems).toMatchObject([expect.stringContaining("answered 302"), expect.stringContaining("answered 500")]);
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ id }) => id))).toEqual(new Set([received[0]?.body.id]));
    expect(received[0]?.body).toEqual({
      ...{ id: expect.stringMatching(/^notice_[0-9a-f]{20}$/), tenant: "acme", kind: "automatic_action", threadId },
      ...{ runId: expect.any(String), proposalId: expect.stringMatching(/^prop_/), createdAt: expect.any(String) },
      text: expect.stringContaining("Approved by policy"),
    });
  });

  it("is left to the worker that began to deliver it, until that must have ended", async () => {
    const { url, received } = await openReceiver();
    const { runtime, ask, pass } = await open({ policy: { approval: "never" }, notify: url });
    await ask();
    const [notice] = await listNotices(runtime.ledger, "acme");
    if (!notice) throw new Error("There is no notice.");
    const lease = new Date(START + MINUTE).toISOString();
    const claims = [claimNotice(runtime.ledger, notice, lease), claimNotice(runtime.ledger, notice, lease)];
    expect((await Promise.all(claims)).filter((attempt) => attempt !== undefined)).toEqual([1]);
    await pass(MINUTE - 1);
    expect(received).toHaveLength(0);
    await pass(1);
    expect(received).toHaveLength(1);
    // The one that was believed dead does not overwrite what came after it.
    await endAttempt(runtime.ledger, notice, 1, { nextAttemptAt: notice.createdAt });
    await pass(MINUTE);
    expect(received).toHaveLength(1);
  });

  it("is only kept where nobody took it for a week, and a receiver that is away is not asked about every one", async () => {
    const { url, received } = await openReceiver((response) => void response.writeHead(503).end());
    const { runtime, ask, pass } = await open({ policy: { approval: "never" }, notify: url });
    for (let turn = 0; turn < 5; turn++) await ask();
    await pass();
    expect(received).toHaveLength(3);
    await pass(8 * DAY);
    expect(received).toHaveLength(3);
    expect(await listNotices(runtime.ledger, "acme")).toHaveLength(5);
  });
});

describe("a job that fails", () => {
  it("stops no other, and is reported without what is secret", async () => {
    const { runtime, ask, pass } = await open({
      policy: { approvalExpiresMs: MINUTE },
      settings: { keepCheckpointsDays: 1, keepAuditDays: 1 },
    });
    const { threadId } = await ask();
    await pass(MINUTE);
    Object.assign(runtime, {
      deleteCheckpoints: () => Promise.reject(new Error("password=hunter2hunter2 was refused")),
    });
    const report = await pass(3 * DAY);
    expect(report.failures).toMatchObject([
      { tenant: "acme", job: "keep checkpoints", subject: threadId, code: "defect" },
    ]);
    expect(JSON.stringify(report)).not.toContain("hunter2");
    expect(jobs(report)).toContainEqual(expect.stringContaining("keep audit: entries up to"));
  });
});

describe("checkpoints", () => {
  const hasCheckpoints = async ({ graph }: Runtime, threadId: string) =>
    (await graph.getState({ configurable: { thread_id: threadId } })).createdAt !== undefined;
  const deleted = (report: Awaited<ReturnType<typeof maintainOnce>>) =>
    report.done.filter(({ job }) => job === "keep checkpoints").map(({ subject }) => subject);

  it("are kept for ever by default", async () => {
    const { runtime, ask, pass } = await open({ policy: { approval: "never" } });
    const { threadId } = await ask();
    expect(deleted(await pass(1000 * DAY))).toEqual([]);
    expect(await hasCheckpoints(runtime, threadId)).toBe(true);
  });

  it("are deleted when everything on the thread ended long ago; it can be shown and asked on as before", async () => {
    const { runtime, ask, pass, lines } = await open({ settings: { keepCheckpointsDays: 30 } });
    const [ended, waiting] = [await ask(), await ask()];
    await answerThread(runtime, bob, ended.threadId, approveAll);
    expect(deleted(await pass(30 * DAY))).toEqual([]);
    expect(deleted(await pass(1))).toEqual([ended.threadId]);
    expect(await hasCheckpoints(runtime, ended.threadId)).toBe(false);
    expect(await hasCheckpoints(runtime, waiting.threadId)).toBe(true);
    expect(deleted(await pass(DAY))).toEqual([]);
    const shown = await viewThread(runtime, alice.identity, ended.threadId);
    expect(shown).toMatchObject({ run: { answer: { status: "success" } }, state: { plan: { goal: "go" } } });
    const again = await startRequest(runtime, alice, { request: "go", threadId: ended.threadId });
    await answerThread(runtime, bob, again.threadId, approveAll);
    await answerThread(runtime, bob, waiting.threadId, approveAll);
    expect(lines()).toHaveLength(3);
    expect(deleted(await pass(31 * DAY)).toSorted()).toEqual([ended.threadId, waiting.threadId].toSorted());
  });

  it.each<[string, Partial<Pick<RunsTable, "status" | "rollback" | "updatedAt">>]>([
    ["has not ended", { status: "running" }],
    ["waits", { status: "waiting" }],
    ["is being rolled back", { rollback: "{}" }],
    ["has ended just now", { updatedAt: new Date(START).toISOString() }],
  ])("stay where something began after they were found: a run that %s", async (_what, values) => {
    const { runtime, ask } = await open({ policy: { approval: "never" } });
    const { threadId, run } = await ask();
    const before = new Date(START + DAY).toISOString();
    expect(await listIdleThreads(runtime.ledger, "acme", before)).toEqual([threadId]);
    const newer = { ...values, updatedAt: values.updatedAt === undefined ? new Date(START).toISOString() : before };
    await runtime.ledger.updateTable("runs").set(newer).where("id", "=", run.id).execute();
    const stamp = { tenant: "acme", principal: "system", at: before };
    expect(await retireCheckpoints(runtime.ledger, stamp, { threadId, before }, runtime.deleteCheckpoints)).toBe(false);
    expect(await listIdleThreads(runtime.ledger, "acme", before)).toEqual([]);
    expect(await hasCheckpoints(runtime, threadId)).toBe(true);
  });
});

describe("the audit log", () => {
  it("loses its old beginning at most once a day, and what is left can be verified", async () => {
    const { runtime, ask, pass } = await open({ policy: { approval: "never" }, settings: { keepAuditDays: 30 } });
    await ask();
    const { head } = await checkAudit(runtime.ledger, "acme");
    expect(jobs(await pass(30 * DAY))).toEqual([]);
    await ask();
    const report = await pass(1);
    expect(jobs(report)).toEqual(
      ["keep audit: notices: 1 removed", `keep audit: entries up to ${head.seq} removed`].map((line) =>
        line.replace("notices: ", ""),
      ),
    );
    const kept = await checkAudit(runtime.ledger, "acme");
    expect(kept).toMatchObject({ fault: null, removed: head.seq });
    const entries = await listAudit(runtime.ledger, "acme");
    expect(entries.at(-1)).toMatchObject({
      ...{ principal: "system", event: "audit.pruned", data: { through: head.seq, hash: head.hash, keepDays: 30 } },
    });
    expect(entries[0]?.seq).toBe(head.seq + 1);
    await pass(30 * DAY); // all but the entry about it is too old now
    expect((await listAudit(runtime.ledger, "acme"))[0]?.event).toBe("audit.pruned");
    expect(await checkAudit(runtime.ledger, "acme")).toMatchObject({ fault: null, removed: kept.head.seq - 1 });
    expect(jobs(await pass(DAY - 1))).toEqual([]);
    expect(jobs(await pass(1))).toEqual([`keep audit: entries up to ${kept.head.seq} removed`]);
  });

  it("stays as it is when it was tampered with", async () => {
    const { runtime, ask, pass } = await open({ policy: { approval: "never" }, settings: { keepAuditDays: 1 } });
    await ask();
    await runtime.ledger.updateTable("auditLog").set({ principal: "mallory" }).where("seq", "=", 2).execute();
    const report = await pass(2 * DAY);
    expect(report.failures).toMatchObject([
      { job: "keep audit", code: "tampered", problem: expect.stringContaining("Entry 2") },
    ]);
    expect((await listAudit(runtime.ledger, "acme"))[0]?.seq).toBe(1);
  });
});

describe("a program", () => {
  it("does a pass when it asks for one, and hears of notices", async () => {
    const home = tempDir();
    const { actions } = createNotebook(home);
    const heard: Notice[] = [];
    let time = START;
    const app = await createHoldpoint({
      ...{ home, actions, policy: { approvalExpiresMs: MINUTE }, now: () => new Date(time).toISOString() },
      playbooks: () => ({ steps: [{ id: "a", title: "a", action: "note", args: { text: "a" } }] }),
      onNotice: (notice) => heard.push(notice),
    });
    onTestFinished(() => app.close());
    await app.invoke({ request: "go" }, { configurable: { thread_id: "t" }, context: alice.identity });
    time += MINUTE;
    expect((await app.maintain()).done.map(({ job, subject }) => `${job} ${subject}`)).toEqual([
      "expire t",
      "notify t",
    ]);
    expect(kinds(heard)).toEqual(["approval_expired"]);
  });
});

describe("maintenance that goes on", () => {
  it("passes again and again until it is told to stop, and a pass that fails is reported", async () => {
    const { runtime } = await open();
    const stop = new AbortController();
    const reports: MaintenanceReport[] = [];
    const onPass = (report: MaintenanceReport) => {
      reports.push(report);
      if (reports.length === 1) void runtime.ledger.schema.dropTable("audit_heads").execute();
      if (reports.length === 3) stop.abort();
    };
    await startMaintenance(runtime, { everyMs: 20, signal: stop.signal, onPass });
    expect(reports.map(({ failures }) => failures.map(({ tenant, job }) => [tenant, job]))).toEqual([
      [],
      [[null, "maintain"]],
      [[null, "maintain"]],
    ]);
  });
});

describe("several processes", () => {
  it("take turns: one makes the passes, and another goes on when it has ended", async () => {
    const { runtime } = await open();
    const passes: string[] = [];
    const start = (name: string) => {
      const ending = new AbortController();
      const onPass = () => void passes.push(name);
      const ended = startMaintenance(runtime, { everyMs: 20, signal: ending.signal, onPass });
      const end = async () => {
        ending.abort();
        await ended;
      };
      onTestFinished(end);
      return end;
    };
    const endFirst = start("first");
    await expect.poll(() => passes.length).toBeGreaterThan(2);
    start("second");
    const before = passes.length;
    await expect.poll(() => passes.length).toBeGreaterThan(before + 3);
    expect(new Set(passes)).toEqual(new Set(["first"]));
    await endFirst();
    await expect.poll(() => passes).toContain("second");
  });

  it("do not wait for one that died", async () => {
    const { runtime } = await open();
    const until = new Date(Date.now() + 300).toISOString();
    expect(await takeMaintenance(runtime.ledger, "dead", { now: new Date().toISOString(), until })).toBe(true);
    const passes: MaintenanceReport[] = [];
    const ending = new AbortController();
    const begun = Date.now();
    const ended = startMaintenance(runtime, {
      everyMs: 20,
      signal: ending.signal,
      onPass: (pass) => void passes.push(pass),
    });
    await expect.poll(() => passes.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(Date.now() - begun).toBeGreaterThan(200);
    ending.abort();
    await ended;
  });
});
