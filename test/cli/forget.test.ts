/** `holdpoint forget`: personal data is gone from every table and checkpoint, and the audit log still verifies. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { unpack } from "../../src/packing.ts";
import { holdpoint } from "../support/child.ts";
import { tempDir } from "../support/temp.ts";

const REQUEST = "Purchase 3 Wayfarer sunglasses for customer Zebulon.";

async function asked(home: string, principal: string, ...more: string[]): Promise<string> {
  const { stdout } = await holdpoint(home, REQUEST, "--json", "--as", principal, ...more);
  return JSON.parse(stdout).threadId;
}

async function done(home: string, principal: string, decider: string): Promise<string> {
  const thread = await asked(home, principal);
  expect(await holdpoint(home, "resume", thread, "--approve", "--as", decider)).toMatchObject({ status: 0 });
  return thread;
}

/** What every table of a database holds, as text; of the audit what was done, and not who did it. */
function everything(home: string, file: string): string {
  const db = new Database(join(home, file), { readonly: true });
  try {
    const tables = db.prepare("select name from sqlite_master where type = 'table'").all() as { name: string }[];
    const rows = tables
      .map(({ name }) => `select ${name === "audit_log" ? "data, detail" : "*"} from "${name}"`)
      .flatMap((query) => db.prepare(query).raw().all() as unknown[][]);
    return rows.map((row) => row.map((value) => unpack(String(value))).join(" ")).join(" ");
  } finally {
    db.close();
  }
}

/** Which of these words are in a database. */
function found(home: string, file: string, ...words: string[]): string[] {
  const content = everything(home, file);
  return words.filter((word) => content.includes(word));
}

function columns(home: string, table: string, column: string): unknown[] {
  const db = new Database(join(home, "ledger.db"), { readonly: true });
  try {
    return db.prepare(`select ${column} from ${table} order by 1`).pluck().all();
  } finally {
    db.close();
  }
}

async function expectVerified(home: string): Promise<void> {
  expect(await holdpoint(home, "audit", "verify", "--as", "carol")).toMatchObject({ status: 0 });
}

describe("forget", () => {
  it("takes a thread's data out of the ledger and the checkpoints, and says so afterwards", async () => {
    const home = tempDir();
    const thread = await done(home, "alice", "bob");
    for (const file of ["ledger.db", "checkpoints.db"]) expect(found(home, file, "Zebulon"), file).toEqual(["Zebulon"]);
    const forgotten = await holdpoint(home, "forget", thread, "--yes", "--as", "carol");
    expect(forgotten).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Forgotten: 1 run(s) on 1 thread(s)"),
    });
    for (const file of ["ledger.db", "checkpoints.db"]) {
      expect(found(home, file, "Zebulon", "Wayfarer", "alice", "bob"), file).toEqual([]);
    }
    await expectVerified(home);
    const shown = await holdpoint(home, "show", thread);
    expect(shown).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Its personal data was forgotten at 20"),
    });
    expect(await holdpoint(home, "show", thread, "--json")).toMatchObject({ status: 0 });
    expect((await holdpoint(home, "list")).stdout).toContain("[forgotten]");
    expect(await holdpoint(home, "rollback", thread)).toMatchObject({
      status: 6,
      stderr: expect.stringContaining("was forgotten"),
    });
    expect((await holdpoint(home, "audit", "export")).stdout).toContain('"event":"data.forgotten"');
    expect(await holdpoint(home, "forget", thread, "--yes")).toMatchObject({ status: 0 });
    expect(await asked(home, "alice", "--thread", thread)).toBe(thread);
  });

  it("takes out a person: what they asked, and their name where they decided", async () => {
    const home = tempDir();
    const own = await done(home, "alice", "bob");
    const others = await done(home, "bob", "alice");
    const { stdout } = await holdpoint(home, "forget", "--person", "alice", "--yes", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ runs: 1, decisions: 1, threads: expect.arrayContaining([own, others]) });
    expect(found(home, "ledger.db", "alice")).toEqual([]);
    const kept = JSON.parse((await holdpoint(home, "show", others, "--json")).stdout);
    expect(kept.run).toMatchObject({ request: REQUEST, requester: "bob" });
    expect(kept.decisions).toMatchObject([
      { principal: expect.stringMatching(/^person_[0-9a-f]{20}$/), verdict: "approved" },
    ]);
    const gone = JSON.parse((await holdpoint(home, "show", own, "--json")).stdout);
    expect(gone.run).toMatchObject({ request: "[forgotten]", answer: { status: "success", text: "[forgotten]" } });
    expect(gone.effects).toMatchObject([{ args: {}, undoData: null, status: "succeeded" }]);
    await expectVerified(home);
  });

  it("takes a person out of members, delegations and settings, and never the last admin", async () => {
    const home = tempDir();
    await holdpoint(home, "settings", "automation=true", "--as", "alice");
    await holdpoint(home, "members", "alice", "admin", "--as", "alice");
    await holdpoint(home, "members", "bob", "approver", "--as", "alice");
    await holdpoint(home, "delegate", "bob", "--until", "3d", "--as", "alice");
    const forgetAlice = ["forget", "--person", "alice", "--yes", "--as", "alice"];
    expect(await holdpoint(home, ...forgetAlice)).toMatchObject({
      ...{ status: 2, stderr: expect.stringContaining("last admin of the tenant. Name another admin first") },
    });
    await holdpoint(home, "members", "carol", "admin", "--as", "alice");
    expect(await holdpoint(home, ...forgetAlice)).toMatchObject({ status: 0 });
    expect(columns(home, "members", "principal")).toEqual(["bob", "carol"]);
    expect(columns(home, "audit_log", "detail").filter((detail) => String(detail).includes('"alice"'))).toEqual([]);
    expect((await holdpoint(home, "audit", "verify", "--as", "carol")).status).toBe(0);
    expect(columns(home, "delegations", "delegator")).toEqual([]);
    expect(columns(home, "tenant_settings", "principal")).toEqual([expect.stringMatching(/^person_[0-9a-f]{20}$/)]);
    await expectVerified(home);
  });

  it("takes out all of a tenant", async () => {
    const home = tempDir();
    await done(home, "alice", "bob");
    await done(home, "bob", "alice");
    expect(await holdpoint(home, "forget", "--all", "--yes")).toMatchObject({ status: 0 });
    expect(found(home, "ledger.db", "Zebulon", "Wayfarer", "alice", "bob")).toEqual([]);
    await expectVerified(home);
  });

  it("refuses while something has not ended, and changes nothing", async () => {
    const home = tempDir();
    await done(home, "alice", "bob");
    const waiting = await asked(home, "alice");
    const before = everything(home, "ledger.db");
    for (const subject of [[waiting], ["--person", "alice"], ["--all"]]) {
      const refused = await holdpoint(home, "forget", ...subject, "--yes");
      expect(refused).toMatchObject({
        status: 6,
        stderr: expect.stringContaining(`on thread "${waiting}" has not ended`),
      });
    }
    expect(everything(home, "ledger.db") === before).toBe(true);
    await expectVerified(home);
  });

  it.each([
    ["without a subject", ["--yes"]],
    ["with two", ["t-1", "--all", "--yes"]],
    ["unless one is sure", ["--all"]],
    ["a thread that there is not", ["t-1", "--yes"]],
  ])("refuses %s", async (_what, words) => {
    expect(await holdpoint(tempDir(), "forget", ...words)).toMatchObject({ status: 2, stdout: "" });
  });

  it("never names a person in the audit whose name is a mail address", async () => {
    const home = tempDir();
    await done(home, "bob@example.com", "carol@example.com");
    const { stdout } = await holdpoint(home, "audit", "export");
    expect(stdout).not.toMatch(/bob@|carol@/);
    expect(stdout).toMatch(/"principal":"person_[0-9a-f]{20}"/);
  });
});
