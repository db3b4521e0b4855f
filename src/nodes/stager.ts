/** The stager: the ready writes become one transaction proposal, with what they would change. Nothing runs here. */

import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { AnswerStatus } from "../domain/answer.ts";
import type { Plan } from "../domain/plan.ts";
import { isOver, type Run } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { loadRecord, stepStates } from "../execution/progress.ts";
import type { Outcome } from "../graph/routes.ts";
import { keepSteps } from "../ledger/kept-steps.ts";
import { findLatestProposal, openProposal } from "../ledger/proposals.ts";
import { type ReadOutcome, readKey, recordReads } from "../ledger/reads.ts";
import { getRun } from "../ledger/runs.ts";
import { allowedHostsOf } from "../ledger/settings.ts";
import type { State, Update } from "../state.ts";
import { type StageFailure, type StageResult, stageWrites } from "../transaction/stage.ts";
import { actorOf, identityOf, type NodeDeps, signalOf, stampOf } from "./deps.ts";
import { isAllowed, isReflectedOn } from "./executor.ts";

type Staged = Update & { outcome: Outcome<"stager"> };

export function createStager(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Staged> => {
    if (!state.run || !state.plan) return { outcome: "nothing to stage" };
    const run = await getRun(deps.ledger, identityOf(config).tenant, state.run.id);
    const { number, ...plan } = state.plan;
    if (isOver(run) || !(await isAllowed(deps, run, plan))) return { outcome: "nothing to stage" };
    if (await isReflectedOn(deps, run, number)) return { outcome: "nothing to stage" };
    const before = await findLatestProposal(deps.ledger, run.tenant, run.id);
    const record = await loadRecord(deps.ledger, run.tenant, run.id);
    const staged = await stageWrites(deps.registry.of(run.tenant), {
      identity: actorOf(run),
      plan,
      record,
      signal: signalOf(config),
      now: deps.now(),
      allowedHosts: allowedHostsOf(deps.ledger, run.tenant),
    });
    const aside = await recordAside(deps, config, run, { plan, staged });
    if (staged.kind === "nothing") return { outcome: "nothing to stage" };
    if (staged.kind === "impossible") return { failure: failureOf(staged.failures), outcome: "cannot be done" };
    const { actions, impact } = staged;
    const input = { runId: run.id, revision: number, actions, impact, after: before?.id ?? null };
    const { reads, kept } = record;
    const steps = stepStates(plan, { ...record, reads: [...reads, ...aside], kept: [...kept, ...staged.kept] });
    const opened = openProposal(deps.ledger, stampOf(deps, config), input);
    return await opened.then((proposal): Staged => ({ proposal, steps, outcome: "staged" }), asEnded);
  };
}

/**
 * What is not proposed: steps that are done already, those that the plan goes on without, and those that failed where it
 * says that nothing more is to begin. That a write cannot be done was found by reading, and is recorded as such.
 * @returns what was recorded of reading
 */
async function recordAside(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  { plan, staged }: { plan: Plan; staged: StageResult },
): Promise<ReadOutcome[]> {
  const stamp = stampOf(deps, config);
  if (staged.kind !== "impossible") await keepSteps(deps.ledger, stamp, run.id, staged.kept);
  const failures = staged.kind === "impossible" ? staged.failures : staged.skipped;
  const outcomes = failures.flatMap(({ step: id, status, message }): ReadOutcome[] => {
    const step = plan.steps.find((other) => other.id === id);
    if (!step || (staged.kind === "impossible" && step.onFailure !== "stop")) return [];
    const { action, args } = step;
    const called = { step: id, action, version: deps.registry.of(run.tenant).getWrite(action).version, args };
    return [{ ...called, key: readKey(run.id, called), status: "failed", output: status, summary: message }];
  });
  return outcomes.length > 0 ? await recordReads(deps.ledger, stamp, run.id, outcomes) : [];
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
