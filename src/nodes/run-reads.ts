/** The reads of a plan: each starts the moment what it needs is there, and is recorded while what needs it is under way. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { canonicalJson } from "../domain/json.ts";
import type { Step } from "../domain/plan.ts";
import type { Run } from "../domain/run.ts";
import { runDataflow } from "../execution/dataflow.ts";
import type { LinkedStep } from "../execution/linked-plan.ts";
import { isDue } from "../execution/progress.ts";
import { type HeldBack, runRead } from "../execution/run-read.ts";
import { type StepBoard, unmetCheck } from "../execution/step-board.ts";
import { createBreakerLookUp } from "../ledger/breakers.ts";
import { type ReadOutcome, recordReads } from "../ledger/reads.ts";
import { isRunOver } from "../ledger/runs.ts";
import { resolveReferences } from "../planning/references.ts";
import type { Registry } from "../tools/registry.ts";
import { actorOf, isDraining, type NodeDeps, signalOf, stampOf } from "./deps.ts";
import { createReporter } from "./report.ts";

/** What came of a plan's reads. */
export interface Reads {
  /** What held reads back; these can run again. */
  readonly held: readonly HeldBack[];
  /** The time by which it was looked for the last time which reads may begin, ISO 8601 UTC. */
  readonly lookedAt: string;
  /** Somebody else has recorded another outcome of a read: the board is not what the record says. */
  readonly outdated: boolean;
}

/**
 * Runs every read that can run, each as soon as what it needs is there, and journals their outcomes on the board.
 * @param given `until`: from then on nothing new starts, ISO 8601 UTC
 */
export async function runReads(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  { board, until }: { board: StepBoard; until: string | null },
): Promise<Reads> {
  const held: HeldBack[] = [];
  const signal = signalOf(config);
  let over = false;
  let outdated = false;
  const report = createReporter(config);
  const isLate = () => until !== null && deps.now() >= until;
  const isOver = () => over || outdated || board.stoppedBy() !== undefined || isLate();
  const stopped = () => signal.aborted || isDraining(config) || isOver();
  const breakers = createBreakerLookUp(deps.ledger);
  const guard = { ledger: deps.ledger, identity: actorOf(run), signal, stopped, breakers, now: deps.now };
  const registry = deps.registry.of(run.tenant);
  const turns = createTurns(deps, board, registry);
  await runDataflow<LinkedStep, ReadOutcome | HeldBack | undefined, ReadOutcome>({
    concurrency: deps.concurrency,
    stopped,
    ready: () => turns.take(),
    compare: (a, b) => b.height - a.height || a.index - b.index,
    run: async (linked) => {
      report.step(linked.step.id, "running", "reading");
      return await runRead(guard, registry.getRead(linked.step.action), callOf(run, board, linked));
    },
    take: async (given) => {
      held.push(...given.filter((outcome) => outcome instanceof Error));
      const outcomes = given.filter((one): one is ReadOutcome => one !== undefined && !(one instanceof Error));
      // What was cut off by an abort is not an outcome: it runs again when the run goes on.
      const finished = signal.aborted ? outcomes.filter((outcome) => outcome.status === "succeeded") : outcomes;
      for (const { step } of board.take(finished)) report.step(step.id, board.placeOf(step.id).status, "reading");
      over = await isRunOver(deps.ledger, run.tenant, run.id);
      return finished;
    },
    record: async (outcomes) => {
      if (outdated) return; // what came of values that are not on record is not recorded either
      const recorded = await recordReads(deps.ledger, stampOf(deps, config), run.id, outcomes);
      outdated = outcomes.some((outcome, index) => !isSameOutcome(outcome, recorded[index]));
    },
  });
  signal.throwIfAborted();
  return { held, lookedAt: turns.lookedAt(), outdated };
}

const isSameOutcome = (one: ReadOutcome, other: ReadOutcome | undefined): boolean =>
  one === other || (one.status === other?.status && canonicalJson(one.output) === canonicalJson(other.output));

function callOf(run: Run, board: StepBoard, { step, check }: LinkedStep) {
  const { outputs } = board;
  return {
    runId: run.id,
    step: step.id,
    ...resolveReferences(step.args, outputs),
    failures: board.attemptsOf(step),
    timeoutMs: step.timeoutMs,
    ...(check
      ? { unmet: (own: Parameters<typeof unmetCheck>[2]["own"]) => unmetCheck(step, check, { outputs, own }) }
      : {}),
  };
}

/** Whose turn it is: reads that are due, each given once, but for those that are to be done again. */
function createTurns(deps: NodeDeps, board: StepBoard, registry: Registry) {
  let early: LinkedStep[] = [];
  let now = deps.now();
  return {
    take(): LinkedStep[] {
      now = deps.now();
      const reads = board.takeReady().filter(({ step }) => isRead(registry, step));
      const [due = [], later = []] = [true, false].map((is) =>
        [...early, ...reads].filter(({ step }) => isDue(step, now) === is),
      );
      early = later;
      return due;
    },
    lookedAt: () => now,
  };
}

const isRead = (registry: Registry, { action }: Step): boolean => registry.find(action)?.kind === "read";

/** The reads whose turn it is. */
export const readyReads = (registry: Registry, board: StepBoard, now: string): Step[] =>
  board.stoppedBy() ? [] : board.ready().filter((step) => isRead(registry, step) && isDue(step, now));
