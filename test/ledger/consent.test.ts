/** The ledger's own rules, the same on every database. Invariants 2, 3, 5, 9 and 10. */
import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/domain/answer.ts";
import type { Effect, Proposal } from "../../src/domain/proposal.ts";
import { verifyAudit } from "../../src/ledger/audit-check.ts";
import type { Ledger } from "../../src/ledger/database.ts";
import { type DecisionInput, findDecision, listDecisions, takeDecision } from "../../src/ledger/decisions.ts";
import { beginEffect, effectKey, listEffects, settleEffect } from "../../src/ledger/effects.ts";
import { isLeased, type Lease, withLease } from "../../src/ledger/leases.ts";
import { getProposal, listProposals, openProposal, recordFindingsIn } from "../../src/ledger/proposals.ts";
import { listReads, readKey, recordReads } from "../../src/ledger/reads.ts";
import { judgeRevision, listRevisions, recordRevision } from "../../src/ledger/revisions.ts";
import { endRun, findRun, findThreadRun, listRuns } from "../../src/ledger/runs.ts";
import { startRun } from "../../src/ledger/start-run.ts";
import { databases, proposedAction, smallImpact, stamp } from "../support/ledger.ts";

const impact = { ...smallImpact, resources: [] };
const begin = (ledger: Ledger, id: string, threadId = "t1", who = stamp()) =>
  startRun(ledger, who, { id, threadId, request: `request of ${id}` });

async function proposed(ledger: Ledger): Promise<Proposal> {
  await begin(ledger, "run_1");
  return await openProposal(ledger, stamp(), {
    runId: "run_1",
    revision: 1,
    actions: [proposedAction("a", { text: "x" })],
    impact,
  });
}

function verdict(proposal: Proposal, approved: boolean, more: Partial<DecisionInput> = {}): DecisionInput {
  const actions = proposal.actions.map(({ step }) => ({
    step,
    verdict: approved ? ("approved" as const) : ("rejected" as const),
    reason: null,
  }));
  return {
    proposalId: proposal.id,
    digest: proposal.digest,
    decider: "person",
    verdict: approved ? "approved" : "rejected",
    actions,
    reason: null,
    separateApprover: false,
    ...more,
  };
}

describe.each(databases)("the ledger on %s", (_name, open) => {
  it("starts a run once for a request, and refuses its id for another text or thread", async (context) => {
    const ledger = await open(context);
    await begin(ledger, "run_1");
    expect(await begin(ledger, "run_1")).toMatchObject({ kind: "started", superseded: [] });
    expect(await listRuns(ledger, "acme")).toHaveLength(1);
    await expect(startRun(ledger, stamp(), { id: "run_1", threadId: "t1", request: "other" })).rejects.toThrow(
      "another run",
    );
    await expect(
      startRun(ledger, stamp(), { id: "run_1", threadId: "t2", request: "request of run_1" }),
    ).rejects.toThrow("another run");
  });

  it("supersedes what waits on a thread, and keeps what is approved there", async (context) => {
    const ledger = await open(context);
    const proposal = await proposed(ledger);
    expect(await begin(ledger, "run_2")).toMatchObject({ kind: "started", superseded: [{ id: "run_1" }] });
    expect(await getProposal(ledger, "acme", proposal.id)).toMatchObject({ status: "superseded" });
    expect(await findRun(ledger, "acme", "run_1")).toMatchObject({ status: "ended", answer: { status: "superseded" } });
    const second = await openProposal(ledger, stamp(), {
      runId: "run_2",
      revision: 1,
      actions: [proposedAction("a")],
      impact,
    });
    await takeDecision(ledger, stamp("bob"), verdict(second, true));
    expect(await begin(ledger, "run_3")).toMatchObject({ kind: "unfinished", run: { id: "run_2" } });
    expect(await findRun(ledger, "acme", "run_3")).toBeUndefined();
  });

  it("goes on with the request that came last to the ledger, whichever looked at the clock first", async (context) => {
    const ledger = await open(context);
    const at = (time: string) => ({ ...stamp(), at: `2026-11-01T10:00:00.${time}Z` });
    await begin(ledger, "run_1", "t1", at("500"));
    expect(await begin(ledger, "run_2", "t1", at("400"))).toMatchObject({ superseded: [{ id: "run_1" }] });
    expect(await findThreadRun(ledger, "acme", "t1")).toMatchObject({ id: "run_2", status: "running" });
    expect(await begin(ledger, "run_0", "t1", at("501"))).toMatchObject({ superseded: [{ id: "run_2" }] });
    expect(await findThreadRun(ledger, "acme", "t1")).toMatchObject({ id: "run_0", status: "running" });
  });

  it("lets one of several requests at once go on, the one that came last", async (context) => {
    const ledger = await open(context);
    for (const threadId of ["t1", "t2", "t3", "t4", "t5"]) {
      await Promise.all(["a", "b", "c"].map((name) => begin(ledger, `run_${threadId}_${name}`, threadId)));
      const runs = await listRuns(ledger, "acme", { threadId });
      expect(runs.map(({ status }) => status)).toEqual(["running", "ended", "ended"]);
    }
  });

  it("returns the recorded revision and proposal to whoever records them again", async (context) => {
    const ledger = await open(context);
    const proposal = await proposed(ledger);
    const plan = { goal: "g", source: { kind: "model" as const }, steps: [] };
    const step = { id: "a", title: "a", action: "note", args: {}, dependsOn: [] };
    const first = await recordRevision(ledger, stamp(), {
      runId: "run_1",
      number: 1,
      plan: { ...plan, steps: [step] },
    });
    const other = { ...step, title: "b" };
    expect(
      await recordRevision(ledger, stamp(), { runId: "run_1", number: 1, plan: { ...plan, steps: [other] } }),
    ).toEqual(first);
    await judgeRevision(ledger, stamp(), { runId: "run_1", number: 1, verdict: "deny", findings: [] });
    await judgeRevision(ledger, stamp(), { runId: "run_1", number: 1, verdict: "allow", findings: [] });
    expect((await listRevisions(ledger, "acme", "run_1")).map((revision) => revision.verdict)).toEqual(["deny"]);
    const again = { runId: "run_1", revision: 1, actions: proposal.actions, impact };
    expect((await openProposal(ledger, stamp(), again)).id).toBe(proposal.id);
    const changed = { ...again, actions: [proposedAction("a", { text: "y" })] };
    expect((await openProposal(ledger, stamp(), changed)).id).not.toBe(proposal.id);
    expect((await listProposals(ledger, "acme", "run_1")).map(({ status }) => status)).toEqual([
      "superseded",
      "pending",
    ]);
  });

  it("takes one of many decisions made at once, and tells the others which", async (context) => {
    const ledger = await open(context);
    const proposal = await proposed(ledger);
    const people = ["p0", "p1", "p2", "p3", "p4", "p5"];
    const taken = await Promise.all(
      people.map((name, index) => takeDecision(ledger, stamp(name), verdict(proposal, index % 2 === 0))),
    );
    expect(taken.filter((result) => result.taken)).toHaveLength(1);
    const stored = await findDecision(ledger, "acme", proposal.id);
    for (const result of taken) expect(result.decision).toEqual(stored);
    expect(await listDecisions(ledger, "acme", "run_1")).toEqual([stored]);
    const { status } = await getProposal(ledger, "acme", proposal.id);
    expect(status).toBe(stored?.verdict);
    expect(await verifyAudit(ledger, "acme")).toBe(3);
  });

  it("takes no decision on another digest, nor by the requester where a second person is asked for", async (context) => {
    const ledger = await open(context);
    const proposal = await proposed(ledger);
    await expect(
      takeDecision(ledger, stamp("bob"), verdict(proposal, true, { digest: "0".repeat(64) })),
    ).rejects.toThrow("another version");
    await expect(
      takeDecision(ledger, stamp("alice"), verdict(proposal, true, { separateApprover: true })),
    ).rejects.toThrow("may not decide");
    expect(await findDecision(ledger, "acme", proposal.id)).toBeUndefined();
    await ledger
      .transaction()
      .execute((trx) => recordFindingsIn(trx, stamp(), { proposal, findings: [], waits: true }));
    expect((await findRun(ledger, "acme", "run_1"))?.status).toBe("waiting");
    expect((await takeDecision(ledger, stamp("bob"), verdict(proposal, true, { separateApprover: true }))).taken).toBe(
      true,
    );
    expect((await findRun(ledger, "acme", "run_1"))?.status).toBe("running");
    expect(await findDecision(ledger, "evil", proposal.id)).toBeUndefined();
  });

  it("shows nothing of a tenant to another, and lets it decide nothing there", async (context) => {
    const ledger = await open(context);
    const proposal = await proposed(ledger);
    const evil = stamp("mallory", "evil");
    await recordReads(ledger, stamp(), "run_1", [read("a")]);
    expect(await findRun(ledger, "evil", "run_1")).toBeUndefined();
    expect(await findThreadRun(ledger, "evil", "t1")).toBeUndefined();
    expect(await listRuns(ledger, "evil")).toEqual([]);
    expect(await listProposals(ledger, "evil", "run_1")).toEqual([]);
    expect(await listReads(ledger, "evil", "run_1")).toEqual([]);
    expect(await listDecisions(ledger, "evil", "run_1")).toEqual([]);
    expect(await listRevisions(ledger, "evil", "run_1")).toEqual([]);
    expect(await listEffects(ledger, "evil", "run_1")).toEqual([]);
    expect(await isLeased(ledger, "evil", "run_1")).toBe(false);
    await expect(getProposal(ledger, "evil", proposal.id)).rejects.toThrow("no proposal");
    await expect(takeDecision(ledger, evil, verdict(proposal, true))).rejects.toThrow("no proposal");
    await expect(begin(ledger, "run_9", "t1", evil)).rejects.toMatchObject({ code: "unknown_thread" });
    await expect(withLease(ledger, { tenant: "evil", runId: "run_1" }, async () => 1)).rejects.toMatchObject({
      code: "busy",
    });
  });

  it("ends a run once, and keeps its first answer", async (context) => {
    const ledger = await open(context);
    await begin(ledger, "run_1");
    const answer = (text: string): Answer => ({ status: "success", text, details: [] });
    expect(await endRun(ledger, stamp(), "run_1", answer("one"))).toEqual(answer("one"));
    expect(await endRun(ledger, stamp(), "run_1", answer("two"))).toEqual(answer("one"));
    expect((await findRun(ledger, "acme", "run_1"))?.answer).toEqual(answer("one"));
  });

  it("records a read once under its key", async (context) => {
    const ledger = await open(context);
    await begin(ledger, "run_1");
    await recordReads(ledger, stamp(), "run_1", [read("a"), read("b")]);
    await recordReads(ledger, stamp(), "run_1", [{ ...read("a"), summary: "again" }]);
    expect((await listReads(ledger, "acme", "run_1")).map((row) => row.summary)).toEqual(["read a", "read b"]);
  });

  it("lets one holder at a time advance a run, and nobody record under a lease that was lost", async (context) => {
    const ledger = await open(context);
    const proposal = await proposed(ledger);
    const subject = { tenant: "acme", runId: "run_1" };
    let lost: Lease | undefined;
    let pending: Effect | undefined;
    await withLease(ledger, subject, async (lease) => {
      lost = lease;
      expect(await isLeased(ledger, "acme", "run_1")).toBe(true);
      await expect(withLease(ledger, subject, async () => 1)).rejects.toMatchObject({ code: "busy" });
      const intended = await beginEffect(ledger, stamp(), lease, intent(proposal, "a"));
      expect(intended).toMatchObject({ status: "intended", attempts: 0 });
      const skipped = settleEffect(ledger, stamp(), lease, { effect: intended, to: "succeeded" });
      await expect(skipped).rejects.toMatchObject({ code: "internal" });
      const effect = await settleEffect(ledger, stamp(), lease, { effect: intended, to: "executing", attempts: 1 });
      expect(await beginEffect(ledger, stamp(), lease, intent(proposal, "a"))).toEqual(effect);
      await settleEffect(ledger, stamp(), lease, { effect, to: "succeeded", output: { n: 1 } });
      const late = settleEffect(ledger, stamp(), lease, { effect, to: "failed" });
      await expect(late).rejects.toMatchObject({ code: "busy" });
      const second = await beginEffect(ledger, stamp(), lease, intent(proposal, "c"));
      const once = await settleEffect(ledger, stamp(), lease, { effect: second, to: "executing", attempts: 1 });
      await settleEffect(ledger, stamp(), lease, { effect: once, to: "executing", attempts: 2 });
      const stale = settleEffect(ledger, stamp(), lease, { effect: once, to: "succeeded" });
      await expect(stale).rejects.toMatchObject({ code: "busy" });
      pending = once;
    });
    expect(await isLeased(ledger, "acme", "run_1")).toBe(false);
    await withLease(ledger, subject, async (lease) => {
      if (!lost || !pending) throw new Error("the first lease was not taken");
      const effect = { ...pending, attempts: 2 };
      const settled = settleEffect(ledger, stamp(), lost, { effect, to: "succeeded" });
      await expect(settled).rejects.toMatchObject({ code: "busy" });
      expect(lease.token).toBeGreaterThan(lost.token);
      await expect(beginEffect(ledger, stamp(), lost, intent(proposal, "b"))).rejects.toMatchObject({ code: "busy" });
    });
    expect((await listEffects(ledger, "acme", "run_1")).map(({ step, status }) => `${step} ${status}`)).toEqual([
      "a succeeded",
      "c executing",
    ]);
  });

  it("refuses text that not every database can hold, before anything is written", async (context) => {
    const ledger = await open(context);
    const bad = startRun(ledger, stamp(), { id: "run_1", threadId: "t1", request: "a\u0000b" });
    await expect(bad).rejects.toThrow();
    expect(await findRun(ledger, "acme", "run_1")).toBeUndefined();
    expect(await verifyAudit(ledger, "acme")).toBe(0);
  });
});

function read(step: string) {
  const call = { step, action: "count", version: 1, args: {} };
  return { ...call, key: readKey("run_1", call), status: "succeeded" as const, output: 1, summary: `read ${step}` };
}

function intent(proposal: Proposal, step: string) {
  const call = { step, action: "note", version: 1, args: { text: step } };
  return {
    ...call,
    key: effectKey("run_1", call),
    runId: "run_1",
    proposalId: proposal.id,
    position: 0,
    undoData: null,
    changes: [],
  };
}
