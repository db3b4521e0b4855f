/** Mends what the local Agent Server left in `.langgraph_api` when it last ended. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Left {
  assistants: Record<string, { graph_id: string }>;
  threads: Record<string, { status: string }>;
  runs: Record<string, { status: string; thread_id: string }>;
}

/**
 * 1. A graph that is gone would still be offered: everything is dropped then. What was decided and done is in the ledger.
 * 2. A run that was under way would be so for ever, and its thread would refuse every other run: it becomes an
 *    interrupted one, and the thread can go on.
 * @param folder where `.langgraph_api` is
 * @param graphs the ids of the graphs that there are
 * @returns what was mended, a line each
 */
export function mendServerState(folder: string, graphs: readonly string[]): string[] {
  const state = join(folder, ".langgraph_api");
  const path = join(state, ".langgraphjs_ops.json");
  const left = readLeft(path);
  if (!left) return [];
  const { assistants, threads, runs } = left.json;
  const gone = Object.values(assistants).find((assistant) => !graphs.includes(assistant.graph_id));
  if (gone) {
    rmSync(state, { recursive: true });
    return [`${state} was dropped: it held threads of a graph that is gone, "${gone.graph_id}".`];
  }
  const cutOff = Object.values(runs).filter((run) => run.status === "running");
  for (const run of cutOff) {
    run.status = "interrupted";
    const thread = threads[run.thread_id];
    if (thread) thread.status = "idle";
  }
  if (cutOff.length > 0) writeFileSync(path, JSON.stringify(left));
  return cutOff.map((run) => `Thread ${run.thread_id} was cut off; run it without input, and it goes on.`);
}

/** Undefined when there is no such file, or it cannot be read: the server then begins anew by itself. */
function readLeft(path: string): { json: Left } | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
