/** Puts together what the ledger measured, period by period. */
import { type Measures, type Period, type Share, shareOf, type Times, type Usage } from "../domain/measures.ts";
import type { Ledger } from "../ledger/database.ts";
import {
  countDecisions,
  countPlans,
  countReplans,
  countRollbacks,
  countRuns,
  countSteps,
  type DecisionsRow,
  type EndRow,
  type MeasureScope,
  type PlansRow,
  type RollbacksRow,
  type StepsRow,
  sumModelCalls,
  type TimesRow,
  timeCompletion,
  timeDecisions,
  type UsageRow,
} from "../ledger/measures.ts";

/** Measures the runs of a scope. @returns one for each of its periods, in order */
export async function measurePeriods(db: Ledger, tenant: string, scope: MeasureScope): Promise<Measures[]> {
  const runs = byPlace(await countRuns(db, tenant, scope));
  const plans = byPlace(await countPlans(db, tenant, scope));
  const completion = byPlace(await timeCompletion(db, tenant, scope));
  const steps = byPlace(await countSteps(db, tenant, scope));
  const replans = byPlace(await countReplans(db, tenant, scope));
  const models = byPlace(await sumModelCalls(db, tenant, scope));
  const decided = byPlace(await countDecisions(db, tenant, scope));
  const decisionTimes = byPlace(await timeDecisions(db, tenant, scope));
  const rollbacks = byPlace(await countRollbacks(db, tenant, scope));
  return scope.periods.map((period, place) => {
    const ofRuns = runsOf(runs(place));
    return {
      period,
      runs: ofRuns,
      plans: plansOf(plans(place)[0]),
      completion: timesOf(completion(place)[0]),
      steps: stepsOf(steps(place)),
      replans: replansOf(sum(replans(place)), ofRuns.total),
      models: modelsOf(models(place), ofRuns.total),
      approvals: approvalsOf(decided(place), timesOf(decisionTimes(place)[0])),
      rollbacks: rollbacksOf(rollbacks(place)),
    };
  });
}

/** The rows of each period. */
function byPlace<Row extends { place: number }>(rows: readonly Row[]): (place: number) => readonly Row[] {
  const groups = Map.groupBy(rows, ({ place }) => Number(place));
  return (place) => groups.get(place) ?? [];
}

/** Large counts come as text from Postgres. */
const sum = (rows: readonly { count: number }[]): number => rows.reduce((all, { count }) => all + Number(count), 0);

function runsOf(rows: readonly EndRow[]): Measures["runs"] {
  const taken = rows.filter(({ isRefused }) => Number(isRefused) === 0);
  const ended = taken.filter(({ status }) => status === "ended");
  const byStatus: Record<string, number> = {};
  for (const { answerStatus, count } of ended) {
    const status = answerStatus ?? "unknown";
    byStatus[status] = (byStatus[status] ?? 0) + Number(count);
  }
  const [total, over] = [sum(taken), sum(ended)];
  return {
    total,
    ended: over,
    open: total - over,
    refused: sum(rows) - total,
    completed: shareOf(byStatus.success ?? 0, over),
    byStatus,
  };
}

function plansOf(row: PlansRow | undefined): Measures["plans"] {
  const wanted = Number(row?.wanted ?? 0);
  return {
    validAtFirst: shareOf(Number(row?.atFirst ?? 0), wanted),
    validInTheEnd: shareOf(Number(row?.inTheEnd ?? 0), wanted),
  };
}

const timesOf = (row: TimesRow | undefined): Times =>
  row
    ? { count: Number(row.count), medianMs: Number(row.medianMs), p90Ms: Number(row.p90Ms) }
    : { count: 0, medianMs: null, p90Ms: null };

function stepsOf(rows: readonly StepsRow[]): Measures["steps"] {
  const byAction = rows.map(({ action, failed, count }) => ({
    action,
    failed: shareOf(Number(failed), Number(count)),
  }));
  return { failed: totalOf(byAction.map(({ failed }) => failed)), byAction };
}

const totalOf = (shares: readonly Share[]): Share =>
  shareOf(
    shares.reduce((all, { count }) => all + count, 0),
    shares.reduce((all, { of }) => all + of, 0),
  );

const replansOf = (total: number, runs: number): Measures["replans"] => ({
  total,
  perRun: runs === 0 ? null : total / runs,
});

function modelsOf(rows: readonly UsageRow[], runs: number): Measures["models"] {
  const byRole = rows.map(({ role, calls, promptTokens, completionTokens }) => ({
    ...{ role, calls: Number(calls) },
    ...{ promptTokens: Number(promptTokens), completionTokens: Number(completionTokens) },
  }));
  const add = (field: keyof Usage) => byRole.reduce((all, role) => all + role[field], 0);
  const total = { calls: add("calls"), promptTokens: add("promptTokens"), completionTokens: add("completionTokens") };
  const { calls, promptTokens, completionTokens } = total;
  const each = { calls: calls / runs, promptTokens: promptTokens / runs, completionTokens: completionTokens / runs };
  return { total, perRun: runs === 0 ? null : each, byRole };
}

function approvalsOf(rows: readonly DecisionsRow[], time: Times): Measures["approvals"] {
  const count = (verdict: string) => sum(rows.filter((row) => row.verdict === verdict));
  const expired = count("expired");
  const of = sum(rows) - expired;
  const share = (verdict: string) => shareOf(count(verdict), of);
  return { time, rejected: share("rejected"), edited: share("edited"), sentBack: share("sent_back"), expired };
}

function rollbacksOf(rows: readonly RollbacksRow[]): Measures["rollbacks"] {
  const count = (what: string) => sum(rows.filter((row) => row.what === what));
  const rolledBack = count("rolled_back");
  return {
    transactions: shareOf(rolledBack, rolledBack + count("committed")),
    undone: count("undone"),
    notUndone: count("undo_failed"),
  };
}

/** The measures of one run. */
export async function measureRun(db: Ledger, tenant: string, runId: string): Promise<Measures> {
  const periods: readonly [Period] = [{ since: null, until: null }];
  const [measures] = await measurePeriods(db, tenant, { periods, runId });
  return measures as Measures; // one for each period
}
