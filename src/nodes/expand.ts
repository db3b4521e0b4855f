/**
 * A step that is planned when it is reached: what is known by then, and what its plan makes of the run's plan. That it was
 * reached follows from the ledger, so whoever enters the run finds it; what came of it is a revision of the plan, or an
 * outcome of the step.
 */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { FailureStatusSchema } from "../domain/answer.ts";
import { type SpentBudget, spentOf } from "../domain/budget.ts";
import { EXPAND, ExpandArgsSchema, type Plan, type Step } from "../domain/plan.ts";
import type { Run } from "../domain/run.ts";
import { loadRecord, type RunRecord } from "../execution/progress.ts";
import { reachedExpand } from "../execution/reached.ts";
import { StepBoard } from "../execution/step-board.ts";
import { type ReadOutcome, readKey, recordReads } from "../ledger/reads.ts";
import { listReflections } from "../ledger/reflections.ts";
import { type Revision, recordRevision } from "../ledger/revisions.ts";
import { getSettings } from "../ledger/settings.ts";
import type { ExpansionWork } from "../models/prompts/planner.ts";
import { expandPlan } from "../planning/expand-plan.ts";
import { createTaint } from "../planning/provenance.ts";
import { dependenciesOf } from "../planning/references.ts";
import { callKeys } from "../planning/same-calls.ts";
import type { Registry } from "../tools/registry.ts";
import { type NodeDeps, stampOf } from "./deps.ts";
import type { NoPlan } from "./replan.ts";
import { toldSteps } from "./told-steps.ts";

/** A step that was reached and is to be planned. */
export interface Expansion {
  /** The revision that is carried out. */
  readonly base: Revision;
  readonly step: Step;
  /** Set where the run may plan no other step like that. */
  readonly spent: SpentBudget | undefined;
  readonly work: ExpansionWork;
  /** The plan with what the step was expanded into, or why that leads nowhere, in a sentence. */
  into(proposed: Plan): Plan | string;
}

/** The step of the plan under way that is to be planned now; undefined where nothing is, or another plan is wanted anyway. */
export async function findExpansion(
  deps: NodeDeps,
  run: Run,
  revisions: readonly Revision[],
): Promise<Expansion | undefined> {
  const base = revisions.findLast(({ verdict }) => verdict === "allow");
  const latest = revisions.at(-1);
  if (!base?.plan.steps.some(({ action }) => action === EXPAND)) return undefined;
  if (latest !== base && latest?.verdict !== "deny") return undefined;
  const reflections = await listReflections(deps.ledger, run.tenant, run.id);
  if (reflections.some(({ revision }) => revision === base.number)) return undefined;
  const record = await loadRecord(deps.ledger, run.tenant, run.id);
  const board = new StepBoard(base.plan, record);
  const step = reachedExpand(board, deps.now());
  if (!step) return undefined;
  const [completed = [], pending = []] = ["completed", "pending"].map((status) =>
    base.plan.steps.filter(({ id }) => board.placeOf(id).status === status),
  );
  const input = {
    ...known(deps.registry.of(run.tenant), base.plan, completed),
    plans: revisions.filter(isAllowed).map(({ plan }) => plan),
    step,
  };
  const used = new Set(revisions.flatMap(({ plan }) => plan.steps.map(({ id }) => id)));
  return {
    base,
    step,
    spent: await findSpentExpansions(deps, run, { revisions, record }),
    work: {
      step: { title: step.title, goal: ExpandArgsSchema.parse(step.args).goal },
      done: toldSteps(completed, { board, registry: deps.registry.of(run.tenant) }),
      planned: pending.filter(({ id }) => id !== step.id).map(({ id, title }) => ({ id, title })),
      outputs: dependenciesOf(step).flatMap((id) => {
        const output = board.outputs.get(id);
        return output === undefined ? [] : [{ step: id, output }];
      }),
    },
    into: (proposed) => expandPlan({ ...input, used, proposed }),
  };
}

const isAllowed = ({ verdict }: Revision): boolean => verdict === "allow";

/** What the run has done, and whether any of it is not to be trusted. */
function known(registry: Registry, plan: Plan, completed: readonly Step[]) {
  const keys = callKeys(plan.steps);
  const isTainted = createTaint(plan, (action) => registry.find(action)?.untrustedOutput === true);
  return {
    done: new Set(completed.map(({ id }) => keys.get(id) ?? id)),
    untrusted: completed.some(({ id }) => isTainted(id)),
  };
}

/** Steps count that were expanded into others, into nothing, or could not be. */
async function findSpentExpansions(
  { ledger }: NodeDeps,
  { tenant }: Run,
  { revisions, record }: { revisions: readonly Revision[]; record: RunRecord },
): Promise<SpentBudget | undefined> {
  const { settings } = await getSettings(ledger, tenant);
  const replaced = revisions.flatMap(({ plan: { source } }) => source.expands ?? []);
  const ended = record.reads.filter(({ action }) => action === EXPAND).map(({ step }) => step);
  return spentOf("maxExpansions", new Set([...replaced, ...ended]).size, settings.maxExpansions);
}

/**
 * Records that a step was expanded into nothing, or could not be.
 * @returns the revision with which the run goes on
 */
export async function endExpansion(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  { base, step, made, latest }: Pick<Expansion, "base" | "step"> & { made: NoPlan; latest: Revision },
): Promise<Revision> {
  const stamp = stampOf(deps, config);
  const call = { step: step.id, action: EXPAND, version: 1, args: step.args };
  const failure = FailureStatusSchema.catch("failed").parse(made.status);
  const outcome: Pick<ReadOutcome, "status" | "output"> =
    made.status === "success" ? { status: "succeeded", output: null } : { status: "failed", output: failure };
  const row = { ...call, ...outcome, key: readKey(run.id, call), summary: made.message };
  await recordReads(deps.ledger, stamp, run.id, [row]);
  // A plan that was refused stands in the way: the run goes on with the one before it.
  if (latest.number === base.number) return base;
  return await recordRevision(deps.ledger, stamp, { runId: run.id, number: latest.number + 1, plan: base.plan });
}
