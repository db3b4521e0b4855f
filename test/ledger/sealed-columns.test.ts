/** Encryption at rest: with a key, what is personal is unreadable in the tables, and everything works as without one. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { PostgresDialect } from "kysely";
import { describe, expect, it, type TestContext } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";
import { createHoldpoint } from "../../src/index.ts";
import { createLedger, type Ledger, migrateLedger, openSqliteLedger } from "../../src/ledger/database.ts";
import { forget } from "../../src/ledger/forget.ts";
import { listReads, readKey, recordReads } from "../../src/ledger/reads.ts";
import { endRun, getRun, insertRun } from "../../src/ledger/runs.ts";
import { newKey } from "../../src/sealing.ts";
import { openPostgresDialect, stamp } from "../support/ledger.ts";
import { tempDir } from "../support/temp.ts";

const SECRET = "Zebulon";
const REQUEST = `Purchase 3 Wayfarer sunglasses for customer ${SECRET}.`;

async function holdpoint(home: string, key: string | undefined, ...words: string[]) {
  let stdout = "";
  let stderr = "";
  const status = await runCli(words, {
    environment: { HOLDPOINT_HOME: home, HOLDPOINT_ENCRYPTION_KEY: key },
    interactive: false,
    write: (text) => {
      stdout += text;
    },
    writeError: (text) => {
      stderr += text;
    },
  });
  return { status, stdout, stderr };
}

/** Which files of a folder hold a word, the tools' own left aside. */
const filesWith = (home: string, word: string): string[] =>
  readdirSync(home).filter((file) => !file.startsWith("store") && readFileSync(join(home, file)).includes(word));

describe("a command with an encryption key", () => {
  it("leaves nothing personal readable in the files, and works as without", async () => {
    const home = tempDir();
    const key = newKey().toString("base64");
    const asked = await holdpoint(home, key, REQUEST, "--json");
    expect(asked).toMatchObject({ status: 3, stderr: "" });
    const { threadId } = JSON.parse(asked.stdout);
    expect(await holdpoint(home, key, "resume", threadId, "--approve")).toMatchObject({ status: 0 });
    const shown = JSON.parse((await holdpoint(home, key, "show", threadId, "--json")).stdout);
    expect(shown.run).toMatchObject({ request: REQUEST, answer: { status: "success" } });
    expect(shown.effects).toMatchObject([{ args: { customer: SECRET } }]);
    const db = new Database(join(home, "ledger.db"));
    db.exec("delete from audit_log; vacuum"); // it is masked, not encrypted, and names are not masked
    db.pragma("wal_checkpoint(truncate)");
    db.close();
    expect(filesWith(home, SECRET)).toEqual([]);
    for (const [other, message] of [
      [undefined, "there is no key"],
      [newKey().toString("base64"), "the key is another one"],
    ] as const) {
      const refused = await holdpoint(home, other, "show", threadId);
      expect(refused).toMatchObject({ status: 7, stdout: "", stderr: expect.stringContaining(message) });
    }
    expect(await holdpoint(home, "short", "list")).toMatchObject({
      status: 2,
      stderr: expect.not.stringContaining('short"'),
    });
  }, 60_000);
});

type Opened = { ledger: Ledger; plain: Ledger };

async function sqlite(): Promise<Opened> {
  const path = join(tempDir(), "ledger.db");
  const plain = await openSqliteLedger(path);
  return { plain, ledger: await openSqliteLedger(path, newKey()) };
}

async function postgres(context: TestContext): Promise<Opened> {
  const { pool } = await openPostgresDialect(context);
  const plain = createLedger(new PostgresDialect({ pool }));
  await migrateLedger(plain);
  return { plain, ledger: createLedger(new PostgresDialect({ pool }), newKey()) };
}

describe.each([
  ["SQLite", sqlite],
  ["Postgres", postgres],
])("a ledger with a key on %s", (_name, open) => {
  async function withRun(context: TestContext) {
    const { ledger, plain } = await open(context);
    const input = { id: "run_1", threadId: "t", request: REQUEST };
    await ledger.transaction().execute((trx) => insertRun(trx, stamp(), input));
    const call = { step: "s1", action: "find", version: 1, args: { who: SECRET } };
    const outcome = { ...call, key: readKey("run_1", call), status: "succeeded" as const };
    await recordReads(ledger, stamp(), "run_1", [
      { ...outcome, output: { found: SECRET }, summary: `Found ${SECRET}.` },
    ]);
    return { ledger, plain };
  }

  it("reads back what it wrote, of which the tables show nothing", async (context) => {
    const { ledger, plain } = await withRun(context);
    expect(await getRun(ledger, "acme", "run_1")).toMatchObject({ request: REQUEST });
    expect(await listReads(ledger, "acme", "run_1")).toMatchObject([
      { args: { who: SECRET }, summary: `Found ${SECRET}.` },
    ]);
    const stored = [
      await plain.selectFrom("runs").selectAll().execute(),
      await plain.selectFrom("reads").selectAll().execute(),
    ];
    expect(JSON.stringify(stored)).not.toContain(SECRET);
    expect(JSON.stringify(stored)).toContain("sealed:1:");
  });

  it("refuses what was altered, or stands in another column or under another tenant", async (context) => {
    const { ledger, plain } = await withRun(context);
    const { request } = await plain.selectFrom("runs").select("request").executeTakeFirstOrThrow();
    const { args } = await plain.selectFrom("reads").select("args").executeTakeFirstOrThrow();
    await plain.updateTable("reads").set({ summary: args }).where("runId", "=", "run_1").execute();
    await expect(listReads(ledger, "acme", "run_1")).rejects.toMatchObject({ code: "storage" });
    const flipped = request.slice(0, -6) + (request.at(-6) === "A" ? "B" : "A") + request.slice(-5);
    await plain.updateTable("runs").set({ request: flipped }).execute();
    await expect(getRun(ledger, "acme", "run_1")).rejects.toMatchObject({ code: "storage" });
    await plain.updateTable("runs").set({ request, tenant: "evil" }).execute();
    await expect(getRun(ledger, "evil", "run_1")).rejects.toMatchObject({ code: "storage" });
  });

  it("destroys a tenant's key with its data, and makes another when there is more to write", async (context) => {
    const { ledger, plain } = await withRun(context);
    const kept = await plain.selectFrom("runs").selectAll().executeTakeFirstOrThrow();
    await endRun(ledger, stamp(), "run_1", { status: "success", text: SECRET, details: [] });
    await forget(ledger, stamp(), { all: true });
    expect(await getRun(ledger, "acme", "run_1")).toMatchObject({ request: "[forgotten]" });
    expect(await plain.selectFrom("tenantKeys").selectAll().execute()).toEqual([]);
    const more = { id: "run_2", threadId: "t", request: "More." };
    await ledger.transaction().execute((trx) => insertRun(trx, stamp(), more));
    expect(await getRun(ledger, "acme", "run_2")).toMatchObject({ request: "More." });
    // As from a backup of the tables.
    await plain.updateTable("runs").set({ request: kept.request }).where("id", "=", "run_1").execute();
    await expect(getRun(ledger, "acme", "run_1")).rejects.toMatchObject({ code: "storage" });
  });
});

describe("a program", () => {
  it("gives a key, and is told when it is none", async () => {
    const home = tempDir();
    await expect(createHoldpoint({ home, encryptionKey: "short", exampleStore: true })).rejects.toMatchObject({
      code: "usage",
    });
    const encryptionKey = newKey().toString("base64");
    const holdpoint = await createHoldpoint({ home, encryptionKey, exampleStore: true });
    await holdpoint.invoke(
      { request: REQUEST },
      { configurable: { thread_id: "t" }, context: { tenant: "acme", principal: "alice" } },
    );
    await holdpoint.close();
    await expect(createHoldpoint({ home, exampleStore: true })).rejects.toMatchObject({ code: "storage" });
  });
});
