/** `stats` as somebody types it, and as a program asks for it. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHoldpoint, type Holdpoint } from "../../src/index.ts";
import { holdpoint, holdpointProcess } from "../support/child.ts";
import { tempDir } from "../support/temp.ts";

const LOOK = "Do you have any round sunglasses in stock?";

describe("the command stats", () => {
  it("says what there is, and `-` of what there is nothing, in a process of its own", async () => {
    const home = tempDir();
    const none = await holdpointProcess(home, "stats");
    expect(none).toMatchObject({ status: 0, stderr: "" });
    expect(none.stdout).toMatch(/│ runs +│ 0 \(0 ended, 0 open, 0 refused at once\) +│/);
    expect(none.stdout).toMatch(/│ completed, of those ended +│ - +│/);
    expect(none.stdout).toMatch(/│ model calls per run +│ - +│/);
    await holdpoint(home, LOOK);
    await holdpoint(home, "Paint the shop green");
    const asked = JSON.parse((await holdpoint(home, "Return 2 Aviator", "--json")).stdout);
    await holdpoint(home, "resume", asked.threadId, "--reject", "no");
    const some = await holdpointProcess(home, "stats", "--by", "day");
    expect(some).toMatchObject({ status: 0, stderr: "" });
    for (const row of [
      /│ runs +│ 3 \(3 ended, 0 open, 0 refused at once\) +│/,
      /│ completed, of those ended +│ 33\.3 % \(1 of 3\) +│/,
      /│ {3}rejected +│ 1 +│/,
      /│ plans valid at first +│ 100 % \(2 of 2\) +│/,
      /│ {3}find_products +│ 0 % \(0 of 1\) +│/,
      /│ {3}rejected +│ 100 % \(1 of 1\) +│/,
      /│ transactions rolled back +│ - +│/,
    ]) {
      expect(some.stdout).toMatch(row);
    }
    const today = new Date().toISOString().slice(0, 10);
    expect(some.stdout).toMatch(new RegExp(`│ ${today} +│ 3 +│ 33\\.3 % +│`));
    const { stdout } = await holdpoint(home, "stats", "--thread", asked.threadId, "--json");
    expect(JSON.parse(stdout).all).toMatchObject({
      runs: { total: 1, byStatus: { rejected: 1 } },
      approvals: { rejected: { count: 1, of: 1, share: 1 }, time: { count: 1 } },
    });
    const { measures } = JSON.parse((await holdpoint(home, "show", asked.threadId, "--json")).stdout);
    expect(measures).toEqual({ ...JSON.parse(stdout).all, period: { since: null, until: null } });
    const { stdout: shown } = await holdpoint(home, "show", asked.threadId);
    expect(shown).toMatch(/Measures\n {2}plans valid at first 1 of 1, people decided after \d/);
  });

  it("counts how runs ended also where their answers are encrypted", async () => {
    const environment = { HOLDPOINT_ENCRYPTION_KEY: randomBytes(32).toString("base64") };
    const place = { home: tempDir(), environment };
    await holdpoint(place, LOOK);
    const { all } = JSON.parse((await holdpoint(place, "stats", "--json")).stdout);
    expect(all.runs).toMatchObject({ total: 1, byStatus: { success: 1 } });
  });

  it.each<[string[], string]>([
    [["--since", "yesterday"], '"yesterday" is no time.'],
    [["--since", "2026-01-31T10:00:00"], '"2026-01-31T10:00:00" is no time.'],
    [["--until", "2026-13-01"], '"2026-13-01" is no time.'],
    [["--days", "none"], "days must be a whole number"],
    [["--days", "1.5"], "days must be a whole number"],
    [["--days", "0"], "days must be at least 1"],
    [["--days", "3", "--since", "2026-01-01"], "days cannot be given together with since"],
    [["--by", "year"], "by must be day or week"],
    [["--since", "2026-02-01", "--until", "2026-01-01"], "nothing is from 2026-02-01T00:00:00.000Z until 2026-01-01"],
    [["--since", "2020-01-01", "--by", "day"], "at most 400 are shown"],
    [["--thread", "t-nowhere"], 'There is no thread "t-nowhere".'],
    [["--thread", "../etc"], "is no thread id."],
  ])("%j is refused in a line that says why", async (words, message) => {
    const { status, stdout, stderr } = await holdpoint(tempDir(), "stats", ...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

describe("stats of a program", () => {
  /** Runs that began at these times, ISO 8601. */
  async function open(now: string, ...starts: string[]): Promise<Holdpoint> {
    const home = tempDir();
    const program = await createHoldpoint({ home, exampleStore: true, now: () => now, recoverOnStart: false });
    onTestFinished(() => program.close());
    const ledger = new Database(join(home, "ledger.db"));
    const insert = ledger.prepare(
      `insert into runs (tenant, id, thread_id, requester, request, status, created_at, updated_at)
       values ('acme', ?, 't', 'alice', 'r', 'ended', ?, ?)`,
    );
    for (const at of starts) insert.run(at, at, at);
    ledger.close();
    return program;
  }
  const acme = { tenant: "acme", principal: "alice" };
  const NOW = "2026-11-05T12:00:00.000Z"; // a Thursday
  const periodsOf = async (program: Holdpoint, query: Parameters<Holdpoint["stats"]>[0]) =>
    (await program.stats(query, acme)).periods.map(({ period, runs }) => [period.since, period.until, runs.total]);

  it("are by day from the first run on, up to now", async () => {
    const program = await open(NOW, "2026-11-03T23:59:59.999Z", "2026-11-04T00:00:00.000Z", "2026-11-05T12:00:00.000Z");
    expect(await periodsOf(program, { by: "day" })).toEqual([
      ["2026-11-03T23:59:59.999Z", "2026-11-04T00:00:00.000Z", 1],
      ["2026-11-04T00:00:00.000Z", "2026-11-05T00:00:00.000Z", 1],
      ["2026-11-05T00:00:00.000Z", "2026-11-05T12:00:00.001Z", 1],
    ]);
    expect((await program.stats({}, acme)).all.runs.total).toBe(3);
    expect((await program.stats({ by: "day" }, { tenant: "evil" })).periods).toEqual([]);
  });

  it("are by week from Monday on, as far as they belong to the time", async () => {
    const program = await open(NOW, "2026-10-25T10:00:00.000Z", "2026-10-26T00:00:00.000Z", "2026-11-02T00:00:00.000Z");
    expect(
      await periodsOf(program, { by: "week", since: "2026-10-24T08:00:00+02:00", until: "2026-11-04T00:00:00Z" }),
    ).toEqual([
      ["2026-10-24T06:00:00.000Z", "2026-10-26T00:00:00.000Z", 1],
      ["2026-10-26T00:00:00.000Z", "2026-11-02T00:00:00.000Z", 1],
      ["2026-11-02T00:00:00.000Z", "2026-11-04T00:00:00.000Z", 1],
    ]);
  });

  it("are of the last days where those are asked for", async () => {
    const program = await open(NOW, "2026-11-03T11:59:59.999Z", "2026-11-03T12:00:00.000Z");
    expect((await program.stats({ days: 2 }, acme)).all).toMatchObject({
      period: { since: "2026-11-03T12:00:00.000Z", until: null },
      runs: { total: 1, byStatus: { unknown: 1 } },
    });
  });

  it("are refused where the query is no query", async () => {
    const program = await open(NOW);
    for (const query of [{ since: "2026-11-05" }, { days: 1.5 }, { year: 2026 }, { by: "month" }] as object[]) {
      await expect(program.stats(query, acme)).rejects.toMatchObject({ code: "usage" });
    }
  });
});
