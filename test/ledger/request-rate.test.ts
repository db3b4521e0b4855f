/** How many requests are taken within a minute: exactly so many, however many come at once. */
import type { Dialect } from "kysely";
import { describe, expect, it, type TestContext } from "vitest";
import { listAudit } from "../../src/ledger/audit.ts";
import { listRuns } from "../../src/ledger/runs.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { startRun } from "../../src/ledger/start-run.ts";
import { startRequest } from "../../src/work/threads.ts";
import { holdpoint } from "../support/child.ts";
import { databases, openPostgresDialect } from "../support/ledger.ts";
import { createNotebook } from "../support/notebook.ts";
import { openTestRuntime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const by = (principal: string, tenant = "acme") => ({ identity: { tenant, principal } });

async function open(settings: object, ledger?: Dialect) {
  const home = tempDir();
  let time = Date.parse("2026-11-01T10:00:00.000Z");
  const count = [{ id: "n", action: "count_notes", args: {} }];
  const runtime = await openTestRuntime({
    ...{ home, actions: createNotebook(home).actions, plans: { go: count }, now: () => new Date(time).toISOString() },
    ...(ledger ? { ledger } : {}),
  });
  await changeSettings(runtime.ledger, { tenant: "acme", principal: "root", at: runtime.now() }, settings);
  const ask = async (who: string, tenant = "acme") =>
    (await startRequest(runtime, by(who, tenant), { request: "go" })).run.answer;
  return {
    ...{ runtime, ask },
    wait: (seconds: number) => {
      time += seconds * 1000;
    },
  };
}

const postgres = async (context: TestContext): Promise<Dialect> => (await openPostgresDialect(context)).dialect;
const dialects: readonly [string, (context: TestContext) => Promise<Dialect> | undefined][] = [
  ["SQLite", () => undefined],
  ["Postgres", postgres],
];

describe.each(dialects)("fifty requests at once on %s", { timeout: 120_000 }, (_name, dialect) => {
  it("are taken exactly up to the tenant's limit", async (context) => {
    const { runtime, ask } = await open({ requestsPerMinute: 12 }, await dialect(context));
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(`p${n % 7}`)));
    expect(answers.filter((answer) => answer?.status === "success")).toHaveLength(12);
    expect(answers.filter((answer) => answer?.status === "denied")).toHaveLength(38);
    const stored = await listRuns(runtime.ledger, "acme");
    expect(stored.filter(({ refusal }) => refusal === undefined)).toHaveLength(12);
  });
});

describe.each(databases)("on %s, in the ledger", (_name, openLedger) => {
  it("fifty starts at once are taken exactly up to each person's limit", async (context) => {
    const ledger = await openLedger(context);
    const at = "2026-11-01T10:00:00.000Z";
    await changeSettings(ledger, { tenant: "acme", principal: "root", at }, { requestsPerMinutePerPerson: 4 });
    const starts = Array.from({ length: 50 }, (_, n) =>
      startRun(
        ledger,
        { tenant: "acme", principal: `p${n % 5}`, at },
        { id: `run_${n}`, threadId: `t${n}`, request: "go" },
      ),
    );
    const taken = (await Promise.all(starts)).filter(({ run }) => run.refusal === undefined);
    expect(taken).toHaveLength(5 * 4);
    for (let n = 0; n < 5; n++) expect(taken.filter(({ run }) => run.requester === `p${n}`)).toHaveLength(4);
  });
});

describe("a request too many", () => {
  it("is denied with the time when to ask again, does not count, and is taken then", async () => {
    const { runtime, ask, wait } = await open({ requestsPerMinute: 2 });
    await ask("ada");
    wait(10);
    await ask("ada");
    wait(10);
    for (let turn = 0; turn < 3; turn++) {
      expect(await ask("bob")).toMatchObject({
        status: "denied",
        text: "Too many requests: 2 a minute are taken. Ask again after 2026-11-01T10:01:00.000Z. Nothing was changed.",
      });
    }
    wait(40);
    expect((await ask("bob"))?.status).toBe("success");
    expect((await ask("bob"))?.text).toContain("Ask again after 2026-11-01T10:01:10.000Z.");
    const started = (await listAudit(runtime.ledger, "acme")).filter(({ event }) => event === "run.started");
    expect(started.filter(({ data }) => data.refusal !== undefined)).toHaveLength(4);
  });

  it("of one person leaves the others theirs, and so does one of another tenant", async () => {
    const { ask } = await open({ requestsPerMinutePerPerson: 1 });
    expect((await ask("ada"))?.status).toBe("success");
    expect((await ask("ada"))?.text).toContain("1 a minute from one person are taken");
    expect((await ask("bob"))?.status).toBe("success");
    expect((await ask("ada", "other"))?.status).toBe("success");
  });

  it("stays denied when its run is entered again", async () => {
    const { runtime, ask } = await open({ requestsPerMinute: 1 });
    await ask("ada");
    const stamp = { tenant: "acme", principal: "ada", at: runtime.now() };
    const input = { id: "run_again", threadId: "t-again", request: "go" };
    const [first, second] = [
      await startRun(runtime.ledger, stamp, input),
      await startRun(runtime.ledger, stamp, input),
    ];
    expect(first.run.refusal).toContain("Too many requests");
    expect(second.run.refusal).toBe(first.run.refusal);
  });

  it("is told on the command line, with the rule among the findings", async () => {
    const home = tempDir();
    await holdpoint(home, "settings", "requestsPerMinute=1");
    await holdpoint(home, "Do you have any round sunglasses in stock?");
    const refused = await holdpoint(home, "Do you have any round sunglasses in stock?");
    expect(refused).toMatchObject({ status: 4, stdout: expect.stringContaining("Too many requests: 1 a minute") });
    expect((await holdpoint(home, "settings", "requestsPerMinute=0")).stderr).toContain(
      "requestsPerMinute does not fit",
    );
    expect((await holdpoint(home, "settings", "requestsPerMinute=null")).status).toBe(0);
    expect((await holdpoint(home, "Do you have any round sunglasses in stock?")).status).toBe(0);
  });
});
