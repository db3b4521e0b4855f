/** The stager: the ready writes become one transaction proposal, with what they would change. Nothing runs here. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { AnswerStatus } from "../domain/answer.ts";
import { isOver } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { loadRecord, stepStates } from "../execution/progress.ts";
import type { Outcome } from "../graph/routes.ts";
import { keepSteps } from "../ledger/kept-steps.ts";
import { findLatestProposal, openProposal } from "../ledger/proposals.ts";
import { getRun } from "../ledger/runs.ts";
import type { State, Update } from "../state.ts";
import { type StageFailure, stageWrites } from "../transaction/stage.ts";
import { actorOf, identityOf, type NodeDeps, signalOf, stampOf } from "./deps.ts";
import { isAllowed, isReflectedOn } from "./executor.ts";
import { createReporter } from "./report.ts";

type Staged = Update & { outcome: Outcome<"stager"> };

export function createStager(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Staged> => {
    if (!state.run || !state.plan) return { outcome: "nothing to stage" };
    const run = await getRun(deps.ledger, identityOf(config).tenant, state.run.id);
    const { number, ...plan } = state.plan;
    if (isOver(run) || !(await isAllowed(deps, run, plan))) return { outcome: "nothing to stage" };
    if (await isReflectedOn(deps, run, number)) return { outcome: "nothing to stage" };
    const before = await findLatestProposal(deps.ledger, run.tenant, run.id);
    createReporter(config, run.id, { plan, steps: state.steps }).doing("staging");
    const staged = await stageWrites(deps.registry, {
      identity: actorOf(run),
      plan,
      record: await loadRecord(deps.ledger, run.tenant, run.id),
      signal: signalOf(config),
      now: deps.now(),
    });
    if (staged.kind !== "impossible") await keepSteps(deps.ledger, stampOf(deps, config), run.id, staged.kept);
    if (staged.kind === "nothing") return { outcome: "nothing to stage" };
    if (staged.kind === "impossible") return { failure: failureOf(staged.failures), outcome: "cannot be done" };
    const { actions, impact } = staged;
    const input = { runId: run.id, revision: number, actions, impact, after: before?.id ?? null };
    const steps = stepStates(plan, await loadRecord(deps.ledger, run.tenant, run.id));
    const opened = openProposal(deps.ledger, stampOf(deps, config), input);
    return await opened.then((proposal): Staged => ({ proposal, steps, outcome: "staged" }), asEnded);
  };
}

/** Somebody may have ended the run while it was staged. */
function asEnded(error: unknown): Staged {
  if (error instanceof HoldpointError && error.code === "not_paused") return { outcome: "nothing to stage" };
  throw error;
}

function failureOf(failures: readonly StageFailure[]): { status: AnswerStatus; message: string; details: string[] } {
  const [first] = failures;
  return {
    status: first?.status ?? "failed",
    message: failures.map((failure) => failure.message).join(" "),
    details: [],
  };
}
