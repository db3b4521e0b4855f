/** Breakers: five failures in a row open one, and of all processes one call tries whether it can be closed. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listAudit } from "../../src/ledger/audit.ts";
import { verifyAudit } from "../../src/ledger/audit-check.ts";
import { askBreaker, findHold, giveTrialBack, recordAnswer, recordFailure } from "../../src/ledger/breakers.ts";
import { type Ledger, openSqliteLedger } from "../../src/ledger/database.ts";
import { spawnScript } from "../support/child.ts";
import { databases, openLedgerOf, stamp } from "../support/ledger.ts";
import { tempDir } from "../support/temp.ts";

const at = (seconds: number, tenant = "acme") => ({
  ...stamp("alice", tenant),
  at: new Date(Date.parse("2026-11-01T10:00:00.000Z") + seconds * 1000).toISOString(),
});
const time = (seconds: number) => at(seconds).at;
const limits = { failures: 5, openMs: 120_000 };
const fail = (ledger: Ledger, when: ReturnType<typeof at>, trial: string | null = null, action = "mail") =>
  recordFailure(ledger, when, { ...limits, action, trial });
const answer = (ledger: Ledger, when: ReturnType<typeof at>, trial: string | null = null) =>
  recordAnswer(ledger, when, { action: "mail", trial });
const ask = (ledger: Ledger, when: ReturnType<typeof at>, byHand = false) =>
  askBreaker(ledger, when, { action: "mail", trialMs: 10_000, byHand });
const failOften = async (ledger: Ledger, times: number, tenant?: string) => {
  for (let n = 0; n < times; n++) await fail(ledger, at(0, tenant));
};
const events = async (ledger: Ledger) => (await listAudit(ledger, "acme")).map(({ event }) => event);

describe.each(databases)("a breaker on %s", (_name, open) => {
  it("opens at the fifth failure in a row, for its tenant and action only, and for its time", async (context) => {
    const ledger = await open(context);
    await failOften(ledger, 4);
    expect(await ask(ledger, at(0))).toEqual({ trial: null });
    await fail(ledger, at(0));
    const held = { failures: 5, until: time(120), tried: false };
    expect(await ask(ledger, at(119))).toEqual({ held });
    expect(await findHold(ledger, "acme", "mail", time(119))).toEqual(held);
    expect(await findHold(ledger, "acme", "mail", time(120))).toBeUndefined();
    expect(await ask(ledger, at(0, "other"))).toEqual({ trial: null });
    expect(await findHold(ledger, "acme", "other", time(0))).toBeUndefined();
    expect(await events(ledger)).toEqual(["breaker.opened"]);
    expect(await verifyAudit(ledger, "acme")).toBe(1);
  });

  it("starts its count anew at an answer, and does not close at one to a call from before", async (context) => {
    const ledger = await open(context);
    await failOften(ledger, 4);
    await answer(ledger, at(0));
    await failOften(ledger, 4);
    expect(await ask(ledger, at(0))).toEqual({ trial: null });
    await fail(ledger, at(0));
    await answer(ledger, at(1));
    await fail(ledger, at(60));
    expect(await findHold(ledger, "acme", "mail", time(61))).toMatchObject({ failures: 6, until: time(120) });
  });

  it("lets one trial through after its time, which closes it or opens it again", async (context) => {
    const ledger = await open(context);
    await failOften(ledger, 5);
    expect(await ask(ledger, at(120))).toEqual({ trial: time(130) });
    expect(await ask(ledger, at(121))).toEqual({ held: { failures: 5, until: time(130), tried: true } });
    await fail(ledger, at(122), time(130));
    expect(await ask(ledger, at(241))).toEqual({ held: { failures: 6, until: time(242), tried: false } });
    expect(await ask(ledger, at(242))).toEqual({ trial: time(252) });
    await answer(ledger, at(243), time(252));
    expect(await ask(ledger, at(243))).toEqual({ trial: null });
    await failOften(ledger, 4);
    expect(await ask(ledger, at(243))).toEqual({ trial: null });
    const [opened, tried] = ["breaker.opened", "breaker.tried"];
    expect(await events(ledger)).toEqual([opened, tried, opened, tried, "breaker.closed"]);
  });

  it("lets another trial through where one was cut off, at once, or died, after its time", async (context) => {
    const ledger = await open(context);
    await failOften(ledger, 5);
    await ask(ledger, at(120));
    await giveTrialBack(ledger, "acme", { action: "mail", trial: time(130) });
    expect(await ask(ledger, at(121))).toEqual({ trial: time(131) });
    expect(await ask(ledger, at(131))).toEqual({ trial: time(141) });
    // What comes of the one that counted as dead does not end the other.
    await fail(ledger, at(132), time(131));
    await giveTrialBack(ledger, "acme", { action: "mail", trial: time(131) });
    expect(await ask(ledger, at(133))).toMatchObject({ held: { until: time(141), tried: true } });
  });

  it("lets through by hand what it would hold back, which then is the trial", async (context) => {
    const ledger = await open(context);
    await failOften(ledger, 5);
    expect(await ask(ledger, at(5), true)).toEqual({ trial: time(15) });
    expect(await ask(ledger, at(6))).toMatchObject({ held: { until: time(120) } });
    await fail(ledger, at(7), time(15));
    expect(await findHold(ledger, "acme", "mail", time(8))).toMatchObject({ failures: 6, until: time(127) });
    expect(await ask(ledger, at(9), true)).toEqual({ trial: time(19) });
    await answer(ledger, at(10), time(19));
    expect(await ask(ledger, at(10))).toEqual({ trial: null });
  });

  it("loses no failure of several at once", async (context) => {
    const ledger = await open(context);
    await Promise.all(Array.from({ length: 5 }, () => fail(ledger, at(0))));
    expect(await findHold(ledger, "acme", "mail", time(1))).toMatchObject({ failures: 5 });
    const asked = await Promise.all(Array.from({ length: 6 }, () => ask(ledger, at(120))));
    expect(asked.filter((one) => "trial" in one)).toHaveLength(1);
  });
});

describe("processes on one ledger", () => {
  it("take one trial of each breaker among them, and one that died holds it no longer than its time", async () => {
    const home = tempDir();
    const ledger = await openLedgerOf(home);
    const actions = Array.from({ length: 20 }, (_, n) => `action_${n}`);
    for (const action of actions) {
      for (let n = 0; n < 5; n++) await fail(ledger, at(0), null, action);
    }
    await ledger.destroy();
    const args = [join(home, "ledger.db"), time(120), ...actions];
    const ended = await Promise.all(
      [1, 2, 3].map(() => spawnScript("test/support/scripts/trial-taker.ts", args).ended),
    );
    expect(ended.map(({ status, stderr }) => ({ status, stderr }))).toEqual(Array(3).fill({ status: 0, stderr: "" }));
    const taken = ended.flatMap(({ stdout }) => stdout.split("\n").filter(Boolean));
    expect(taken.toSorted()).toEqual(actions.toSorted());
    const later = await openSqliteLedger(join(home, "ledger.db"));
    const call = { action: "action_0", trialMs: 1000, byHand: false };
    expect(await askBreaker(later, at(120.5), call)).toMatchObject({ held: { tried: true, until: time(121) } });
    expect(await askBreaker(later, at(121), call)).toEqual({ trial: time(122) });
    await later.destroy();
  });
});
