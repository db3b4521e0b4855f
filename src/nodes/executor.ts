/** The executor: runs the ready reads, each as soon as its own dependencies are done, and journals their outcomes. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Failure } from "../domain/answer.ts";
import { explainBudget } from "../domain/budget.ts";
import { digestOf } from "../domain/json.ts";
import { EXPAND, type Plan, type Step } from "../domain/plan.ts";
import type { Proposal } from "../domain/proposal.ts";
import { isOver, type Pause, type Run } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { failureIn } from "../execution/failures.ts";
import { isDue, loadRecord } from "../execution/progress.ts";
import { reachedExpand } from "../execution/reached.ts";
import { StepBoard } from "../execution/step-board.ts";
import type { Outcome } from "../graph/routes.ts";
import { findDeadline, findSpentTime } from "../ledger/budgets.ts";
import { findTransaction } from "../ledger/proposals.ts";
import { listReflections } from "../ledger/reflections.ts";
import { isLatestAllowed } from "../ledger/revisions.ts";
import { getRun, isRunOver } from "../ledger/runs.ts";
import type { State, Update } from "../state.ts";
import { readyWrites } from "../transaction/ready-writes.ts";
import { identityOf, isDraining, type NodeDeps } from "./deps.ts";
import { untilTried } from "./held-back.ts";
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
    const { board, ...reads } = await readOn(deps, config, run, plan);
    if (await isRunOver(deps.ledger, run.tenant, run.id)) return { steps: board.states(), outcome: "nothing left" };
    if (isDraining(config) && readyReads(deps.registry.of(run.tenant), board, reads.lookedAt).length > 0) {
      return { steps: board.states(), outcome: "drained" };
    }
    const late = await outOfTime(deps, run, board);
    if (late) return late;
    return await leadOn(deps, config, run, { board, ...reads });
  };
}

/** Runs the reads. Where somebody else has recorded another outcome meanwhile, it goes on with that one. */
async function readOn(deps: NodeDeps, config: LangGraphRunnableConfig, run: Run, plan: Plan) {
  const until = await findDeadline(deps.ledger, run);
  for (;;) {
    const board = new StepBoard(plan, await loadRecord(deps.ledger, run.tenant, run.id));
    await assertKnown(deps, board, run);
    const reads = await runReads(deps, config, run, { board, until });
    if (!reads.outdated) return { board, ...reads };
  }
}

/** The end of the run where its time at work is used up, and anything of the plan is left to be begun. */
async function outOfTime(deps: NodeDeps, run: Run, board: StepBoard): Promise<Executed | undefined> {
  if (board.plan.steps.every(({ id }) => board.placeOf(id).status !== "pending")) return undefined;
  const spent = await findSpentTime(deps.ledger, run.tenant, run.id, deps.now());
  const failure = spent && { status: "failed" as const, message: explainBudget(spent), details: [] };
  return failure && { steps: board.states(), failure, outcome: "budget spent" };
}

/** @throws HoldpointError `action_failed` when a step that is left calls what another version of the program has */
async function assertKnown(deps: NodeDeps, board: StepBoard, run: Run): Promise<void> {
  const registry = deps.registry.of(run.tenant);
  const isLost = ({ id, action }: Step) => board.placeOf(id).status === "pending" && !registry.find(action);
  const lost = board.plan.steps.find((step) => step.action !== EXPAND && isLost(step));
  if (!lost) return;
  // Of what was approved and became stale, the answer says why.
  if ((await findTransaction(deps.ledger, run.tenant, run.id))?.status === "stale") return;
  throw new HoldpointError("action_failed", `Step "${lost.id}" calls "${lost.action}", which is no action here.`, {
    hint: "Go on with a version of the program that has it, or cancel the run.",
  });
}

/** A failure stops what hangs on it. Everything else is done first, unless the plan says that nothing more is to begin. */
async function leadOn(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  { board, held, lookedAt }: { board: StepBoard } & Reads,
): Promise<Executed> {
  const steps = board.states();
  const failed = failureIn(board);
  if (failed && board.stoppedBy()) return { steps, failure: failed, outcome: "step failed" };
  const writes = readyWrites(board, { registry: deps.registry.of(run.tenant), now: lookedAt });
  if (writes.length > 0) return { steps, outcome: "writes ready" };
  if (reachedExpand(board, lookedAt)) return { steps, outcome: "plan wanted" };
  const wait = untilTried(held) ?? untilDue(board, lookedAt);
  const paused = wait && (await pauseAt(deps, config, run, besides(wait, failed)));
  if (paused) return { steps, ...paused };
  return failed ? { steps, failure: failed, outcome: "step failed" } : { steps, outcome: "nothing left" };
}

/** The pause, whose reason also says what has failed already. */
const besides = (pause: Pause, failed: Failure | undefined): Pause =>
  failed ? { ...pause, reason: `${pause.reason} ${failed.message}` } : pause;

/** The pause until the first of those steps is due for which only the time has not come; undefined without one. */
function untilDue(board: StepBoard, now: string): Pause | undefined {
  const [first] = board
    .ready()
    .filter((step) => !isDue(step, now))
    .map(({ title, notBefore = now }) => ({ title, until: new Date(notBefore).toISOString() }))
    .toSorted((one, other) => (one.until < other.until ? -1 : 1));
  return (
    first && { why: "time", reason: `"${first.title}" is not to begin before ${first.until}.`, until: first.until }
  );
}

/** Only the newest recorded revision, and only when the guardrail allowed it, is executed. */
export async function isAllowed(deps: NodeDeps, run: Run, plan: Plan): Promise<boolean> {
  return await isLatestAllowed(deps.ledger, run.tenant, run.id, digestOf(plan));
}
