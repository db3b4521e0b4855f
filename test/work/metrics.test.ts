/** Row E11: what is counted for monitoring, against runs of two tenants, on every database. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Dialect } from "kysely";
import { describe, expect, it, type TestContext } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ActionFailure } from "../../src/errors.ts";
import { recordFailure } from "../../src/ledger/breakers.ts";
import { defineAction } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { readMetrics } from "../../src/work/metrics.ts";
import { type Caller, rollBackThread, startRequest } from "../../src/work/threads.ts";
import { openPostgresDialect } from "../support/ledger.ts";
import { alice, approveAll, mallory, openTestRuntime } from "../support/runtime.ts";

const sqlite = async (): Promise<Dialect | undefined> => undefined;
const postgres = async (context: TestContext): Promise<Dialect> => (await openPostgresDialect(context)).dialect;

const jam = defineAction({
  kind: "write",
  name: "jam",
  version: 1,
  title: "Jam",
  description: "Fails.",
  input: z.strictObject({}),
  output: z.strictObject({}),
  preview: async () => [],
  run: async () => {
    throw new ActionFailure("failed", "It is jammed.");
  },
  summarize: () => "Jammed.",
});

/** The value of each line, by its name with its labels. */
const valuesOf = (text: string): Record<string, number> =>
  Object.fromEntries(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );

describe.each([
  ["SQLite", sqlite],
  ["Postgres", postgres],
] as const)("metrics on %s", (_name, open) => {
  it("count what was done, what failed, what was undone, what waits, and whose receiver is left alone", async (context) => {
    const dialect = await open(context);
    const runtime = await openTestRuntime({
      actions: [jam],
      plans: { jam: [{ id: "a", action: "jam", args: {} }] },
      ...(dialect ? { ledger: dialect } : {}),
    });
    expect(valuesOf(await readMetrics(runtime))).toEqual({});
    const done = async (caller: Caller, request: string) => {
      const asked = await startRequest(runtime, caller, { request });
      return await answerThread(runtime, caller, asked.threadId, approveAll);
    };
    await done(alice, "jam");
    await done(alice, "jam");
    await startRequest(runtime, alice, { request: "jam" });
    await startRequest(runtime, mallory, { request: "jam" });
    await recordFailure(
      runtime.ledger,
      { ...alice.identity, at: runtime.now() },
      {
        ...{ action: "jam", trial: null, failures: 1, openMs: 60_000 },
      },
    );
    const text = await readMetrics(runtime);
    const values = valuesOf(text);
    expect(values).toMatchObject({
      'holdpoint_executions_total{tenant="acme",action="jam",status="failed"}': 2,
      'holdpoint_executions_total{tenant="acme",action="jam",status="succeeded"}': 0,
      'holdpoint_executions_uncertain{tenant="acme",action="jam"}': 0,
      'holdpoint_approvals_pending{tenant="acme"}': 1,
      'holdpoint_approvals_pending{tenant="evil"}': 1,
      'holdpoint_runs{tenant="acme",status="failed"}': 2,
      'holdpoint_runs{tenant="acme",status="waiting"}': 1,
      'holdpoint_breaker_open{tenant="acme",action="jam"}': 1,
    });
    expect(text).toContain("# TYPE holdpoint_executions_total counter");
    expect(text).toContain("# TYPE holdpoint_approvals_pending gauge");
    for (const data of ["alice", "mallory", "jammed"]) expect(text).not.toContain(data);
  });
});

describe("metrics", () => {
  it("count what was undone as done, and as undone", async () => {
    const runtime = await openTestRuntime();
    const request = "Purchase 3 Wayfarer sunglasses for customer Alice.";
    const { threadId } = await startRequest(runtime, alice, { request });
    await answerThread(runtime, alice, threadId, approveAll);
    await rollBackThread(runtime, alice, { threadId, reason: "back" });
    const text = await readMetrics(runtime);
    expect(text).toContain("# TYPE holdpoint_execution_duration_seconds histogram");
    expect(valuesOf(text)).toMatchObject({
      'holdpoint_execution_duration_seconds_bucket{tenant="acme",action="sell",le="300"}': 1,
      'holdpoint_execution_duration_seconds_bucket{tenant="acme",action="sell",le="+Inf"}': 1,
      'holdpoint_execution_duration_seconds_count{tenant="acme",action="sell"}': 1,
      'holdpoint_executions_total{tenant="acme",action="sell",status="succeeded"}': 1,
      'holdpoint_rollbacks_total{tenant="acme",action="sell",outcome="undone"}': 1,
      'holdpoint_runs{tenant="acme",status="success"}': 1,
    });
  });

  it("keep the form of the text whatever a tenant is called", async () => {
    const runtime = await openTestRuntime({ actions: [jam], plans: { jam: [{ id: "a", action: "jam", args: {} }] } });
    const caller: Caller = { identity: { tenant: 'a"}\\ 1\nb', principal: "p" } };
    const { threadId } = await startRequest(runtime, caller, { request: "jam" });
    await answerThread(runtime, caller, threadId, approveAll);
    const lines = (await readMetrics(runtime)).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(line).toMatch(/^\w+\{(?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)+\} [\d.e+-]+$/);
  });
});

const RulesSchema = z.object({
  groups: z.array(z.object({ name: z.string(), rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});

describe("the alerts", () => {
  const file = "monitoring/alerts.yaml";

  it("are about metrics that there are, and the documentation names all of these", async () => {
    const { groups } = RulesSchema.parse(parse(readFileSync(file, "utf8")));
    const documented = readFileSync("docs/metrics.md", "utf8")
      .match(/^\| `(holdpoint_\w+)`/gm)
      ?.map((line) => line.slice(3, -1));
    const used = groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => expr.match(/holdpoint_\w+/g) ?? []));
    expect(used.length).toBeGreaterThan(4);
    expect(documented).toEqual(expect.arrayContaining(used));
    const source = readFileSync("src/work/metrics.ts", "utf8");
    for (const name of documented ?? []) expect(source).toContain(name);
  });

  it("are taken by promtool", (context) => {
    try {
      execFileSync("promtool", ["--version"], { stdio: "ignore" });
    } catch {
      context.skip("promtool is not installed (Debian's package prometheus)");
    }
    expect(execFileSync("promtool", ["check", "rules", file], { encoding: "utf8" })).toContain("SUCCESS");
  });
});
