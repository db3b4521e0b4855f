/**
 * What the Agent Server serves (`langgraph.json`). One runtime for the whole process, opened when this file is loaded;
 * the server puts its own checkpointer and store in place of those that the graph was compiled with.
 */
import { readConfig } from "../config.ts";
import { createRuntime } from "../runtime.ts";
import { warn } from "../telemetry/tell.ts";
import { type MaintenanceReport, startMaintenance } from "../work/maintain.ts";

const EVERY_MS = 60_000;

const config = readConfig(process.env);
const runtime = await createRuntime(config, { office: config.office ?? {}, operations: { webhooks: config.webhooks } });
const ending = new AbortController();
// The server ends with process.exit() once it has stored its threads. Only then: a run may be under way until then.
process.once("exit", () => {
  ending.abort();
  void runtime.close();
});

const tell = ({ failures }: MaintenanceReport): void => {
  for (const { job, subject, problem } of failures) warn(`Maintenance: ${job} ${subject}: ${problem}`);
};
// What a crash left goes on, too: effects and decisions are in the ledger, so it need not wait for somebody to open it.
void startMaintenance(runtime, { everyMs: EVERY_MS, signal: ending.signal, onPass: tell });

export const graph = runtime.graph;
