/** The executor alone: the node with a real ledger in a SQLite file, without the graph around it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Plan, PlanSchema } from "../../src/domain/plan.ts";
import { judgeRevision, recordRevision } from "../../src/ledger/revisions.ts";
import { startRun } from "../../src/ledger/start-run.ts";
import type { NodeDeps } from "../../src/nodes/deps.ts";
import { createExecutor } from "../../src/nodes/executor.ts";
import { openRuntime } from "../../src/runtime.ts";
import { readState } from "../../src/state.ts";
import type { Action } from "../../src/tools/action.ts";

export type BenchStep = Pick<Plan["steps"][number], "id" | "action" | "args"> & { readonly dependsOn?: string[] };

export interface ExecutorBench {
  /** Makes a run whose plan is allowed. @returns executes it, once */
  prepare(steps: readonly BenchStep[]): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** @param concurrency how many reads may be under way at once */
export async function openExecutor(actions: readonly Action[], concurrency = 1000): Promise<ExecutorBench> {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-bench-"));
  const runtime = await openRuntime({ home, actions, concurrency });
  const { ledger } = runtime;
  const deps: NodeDeps = {
    ...runtime,
    concurrency,
    matchRequest: undefined,
    planningMode: "auto",
    models: {},
    modelTimeoutMs: 60_000,
  };
  const execute = createExecutor(deps);
  let runs = 0;
  return {
    prepare: async (steps) => {
      const id = `run_${runs++}`;
      const stamp = { tenant: "default", principal: "local", at: runtime.now() };
      const plan = PlanSchema.parse({
        ...{ goal: "Measured.", source: { kind: "playbook", name: "bench" } },
        steps: steps.map((step) => ({ title: `Step ${step.id}`, ...step })),
      });
      await startRun(ledger, stamp, { id, threadId: id, request: "Measure" });
      await recordRevision(ledger, stamp, { runId: id, number: 1, plan });
      await judgeRevision(ledger, stamp, { runId: id, number: 1, verdict: "allow", findings: [] });
      const { state } = readState({ run: { id }, plan: { ...plan, number: 1 } });
      return async () => {
        const { outcome, failure } = await execute(state, { configurable: { thread_id: id } });
        if (outcome !== "nothing left") throw new Error(`It ended as "${outcome}": ${JSON.stringify(failure)}`);
      };
    },
    close: async () => {
      await runtime.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
