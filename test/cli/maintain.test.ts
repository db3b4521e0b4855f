/** `maintain` and `notices` as processes of their own: several at once, killed in the middle, stopped, refused. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { holdpoint, spawnScript } from "../support/child.ts";
import { makeReadOnly, makeWritable, mountSmall } from "../support/file-systems.ts";
import { openLedgerOf } from "../support/ledger.ts";
import { openReceiver } from "../support/notice-receiver.ts";
import { tempDir } from "../support/temp.ts";

const RETURN = "Return 1 Classic";

const spawnMaintain = (home: string, url: string, ...args: string[]) =>
  spawnScript("src/cli/main.js", ["maintain", ...args], { env: { HOLDPOINT_HOME: home, HOLDPOINT_NOTIFY_URL: url } });

/** Threads that wait; of the first ones the time is over, the others have half an hour left. */
async function waiting({ overdue, expiring }: { overdue: number; expiring: number }) {
  const home = tempDir();
  const threads: string[] = [];
  for (let n = 0; n < overdue + expiring; n++) {
    threads.push(JSON.parse((await holdpoint(home, RETURN, "--json")).stdout).threadId);
  }
  const ledger = await openLedgerOf(home);
  for (const [index, threadId] of threads.entries()) {
    const after = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
    await ledger
      .updateTable("proposals")
      .set({ createdAt: after(-120), expiresAt: after(index < overdue ? -1 : 30) })
      .where("runId", "in", ledger.selectFrom("runs").select("id").where("threadId", "=", threadId))
      .execute();
  }
  return { home, overdue: threads.slice(0, overdue), expiring: threads.slice(overdue) };
}

/** How often each event is in the audit, by its name. */
async function countEvents(home: string, ...events: string[]): Promise<number[]> {
  const ledger = await openLedgerOf(home);
  const rows = await ledger.selectFrom("auditLog").select("event").execute();
  return events.map((wanted) => rows.filter(({ event }) => event === wanted).length);
}

describe("maintain", () => {
  it("by three processes at once ends, reminds and tells of each thing once", async () => {
    const { home, overdue, expiring } = await waiting({ overdue: 3, expiring: 2 });
    const { url, received } = await openReceiver();
    const workers = [1, 2, 3].map(() => spawnMaintain(home, url, "--once", "--json").ended);
    const ended = await Promise.all(workers);
    expect(ended.map(({ status, stderr }) => [status, stderr])).toEqual([0, 0, 0].map((status) => [status, ""]));
    const done = ended.flatMap(({ stdout }) => JSON.parse(stdout).done as { job: string; subject: string }[]);
    const by = (wanted: string) => done.filter(({ job }) => job === wanted).map(({ subject }) => subject);
    expect(by("expire").toSorted()).toEqual(overdue.toSorted());
    expect(by("remind").toSorted()).toEqual(expiring.toSorted());
    // What the last one wrote may have come after the others had looked for notices.
    const rest = await holdpoint({ home, environment: { HOLDPOINT_NOTIFY_URL: url } }, "maintain", "--once");
    expect(rest).toMatchObject({ status: 0, stderr: "" });
    expect(received.map(({ body }) => `${body.kind} ${body.threadId}`).toSorted()).toEqual(
      [
        ...overdue.map((thread) => `approval_expired ${thread}`),
        ...expiring.map((thread) => `approval_expiring ${thread}`),
      ].toSorted(),
    );
    expect(await countEvents(home, "decision.expired", "proposal.reminded", "run.ended")).toEqual([3, 2, 3]);
    expect(await holdpoint(home, "audit", "verify")).toMatchObject({ status: 0 });
    expect((await holdpoint(home, "list", "--waiting", "--json")).stdout).not.toContain(overdue[0]);
  }, 90_000);

  it("killed in the middle is followed by another, which repeats nothing but the notice that was on its way", async () => {
    const { home, overdue } = await waiting({ overdue: 2, expiring: 0 });
    let isAway = true;
    const { url, received } = await openReceiver((response) => {
      if (!isAway) response.writeHead(204).end(); // otherwise it never answers
    });
    const first = spawnMaintain(home, url, "--once");
    while (received.length === 0) await sleep(10);
    first.process.kill("SIGKILL");
    await first.ended;
    isAway = false;
    const again = () => holdpoint({ home, environment: { HOLDPOINT_NOTIFY_URL: url } }, "maintain", "--once");
    expect(await again()).toMatchObject({ status: 0 });
    expect(received).toHaveLength(2); // what was on its way may still arrive
    const ledger = await openLedgerOf(home);
    await ledger
      .updateTable("notices")
      .set({ nextAttemptAt: new Date(0).toISOString() })
      .execute(); // time passes
    expect(await again()).toMatchObject({ status: 0 });
    const [cutOff] = received;
    expect(received.filter(({ id }) => id === cutOff?.id)).toHaveLength(2);
    expect(new Set(received.map(({ body }) => body.threadId))).toEqual(new Set(overdue));
    expect(received).toHaveLength(3);
    expect(await countEvents(home, "decision.expired", "run.ended")).toEqual([2, 2]);
  }, 60_000);

  it("goes on until a signal comes, and ends what is in flight first", async () => {
    const { home, overdue } = await waiting({ overdue: 1, expiring: 0 });
    const answers: (() => void)[] = [];
    const { url, received } = await openReceiver((response) => {
      answers.push(() => void response.writeHead(204).end());
    });
    const { process: child, ended } = spawnMaintain(home, url, "--every", "1", "--json");
    onTestFinished(() => void child.kill("SIGKILL"));
    while (received.length === 0) await sleep(10);
    child.kill("SIGTERM");
    await sleep(200);
    answers[0]?.();
    const { status, stdout, stderr } = await ended;
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const [report] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(report).toMatchObject({ stopped: true, failures: [] });
    expect(report.done.map(({ job, subject }: { job: string; subject: string }) => [job, subject])).toEqual([
      ["expire", overdue[0]],
      ["notify", overdue[0]],
    ]);
  }, 60_000);

  it("prints what it did, and what it could not do with the status that fits", async () => {
    const home = tempDir();
    expect(await holdpoint(home, "maintain", "--once")).toMatchObject({
      status: 0,
      stdout: "There was nothing to do.\n",
    });
    const { home: other, overdue } = await waiting({ overdue: 1, expiring: 0 });
    const away = { home: other, environment: { HOLDPOINT_NOTIFY_URL: "http://127.0.0.1:9/secret-path" } };
    const told = await holdpoint(away, "maintain", "--once");
    expect(told.status).toBe(7);
    expect(told.stdout).toContain("expired: nobody decided until");
    expect(told.stdout).toContain("failed: http://127.0.0.1:9 cannot be reached");
    expect(told.stdout).not.toContain("secret-path");
    const shown = await holdpoint(other, "notices");
    expect(shown.stdout).toContain(`Nobody decided in time: take_back on thread "${overdue[0]}" has expired`);
    expect(shown.stdout).toContain("not yet, 1 attempt(s)");
    const { notices } = JSON.parse((await holdpoint(other, "notices", "--json")).stdout);
    expect(notices).toMatchObject([{ kind: "approval_expired", threadId: overdue[0], attempts: 1, deliveredAt: null }]);
    expect((await holdpoint(home, "notices")).stdout).toBe("There are no notices.\n");
  });

  it("says that it cannot write on a read-only disk", async (context) => {
    const home = mountSmall(context, "4m");
    await holdpoint(home, RETURN);
    makeReadOnly(home);
    const refused = await holdpoint(home, "maintain", "--once");
    makeWritable(home);
    expect(refused).toMatchObject({ status: 7, stdout: "" });
    expect(refused.stderr).toMatch(/\.db (cannot be written|cannot be opened|cannot be read or written)/);
  });

  it("takes the role admin, where there are members", async () => {
    const home = tempDir();
    await holdpoint(home, "members", "ada", "admin");
    await holdpoint(home, "members", "bob", "approver", "--as", "ada");
    const refused = await holdpoint(home, "maintain", "--once", "--as", "bob");
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining("This takes the role admin") });
    expect(await holdpoint(home, "maintain", "--once", "--as", "ada")).toMatchObject({ status: 0 });
  });

  it.each([
    [["maintain", "--every", "0"], {}, '"0" is no number of seconds'],
    [
      ["maintain", "--once"],
      { HOLDPOINT_NOTIFY_URL: "ftp://example.com" },
      "HOLDPOINT_NOTIFY_URL must be an http or https",
    ],
    [["maintain", "--once"], { HOLDPOINT_NOTIFY_URL: "https://a:hunter2@b.example" }, "without a name and a password"],
  ])("%j is refused with %j", async (words, environment, message) => {
    const refused = await holdpoint({ home: tempDir(), environment: environment as Record<string, string> }, ...words);
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
    expect(refused.stderr).not.toContain("hunter2");
  });
});
