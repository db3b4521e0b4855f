import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { PostgresDialect } from "kysely";
import pg from "pg";
import { onTestFinished, type TestContext } from "vitest";
import type { ProposedAction } from "../../src/domain/proposal.ts";
import type { Stamp } from "../../src/domain/run.ts";
import { createLedger, type Ledger, migrateLedger, openSqliteLedger } from "../../src/ledger/database.ts";
import { tempDir } from "./temp.ts";

/** A ledger in a SQLite file of its own. */
export async function openTestLedger(): Promise<Ledger> {
  return await openLedgerOf(tempDir());
}

/** The ledger of a folder that other processes may use too. */
export async function openLedgerOf(home: string): Promise<Ledger> {
  const ledger = await openSqliteLedger(join(home, "ledger.db"));
  onTestFinished(() => ledger.destroy());
  return ledger;
}

const POSTGRES = process.env.TEST_POSTGRES_URL ?? "postgresql://postgres@127.0.0.1:5432/postgres";

/** A Postgres database of its own. Skips the test, saying why, where no server answers. */
export async function openPostgresDialect(context: TestContext): Promise<{ dialect: PostgresDialect; pool: pg.Pool }> {
  const name = `holdpoint_test_${randomBytes(6).toString("hex")}`;
  const admin = new pg.Client({ connectionString: POSTGRES, connectionTimeoutMillis: 2000 });
  try {
    await admin.connect();
  } catch (error) {
    context.skip(`no Postgres at ${POSTGRES}, set TEST_POSTGRES_URL (${(error as Error).message})`);
  }
  await admin.query(`create database ${name}`);
  const url = new URL(POSTGRES);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 8 });
  onTestFinished(async () => {
    if (!pool.ended) await pool.end();
    await dropDatabase(admin, name);
    await admin.end();
  });
  return { dialect: new PostgresDialect({ pool }), pool };
}

async function openPostgresLedger(context: TestContext): Promise<Ledger> {
  const { dialect } = await openPostgresDialect(context);
  const ledger = createLedger(dialect);
  onTestFinished(() => ledger.destroy());
  await migrateLedger(ledger);
  return ledger;
}

/** The server takes a moment to notice that the connections of a pool are closed. */
async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await admin.query(`drop database ${name}`);
      return;
    } catch (error) {
      if (attempt > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Where the ledger's tests run: the same code, the same behaviour. */
export const databases: readonly [name: string, open: (context: TestContext) => Promise<Ledger>][] = [
  ["SQLite", openTestLedger],
  ["Postgres", openPostgresLedger],
];

export function stamp(principal = "alice", tenant = "acme"): Stamp {
  return { tenant, principal, at: "2026-11-01T10:00:00.000Z" };
}

export function proposedAction(step: string, args: Record<string, string | number> = {}): ProposedAction {
  return {
    step,
    title: `Do ${step}`,
    action: "note",
    version: 1,
    args,
    dependsOn: [],
    changes: [],
    impact: { level: "low", resources: [], reversible: true, durationMs: 10 },
    reversibility: "reversible",
    edited: null,
  };
}

export const smallImpact = { level: "low", resources: [], reversible: true, durationMs: 10 } as const;
