/** `stats`: how well runs go, over a time, by day or week, or of a thread. */
import type { Measures, Share, Times } from "../domain/measures.ts";
import { HoldpointError } from "../errors.ts";
import { maskText } from "../telemetry/mask.ts";
import type { Stats, StatsQuery } from "../work/stats.ts";
import { duration } from "./duration.ts";
import { EXIT } from "./exit-status.ts";
import type { Session } from "./session.ts";
import { heading, table } from "./text.ts";

export interface StatsOptions {
  since?: string;
  until?: string;
  days?: string;
  by?: string;
  thread?: string;
}

export async function stats({ backend, surroundings, json }: Session, options: StatsOptions): Promise<number> {
  const measured = await backend.stats(queryOf(options));
  surroundings.write(`${json ? JSON.stringify(measured, null, 2) : render(measured)}\n`);
  return EXIT.done;
}

/** What does not fit is refused where it is measured; a day stands for its beginning. */
function queryOf({ since, until, days, by, thread }: StatsOptions): StatsQuery {
  return {
    ...(since === undefined ? {} : { since: timeOf("--since", since) }),
    ...(until === undefined ? {} : { until: timeOf("--until", until) }),
    ...(days === undefined ? {} : { days: Number(days) }),
    ...(by === undefined ? {} : { by: by as "day" | "week" }),
    ...(thread === undefined ? {} : { threadId: thread }),
  };
}

function timeOf(option: string, given: string): string {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(given) ? `${given}T00:00:00Z` : given;
  if (!Number.isNaN(Date.parse(time)) && /T.*(Z|[+-]\d{2}:\d{2})$/.test(time)) return new Date(time).toISOString();
  throw new HoldpointError("usage", `"${maskText(given).slice(0, 40)}" is no time.`, {
    hint: `Give ${option} a day such as 2026-01-31, or a time such as 2026-01-31T18:00:00Z.`,
  });
}

/** What there is nothing of. */
const NONE = "-";

const percent = (share: number): string => `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)} %`;
const shareIn = ({ share }: Share): string => (share === null ? NONE : percent(share));
const shareWhole = (given: Share): string =>
  given.share === null ? NONE : `${percent(given.share)} (${given.count} of ${given.of})`;
const timesIn = ({ medianMs, p90Ms }: Times): string =>
  medianMs === null || p90Ms === null ? NONE : `${duration(medianMs)} / ${duration(p90Ms)}`;
const timesWhole = (times: Times): string => (times.count === 0 ? NONE : `${timesIn(times)} (${times.count})`);
const mean = (value: number | undefined | null): string =>
  value === undefined || value === null ? NONE : String(Math.round(value * 100) / 100);

function render({ all, periods }: Stats): string {
  const parts = [table(["measure", ""], rowsOf(all))];
  if (periods.length > 0) parts.unshift(table(HEAD, periods.map(rowOf)), heading("All together"));
  return parts.join("\n");
}

/** Each measure with its value; see docs/measures.md. */
function rowsOf(measures: Measures): string[][] {
  const { runs, plans, completion, steps, replans, models, approvals, rollbacks } = measures;
  const statuses = Object.entries(runs.byStatus).map(([status, count]) => [`  ${status}`, String(count)]);
  const actions = steps.byAction.map(({ action, failed }) => [`  ${action}`, shareWhole(failed)]);
  const roles = models.byRole.map(({ role, calls, promptTokens, completionTokens }) => [
    `  ${role}`,
    `${calls} calls, ${promptTokens} prompt and ${completionTokens} completion tokens`,
  ]);
  return [
    ["runs", `${runs.total} (${runs.ended} ended, ${runs.open} open, ${runs.refused} refused at once)`],
    ["completed, of those ended", shareWhole(runs.completed)],
    ...statuses,
    ["time to completion, median / p90", timesWhole(completion)],
    ["plans valid at first", shareWhole(plans.validAtFirst)],
    ["plans valid in the end", shareWhole(plans.validInTheEnd)],
    ["steps failed", shareWhole(steps.failed)],
    ...actions,
    ["replans per run", mean(replans.perRun)],
    ["model calls per run", mean(models.perRun?.calls)],
    ["prompt tokens per run", mean(models.perRun?.promptTokens)],
    ["completion tokens per run", mean(models.perRun?.completionTokens)],
    ...roles,
    ["people decided after, median / p90", timesWhole(approvals.time)],
    ["  rejected", shareWhole(approvals.rejected)],
    ["  edited", shareWhole(approvals.edited)],
    ["  sent back", shareWhole(approvals.sentBack)],
    ["  not decided in time", String(approvals.expired)],
    ["transactions rolled back", shareWhole(rollbacks.transactions)],
    ["writes undone / not undone", `${rollbacks.undone} / ${rollbacks.notUndone}`],
  ];
}

const HEAD = [
  "from (UTC)",
  "runs",
  "completed",
  "time",
  "valid plans",
  "failed steps",
  "replans",
  "calls",
  "tokens",
  "decided after",
  "rolled back",
];

function rowOf({ period, runs, plans, completion, steps, replans, models, approvals, rollbacks }: Measures): string[] {
  const tokens = models.perRun && models.perRun.promptTokens + models.perRun.completionTokens;
  return [
    period.since?.slice(0, 10) ?? NONE,
    String(runs.total),
    shareIn(runs.completed),
    timesIn(completion),
    shareIn(plans.validAtFirst),
    shareIn(steps.failed),
    mean(replans.perRun),
    mean(models.perRun?.calls),
    mean(tokens),
    timesIn(approvals.time),
    shareIn(rollbacks.transactions),
  ];
}
