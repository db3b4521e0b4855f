/**
 * What the Agent Server serves (`langgraph.json`). The server puts its own checkpointer and store in place of those that
 * the graph was compiled with.
 */
import { runtime } from "../server/agent-runtime.ts";
import { warn } from "../telemetry/tell.ts";
import { type MaintenanceReport, startMaintenance } from "../work/maintain.ts";

const EVERY_MS = 60_000;

const ending = new AbortController();
process.prependOnceListener("exit", () => ending.abort());

const tell = ({ failures }: MaintenanceReport): void => {
  for (const { job, subject, problem } of failures) warn(`Maintenance: ${job} ${subject}: ${problem}`);
};
// What a crash left goes on, too: effects and decisions are in the ledger, so it need not wait for somebody to open it.
void startMaintenance(runtime, { everyMs: EVERY_MS, signal: ending.signal, onPass: tell });

export const graph = runtime.graph;
