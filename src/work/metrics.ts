/**
 * Metrics in the text format of Prometheus, counted from the ledger at each scrape: they survive restarts, and every
 * process over the same ledger says the same. See docs/metrics.md.
 */
import { Gauge, Registry } from "prom-client";
import {
  countExecutions,
  countModelCalls,
  countPending,
  countRunsByEnd,
  DURATION_BUCKETS,
  type ExecutionCounts,
  listOpenBreakers,
} from "../ledger/metrics.ts";
import type { Runtime } from "../runtime.ts";

/** Everything that is counted, of every tenant. */
export async function readMetrics({ ledger, now }: Pick<Runtime, "ledger" | "now">): Promise<string> {
  const registry = new Registry();
  const at = now();
  const [executions, pending, runs, breakers, models] = [
    await countExecutions(ledger),
    await countPending(ledger),
    await countRunsByEnd(ledger),
    await listOpenBreakers(ledger, at),
    await countModelCalls(ledger),
  ];
  const write = createWriter(registry);
  for (const { tenant, action, ...counts } of executions) {
    for (const status of ["succeeded", "failed"] as const) {
      write("holdpoint_executions_total", { tenant, action, status }, counts[status]);
    }
    write("holdpoint_executions_uncertain", { tenant, action }, counts.uncertain);
    write("holdpoint_rollbacks_total", { tenant, action, outcome: "undone" }, counts.undone);
    write("holdpoint_rollbacks_total", { tenant, action, outcome: "undo_failed" }, counts.undoFailed);
  }
  for (const { tenant, pending: count, oldest } of pending) {
    write("holdpoint_approvals_pending", { tenant }, count);
    write("holdpoint_approvals_oldest_seconds", { tenant }, Math.max(0, (Date.parse(at) - Date.parse(oldest)) / 1000));
  }
  for (const { tenant, status, count, refused } of runs) {
    write("holdpoint_runs", { tenant, status }, count);
    if (refused > 0) write("holdpoint_requests_refused_total", { tenant }, refused);
  }
  for (const { tenant, action } of breakers) write("holdpoint_breaker_open", { tenant, action }, 1);
  for (const { calls, promptTokens, completionTokens, ...labels } of models) {
    write("holdpoint_model_calls_total", labels, calls);
    write("holdpoint_model_tokens_total", { ...labels, kind: "prompt" }, promptTokens);
    write("holdpoint_model_tokens_total", { ...labels, kind: "completion" }, completionTokens);
  }
  return `${typed(await registry.metrics())}${durations(executions)}`;
}

/** What each metric says. Those that end in `_total` only ever grow. */
const HELP = {
  holdpoint_executions_total: "Writes that were carried out, by how they ended; what was undone later did succeed",
  holdpoint_executions_uncertain: "Writes of which nobody can tell whether they happened",
  holdpoint_rollbacks_total: "Writes that were to be undone, by what came of it",
  holdpoint_approvals_pending: "Proposals that wait for a person",
  holdpoint_approvals_oldest_seconds: "For how long the oldest of them has waited",
  holdpoint_runs: "Runs, by where they stand or how they ended",
  holdpoint_requests_refused_total: "Requests that were refused because there were too many",
  holdpoint_breaker_open: "1 where the receiver of an action is left alone",
  holdpoint_model_calls_total: "Calls of models, by role and outcome",
  holdpoint_model_tokens_total: "Tokens of calls of models, as their servers reported them",
} as const;
type MetricName = keyof typeof HELP;

/** The ledger has counted already, and a counter of the library counts by itself: they are gauges until they are written. */
function createWriter(registry: Registry) {
  const gauges = new Map<MetricName, Gauge>();
  return (name: MetricName, labels: Record<string, string>, value: number): void => {
    const known = gauges.get(name);
    const gauge =
      known ?? new Gauge({ name, help: HELP[name], labelNames: Object.keys(labels), registers: [registry] });
    if (!known) gauges.set(name, gauge);
    gauge.inc(labels, value);
  };
}

const typed = (text: string): string => text.replaceAll(/^# TYPE (\w+_total) gauge$/gm, "# TYPE $1 counter");

const DURATION = "holdpoint_execution_duration_seconds";

/** A histogram, which the library can only fill one observation at a time. */
function durations(executions: readonly ExecutionCounts[]): string {
  const timed = executions.filter((one) => one.timed > 0);
  if (timed.length === 0) return "";
  const lines = timed.flatMap(({ tenant, action, within, timed: count, seconds }) => {
    const labels = `tenant="${escaped(tenant)}",action="${escaped(action)}"`;
    const buckets = DURATION_BUCKETS.map(
      (bound, index) => `${DURATION}_bucket{${labels},le="${bound}"} ${within[index]}`,
    );
    return [
      ...buckets,
      `${DURATION}_bucket{${labels},le="+Inf"} ${count}`,
      `${DURATION}_sum{${labels}} ${seconds}`,
      `${DURATION}_count{${labels}} ${count}`,
    ];
  });
  const head = [`# HELP ${DURATION} How long the last call of a write took`, `# TYPE ${DURATION} histogram`];
  return `\n${[...head, ...lines].join("\n")}\n`;
}

/** As the text format writes the value of a label. */
const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
