/** What a run has used of its budgets. All of it is in the ledger, so it counts whichever process goes on with the run. */
import { type SpentBudget, spentOf } from "../domain/budget.ts";
import { type Run, workedMs } from "../domain/run.ts";
import type { Ledger } from "./database.ts";
import { keptQuery } from "./kept-query.ts";
import { listReflections } from "./reflections.ts";
import { getRun } from "./runs.ts";
import { getSettings } from "./settings.ts";

const MINUTE_MS = 60_000;

/** What is left for models; Infinity where there is no limit. */
export interface ModelBudget {
  /** The budget of which nothing is left; undefined while something is left of each. */
  readonly spent: SpentBudget | undefined;
  readonly calls: number;
  readonly tokens: number;
}

/** What a run may still ask of models. Calls under way count once they have ended. @param now ISO 8601 UTC */
export async function findModelBudget(db: Ledger, tenant: string, runId: string, now: string): Promise<ModelBudget> {
  const { settings } = await getSettings(db, tenant);
  const { maxModelCalls, maxTokens } = settings;
  const used = await sumModelCalls(db, tenant, runId);
  const spent =
    spentOf("maxModelCalls", used.calls, maxModelCalls) ??
    spentOf("maxTokens", used.tokens, maxTokens) ??
    (await findSpentTime(db, tenant, runId, now));
  return { spent, calls: (maxModelCalls ?? Infinity) - used.calls, tokens: (maxTokens ?? Infinity) - used.tokens };
}

/** That the time at work is used up, or undefined. @param now ISO 8601 UTC */
export async function findSpentTime(
  db: Ledger,
  tenant: string,
  runId: string,
  now: string,
): Promise<SpentBudget | undefined> {
  const { settings } = await getSettings(db, tenant);
  const minutes = workedMs(await getRun(db, tenant, runId), now) / MINUTE_MS;
  return spentOf("maxMinutes", Math.floor(minutes), settings.maxMinutes);
}

/** When the time at work is used up, ISO 8601 UTC, if the run is worked on until then; null for never. */
export async function findDeadline(
  db: Ledger,
  { tenant, createdAt, idleMs }: Pick<Run, "tenant" | "createdAt" | "idleMs">,
): Promise<string | null> {
  const { maxMinutes } = (await getSettings(db, tenant)).settings;
  if (maxMinutes === null) return null;
  return new Date(Date.parse(createdAt) + idleMs + maxMinutes * MINUTE_MS).toISOString();
}

/** That the run may not be planned again after what it came to, or undefined. */
export async function findSpentReplans(db: Ledger, tenant: string, runId: string): Promise<SpentBudget | undefined> {
  const { settings } = await getSettings(db, tenant);
  const replans = (await listReflections(db, tenant, runId)).filter(({ verdict }) => verdict !== "done").length;
  return spentOf("maxReplans", replans, settings.maxReplans);
}

const selectModelCalls = keptQuery((db, tenant: string, runId: string) =>
  db
    .selectFrom("modelCalls")
    .select((eb) => [
      eb.fn.countAll().as("calls"),
      eb.fn.sum("promptTokens").as("prompt"),
      eb.fn.sum("completionTokens").as("completion"),
    ])
    .where("tenant", "=", tenant)
    .where("runId", "=", runId),
);

async function sumModelCalls(db: Ledger, tenant: string, runId: string): Promise<{ calls: number; tokens: number }> {
  const [row] = await selectModelCalls(db, tenant, runId);
  return { calls: Number(row?.calls ?? 0), tokens: Number(row?.prompt ?? 0) + Number(row?.completion ?? 0) };
}
