/** The committer: runs the transaction that the ledger says is approved. The only node with outside effects. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Failure } from "../domain/answer.ts";
import type { Identity, Run } from "../domain/run.ts";
import { failureIn } from "../execution/failures.ts";
import { EFFECT_STATUS, loadRecord } from "../execution/progress.ts";
import { StepBoard } from "../execution/step-board.ts";
import type { Outcome } from "../graph/routes.ts";
import { listEffects } from "../ledger/effects.ts";
import { getRun } from "../ledger/runs.ts";
import type { State, Update } from "../state.ts";
import { type CommitResult, commitApproved } from "../transaction/commit.ts";
import { asksForRollback, rollBackCancelled } from "../transaction/rollback.ts";
import type { EffectListener } from "../transaction/run-effect.ts";
import { identityOf, isDraining, type NodeDeps } from "./deps.ts";
import { isAllowed } from "./executor.ts";
import { createReporter } from "./report.ts";
import { doubtMessage } from "./waiting-message.ts";

type Committed = Update & { outcome: Outcome<"committer"> };

export function createCommitter(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Committed> => {
    if (!state.run) return { outcome: "nothing to commit" };
    const identity = identityOf(config);
    const run = await getRun(deps.ledger, identity.tenant, state.run.id);
    const report = createReporter(config);
    const onEffect: EffectListener = (step, status) =>
      status === "undoing" || status === "undone" || status === "undo_failed"
        ? report.step(step, "failed", "undoing")
        : report.step(step, EFFECT_STATUS[status], "committing");
    const stopped = () => isDraining(config);
    // What was begun comes to its end, its rollback too: an aborted call in it would only leave doubt.
    const { signal } = new AbortController();
    const result = await deps.track(commitApproved(deps, { identity, run, signal, stopped, onEffect }));
    const back = OPEN.includes(result.kind) ? undefined : await takeBack(deps, { identity, run, stopped });
    const record = await loadRecord(deps.ledger, run.tenant, run.id);
    const proposal = record.proposals.at(-1) ?? null;
    const board = state.plan && new StepBoard(state.plan, record);
    const steps = board?.states() ?? {};
    const isDone = result.kind === "committed" && board && (await isThrough(deps, run, { plan: state.plan, board }));
    const said = result.kind === "uncertain" ? { messages: [doubtMessage(run.id)] } : {};
    const outcome = back ?? (isDone ? "plan done" : undefined);
    return { ...leadOn(result, state), ...(outcome ? { outcome } : {}), ...said, proposal, steps };
  };
}

/** Whether nothing of the plan is left: the executor would find nothing to do, at the cost of a superstep. */
async function isThrough(
  deps: NodeDeps,
  run: Run,
  { plan, board }: { plan: State["plan"]; board: StepBoard },
): Promise<boolean> {
  const statuses = Object.values(board.states()).map(({ status }) => status);
  if (!statuses.every((status) => status === "completed" || status === "skipped")) return false;
  if (!plan || failureIn(board) !== undefined) return false;
  const { number: _number, ...planned } = plan;
  return await isAllowed(deps, run, planned);
}

const OPEN: readonly CommitResult["kind"][] = ["drained", "uncertain", "undecided"];

/** What a cancelled run committed is undone where that was asked for. */
async function takeBack(
  deps: NodeDeps,
  input: { identity: Identity; run: Run; stopped: () => boolean },
): Promise<"taken back" | "drained" | undefined> {
  const run = await getRun(deps.ledger, input.run.tenant, input.run.id);
  if (!run.cancellation) return undefined;
  const effects = await listEffects(deps.ledger, run.tenant, run.id);
  if (!asksForRollback(run, effects)) return undefined;
  return (await deps.track(rollBackCancelled(deps, { ...input, run }))) ? "taken back" : "drained";
}

function leadOn(result: CommitResult, state: State): Committed {
  switch (result.kind) {
    case "committed":
    case "drained":
      return { outcome: result.kind };
    case "stale": {
      const notice = `It has to be approved again: ${result.failure.message}`;
      return { notices: [...state.notices, notice], outcome: "approval stale" };
    }
    case "rolled_back":
      return { failure: { ...pick(result.failure), details: [] }, outcome: "rolled back" };
    case "uncertain":
      return { notices: [], outcome: "outcome unknown" };
    case "undecided":
      return { outcome: "not approved" };
    case "nothing":
      return { outcome: "nothing to commit" };
  }
}

/** Only what state holds of a failure: it may be an error, which has more. */
const pick = ({ status, message }: Failure): Failure => ({ status, message });
