/** Row E3 on the command line: what a tenant lets happen by itself, and the answer to "why was this stopped?". */
import { describe, expect, it } from "vitest";
import { listAudit } from "../../src/ledger/audit.ts";
import { verifyAudit } from "../../src/ledger/audit-check.ts";
import { openProposal, recordFindingsIn } from "../../src/ledger/proposals.ts";
import { insertRun, pauseRun } from "../../src/ledger/runs.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { holdpoint, holdpointProcess } from "../support/child.ts";
import { openLedgerOf, proposedAction, smallImpact } from "../support/ledger.ts";
import { tempDir } from "../support/temp.ts";

const RETURN = "Return 1 Classic";
const AUTOMATIC = ["automation=true", "approvalRequired=false", "canaryShare=1"];

describe("settings", () => {
  it("are shown with their version, and a change makes a new one, which the audit holds", async () => {
    const home = tempDir();
    expect((await holdpoint(home, "settings")).stdout).toMatch(/automation\W+false[\s\S]*Version 0/);
    const changed = await holdpoint(
      home,
      "settings",
      "automation=true",
      "approvals.high.people=3",
      "--json",
      "--as",
      "ada",
    );
    expect(JSON.parse(changed.stdout)).toMatchObject({
      ...{ version: 1, settings: { automation: true, approvals: { high: { people: 3, role: "approver" } } } },
    });
    expect(JSON.parse((await holdpoint(home, "settings", "--json")).stdout)).toMatchObject({ version: 1 });
    const ledger = await openLedgerOf(home);
    const [entry] = await listAudit(ledger, "default");
    expect(entry).toMatchObject({
      principal: "ada",
      event: "settings.changed",
      data: { changed: { automation: true } },
    });
    expect(await verifyAudit(ledger, "default")).toBe(1);
  });

  it("of another tenant may name actions that only its program has", async () => {
    const change = 'allowedActions=["send_mail"]';
    expect((await holdpoint(tempDir(), "settings", change, "--tenant", "acme")).status).toBe(0);
  });

  it("that two admins change at the same time both hold", async () => {
    const home = tempDir();
    const both = ["automation=true", "canaryShare=0.5"].map((change) => holdpointProcess(home, "settings", change));
    expect(await Promise.all(both)).toMatchObject([{ status: 0 }, { status: 0 }]);
    const { version, settings } = JSON.parse((await holdpoint(home, "settings", "--json")).stdout);
    expect([version, settings.automation, settings.canaryShare]).toEqual([2, true, 0.5]);
  });

  it("that several change within the same group all hold", async () => {
    const home = tempDir();
    const levels = ["low", "medium", "high"];
    await Promise.all(levels.map((level) => holdpointProcess(home, "settings", `approvals.${level}.people=4`)));
    const { version, settings } = JSON.parse((await holdpoint(home, "settings", "--json")).stdout);
    expect([version, ...levels.map((level) => settings.approvals[level].people)]).toEqual([3, 4, 4, 4]);
    const ledger = await openLedgerOf(home);
    const stamp = { tenant: "default", principal: "ada", at: new Date().toISOString() };
    const changed = await changeSettings(ledger, stamp, { approvals: { high: { people: 5 } } });
    expect(changed.settings.approvals).toMatchObject({ low: { people: 4 }, high: { people: 5, role: "approver" } });
  });

  it("of another tenant are reached by its name, as is what waits there", async () => {
    const home = tempDir();
    expect((await holdpoint(home, "--tenant", "acme", "settings", "manyRows=7")).status).toBe(0);
    const read = async (...words: string[]) =>
      JSON.parse((await holdpoint(home, "settings", "--json", ...words)).stdout).settings.manyRows;
    expect([await read("--tenant", "acme"), await read()]).toEqual([7, 20]);
    const asked = JSON.parse((await holdpoint(home, RETURN, "--tenant", "acme", "--json")).stdout);
    expect(asked.resume.approve).toMatch(/ --approve --tenant acme$/);
    expect((await holdpoint(home, "show", asked.threadId)).stderr).toContain("There is no thread");
    expect((await holdpoint(home, "explain", asked.threadId, "--tenant", "acme")).status).toBe(0);
    for (const tenant of ["", "a b", "a/b", "x".repeat(101)]) {
      expect((await holdpoint(home, "list", "--tenant", tenant)).stderr).toContain("is no name of a tenant");
    }
  });

  it.each([
    [["automaton=true"], "Unrecognized key"],
    [["automation=yes"], "The setting automation does not fit"],
    [["canaryShare=1.5"], "The setting canaryShare does not fit"],
    [["approvals.huge.people=1"], 'There is no setting "approvals.huge.people"'],
    [["approvals.high.people=0"], "The setting approvals.high.people does not fit"],
    [["approvals.high.role=viewer"], "The setting approvals.high.role does not fit"],
    [['allowedActions=["sell","sel"]'], 'names "sel", and no action that writes is called that. There are: sell, '],
    [['preApprovedActions=["find_products"]'], 'names "find_products"'],
    [["automation"], "is no change of a setting"],
    [["automation=true", "actionsPerHour=-1"], "The setting actionsPerHour does not fit"],
  ])("%s is refused, and nothing is changed", async (changes, said) => {
    const home = tempDir();
    expect(await holdpoint(home, "settings", ...changes)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(said),
    });
    expect(JSON.parse((await holdpoint(home, "settings", "--json")).stdout).version).toBe(0);
  });
});

describe("automation", () => {
  it("does what is harmless once a person has let it be done before, and explains both", async () => {
    const home = tempDir();
    await holdpoint(home, "settings", ...AUTOMATIC);
    const first = JSON.parse((await holdpoint(home, RETURN, "--json")).stdout);
    expect(first).toMatchObject({ status: "waiting" });
    const why = await holdpoint(home, "explain", first.threadId);
    expect(why.stdout).toMatch(/escalate s1[\s\S]*first-use[\s\S]*never used "take_back" before/);
    await holdpoint(home, "resume", first.threadId, "--approve");
    const second = JSON.parse((await holdpoint(home, RETURN, "--json")).stdout);
    expect(second).toMatchObject({ status: "ended", answer: { status: "success" } });
    const explained = await holdpoint(home, "explain", second.threadId);
    expect(explained.stdout).toMatch(/approved by policy[\s\S]*allow s1[\s\S]*canary/);
  });

  it("stops at its limit, exactly", async () => {
    const home = tempDir();
    await holdpoint(home, "settings", ...AUTOMATIC, "actionsPerHour=2");
    const first = JSON.parse((await holdpoint(home, RETURN, "--json")).stdout);
    await holdpoint(home, "resume", first.threadId, "--approve");
    const statuses: string[] = [];
    for (let turn = 0; turn < 3; turn++)
      statuses.push(JSON.parse((await holdpoint(home, RETURN, "--json")).stdout).status);
    expect(statuses).toEqual(["ended", "ended", "waiting"]);
  });

  it("never does what the tenant does not allow at all", async () => {
    const home = tempDir();
    await holdpoint(home, "settings", ...AUTOMATIC, 'allowedActions=["sell"]');
    const { stdout, status } = await holdpoint(home, RETURN);
    expect(stdout).toContain('"take_back" is not among the actions that this tenant allows.');
    expect(stdout).toContain("Rule: allowed-actions.");
    expect(status).toBe(4);
  });

  it("is not used by a run that was approved by policy before the settings became stricter", async () => {
    const home = tempDir();
    await holdpoint(home, "settings", ...AUTOMATIC);
    const first = JSON.parse((await holdpoint(home, RETURN, "--json")).stdout);
    await holdpoint(home, "resume", first.threadId, "--approve");
    const second = JSON.parse((await holdpoint(home, RETURN, "--json")).stdout);
    // As a crash leaves it between the decision and the first effect.
    const ledger = await openLedgerOf(home);
    const { id } = second.run;
    await ledger.deleteFrom("effects").where("runId", "=", id).execute();
    await ledger.updateTable("proposals").set({ status: "approved" }).where("runId", "=", id).execute();
    await ledger
      .updateTable("runs")
      .set({ status: "running", answer: null, aliveUntil: null })
      .where("id", "=", id)
      .execute();
    await holdpoint(home, "settings", "automation=false");
    const recovered = await holdpoint(home, "recover");
    expect(recovered.stdout).toContain("waits for a person");
    expect((await holdpoint(home, "show", second.threadId)).stdout).toContain("stale");
  });
});

describe("explain", () => {
  const stamp = { tenant: "default", principal: "ada", at: new Date().toISOString() };

  it("says why a thread came to no proposal: its answer, what refused it, or what it is paused for", async () => {
    const home = tempDir();
    await holdpoint(home, "settings", "requestsPerMinute=1");
    const ask = async () => JSON.parse((await holdpoint(home, "Do you have any round sunglasses?", "--json")).stdout);
    const [answered, refused] = [await ask(), await ask()];
    expect((await holdpoint(home, "explain", answered.threadId)).stdout).toMatch(/nothing was proposed\n {2}Yes, /);
    const why = await holdpoint(home, "explain", refused.threadId);
    expect(why).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/: denied; [\s\S]* Rule: request-rate\.\n$/),
    });
    const ledger = await openLedgerOf(home);
    const run = { id: "run_p", threadId: "t-paused", request: "later" };
    await ledger.transaction().execute((trx) => insertRun(trx, stamp, run));
    await pauseRun(ledger, stamp, run.id, { why: "receiver", reason: "The bank is closed.", until: null });
    expect((await holdpoint(home, "explain", "t-paused")).stdout).toMatch(/paused; [\s\S]*Paused\n {2}The bank is clo/);
    const told = JSON.parse((await holdpoint(home, "explain", "t-paused", "--json")).stdout);
    expect(told).toMatchObject({ proposal: null, status: "paused", pause: { reason: "The bank is closed." } });
  });

  it("says the same of many actions once, the strictest first, in lines that fit a screen", async () => {
    const home = tempDir();
    const ledger = await openLedgerOf(home);
    const run = { id: "run_many", threadId: "t-many", request: "all" };
    await ledger.transaction().execute((trx) => insertRun(trx, stamp, run));
    const actions = Array.from({ length: 20 }, (_, index) => proposedAction(`s${index + 1}`));
    const impact = { ...smallImpact, resources: [] };
    const proposal = await openProposal(ledger, stamp, { runId: run.id, actions, impact, revision: 1 });
    const findings = actions.flatMap(({ step }) => [
      { rule: "canary", verdict: "allow" as const, step, reason: "It is in the share." },
      { rule: "first-use", verdict: "escalate" as const, step, reason: `${"Never done before. ".repeat(12)}${step}` },
    ]);
    findings.push({ rule: "budget", verdict: "deny" as never, step: "s20", reason: "Too much." });
    const judged = { proposal, findings, waits: false, expiresAt: null };
    await ledger.transaction().execute((trx) => recordFindingsIn(trx, stamp, judged));
    const { stdout } = await holdpoint(home, "explain", "t-many");
    const lines = stdout.split("\n");
    expect(lines.length).toBeLessThan(24);
    for (const line of lines.filter((text) => !text.includes("HOLDPOINT_HOME"))) {
      expect(line.length, line).toBeLessThanOrEqual(100);
    }
    expect(stdout).toMatch(
      /deny note: s20[\s\S]*deny budget \(s20\): Too much\.[\s\S]*escalate first-use \(s1, [\s\S]*allow canary/,
    );
    expect(stdout.match(/first-use/g)).toHaveLength(1);
    expect(stdout).toMatch(new RegExp(`explain ${proposal.id} --json`));
  });
});
