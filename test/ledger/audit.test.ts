import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../src/domain/json.ts";
import { appendAudit, forgetAudit, listAudit } from "../../src/ledger/audit.ts";
import { verifyAudit } from "../../src/ledger/audit-check.ts";
import { openSqliteLedger } from "../../src/ledger/database.ts";
import { spawnScript } from "../support/child.ts";
import { openTestLedger, stamp } from "../support/ledger.ts";
import { tempDir } from "../support/temp.ts";

describe("audit log (invariant 10)", () => {
  it("chains entries per tenant and verifies them", async () => {
    const ledger = await openTestLedger();
    await ledger.transaction().execute(async (trx) => {
      await appendAudit(trx, { ...stamp(), event: "a.b", data: { n: 1 } });
      await appendAudit(trx, { ...stamp(), event: "a.c" });
      await appendAudit(trx, { ...stamp("bob", "other"), event: "a.d" });
    });
    expect(await verifyAudit(ledger, "acme")).toBe(2);
    expect(await verifyAudit(ledger, "other")).toBe(1);
    expect((await listAudit(ledger, "acme")).map((entry) => entry.event)).toEqual(["a.b", "a.c"]);
  });

  it("writes nothing when the change that it records is rolled back", async () => {
    const ledger = await openTestLedger();
    const failing = ledger.transaction().execute(async (trx) => {
      await appendAudit(trx, { ...stamp(), event: "a.b" });
      throw new Error("the change failed");
    });
    await expect(failing).rejects.toThrow("the change failed");
    expect(await verifyAudit(ledger, "acme")).toBe(0);
  });

  it.each([
    ["an entry was altered", { data: '{"n":2}' }],
    ["an entry has another author", { principal: "mallory" }],
  ])("notices that %s", async (_what, alteration) => {
    const ledger = await openTestLedger();
    await ledger.transaction().execute(async (trx) => {
      await appendAudit(trx, { ...stamp(), event: "a.b", data: { n: 1 } });
      await appendAudit(trx, { ...stamp(), event: "a.c" });
    });
    await ledger.updateTable("auditLog").set(alteration).where("seq", "=", 1).execute();
    await expect(verifyAudit(ledger, "acme")).rejects.toThrow("Entry 1 was altered");
  });

  it("notices that the last entry is gone", async () => {
    const ledger = await openTestLedger();
    await ledger.transaction().execute((trx) => appendAudit(trx, { ...stamp(), event: "a.b" }));
    await ledger.deleteFrom("auditLog").where("seq", "=", 1).execute();
    await expect(verifyAudit(ledger, "acme")).rejects.toThrow("Entry 1 is missing at the end.");
  });

  it("masks what it is given, and a principal whose name is personal", async () => {
    const ledger = await openTestLedger();
    const input = { ...stamp("bob@example.com"), event: "a.b", data: { text: "to carol@example.com", password: "x" } };
    await ledger.transaction().execute((trx) => appendAudit(trx, input));
    expect(await listAudit(ledger, "acme")).toMatchObject([
      { principal: expect.stringMatching(/^person_[0-9a-f]{20}$/), data: { text: "to [mail]", password: "[secret]" } },
    ]);
  });

  it("takes entries for whole that hold their data themselves, as earlier versions wrote them", async () => {
    const ledger = await openTestLedger();
    const { tenant, principal, at } = stamp();
    const entry = {
      tenant,
      seq: 1,
      at,
      principal,
      event: "a.b",
      runId: null,
      data: '{"n":1}',
      prevHash: "0".repeat(64),
    };
    const hash = digestOf(entry);
    await ledger
      .insertInto("auditLog")
      .values({ ...entry, hash, detail: null, salt: null })
      .execute();
    await ledger.insertInto("auditHeads").values({ tenant, seq: 1, hash }).execute();
    await ledger.transaction().execute((trx) => appendAudit(trx, { ...stamp(), event: "a.c", data: { n: 2 } }));
    expect(await verifyAudit(ledger, "acme")).toBe(2);
    expect((await listAudit(ledger, "acme")).map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("misses data that is gone and that nobody said was forgotten", async () => {
    const ledger = await openTestLedger();
    await ledger.transaction().execute(async (trx) => {
      await appendAudit(trx, { ...stamp(), event: "a.b", runId: "run_1", data: { n: 1 } });
      await appendAudit(trx, { ...stamp(), event: "a.c", runId: "run_2", data: { n: 2 } });
      await forgetAudit(trx, "acme", "run_1");
      await appendAudit(trx, { ...stamp(), event: "data.forgotten", data: { runs: ["run_1"] } });
    });
    expect(await verifyAudit(ledger, "acme")).toBe(3);
    expect((await listAudit(ledger, "acme", "run_1")).map(({ data }) => data)).toEqual([{ forgotten: true }]);
    await ledger.transaction().execute((trx) => forgetAudit(trx, "acme", "run_2"));
    await expect(verifyAudit(ledger, "acme")).rejects.toThrow("The data of entry 2 is gone");
  });

  it("keeps one chain when several processes migrate a new file and append at once", async () => {
    const path = join(tempDir(), "ledger.db");
    const script = "test/support/scripts/audit-writer.ts";
    const writers = ["p", "q", "r", "s"].map((who) => spawnScript(script, [path, who, "50"]).ended);
    for (const { stderr } of await Promise.all(writers)) expect(stderr, stderr).toBe("");
    const ledger = await openSqliteLedger(path);
    try {
      expect(await verifyAudit(ledger, "acme")).toBe(200);
    } finally {
      await ledger.destroy();
    }
  });
});
