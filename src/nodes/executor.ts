/** The executor: runs the ready reads, each as soon as its own dependencies are done, and journals their outcomes. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { FailureStatusSchema } from "../domain/answer.ts";
import { digestOf } from "../domain/json.ts";
import type { Plan, Step } from "../domain/plan.ts";
import type { Proposal } from "../domain/proposal.ts";
import { isOver, type Run } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { runDataflow } from "../execution/dataflow.ts";
import { editedPlan } from "../execution/edits.ts";
import { loadRecord, type RunRecord, stepOutputs, stepStates } from "../execution/progress.ts";
import { runRead } from "../execution/run-read.ts";
import type { Outcome } from "../graph/routes.ts";
import { findTransaction } from "../ledger/proposals.ts";
import { type ReadOutcome, recordReads } from "../ledger/reads.ts";
import { listReflections } from "../ledger/reflections.ts";
import { findLatestRevision } from "../ledger/revisions.ts";
import { getRun } from "../ledger/runs.ts";
import { dependenciesOf, resolveReferences } from "../planning/references.ts";
import type { State, Update } from "../state.ts";
import { readyWrites } from "../transaction/stage.ts";
import { actorOf, identityOf, isDraining, type NodeDeps, signalOf, stampOf } from "./deps.ts";
import { createReporter } from "./report.ts";

type Executed = Update & { outcome: Outcome<"executor"> };

const CONCURRENCY = 8;
/** After these nothing more of the run is done. */
const FINAL = ["uncertain", "denied", "rejected", "expired", "superseded"];

/** Whether nothing more of the plan is to be done, whatever is left of it. */
async function isThrough(deps: NodeDeps, run: Run, number: number): Promise<boolean> {
  const proposal = await findTransaction(deps.ledger, run.tenant, run.id);
  return (
    isOver(run) || (proposal !== undefined && isFinal(proposal, number)) || (await isReflectedOn(deps, run, number))
  );
}

/** Whether another plan was wanted after this one: then nothing more of it is begun, whoever enters the run again. */
export async function isReflectedOn(deps: NodeDeps, run: Run, number: number): Promise<boolean> {
  const reflections = await listReflections(deps.ledger, run.tenant, run.id);
  return reflections.some(({ revision }) => revision === number);
}

/** Whether nothing more of the plan is done; what was undone is planned anew by a later revision. */
const isFinal = ({ status, revision }: Proposal, number: number): boolean =>
  FINAL.includes(status) || (status === "rolled_back" && (revision === 0 || revision >= number));

export function createExecutor(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Executed> => {
    if (!state.run || !state.plan) return { outcome: "nothing left" };
    const run = await getRun(deps.ledger, identityOf(config).tenant, state.run.id);
    const { number: _number, ...plan } = state.plan;
    if (!(await isAllowed(deps, run, plan))) return { outcome: "plan changed" };
    if (await isThrough(deps, run, state.plan.number)) return { outcome: "nothing left" };
    await assertKnown(deps, plan, run);
    const record = await runReads(deps, config, run, plan);
    if (isOver(await getRun(deps.ledger, run.tenant, run.id))) {
      return { steps: stepStates(plan, record), outcome: "nothing left" };
    }
    if (isDraining(config) && readyReads(deps, plan, record).length > 0) {
      return { steps: stepStates(plan, record), outcome: "drained" };
    }
    return leadOn(deps, plan, record);
  };
}

/** @throws HoldpointError `action_failed` when a step that is left calls what another version of the program has */
async function assertKnown(deps: NodeDeps, plan: Plan, run: Run): Promise<void> {
  // Of what was approved and became stale, the answer says why.
  if ((await findTransaction(deps.ledger, run.tenant, run.id))?.status === "stale") return;
  const states = stepStates(plan, await loadRecord(deps.ledger, run.tenant, run.id));
  const lost = plan.steps.find(({ id, action }) => states[id]?.status === "pending" && !deps.registry.find(action));
  if (!lost) return;
  throw new HoldpointError("action_failed", `Step "${lost.id}" calls "${lost.action}", which is no action here.`, {
    hint: "Go on with a version of the program that has it, or cancel the run.",
  });
}

function leadOn(deps: NodeDeps, plan: Plan, record: RunRecord): Executed {
  const steps = stepStates(plan, record);
  const failed = record.reads.find((read) => read.status === "failed" && steps[read.step]?.status === "failed");
  if (failed) {
    const known = FailureStatusSchema.safeParse(failed.output);
    const status = known.success ? known.data : "failed";
    return { steps, failure: { status, message: failed.summary, details: [] }, outcome: "step failed" };
  }
  const writes = readyWrites(editedPlan(plan, record.decisions), steps, deps.registry);
  return { steps, outcome: writes.length > 0 ? "writes ready" : "nothing left" };
}

/** Only the newest recorded revision, and only when the guardrail allowed it, is executed. */
export async function isAllowed(deps: NodeDeps, run: Run, plan: Plan): Promise<boolean> {
  const revision = await findLatestRevision(deps.ledger, run.tenant, run.id);
  return revision?.verdict === "allow" && revision.digest === digestOf(plan);
}

/** Runs every read that can run, and returns what the ledger then holds. */
async function runReads(deps: NodeDeps, config: LangGraphRunnableConfig, run: Run, plan: Plan): Promise<RunRecord> {
  const record = await loadRecord(deps.ledger, run.tenant, run.id);
  const reads: ReadOutcome[] = [...record.reads];
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
  await runDataflow<Step, ReadOutcome | undefined>({
    concurrency: CONCURRENCY,
    stopped,
    ready: (started) => readyReads(deps, plan, { ...record, reads }).filter((step) => !started.has(step)),
    run: async (step) => {
      report.step(step.id, "running", "reading");
      return await runRead(guard, deps.registry.getRead(step.action), call(step));
    },
    settle: async (given) => {
      const outcomes = given.filter((outcome) => outcome !== undefined);
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
  return await loadRecord(deps.ledger, run.tenant, run.id);
}

function readyReads(deps: NodeDeps, plan: Plan, record: RunRecord): Step[] {
  const states = stepStates(plan, record);
  return plan.steps.filter(
    (step) =>
      states[step.id]?.status === "pending" &&
      deps.registry.find(step.action)?.kind === "read" &&
      dependenciesOf(step).every((id) => states[id]?.status === "completed"),
  );
}
