/** What the ledger knows of a proposal's actions, for the gate. */
import { digestOf } from "../domain/json.ts";
import type { Proposal } from "../domain/proposal.ts";
import type { GateFacts } from "../policy/gate.ts";
import { findHold } from "./breakers.ts";
import type { Ledger } from "./database.ts";
import { keptQuery } from "./kept-query.ts";
import { getSettings } from "./settings.ts";
import { countAutomatic, DAY_MS, findUseTime, HOUR_MS, sumSpent } from "./uses.ts";

type Subject = Pick<Proposal, "id" | "runId" | "actions">;

/**
 * The facts of each action, by step. Actions of one proposal count for those after them.
 * @param now ISO 8601 UTC
 */
export async function loadGateFacts(
  db: Ledger,
  tenant: string,
  proposal: Subject,
  now: string,
): Promise<Map<string, GateFacts>> {
  return (await gateFactsLoader(db, tenant, proposal, now))(proposal);
}

interface Counted {
  readonly firstUse: boolean;
  readonly usedThisHour: number;
  readonly usedToday: number;
  readonly hold: Awaited<ReturnType<typeof findHold>>;
}

/** {@link loadGateFacts} of a proposal as it is known at different times: its actions are counted once. */
export async function gateFactsLoader(
  db: Ledger,
  tenant: string,
  proposal: Subject,
  now: string,
): Promise<(proposal: Subject) => Map<string, GateFacts>> {
  const { settings, version } = await getSettings(db, tenant);
  const since = (ms: number) => new Date(Date.parse(now) - ms).toISOString();
  const others = { besides: proposal.id, before: await findUseTime(db, tenant, proposal.id) };
  const spent = {
    inRun: await sumSpent(db, tenant, { runId: proposal.runId, ...others }),
    today: await sumSpent(db, tenant, { since: since(DAY_MS), ...others }),
  };
  const counted = new Map<string, Counted>();
  for (const { action } of proposal.actions) {
    if (counted.has(action)) continue;
    const used = (ms: number) => countAutomatic(db, tenant, { action, since: since(ms), ...others });
    counted.set(action, {
      hold: await findHold(db, tenant, action, now),
      firstUse: !(await wasUsed(db, tenant, action)),
      usedThisHour: await used(HOUR_MS),
      usedToday: await used(DAY_MS),
    });
  }
  const common = { settings, version, canary: canaryOf(tenant, proposal.runId) };
  return ({ actions }) => factsOf(actions, { common, counted, spent });
}

function factsOf(
  actions: Proposal["actions"],
  known: {
    readonly common: Pick<GateFacts, "settings" | "version" | "canary">;
    readonly counted: ReadonlyMap<string, Counted>;
    readonly spent: { readonly inRun: number; readonly today: number };
  },
): Map<string, GateFacts> {
  const spent = { ...known.spent };
  const seen = new Map<string, number>();
  const facts = new Map<string, GateFacts>();
  for (const { step, action, title, impact, reversibility, changes, confidence, untrusted } of actions) {
    const earlier = seen.get(action) ?? 0;
    const amount = impact.amount ?? 0;
    const counted = known.counted.get(action);
    // A proposal is always one of the same actions, under the same steps.
    if (!counted) throw new Error(`The action "${action}" of step "${step}" was not counted.`);
    const { hold, firstUse, usedThisHour, usedToday } = counted;
    facts.set(step, {
      ...{ ...known.common, action, title, impact: impact.level, reversibility, amount, firstUse },
      confidence: confidence ?? null,
      usedThisHour: earlier + usedThisHour,
      usedToday: earlier + usedToday,
      spentInRun: spent.inRun,
      spentToday: spent.today,
      rows: changes.length,
      resources: impact.resources.length,
      durationMs: impact.durationMs,
      outside: impact.outside ?? [],
      untrusted: untrusted ?? [],
      failuresInRow: hold?.failures ?? 0,
      heldUntil: hold?.until ?? null,
    });
    seen.set(action, earlier + 1);
    spent.inRun += amount;
    spent.today += amount;
  }
  return facts;
}

/** The facts as they were if no receiver was left alone. */
export function withoutHolds(facts: ReadonlyMap<string, GateFacts>): Map<string, GateFacts> {
  return new Map([...facts].map(([step, known]) => [step, { ...known, failuresInRow: 0, heldUntil: null }]));
}

const selectUse = keptQuery((db, tenant: string, action: string) =>
  db
    .selectFrom("effects")
    .select("key")
    .where("tenant", "=", tenant)
    .where("action", "=", action)
    .where("status", "=", "succeeded")
    .limit(1),
);

async function wasUsed(db: Ledger, tenant: string, action: string): Promise<boolean> {
  return (await selectUse(db, tenant, action)).length > 0;
}

/** Where a run stands among all runs, 0 to below 1: 52 bits of its digest, the same for good. */
export function canaryOf(tenant: string, runId: string): number {
  return Number.parseInt(digestOf({ canary: { tenant, runId } }).slice(0, 13), 16) / 2 ** 52;
}
