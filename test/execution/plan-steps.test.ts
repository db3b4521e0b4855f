/** What a plan says of single steps, carried out by the real nodes over a real ledger. */
import { describe, expect, it, vi } from "vitest";
import { type Plan, PlanSchema, type Step } from "../../src/domain/plan.ts";
import { loadRecord, stoppedBy, unmetChecks } from "../../src/execution/progress.ts";
import { checkAudit } from "../../src/ledger/audit-check.ts";
import { listReads } from "../../src/ledger/reads.ts";
import { openPlanRunner } from "../support/plan-runner.ts";
import { createScripted, type Script } from "../support/scripted-actions.ts";

type Given = Pick<Step, "id"> & Partial<Step>;

const look = (id: string, more: Partial<Step> = {}): Given => ({ ...more, id, action: "look" });
const put = (id: string, more: Partial<Step> = {}): Given => ({ ...more, id, action: "put" });

function planOf(steps: readonly Given[]): Plan {
  const whole = steps.map(({ id, args = {}, ...step }) => ({
    title: `Step ${id}`,
    ...step,
    id,
    args: { id, ...args },
  }));
  return PlanSchema.parse({ goal: "Any", source: { kind: "playbook", name: "test" }, steps: whole });
}

const scripted = createScripted();
const { play, began, log } = scripted;

/** Carries out a plan with everybody's actions going as the script says. */
async function carryOut(steps: readonly Given[], scripts: Record<string, Script> = {}, concurrency = 8) {
  const runner = await openPlanRunner({ actions: scripted.actions });
  play(scripts);
  const plan = planOf(steps);
  const came = await runner.carryOut(plan, { concurrency });
  const states = Object.fromEntries(
    Object.entries(came.state.steps).map(([id, { status, note }]) => [id, note ? `${status}: ${note}` : status]),
  );
  const statuses = Object.fromEntries(Object.entries(came.state.steps).map(([id, { status }]) => [id, status]));
  return { ...came, plan, runner, states, statuses };
}

/** A transaction that leads on to more of the plan, or to its end. */
const isCommitted = (outcome: string) => outcome === "committed" || outcome === "plan done";

describe("a step with a condition", () => {
  it("is skipped with the reason where that is false, and so is whatever hangs on it", async () => {
    const { states, outcomes } = await carryOut([
      look("a"),
      look("b", { when: "a.n > 1.0" }),
      put("c", { dependsOn: ["b"] }),
      look("d", { dependsOn: ["c"] }),
      look("e", { when: "a.n == 1.0" }),
    ]);
    expect(states).toEqual({
      a: "completed: Did a.",
      b: "skipped: its condition is false: a.n > 1.0",
      c: 'skipped: "b" was skipped',
      d: 'skipped: "b" was skipped',
      e: "completed: Did e.",
    });
    expect(began().toSorted()).toEqual(["a", "e"]);
    expect(outcomes).toEqual(["nothing left"]);
  });

  it.each([
    ["its path leads nowhere", "a.missing > 1.0", /^failed: its condition cannot be judged: a\.missing > 1\.0 \(/],
    ["it is no yes and no no", "a.n", /^failed: its condition cannot be judged: a\.n \(it is neither true nor false\)/],
    ["other kinds are compared", 'a.n == "1"', /^failed: its condition cannot be judged: .*is compared with/],
  ])("fails where %s, and never runs", async (_why, when, said) => {
    const { states, state } = await carryOut([look("a"), put("b", { when }), look("c", { dependsOn: ["b"] })]);
    expect(states).toMatchObject({ b: expect.stringMatching(said), c: 'blocked: "b" did not complete' });
    expect(state.failure?.message).toMatch(/^"Step b" was not begun: its condition cannot be judged/);
    expect(began()).toEqual(["a"]);
  });

  it("is proposed only once the write that its condition uses is committed", async () => {
    const steps = [put("a"), put("b", { when: "a.n == 1.0" }), put("c", { dependsOn: ["a"] })];
    const { outcomes, record, statuses } = await carryOut(steps);
    expect(outcomes.filter(isCommitted)).toHaveLength(2);
    const stages = Map.groupBy(record.effects, ({ proposalId }) => proposalId);
    expect([...stages.values()].map((effects) => effects.map(({ step }) => step))).toEqual([["a", "c"], ["b"]]);
    expect(statuses).toEqual({ a: "completed", b: "completed", c: "completed" });
  });

  it("is never proposed where it is false, however it hangs on other writes", async () => {
    const { outcomes, statuses } = await carryOut([put("a"), put("b", { when: "a.n == 2.0" })]);
    expect(statuses).toEqual({ a: "completed", b: "skipped" });
    expect(outcomes.filter((outcome) => outcome === "staged")).toHaveLength(1);
  });

  it("does not wait for its time where its condition is false", async () => {
    const runner = await openPlanRunner({ actions: scripted.actions, now: () => "2030-01-01T00:00:00.000Z" });
    play({});
    const notBefore = "2030-01-02T00:00:00Z";
    const plan = planOf([look("a"), look("b", { when: "a.n > 1.0", notBefore })]);
    expect((await runner.carryOut(plan)).outcomes).toEqual(["nothing left"]);
    const waits = planOf([look("a"), look("b", { when: "a.n == 1.0", notBefore }), look("c", { dependsOn: ["a"] })]);
    const { state, runId } = await runner.carryOut(waits);
    expect(state.outcome).toBe("paused");
    expect(state.pause?.until).toBe("2030-01-02T00:00:00.000Z");
    expect(began()).not.toContain("b");
    const later = await runner.goOn(runId, waits, { now: () => "2030-01-02T00:00:00.000Z" });
    expect(later.outcomes).toEqual(["nothing left"]);
    expect(later.state.steps).toMatchObject({ b: { status: "completed" } });
  });
});

describe("a check of success", () => {
  it("makes a read fail that does not meet it, with the reason", async () => {
    const check = { success: { check: "output.n > a.n" } };
    const { states, record } = await carryOut([look("a"), look("b", check), look("c", check)], { b: { n: 2 } });
    expect(states.b).toBe("completed: Did b.");
    expect(states.c).toBe('failed: "look" did not succeed: its check is false: output.n > a.n. Did c.');
    expect(record.reads.find(({ step }) => step === "c")).toMatchObject({ status: "failed", output: "failed" });
    const broken = await carryOut([look("a", { success: { check: "output.nothing == 1.0" } })]);
    expect(broken.states.a).toMatch(/^failed: "look" did not succeed: its check cannot be judged: output\.nothing/);
  });

  it("of a write leaves it done, and says so", async () => {
    const { plan, states, record, outcomes } = await carryOut([
      put("a", { success: { check: "output.n == 2.0" } }),
      put("b", { success: { check: "output.n == 1.0" } }),
      look("c", { dependsOn: ["a"] }),
    ]);
    expect(states).toMatchObject({ a: "completed: its check is false: output.n == 2.0", b: "completed" });
    expect(unmetChecks(plan, record).map(({ step, reason }) => [step.id, reason])).toEqual([
      ["a", "its check is false: output.n == 2.0"],
    ]);
    expect([states.c, outcomes.at(-1)]).toEqual(["completed: Did c.", "nothing left"]);
  });
});

describe("a read that fails", () => {
  it("blocks what hangs on it, with the reason, and everything else is done, writes too", async () => {
    const steps = [
      look("a"),
      put("b", { dependsOn: ["a"] }),
      look("c", { dependsOn: ["b"] }),
      put("d"),
      look("e", { dependsOn: ["d"] }),
    ];
    const { states, outcomes, state } = await carryOut(steps, { a: { fails: 9 } });
    expect(states).toEqual({
      a: "failed: a did not want to.",
      b: 'blocked: "a" did not complete',
      c: 'blocked: "a" did not complete',
      d: "completed",
      e: "completed: Did e.",
    });
    expect(outcomes.at(-1)).toBe("step failed");
    expect(state.failure).toEqual({ status: "failed", message: "a did not want to.", details: [] });
  });

  it("is named together with others that failed", async () => {
    const { state } = await carryOut([look("a"), look("b"), look("c")], { a: { fails: 9 }, c: { fails: 9 } });
    expect(state.failure?.message).toBe("a did not want to. c did not want to.");
  });

  it("with `stop` lets nothing new begin: what is under way ends, and no write is proposed", async () => {
    const steps = [
      look("a", { onFailure: "stop" }),
      look("slow"),
      look("behind", { dependsOn: ["slow"] }),
      look("queued"),
      put("w"),
    ];
    const { plan, statuses, outcomes, record } = await carryOut(steps, { a: { fails: 9 }, slow: { delayMs: 30 } }, 2);
    expect(statuses).toEqual({ a: "failed", slow: "completed", behind: "pending", queued: "pending", w: "pending" });
    expect(outcomes).toEqual(["step failed"]);
    expect(stoppedBy(plan, record)?.id).toBe("a");
  });

  it("with `stop` also stops who comes after a crash", async () => {
    const { plan, runner, runId } = await carryOut([look("a", { onFailure: "stop" }), put("b")], { a: { fails: 9 } });
    expect((await runner.goOn(runId, plan)).outcomes).toEqual(["step failed"]);
    expect(began()).toEqual(["a"]);
  });

  it("with `skip` counts as skipped, and the run as no failure", async () => {
    const steps = [look("a", { onFailure: "skip" }), put("b", { dependsOn: ["a"] }), put("c")];
    const { states, outcomes } = await carryOut(steps, { a: { fails: 9 } });
    expect(states).toEqual({
      a: "skipped: it failed: a did not want to.",
      b: 'skipped: "a" was skipped',
      c: "completed",
    });
    expect(outcomes.at(-1)).toBe("plan done");
  });

  it("with `retry` is done again, at most twice, and each time is journalled", async () => {
    const steps = [
      look("a", { onFailure: "retry" }),
      look("b", { onFailure: "retry" }),
      look("c", { dependsOn: ["a"] }),
    ];
    const { states, record } = await carryOut(steps, { a: { fails: 2 }, b: { fails: 9 } });
    expect(states).toEqual({ a: "completed: Did a.", b: "failed: b did not want to.", c: "completed: Did c." });
    const rows = record.reads.map(({ step, status }) => `${step} ${status}`).toSorted();
    expect(rows).toEqual([
      ...["a failed", "a failed", "a succeeded", "b failed", "b failed", "b failed", "c succeeded"],
    ]);
    expect(new Set(record.reads.map(({ key }) => key)).size).toBe(7);
  });

  it("with `retry` does not begin anew after a crash", async () => {
    const { plan, runner, runId } = await carryOut([look("a", { onFailure: "retry" })], { a: { fails: 9 } });
    await runner.ledger
      .deleteFrom("reads")
      .where("key", "=", (await lastRead(runner, runId)).key)
      .execute();
    play({ a: { fails: 9 } }); // two attempts are left in the ledger: the process died in the third
    expect((await runner.goOn(runId, plan)).outcomes).toEqual(["step failed"]);
    expect(began()).toEqual(["a"]);
    await runner.goOn(runId, plan);
    expect(began()).toEqual(["a"]);
  });

  it("by its own time limit, where that is shorter than its action's", async () => {
    const { states } = await carryOut([look("a", { timeoutMs: 20 }), look("b")], {
      a: { delayMs: 2000 },
      b: { delayMs: 40 },
    });
    expect(states).toEqual({ a: 'failed: "look" did not answer within 20 ms.', b: "completed: Did b." });
  });
});

async function lastRead(runner: Awaited<ReturnType<typeof openPlanRunner>>, runId: string) {
  const reads = await listReads(runner.ledger, "acme", runId);
  return reads.at(-1) as (typeof reads)[number];
}

describe("a write that fails", () => {
  it("knowing that nothing happened is done again with `retry`, at most twice, each time journalled", async () => {
    const steps = [put("a", { onFailure: "retry" }), put("b")];
    const { statuses, record, runner, runId } = await carryOut(steps, { a: { fails: 2 } });
    expect(statuses).toEqual({ a: "completed", b: "completed" });
    expect(record.effects.find(({ step }) => step === "a")).toMatchObject({ status: "succeeded", attempts: 3 });
    const events = await runner.ledger.selectFrom("auditLog").select("event").where("runId", "=", runId).execute();
    expect(events.filter(({ event }) => event === "effect.executing")).toHaveLength(4);
    const hopeless = await carryOut(steps, { a: { fails: 9 } });
    expect(hopeless.outcomes.at(-1)).toBe("rolled back");
    expect(began()).toEqual(["a", "a", "a"]);
  });

  it("in doubt is not done again, whatever the plan says", async () => {
    const half = async () => {
      throw new Error("The line broke.");
    };
    const { record, outcomes } = await carryOut([put("a", { onFailure: "retry" })], { a: { meanwhile: half } });
    expect(outcomes.at(-1)).toBe("outcome unknown");
    expect(record.effects).toMatchObject([{ status: "uncertain", attempts: 1 }]);
    const skipped = await carryOut([put("a", { onFailure: "skip" }), put("b")], { a: { meanwhile: half } });
    expect(skipped.outcomes.at(-1)).toBe("outcome unknown");
    expect(began()).toEqual(["a"]);
  });

  it("with `skip` leaves the others of its transaction be, and takes with it what depends on it", async () => {
    const steps = [
      put("a"),
      put("b", { onFailure: "skip" }),
      put("c", { args: { seen: { $ref: "b.id" } } }),
      put("d", { dependsOn: ["a"] }),
    ];
    const { states, outcomes, record } = await carryOut(steps, { b: { fails: 9 } });
    expect(states).toEqual({
      a: "completed",
      b: "skipped: it failed: b did not want to.",
      c: 'skipped: "b" was skipped',
      d: "completed",
    });
    expect(outcomes.filter(isCommitted)).toHaveLength(1);
    expect(outcomes.at(-1)).toBe("plan done");
    expect(record.effects.map(({ step, status }) => `${step} ${status}`)).toEqual([
      ...["a succeeded", "b failed", "d succeeded"],
    ]);
    expect(log.some(({ what }) => what === "undone")).toBe(false);
  });

  it("without `skip` takes back what went before, also what the plan could go on without", async () => {
    const steps = [put("a"), put("b", { onFailure: "skip" }), put("c")];
    const { outcomes, statuses } = await carryOut(steps, { b: { fails: 9 }, c: { fails: 9 } });
    expect(outcomes.at(-1)).toBe("rolled back");
    expect(log.filter(({ what }) => what === "undone").map(({ id }) => id)).toEqual(["a"]);
    expect(statuses).toEqual({ a: "failed", b: "skipped", c: "failed" });
  });

  it("where it cannot even be proposed is left out with `skip`, and recorded so", async () => {
    const steps = [put("a", { onFailure: "skip" }), put("b", { dependsOn: ["a"] }), put("c")];
    const { states, record, runner, plan, runId } = await carryOut(steps, { a: { isImpossible: true } });
    expect(states).toEqual({
      a: "skipped: it failed: a cannot be.",
      b: 'skipped: "a" was skipped',
      c: "completed",
    });
    expect(record.reads).toMatchObject([{ step: "a", status: "failed", output: "insufficient_stock" }]);
    play({}); // by now it could be done: it stays left out
    expect((await runner.goOn(runId, plan)).outcomes).toEqual(["nothing left"]);
    const alone = await carryOut([put("a", { onFailure: "skip" })], { a: { isImpossible: true } });
    expect(alone.outcomes).toEqual(["writes ready", "nothing to stage", "nothing left"]);
  });

  it("where it cannot be proposed stops everything with `stop`, for whoever comes after a crash, too", async () => {
    const steps = [put("a", { onFailure: "stop" }), put("b")];
    const { outcomes, plan, runner, runId } = await carryOut(steps, { a: { isImpossible: true } });
    expect(outcomes).toEqual(["writes ready", "cannot be done"]);
    const record = await loadRecord(runner.ledger, "acme", runId);
    expect(stoppedBy(plan, record)?.id).toBe("a");
    expect((await runner.goOn(runId, plan)).outcomes).toEqual(["step failed"]);
  });

  it("where it can no longer be done by the time of its transaction is left out with `skip`", async () => {
    const scripts: Record<string, Script> = { a: {}, b: {} };
    const runner = await openPlanRunner({ actions: scripted.actions });
    play(scripts);
    const plan = planOf([put("a", { onFailure: "skip" }), put("b")]);
    const checkTransaction = runner.deps.policy.checkTransaction;
    const policy = {
      ...runner.deps.policy,
      checkTransaction: (...given: Parameters<typeof checkTransaction>) => {
        play({ a: { isImpossible: true } }); // between the proposal and its transaction
        return checkTransaction(...given);
      },
    };
    const { state, outcomes, record } = await runner.carryOut(plan, { policy });
    expect(outcomes.at(-1)).toBe("plan done");
    expect(state.steps).toMatchObject({
      a: { status: "skipped", note: "it failed: a cannot be." },
      b: { status: "completed" },
    });
    expect(record.effects.map(({ step, status, attempts }) => [step, status, attempts])).toEqual([
      ["a", "failed", 0],
      ["b", "succeeded", 1],
    ]);
  });

  it("by its own time limit is in doubt", async () => {
    const { outcomes, record } = await carryOut([put("a", { timeoutMs: 20 })], { a: { delayMs: 400 } });
    expect(outcomes.at(-1)).toBe("outcome unknown");
    expect(record.effects[0]?.note).toContain('"put" did not answer within 20 ms.');
  });
});

describe("the shape of a plan", () => {
  const many = (count: number, of: (index: number) => Given) => Array.from({ length: count }, (_, index) => of(index));

  it("may be a chain of 500 steps", async () => {
    const chain = many(500, (n) => look(`s${n}`, n === 0 ? {} : { args: { seen: { $ref: `s${n - 1}.id` } } }));
    const { statuses } = await carryOut(chain.toReversed());
    expect(new Set(Object.values(statuses))).toEqual(new Set(["completed"]));
    expect(began()).toEqual(chain.map(({ id }) => id));
  });

  it("may be a chain of 500 steps behind one that fails", async () => {
    const chain = many(500, (n) => look(`s${n}`, n === 0 ? {} : { dependsOn: [`s${n - 1}`] }));
    const { states } = await carryOut(chain, { s0: { fails: 9 } });
    expect(states.s499).toBe('blocked: "s0" did not complete');
  });

  it("may be a fan of 1,000 that comes together, journalled in few transactions, with never more at once than allowed", async () => {
    let running = 0;
    let most = 0;
    const meanwhile = async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    };
    const fan = many(998, (n) => look(`s${n}`, { dependsOn: ["first"] }));
    const last = look("last", { dependsOn: fan.map(({ id }) => id) });
    const scripts = Object.fromEntries(fan.map(({ id }) => [id, { meanwhile }]));
    const runner = await openPlanRunner({ actions: scripted.actions });
    const transaction = vi.spyOn(runner.ledger, "transaction");
    play(scripts);
    const { state, runId } = await runner.carryOut(planOf([look("first"), last, ...fan]), { concurrency: 300 });
    const statuses = Object.values(state.steps).map(({ status }) => status);
    expect(transaction.mock.calls.length).toBeLessThan(20); // one for each turn, not for each step
    expect(new Set(statuses)).toEqual(new Set(["completed"]));
    expect([began()[0], began().at(-1)]).toEqual(["first", "last"]);
    expect(most).toBe(300);
    const reads = await runner.ledger.selectFrom("auditLog").select("event").where("runId", "=", runId).execute();
    expect(reads.filter(({ event }) => event === "read.succeeded")).toHaveLength(1000);
    expect((await checkAudit(runner.ledger, "acme")).fault).toBeNull();
  });

  it("may be diamonds behind each other, and what has most behind it starts first", async () => {
    const diamond = (n: number, before: string[]) => [
      look(`a${n}`, { dependsOn: before }),
      look(`b${n}`, { dependsOn: before }),
      look(`c${n}`, { dependsOn: [`a${n}`, `b${n}`] }),
    ];
    const steps = [look("lone"), ...diamond(0, []), ...diamond(1, ["c0"]), ...diamond(2, ["c1"])];
    const { statuses } = await carryOut(steps, {}, 1);
    expect(new Set(Object.values(statuses))).toEqual(new Set(["completed"]));
    expect(began()).toEqual([...["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2"], ...["lone", "c2"]]);
  });
});
