/** The outbox: what is wanted is written once for each endpoint, and what was told before there were any is kept. */
import { Migrator } from "kysely/migration";
import { describe, expect, it } from "vitest";
import { createLedger } from "../../src/ledger/database.ts";
import { claimDelivery, endDelivery, listDueDeliveries } from "../../src/ledger/deliveries.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { listNotices } from "../../src/ledger/notices.ts";
import { type Audience, type NewNotice, NOTICE_KINDS, putNoticeIn, setAudience } from "../../src/ledger/outbox.ts";
import { databases, openPostgresDialect } from "../support/ledger.ts";

const AT = "2026-11-01T10:00:00.000Z";
const notice: NewNotice = {
  ...{ tenant: "acme", at: AT, kind: "decided", about: { proposalId: "p" }, runId: null, proposalId: null },
  ...{ text: "x", data: { verdict: "approved" } },
};

describe.each(databases)("on %s", (_name, open) => {
  it("a notice is written once, for each endpoint that wants it, and those of a transaction that fails are not", async (context) => {
    const ledger = await open(context);
    const told: string[] = [];
    const audience: Audience = {
      destinations: [
        { name: "a", kinds: new Set(NOTICE_KINDS) },
        { name: "b", kinds: new Set(["decided"]), tenants: new Set(["acme"]) },
        { name: "c", kinds: new Set(["decided"]), tenants: new Set(["evil"]) },
        { name: "d", kinds: new Set(["run_ended"]) },
      ],
      written: (tenant) => void told.push(tenant),
      happened: () => undefined,
    };
    setAudience(ledger, audience);
    const put = () => ledger.transaction().execute((trx) => putNoticeIn(trx, notice));
    const failing = ledger.transaction().execute(async (trx) => {
      await putNoticeIn(trx, notice);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await listNotices(ledger, "acme")).toEqual([]);
    expect([await put(), await put()]).toEqual([true, false]);
    const due = async (endpoint: string) =>
      (await listDueDeliveries(ledger, "acme", endpoint, { now: AT, since: "" })).map(({ data }) => data);
    const found = [await due("a"), await due("b"), await due("c"), await due("d")];
    expect(found).toEqual([[notice.data], [notice.data], [], []]);
    expect(told).toEqual(["acme", "acme"]);
  });

  it("of several that read the same delivery, one begins; an attempt that was overtaken ends nothing", async (context) => {
    const ledger = await open(context);
    const destinations = [{ name: "a", kinds: new Set(NOTICE_KINDS) }];
    setAudience(ledger, { destinations, written: () => undefined, happened: () => undefined });
    await ledger.transaction().execute((trx) => putNoticeIn(trx, notice));
    const due = async (now: string) => await listDueDeliveries(ledger, "acme", "a", { now, since: "" });
    const [read] = await due(AT);
    if (!read) throw new Error("Nothing is due.");
    const later = "2026-11-01T10:01:00.000Z";
    const begun = await Promise.all([1, 2, 3].map(() => claimDelivery(ledger, read, later)));
    expect(begun.toSorted()).toEqual([1, undefined, undefined]);
    expect(await due(AT)).toEqual([]);
    const [again] = await due(later);
    if (!again) throw new Error("Nothing is due again.");
    expect(await claimDelivery(ledger, again, later)).toBe(2);
    await endDelivery(ledger, read, 1, { deliveredAt: later });
    expect(await due(later)).toHaveLength(1);
    await endDelivery(ledger, again, 2, { deliveredAt: later });
    expect(await due(later)).toEqual([]);
  });
});

it("on Postgres, notices from before there were endpoints are kept as they are", async (context) => {
  const { dialect } = await openPostgresDialect(context);
  await keepsNotices(createLedger(dialect));
});

it("on SQLite, notices from before there were endpoints are kept as they are", async () => {
  const { default: Database } = await import("better-sqlite3");
  const { SqliteDialect } = await import("kysely");
  await keepsNotices(createLedger(new SqliteDialect({ database: new Database(":memory:") })));
});

async function keepsNotices(ledger: ReturnType<typeof createLedger>): Promise<void> {
  const migrator = new Migrator({ db: ledger, provider: migrations });
  const { error } = await migrator.migrateTo("0016_http");
  expect(error).toBeUndefined();
  const row = { tenant: "acme", id: "n", kind: "approval_expired", runId: "r", proposalId: "p", text: "x" };
  const due = { createdAt: AT, deliveredAt: null, attempts: 2, nextAttemptAt: AT };
  await ledger
    .insertInto("notices")
    .values({ ...row, ...due } as never)
    .execute();
  expect((await migrator.migrateToLatest()).error).toBeUndefined();
  expect(await listNotices(ledger, "acme")).toEqual([{ ...row, ...due, data: "{}", threadId: null }]);
  await ledger.destroy();
}
