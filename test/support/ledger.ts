import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ProposedAction } from "../../src/domain/proposal.ts";
import type { Stamp } from "../../src/domain/run.ts";
import { type Ledger, openSqliteLedger } from "../../src/ledger/database.ts";
import { tempDir } from "./temp.ts";

/** A ledger in a SQLite file of its own. */
export async function openTestLedger(): Promise<Ledger> {
  const ledger = await openSqliteLedger(join(tempDir(), "ledger.db"));
  onTestFinished(() => ledger.destroy());
  return ledger;
}

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
  };
}

export const smallImpact = { level: "low", resources: [], reversible: true, durationMs: 10 } as const;
