/** Events out: what is told, to whom, signed, and at least once, whatever becomes of endpoints and of processes. */
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { EventEndpoint } from "../../src/events/endpoints.ts";
import { recordFailure } from "../../src/ledger/breakers.ts";
import { listDeliveries } from "../../src/ledger/deliveries.ts";
import { listNotices } from "../../src/ledger/notices.ts";
import { NOTICE_KINDS, type NoticeKind } from "../../src/ledger/outbox.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { createPolicy } from "../../src/policy/policy.ts";
import { createRuntime, type RuntimeOverrides } from "../../src/runtime.ts";
import { createLog, type Log } from "../../src/telemetry/log.ts";
import { answerThread } from "../../src/work/answer.ts";
import { maintainOnce, startMaintenance } from "../../src/work/maintain.ts";
import { startRequest } from "../../src/work/threads.ts";
import { spawnScript } from "../support/child.ts";
import { openPostgresDialect } from "../support/ledger.ts";
import { createNotebook } from "../support/notebook.ts";
import { openReceiver, type Received } from "../support/notice-receiver.ts";
import { alice, approveAll, bob, mallory, planFor, rejectAll } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const MINUTE = 60_000;

interface To {
  url: string;
  name?: string;
  style?: "standard" | "slack";
  kinds?: readonly NoticeKind[];
  tenants?: string[];
}

function endpoint({ url, name = "ops", style = "standard", kinds = NOTICE_KINDS, tenants }: To): EventEndpoint {
  const to = { name, url: new URL(url), kinds: new Set(kinds), tenants: tenants && new Set(tenants) };
  if (style === "slack") return { ...to, style };
  return { ...to, style, secret: Buffer.from(SECRET.slice(6), "base64") };
}

interface Given extends Pick<RuntimeOverrides, "ledger"> {
  endpoints?: EventEndpoint[];
  publicUrl?: string;
  log?: Log;
}

async function open({ endpoints = [], publicUrl, log, ledger }: Given = {}) {
  let ahead = 0;
  const home = tempDir();
  const plans = { go: [{ id: "a", title: "Write to Zebulon" }] };
  const runtime = await createRuntime(
    { home },
    {
      ...{ actions: createNotebook(home).actions, policy: createPolicy({ planReview: "never" }), log, ledger },
      matchRequest: (request) => planFor(request, plans),
      events: { endpoints, publicUrl, timeoutMs: 300 },
      now: () => new Date(Date.now() + ahead).toISOString(),
    },
  );
  onTestFinished(() => runtime.close());
  const pass = async (milliseconds = 0) => {
    ahead += milliseconds;
    return await maintainOnce(runtime);
  };
  const serving = () => {
    const ending = new AbortController();
    const ended = startMaintenance(runtime, { everyMs: 60 * MINUTE, signal: ending.signal });
    onTestFinished(async () => {
      ending.abort();
      await ended;
    });
  };
  return { runtime, pass, serving, ask: (caller = alice) => startRequest(runtime, caller, { request: "go" }) };
}

const kindsOf = (received: readonly Received[]) => received.map(({ body }) => body.type);
/** Throws where the signature is none, or the time is not now. */
const verified = ({ raw, headers }: Received) =>
  new Webhook(SECRET).verify(raw, headers as Record<string, string>) as { type: string; data: Record<string, unknown> };

describe("an endpoint", () => {
  it("is told within two seconds of what waits, is decided and ends, signed, with nothing of anybody in it", async () => {
    const { url, received } = await openReceiver();
    const { ask, serving, runtime } = await open({ endpoints: [endpoint({ url })] });
    serving();
    const asked = await ask();
    const { threadId, question, run } = asked;
    await vi.waitFor(() => expect(kindsOf(received)).toEqual(["approval_needed"]), 2_000);
    await answerThread(runtime, bob, threadId, approveAll);
    await vi.waitFor(() => expect(kindsOf(received)).toEqual(["approval_needed", "decided", "run_ended"]), 2_000);
    const [needed, decided, ended] = received.map(verified);
    const about = { tenant: "acme", threadId, runId: run.id, proposalId: question?.proposalId };
    const action = { about: "transaction", actions: ["note"], impact: { level: "medium", reversible: true } };
    expect(needed).toMatchObject({
      ...{ type: "approval_needed", timestamp: expect.stringMatching(/Z$/) },
      data: { ...about, ...action, expiresAt: null, command: `holdpoint resume ${threadId} --tenant acme` },
    });
    expect(decided).toMatchObject({ type: "decided", data: { ...about, verdict: "approved", decidedBy: "person" } });
    expect(ended).toMatchObject({
      type: "run_ended",
      data: { ...about, proposalId: null, status: "success", command: `holdpoint show ${threadId} --tenant acme` },
    });
    expect(received.map(({ id }) => id)).toEqual(received.map(({ body }) => (body.data as { id: string }).id));
    expect(JSON.stringify(received)).not.toMatch(/alice|bob|Zebulon/);
  });

  it("is led to the page of the proposal where people reach the server; Slack gets a button", async () => {
    const [own, slack] = [await openReceiver(), await openReceiver()];
    const kinds: NoticeKind[] = ["approval_needed"];
    const endpoints = [
      endpoint({ url: own.url, kinds }),
      endpoint({ url: slack.url, kinds, name: "team", style: "slack" }),
    ];
    const { ask, pass } = await open({ endpoints, publicUrl: "https://holdpoint.example.com" });
    const { question, threadId } = await ask();
    expect((await pass()).failures).toEqual([]);
    const link = `https://holdpoint.example.com/review/${question?.proposalId}`;
    expect(own.received.map(verified)).toMatchObject([{ data: { link } }]);
    expect(own.received[0]?.raw).not.toContain("command");
    expect(slack.received[0]?.body).toEqual({
      text: `Approval needed: A person has to decide: note on thread "${threadId}".`,
      blocks: [
        {
          type: "section",
          text: { type: "mrkdwn", text: `*Approval needed*\nA person has to decide: note on thread "${threadId}".` },
        },
        { type: "context", elements: [{ type: "mrkdwn", text: "Impact: medium, can be undone" }] },
        {
          type: "actions",
          elements: [{ type: "button", text: { type: "plain_text", text: "Review" }, url: link }],
        },
      ],
    });
  });

  it("is tried again on its own, under the same id and with the same body, until it takes it", async () => {
    const answers = [500, 503, 204];
    const failing = await openReceiver((response) => void response.writeHead(answers.shift() ?? 500).end());
    const fine = await openReceiver();
    const kinds: NoticeKind[] = ["approval_needed"];
    const endpoints = [endpoint({ url: failing.url, kinds }), endpoint({ url: fine.url, kinds, name: "fine" })];
    const { ask, pass } = await open({ endpoints });
    await ask();
    for (const after of [0, MINUTE / 2, MINUTE, MINUTE]) await pass(after);
    expect(failing.received).toHaveLength(3);
    expect(new Set(failing.received.map(({ id, raw }) => `${id} ${raw}`)).size).toBe(1);
    expect(fine.received).toHaveLength(1);
  });

  it("that hangs keeps no other waiting, and is given up for now", async () => {
    const hanging = await openReceiver(() => undefined);
    const fine = await openReceiver();
    const endpoints = [endpoint({ url: hanging.url }), endpoint({ url: fine.url, name: "fine" })];
    const { ask, serving, runtime } = await open({ endpoints });
    serving();
    for (let n = 0; n < 5; n++) await ask();
    await vi.waitFor(() => expect(fine.received).toHaveLength(5), 2_000);
    await vi.waitFor(async () => {
      const ids = (await listNotices(runtime.ledger, "acme")).map(({ id }) => id);
      const rows = (await listDeliveries(runtime.ledger, "acme", ids)).filter((row) => row.endpoint === "ops");
      expect(rows.some(({ attempts, deliveredAt }) => attempts === 1 && deliveredAt === null)).toBe(true);
    });
  });

  it("that leads elsewhere is not followed", async () => {
    const elsewhere = await openReceiver();
    const leading = await openReceiver((response) => void response.writeHead(307, { location: elsewhere.url }).end());
    const { ask, pass } = await open({ endpoints: [endpoint({ url: leading.url, kinds: ["approval_needed"] })] });
    await ask();
    const { failures } = await pass();
    expect(failures).toMatchObject([
      { job: "deliver events", problem: expect.stringContaining("redirects are not followed") },
    ]);
    expect(JSON.stringify(failures)).not.toContain(leading.url);
    expect([leading.received.length, elsewhere.received.length]).toEqual([1, 0]);
  });

  it("hears of the tenants and kinds that it is for, and of nobody else's", async () => {
    const [acme, every] = [await openReceiver(), await openReceiver()];
    const endpoints = [
      endpoint({ url: acme.url, tenants: ["acme"], kinds: ["approval_needed", "run_ended"] }),
      endpoint({ url: every.url, name: "every", kinds: ["decided"] }),
    ];
    const { ask, pass, runtime } = await open({ endpoints });
    const [own, foreign] = [await ask(), await ask(mallory)];
    await answerThread(runtime, bob, own.threadId, rejectAll);
    await answerThread(runtime, mallory, foreign.threadId, approveAll);
    await pass();
    expect(kindsOf(acme.received).toSorted()).toEqual(["approval_needed", "run_ended"]);
    expect(acme.received.map(verified).map(({ data }) => data.tenant)).toEqual(["acme", "acme"]);
    expect(acme.received.map(({ raw }) => raw).join("")).not.toContain(foreign.threadId);
    const decided = every.received.map(verified).map(({ data }) => [data.tenant, data.verdict]);
    expect(decided.toSorted()).toEqual([
      ["acme", "rejected"],
      ["evil", "approved"],
    ]);
  });

  it("hears once that an action's receiver is left alone, which is about no run", async () => {
    const { url, received } = await openReceiver();
    const { pass, runtime } = await open({ endpoints: [endpoint({ url })] });
    const stamp = () => ({ ...alice.identity, at: runtime.now() });
    const failed = { action: "note", trial: null, failures: 2, openMs: MINUTE };
    for (let n = 0; n < 3; n++) await recordFailure(runtime.ledger, stamp(), failed);
    await pass();
    expect(received.map(verified)).toMatchObject([
      { type: "breaker_open", data: { tenant: "acme", action: "note", failures: 2, threadId: null, runId: null } },
    ]);
    expect(await listNotices(runtime.ledger, "acme")).toMatchObject([{ kind: "breaker_open", runId: null }]);
  });
});

describe("what is told", () => {
  it("is not even written where nobody wants it", async () => {
    const { ask, runtime, pass } = await open();
    const { threadId } = await ask();
    await answerThread(runtime, bob, threadId, approveAll);
    await pass();
    expect(await runtime.ledger.selectFrom("notices").selectAll().execute()).toEqual([]);
    expect(await runtime.ledger.selectFrom("deliveries").selectAll().execute()).toEqual([]);
  });

  it("goes with what retention takes, also where it was never delivered", async () => {
    const away = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => away.once("listening", resolve));
    const url = `http://127.0.0.1:${(away.address() as AddressInfo).port}/`;
    away.close();
    const { ask, runtime, pass } = await open({ endpoints: [endpoint({ url })] });
    await changeSettings(runtime.ledger, { ...alice.identity, at: runtime.now() }, { keepAuditDays: 30 });
    await ask();
    expect((await pass()).failures).toMatchObject([{ job: "deliver events" }]);
    const rows = () => runtime.ledger.selectFrom("deliveries").selectAll().execute();
    expect(await rows()).toHaveLength(1);
    expect((await pass(8 * 1440 * MINUTE)).failures).toEqual([]); // not worth telling any more
    await pass(23 * 1440 * MINUTE);
    expect(await rows()).toEqual([]);
    expect(await listNotices(runtime.ledger, "acme")).toEqual([]);
  });

  it("is in the log, too: a run that ended, a receiver left alone, an endpoint that is away", async () => {
    const lines: string[] = [];
    const log = createLog({ write: (line) => lines.push(line) });
    const failing = await openReceiver((response) => void response.writeHead(500).end());
    const { ask, runtime, serving } = await open({ endpoints: [endpoint({ url: failing.url })], log });
    serving();
    const { threadId, run } = await ask();
    await answerThread(runtime, bob, threadId, approveAll);
    const stamp = { ...alice.identity, at: runtime.now() };
    await recordFailure(runtime.ledger, stamp, { action: "note", trial: null, failures: 1, openMs: MINUTE });
    await vi.waitFor(() => expect(lines.join("")).toContain("deliver events"), 2_000);
    const told = lines.map((line) => JSON.parse(line));
    expect(told).toContainEqual(
      expect.objectContaining({
        level: "info",
        msg: "a run ended",
        thread: threadId,
        run: run.id,
        status: "success",
      }),
    );
    expect(told).toContainEqual(
      expect.objectContaining({ level: "warn", action: "note", failures: 1, tenant: "acme" }),
    );
    expect(told).toContainEqual(expect.objectContaining({ level: "warn", job: "deliver events", tenant: "acme" }));
    expect(lines.join("")).not.toContain(failing.url);
  });

  it("is delivered on Postgres as well", async (context) => {
    const { dialect } = await openPostgresDialect(context);
    const { url, received } = await openReceiver();
    const { ask, serving, runtime } = await open({ endpoints: [endpoint({ url })], ledger: dialect });
    serving();
    const { threadId } = await ask();
    await vi.waitFor(() => expect(kindsOf(received)).toEqual(["approval_needed"]), 3_000);
    await answerThread(runtime, bob, threadId, approveAll);
    await vi.waitFor(
      () => expect(kindsOf(received).toSorted()).toEqual(["approval_needed", "decided", "run_ended"]),
      3_000,
    );
  });
});

describe("processes", () => {
  const environmentOf = (home: string, url: string) => {
    const file = join(home, "events.yaml");
    writeFileSync(file, `endpoints: { ops: { url: "${url}", secret: "\${HOOK}", events: [approval_needed] } }\n`);
    return { HOLDPOINT_HOME: home, HOLDPOINT_EVENTS: file, HOOK: SECRET };
  };
  const run = ["src/cli/main.js", ["run", "Return 1 Classic", "--thread", "t"]] as const;

  it("that work at once tell once what another wrote", async () => {
    const { url, received } = await openReceiver((response) => setTimeout(() => response.writeHead(204).end(), 300));
    const env = environmentOf(tempDir(), url);
    await spawnScript(...run, { env }).ended;
    expect(received).toEqual([]);
    const passes = [1, 2].map(() => spawnScript("src/cli/main.js", ["maintain", "--once"], { env }).ended);
    expect((await Promise.all(passes)).map(({ stderr }) => stderr)).toEqual(["", ""]);
    expect(received.map(verified)).toMatchObject([
      { type: "approval_needed", data: { threadId: "t", tenant: "default" } },
    ]);
  });

  it("that are killed while they tell are followed by others, under the same id", async () => {
    let isKilled = false;
    const { url, received } = await openReceiver((response) => {
      if (isKilled) response.writeHead(204).end();
    });
    const home = tempDir();
    const env = environmentOf(home, url);
    await spawnScript(...run, { env }).ended;
    const first = spawnScript("src/cli/main.js", ["maintain", "--once"], { env });
    await vi.waitFor(() => expect(received).toHaveLength(1), 10_000);
    first.process.kill("SIGKILL");
    await first.ended;
    isKilled = true;
    const later = () => new Date(Date.now() + 2 * MINUTE).toISOString();
    const [ops] = [endpoint({ url, kinds: ["approval_needed"] })];
    const runtime = await createRuntime({ home }, { events: { endpoints: [ops] }, now: later });
    onTestFinished(() => runtime.close());
    expect((await maintainOnce(runtime)).failures).toEqual([]);
    expect(received).toHaveLength(2);
    expect(received[1]?.id).toBe(received[0]?.id);
    await maintainOnce(runtime);
    expect(received).toHaveLength(2);
  });
});
