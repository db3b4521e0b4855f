/** The reads of a plan: each starts the moment what it needs is there. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Plan, Step } from "../domain/plan.ts";
import { isOver, type Run } from "../domain/run.ts";
import { runDataflow } from "../execution/dataflow.ts";
import { CallHeld } from "../execution/guarded-call.ts";
import { isDue, loadRecord, type RunRecord, stepOutputs, stepStates } from "../execution/progress.ts";
import { runRead } from "../execution/run-read.ts";
import { type ReadOutcome, recordReads } from "../ledger/reads.ts";
import { getRun } from "../ledger/runs.ts";
import { dependenciesOf, resolveReferences } from "../planning/references.ts";
import { actorOf, isDraining, type NodeDeps, signalOf, stampOf } from "./deps.ts";
import { createReporter } from "./report.ts";

const CONCURRENCY = 8;

/** What came of a plan's reads. */
export interface Reads {
  /** What the ledger then holds. */
  readonly record: RunRecord;
  /** What held reads back; these can run again. */
  readonly held: readonly CallHeld[];
}

/** Runs every read that can run, each as soon as what it needs is there, and journals their outcomes. */
export async function runReads(deps: NodeDeps, config: LangGraphRunnableConfig, run: Run, plan: Plan): Promise<Reads> {
  const record = await loadRecord(deps.ledger, run.tenant, run.id);
  const reads: ReadOutcome[] = [...record.reads];
  const held: CallHeld[] = [];
  const signal = signalOf(config);
  let over = false;
  const report = createReporter(config, run.id, { plan, steps: stepStates(plan, record) });
  const call = (step: Step) => ({
    runId: run.id,
    step: step.id,
    args: resolveReferences(step.args, stepOutputs({ ...record, reads })).args,
  });
  const stopped = () => over || signal.aborted || isDraining(config);
  const guard = { ledger: deps.ledger, identity: actorOf(run), signal, stopped, now: deps.now };
  await runDataflow<Step, ReadOutcome | CallHeld | undefined>({
    concurrency: CONCURRENCY,
    stopped,
    ready: (started) => readyReads(deps, plan, { ...record, reads }).filter((step) => !started.has(step)),
    run: async (step) => {
      report.step(step.id, "running", "reading");
      return await runRead(guard, deps.registry.getRead(step.action), call(step));
    },
    settle: async (given) => {
      held.push(...given.filter((outcome) => outcome instanceof CallHeld));
      const outcomes = given.filter((one): one is ReadOutcome => one !== undefined && !(one instanceof CallHeld));
      // What was cut off by an abort is not an outcome: it runs again when the run goes on.
      const finished = signal.aborted ? outcomes.filter((outcome) => outcome.status === "succeeded") : outcomes;
      if (finished.length > 0) await recordReads(deps.ledger, stampOf(deps, config), run.id, finished);
      reads.push(...finished);
      over = isOver(await getRun(deps.ledger, run.tenant, run.id));
      for (const { step, status } of finished) {
        report.step(step, status === "succeeded" ? "completed" : "failed", "reading");
      }
    },
  });
  signal.throwIfAborted();
  return { record: await loadRecord(deps.ledger, run.tenant, run.id), held };
}

/** The reads whose turn it is. */
export function readyReads(deps: NodeDeps, plan: Plan, record: RunRecord): Step[] {
  const states = stepStates(plan, record);
  return plan.steps.filter(
    (step) =>
      states[step.id]?.status === "pending" &&
      isDue(step, deps.now()) &&
      deps.registry.find(step.action)?.kind === "read" &&
      dependenciesOf(step).every((id) => states[id]?.status === "completed"),
  );
}
