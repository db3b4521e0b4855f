/** The executor: runs the ready reads, each as soon as its own dependencies are done, and journals their outcomes. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { FailureStatusSchema } from "../domain/answer.ts";
import { digestOf } from "../domain/json.ts";
import type { Plan } from "../domain/plan.ts";
import type { Proposal } from "../domain/proposal.ts";
import { isOver, type Pause, type Run } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { editedPlan } from "../execution/edits.ts";
import { isDue, loadRecord, type StepState, stepStates } from "../execution/progress.ts";
import type { Outcome } from "../graph/routes.ts";
import { findTransaction } from "../ledger/proposals.ts";
import { listReflections } from "../ledger/reflections.ts";
import { findLatestRevision } from "../ledger/revisions.ts";
import { getRun } from "../ledger/runs.ts";
import { dependenciesOf } from "../planning/references.ts";
import type { State, Update } from "../state.ts";
import { readyWrites } from "../transaction/stage.ts";
import { identityOf, isDraining, type NodeDeps } from "./deps.ts";
import { pauseAt } from "./pause.ts";
import { type Reads, readyReads, runReads } from "./run-reads.ts";

type Executed = Update & { outcome: Outcome<"executor"> };

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
    const { record, held } = await runReads(deps, config, run, plan);
    if (isOver(await getRun(deps.ledger, run.tenant, run.id))) {
      return { steps: stepStates(plan, record), outcome: "nothing left" };
    }
    if (isDraining(config) && readyReads(deps, plan, record).length > 0) {
      return { steps: stepStates(plan, record), outcome: "drained" };
    }
    return await leadOn(deps, config, run, { plan, record, held });
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

async function leadOn(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  { plan, record, held }: { plan: Plan } & Reads,
): Promise<Executed> {
  const steps = stepStates(plan, record);
  const failed = record.reads.find((read) => read.status === "failed" && steps[read.step]?.status === "failed");
  if (failed) {
    const known = FailureStatusSchema.safeParse(failed.output);
    const status = known.success ? known.data : "failed";
    return { steps, failure: { status, message: failed.summary, details: [] }, outcome: "step failed" };
  }
  const writes = readyWrites(editedPlan(plan, record.decisions), { steps, registry: deps.registry, now: deps.now() });
  if (writes.length > 0) return { steps, outcome: "writes ready" };
  const wait = untilTried(held) ?? untilDue(plan, steps, deps.now());
  const paused = wait && (await pauseAt(deps, config, run, wait));
  return { steps, ...(paused ?? { outcome: "nothing left" }) };
}

/** The pause until the first of the receivers that are left alone can be tried again; undefined without one. */
function untilTried(held: Reads["held"]): Pause | undefined {
  const [first] = held.toSorted((one, other) => (one.until < other.until ? -1 : 1));
  return first && { why: "receiver", reason: first.message, until: first.until };
}

/** The pause until the first of those steps is due for which only the time has not come; undefined without one. */
function untilDue(plan: Plan, states: Record<string, StepState>, now: string): Pause | undefined {
  const [first] = plan.steps
    .filter((step) => states[step.id]?.status === "pending" && !isDue(step, now))
    .filter((step) => dependenciesOf(step).every((id) => states[id]?.status === "completed"))
    .map(({ title, notBefore = now }) => ({ title, until: new Date(notBefore).toISOString() }))
    .toSorted((one, other) => (one.until < other.until ? -1 : 1));
  return (
    first && { why: "time", reason: `"${first.title}" is not to begin before ${first.until}.`, until: first.until }
  );
}

/** Only the newest recorded revision, and only when the guardrail allowed it, is executed. */
export async function isAllowed(deps: NodeDeps, run: Run, plan: Plan): Promise<boolean> {
  const revision = await findLatestRevision(deps.ledger, run.tenant, run.id);
  return revision?.verdict === "allow" && revision.digest === digestOf(plan);
}
