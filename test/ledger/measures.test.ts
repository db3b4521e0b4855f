/** Row P7: measures against figures worked out by hand, on every database; runs of every end, and of several tenants. */
import { describe, expect, it } from "vitest";
import type { AnswerStatus } from "../../src/domain/answer.ts";
import type { Measures } from "../../src/domain/measures.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { planProposal } from "../../src/domain/plan-proposal.ts";
import type { Decision, EffectStatus, Proposal, Verdict } from "../../src/domain/proposal.ts";
import type { Ledger } from "../../src/ledger/database.ts";
import { replaceProposal, takeDecision } from "../../src/ledger/decisions.ts";
import { medianDurations } from "../../src/ledger/durations.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { recordModelCalls } from "../../src/ledger/model-calls.ts";
import { moveProposal, openProposal, recordFindingsIn } from "../../src/ledger/proposals.ts";
import { readKey, recordReads } from "../../src/ledger/reads.ts";
import { recordReflection } from "../../src/ledger/reflections.ts";
import { judgeRevision, recordRevision } from "../../src/ledger/revisions.ts";
import { endPause, endRun, insertRun, pauseRun } from "../../src/ledger/runs.ts";
import { measurePeriods, measureRun } from "../../src/work/measures.ts";
import { databases, proposedAction, smallImpact } from "../support/ledger.ts";

const MINUTE = 60_000;
const DAYS = ["2026-11-01", "2026-11-02", "2026-11-09"] as const;

/** A run as it goes on, by minutes from when it began. */
function createRun(ledger: Ledger, { tenant, id, day }: { tenant: string; id: string; day: string }) {
  const at = (minute: number) => new Date(Date.parse(`${day}T10:00:00.000Z`) + minute * MINUTE).toISOString();
  const stamp = (minute: number, principal = "bob") => ({ tenant, principal, at: at(minute) });
  const plan = (number: number): Plan => ({
    ...{ goal: `${id} ${number}`, source: { kind: "model" } },
    steps: [{ id: "a", title: "a", action: "note", args: {}, dependsOn: [] }],
  });
  const input = { proposalId: "", digest: "", decider: "person" as const, reason: null, separateApprover: false };
  return {
    begin: (refusal?: string) =>
      ledger
        .transaction()
        .execute((trx) => insertRun(trx, stamp(0, "alice"), { id, threadId: `t-${id}`, request: id, refusal })),
    async plans(...verdicts: Verdict[]) {
      for (const [n, verdict] of verdicts.entries()) {
        await recordRevision(ledger, stamp(0), { runId: id, number: n + 1, plan: plan(n + 1) });
        await judgeRevision(ledger, stamp(0), { runId: id, number: n + 1, verdict, findings: [] });
      }
    },
    reads: (status: "succeeded" | "failed", action: string, durationMs: number | null, minute = 1) => {
      const call = { step: `s${minute}`, action, version: 1, args: {} };
      const outcome = { ...call, key: readKey(id, call), status, output: null, summary: "", durationMs };
      return recordReads(ledger, stamp(minute), id, [outcome]);
    },
    async propose(minute: number, revision = 1, kind: "transaction" | "plan" = "transaction") {
      const actions = kind === "plan" ? [planProposal(plan(revision), null)] : [proposedAction("a", { of: revision })];
      const impact = { ...smallImpact, resources: [] };
      const proposal = await openProposal(ledger, stamp(minute), { runId: id, revision, actions, impact, kind });
      await ledger
        .transaction()
        .execute((trx) => recordFindingsIn(trx, stamp(minute), { proposal, findings: [], waits: true }));
      return proposal;
    },
    async edit(minute: number, { id: proposalId, digest, revision }: Proposal) {
      const decision = { ...input, proposalId, digest, verdict: "edited" as const, actions: [] };
      const actions = [proposedAction("a", { of: "edited" })];
      const next = { runId: id, revision, actions, impact: { ...smallImpact, resources: [] } };
      const replaced = await replaceProposal(ledger, stamp(minute), { decision, ...next });
      if (!("proposal" in replaced)) throw new Error("It was decided before.");
      const { proposal } = replaced;
      await ledger
        .transaction()
        .execute((trx) => recordFindingsIn(trx, stamp(minute), { proposal, findings: [], waits: true }));
      return proposal;
    },
    decide: (
      minute: number,
      { id: proposalId, digest }: Proposal,
      verdict: Decision["verdict"],
      decider: Decision["decider"] = "person",
    ) => takeDecision(ledger, stamp(minute), { ...input, decider, proposalId, digest, verdict, actions: [] }),
    settle: (minute: number, { id: proposalId }: Proposal, to: "committed" | "rolled_back") =>
      ledger
        .transaction()
        .execute((trx) => moveProposal(trx, stamp(minute), { id: proposalId, runId: id, status: "approved" }, to)),
    effect: (step: string, status: EffectStatus, { id: proposalId }: Proposal, durationMs: number | null = null) =>
      ledger
        .insertInto("effects")
        .values({
          ...{ tenant, key: `${id}-${step}`, runId: id, proposalId, position: 0, step, action: "note", version: 1 },
          ...{ args: "{}", status, attempts: 1, undoData: "null", output: "null", changes: "[]", note: null },
          ...{ createdAt: at(1), updatedAt: at(1), durationMs },
        })
        .execute(),
    models: (role: string, ...tokens: [prompt: number, completion: number][]) => {
      const call = { role, prompt: "p", durationMs: 1, outcome: "answer" };
      const calls = tokens.map(([promptTokens, completionTokens]) => ({ ...call, promptTokens, completionTokens }));
      return recordModelCalls(ledger, stamp(1), id, calls);
    },
    reflect: (revision: number, verdict: "replan" | "stop" | "done") => {
      const answer = { status: "failed" as const, text: "", details: [] };
      const said = { wentWell: "", missing: [], feedback: [] };
      return recordReflection(ledger, stamp(1), id, { revision, verdict, ...said, answer });
    },
    pause: (minute: number) => pauseRun(ledger, stamp(minute), id, { why: "model", reason: "", until: null }),
    goOn: (minute: number) => endPause(ledger, stamp(minute), id),
    end: (minute: number, status: AnswerStatus) => endRun(ledger, stamp(minute), id, { status, text: "", details: [] }),
  };
}

/** Eleven runs of acme's, and two of another tenant. */
async function seed(ledger: Ledger): Promise<void> {
  const run = async (id: string, day: string, refusal?: string, tenant = "acme") => {
    const made = createRun(ledger, { tenant, id, day });
    await made.begin(refusal);
    return made;
  };
  // A success: 15 minutes, of which a person took 10.
  const bought = await run("bought", DAYS[0]);
  await bought.plans("allow");
  await bought.reads("succeeded", "look", 30, 1);
  await bought.reads("failed", "look", 5, 2);
  const buying = await bought.propose(2);
  await bought.decide(12, buying, "approved");
  await bought.effect("a", "succeeded", buying, 40);
  await bought.settle(13, buying, "committed");
  await bought.models("planner", [100, 20], [50, 10]);
  await bought.end(15, "success");
  // A success at the second plan, whose first one was valid at the third attempt: 3 minutes.
  const replanned = await run("replanned", DAYS[0]);
  await replanned.plans("deny", "deny", "allow", "allow");
  await replanned.reflect(3, "replan");
  await replanned.reflect(4, "done");
  await replanned.models("planner", [10, 1], [10, 1], [10, 1], [10, 1]);
  await replanned.models("reflector", [7, 3]);
  await replanned.end(3, "success");
  // A success that was paused: 27 minutes, of which it stood still for 20.
  const paused = await run("paused", DAYS[1]);
  await paused.plans("allow");
  await paused.pause(5);
  await paused.goOn(25);
  await paused.end(27, "success");
  const rejected = await run("rejected", DAYS[1]);
  await rejected.plans("allow");
  await rejected.decide(31, await rejected.propose(1), "rejected");
  await rejected.end(31, "rejected");
  // Never valid.
  const invalid = await run("invalid", DAYS[1]);
  await invalid.plans("deny", "deny", "deny");
  await invalid.end(2, "failed");
  // Edited after 20 minutes, approved 5 later, failed, and undone but for one.
  const failed = await run("failed", DAYS[1]);
  await failed.plans("allow");
  const edited = await failed.edit(21, await failed.propose(1));
  await failed.decide(26, edited, "approved");
  await failed.effect("a", "undone", edited, 20);
  await failed.effect("b", "undo_failed", edited);
  await failed.effect("c", "failed", edited);
  await failed.effect("d", "intended", edited);
  await failed.settle(27, edited, "rolled_back");
  await failed.reflect(1, "stop");
  await failed.end(28, "failed");
  const expired = await run("expired", DAYS[1]);
  await expired.plans("allow");
  await expired.decide(60, await expired.propose(1), "expired", "system");
  await expired.end(60, "expired");
  // Its first plan was sent back after a minute, and the second one approved after four.
  const shown = await run("shown", DAYS[2]);
  await shown.plans("escalate");
  await shown.decide(1, await shown.propose(0, 1, "plan"), "sent_back");
  await shown.plans("escalate", "escalate");
  await shown.decide(5, await shown.propose(1, 2, "plan"), "approved");
  await shown.effect("x", "uncertain", edited);
  await shown.propose(6, 2);
  // What the person made of its plan within two minutes did not pass: that is not the planner's.
  const rewritten = await run("rewritten", DAYS[2]);
  await rewritten.plans("escalate");
  await rewritten.decide(2, await rewritten.propose(0, 1, "plan"), "edited");
  await rewritten.plans("escalate", "deny");
  const refused = await run("refused", DAYS[2], "Too many.");
  await refused.end(0, "denied");
  await run("open", DAYS[2]);
  for (const id of ["one", "two"]) {
    const foreign = await run(id, DAYS[0], undefined, "evil");
    await foreign.plans("deny");
    await foreign.reads("failed", "spy", 1000);
    await foreign.decide(59, await foreign.propose(0), "rejected");
    await foreign.models("spy", [1000, 1000]);
    await foreign.reflect(1, "replan");
    await foreign.end(60, "success");
  }
}

const all = { periods: [{ since: null, until: null }] };
const day = (begin: string, end: string) => ({ since: `${begin}T00:00:00.000Z`, until: `${end}T00:00:00.000Z` });
const minutes = (...given: (number | null)[]) => given.map((one) => (one === null ? null : one * MINUTE));
const share = (count: number, of: number) => ({ count, of, share: count / of });
const NOTHING = { count: 0, of: 0, share: null };

const EXPECTED: Omit<Measures, "period"> = {
  runs: {
    ...{ total: 10, ended: 7, open: 3, refused: 1, completed: share(3, 7) },
    byStatus: { success: 3, rejected: 1, failed: 2, expired: 1 },
  },
  // One plan each of bought, paused, rejected, invalid, failed, expired and rewritten; two of replanned and of shown.
  plans: { validAtFirst: share(9, 11), validInTheEnd: share(10, 11) },
  completion: { count: 3, medianMs: 5 * MINUTE, p90Ms: 7 * MINUTE },
  steps: {
    failed: share(3, 7),
    byAction: [
      { action: "look", failed: share(1, 2) },
      { action: "note", failed: share(2, 5) },
    ],
  },
  replans: { total: 2, perRun: 0.2 },
  models: {
    total: { calls: 7, promptTokens: 197, completionTokens: 37 },
    perRun: { calls: 0.7, promptTokens: 19.7, completionTokens: 3.7 },
    byRole: [
      { role: "planner", calls: 6, promptTokens: 190, completionTokens: 34 },
      { role: "reflector", calls: 1, promptTokens: 7, completionTokens: 3 },
    ],
  },
  approvals: {
    // 1, 2, 4, 5, 10, 20 and 30 minutes
    time: { count: 7, medianMs: 5 * MINUTE, p90Ms: 30 * MINUTE },
    ...{ rejected: share(1, 7), edited: share(2, 7), sentBack: share(1, 7), expired: 1 },
  },
  rollbacks: { transactions: share(1, 2), undone: 1, notUndone: 1 },
};

const EMPTY: Omit<Measures, "period"> = {
  runs: { total: 0, ended: 0, open: 0, refused: 0, completed: NOTHING, byStatus: {} },
  plans: { validAtFirst: NOTHING, validInTheEnd: NOTHING },
  completion: { count: 0, medianMs: null, p90Ms: null },
  steps: { failed: NOTHING, byAction: [] },
  replans: { total: 0, perRun: null },
  models: { total: { calls: 0, promptTokens: 0, completionTokens: 0 }, perRun: null, byRole: [] },
  approvals: {
    time: { count: 0, medianMs: null, p90Ms: null },
    ...{ rejected: NOTHING, edited: NOTHING, sentBack: NOTHING, expired: 0 },
  },
  rollbacks: { transactions: NOTHING, undone: 0, notUndone: 0 },
};

describe.each(databases)("measures on %s", (_name, open) => {
  it("are what they are by hand, without anything of another tenant, and nothing of nothing", async (context) => {
    const ledger = await open(context);
    const [none] = await measurePeriods(ledger, "acme", all);
    expect(none).toEqual({ period: all.periods[0], ...EMPTY });
    await seed(ledger);
    const [measured] = await measurePeriods(ledger, "acme", all);
    expect(measured).toEqual({ period: all.periods[0], ...EXPECTED });
    const periods = [
      day("2026-10-31", "2026-11-01"),
      day(DAYS[0], DAYS[1]),
      day(DAYS[1], DAYS[2]),
      day(DAYS[2], "2026-11-10"),
    ];
    const days = await measurePeriods(ledger, "acme", { periods });
    expect(days.map(({ runs }) => [runs.total, runs.ended, runs.refused, runs.completed.share])).toEqual([
      [0, 0, 0, null],
      [2, 2, 0, 1],
      [5, 5, 0, 1 / 5],
      [3, 0, 1, null],
    ]);
    expect(days.map(({ completion }) => [completion.medianMs, completion.p90Ms])).toEqual([
      [null, null],
      minutes(3, 5),
      minutes(7, 7),
      [null, null],
    ]);
    expect(
      days.map(({ plans }) => [plans.validAtFirst.count, plans.validInTheEnd.count, plans.validInTheEnd.of]),
    ).toEqual([
      [0, 0, 0],
      [2, 3, 3],
      [4, 4, 5],
      [3, 3, 3],
    ]);
    expect(days.map(({ approvals }) => [approvals.time.medianMs, approvals.time.p90Ms])).toEqual([
      [null, null],
      minutes(10, 10),
      minutes(20, 30),
      minutes(2, 4),
    ]);
    expect(days[0]).toEqual({ period: periods[0], ...EMPTY });
    const [thread] = await measurePeriods(ledger, "acme", { ...all, threadId: "t-failed" });
    expect(thread).toMatchObject({
      runs: { total: 1 },
      rollbacks: { transactions: share(1, 1), undone: 1, notUndone: 1 },
    });
    const run = await measureRun(ledger, "acme", "bought");
    expect(run).toMatchObject({
      runs: { total: 1 },
      steps: { failed: share(1, 3) },
      completion: { medianMs: 5 * MINUTE },
    });
    expect(await measureRun(ledger, "evil", "bought")).toEqual({ period: all.periods[0], ...EMPTY });
  });

  it("take the median of an action's last calls that succeeded, for each tenant", async (context) => {
    const ledger = await open(context);
    const made = createRun(ledger, { tenant: "acme", id: "r", day: DAYS[0] });
    await made.begin();
    // The first five are no longer among the last twenty.
    for (let n = 1; n <= 25; n++) await made.reads("succeeded", "look", n <= 5 ? 9000 : n, n);
    await made.reads("failed", "look", 9000, 26);
    await made.reads("succeeded", "look", null, 27);
    await made.reads("succeeded", "other", 0, 28);
    const proposal = await made.propose(1);
    await made.effect("a", "succeeded", proposal, 70);
    await made.effect("b", "undone", proposal, 9000);
    const wanted = ["look", "note", "other", "never"];
    const expected = new Map([
      ["look", 15],
      ["note", 70],
      ["other", 0],
    ]);
    expect(await medianDurations(ledger, "acme", wanted)).toEqual(expected);
    expect(await medianDurations(ledger, "evil", wanted)).toEqual(new Map());
  });

  it("learn of runs that ended before from the audit log", async (context) => {
    const ledger = await open(context);
    const made = createRun(ledger, { tenant: "acme", id: "r", day: DAYS[0] });
    await made.begin();
    await made.end(8, "no_match");
    const gone = createRun(ledger, { tenant: "acme", id: "gone", day: DAYS[0] });
    await gone.begin();
    await gone.end(8, "success");
    await ledger.deleteFrom("auditLog").where("runId", "=", "gone").execute();
    // As it was before: without what the migration adds.
    for (const [table, column] of [
      ["reads", "duration_ms"],
      ["effects", "duration_ms"],
      ["runs", "answer_status"],
    ] as const) {
      if (table !== "runs") await ledger.schema.dropIndex(`${table}_by_action`).execute();
      await ledger.schema.alterTable(table).dropColumn(column).execute();
    }
    await ledger.updateTable("runs").set({ idleSince: null }).execute();
    const { "0013_measures": migration } = await migrations.getMigrations();
    await ledger.transaction().execute(async (trx) => await migration?.up(trx));
    const { runs } = await measureRun(ledger, "acme", "r");
    expect(runs.byStatus).toEqual({ no_match: 1 });
    const row = await ledger.selectFrom("runs").select("idleSince").where("id", "=", "r").executeTakeFirstOrThrow();
    expect(new Date(Number(row.idleSince)).toISOString()).toBe("2026-11-01T10:08:00.000Z");
    expect((await measureRun(ledger, "acme", "gone")).runs.byStatus).toEqual({ unknown: 1 });
  });
});
