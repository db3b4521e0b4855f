/**
 * The planner: request to plan revision. Playbooks first, unless told otherwise, then the model. Run again, it returns
 * the revision that is recorded.
 */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { explainBudget } from "../domain/budget.ts";
import type { Plan } from "../domain/plan.ts";
import { isOver, type Pause, type Run } from "../domain/run.ts";
import type { Outcome } from "../graph/routes.ts";
import { listRevisions, type Revision, recordRevision } from "../ledger/revisions.ts";
import { getRun } from "../ledger/runs.ts";
import type { PlaybookResult } from "../planning/playbooks/match.ts";
import type { State, Update } from "../state.ts";
import { askPlanner, type PlanContext } from "./ask-planner.ts";
import { identityOf, isDraining, type NodeDeps, stampOf } from "./deps.ts";
import { endExpansion, findExpansion } from "./expand.ts";
import { pauseAt } from "./pause.ts";
import { type CutOff, planByProgram, programsFor } from "./plan-by-program.ts";
import { loadEarlier, type NoPlan, stopReplanning } from "./replan.ts";

type Planned = Update & { outcome: Outcome<"planner"> };

export function createPlanner(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Planned> => {
    if (!state.run) return { outcome: "no plan" };
    const run = await getRun(deps.ledger, identityOf(config).tenant, state.run.id);
    if (isOver(run)) return { outcome: "no plan" };
    const revisions = await listRevisions(deps.ledger, run.tenant, run.id);
    const context = await findContext(deps, run, revisions);
    const latest = revisions.at(-1);
    if (!context) return latest ? planned(latest) : { outcome: "no plan" };
    return await planAnew(deps, config, run, { ...context, latest });
  };
}

async function planAnew(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  context: PlanContext & { readonly latest: Revision | undefined },
): Promise<Planned> {
  const number = (context.latest?.number ?? 0) + 1;
  const made = await makePlan(deps, config, run, { ...context, revision: number });
  if ("cutOff" in made) return { outcome: isDraining(config) ? "drained" : "no plan" };
  if ("why" in made) return (await pauseAt(deps, config, run, made)) ?? { outcome: "no plan" };
  if (!("steps" in made)) return await noPlan(deps, config, run, { ...context, made });
  return planned(await recordRevision(deps.ledger, stampOf(deps, config), { runId: run.id, number, plan: made }));
}

/** What a plan is wanted for; undefined where the newest one is what is wanted. */
async function findContext(deps: NodeDeps, run: Run, revisions: readonly Revision[]): Promise<PlanContext | undefined> {
  const latest = revisions.at(-1);
  const earlier = await loadEarlier(deps, run, revisions);
  const expansion = earlier ? undefined : await findExpansion(deps, run, revisions);
  if (latest?.verdict === "deny") return { feedback: latest.findings.map(({ reason }) => reason), earlier, expansion };
  const isWanted = !latest || expansion !== undefined || earlier?.reflection.revision === latest.number;
  return isWanted ? { feedback: [], earlier, expansion } : undefined;
}

const planned = ({ plan, number }: Revision): Planned => ({ plan: { ...plan, number }, outcome: "planned" });

/** That none came is recorded where something was done before: it is not asked for again. */
async function noPlan(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  { earlier, expansion, made, latest }: PlanContext & { made: NoPlan; latest: Revision | undefined },
): Promise<Planned> {
  if (expansion && latest) return planned(await endExpansion(deps, config, run, { ...expansion, made, latest }));
  if (earlier) await stopReplanning(deps, config, run, { reflection: earlier.reflection, why: made.message });
  return { failure: made, outcome: "no plan" };
}

/**
 * The cheapest way that fits: a playbook costs no model, steps cost one call, and a program a second one. Where programs
 * are all that is wanted, no playbook stands in for one.
 */
async function planFor(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  context: PlanContext & { readonly revision: number; readonly matched: PlaybookResult | undefined },
): Promise<Plan | NoPlan | Pause | CutOff | undefined> {
  const { matched, expansion, revision } = context;
  const isProgram = deps.planningMode === "program" && !expansion && deps.models.planner !== undefined;
  if (matched?.kind === "plan" && !isProgram) return matched.plan;
  if (isProgram) return await planByProgram(deps, config, run, { ...context, why: "Programs are what is set." });
  // One that was begun is gone on with: that the work is left to a program is not asked again.
  const [begun] = expansion ? [] : await programsFor(deps, run, revision);
  const asked = begun ? { byProgram: begun.why } : await askPlanner(deps, config, run, context);
  if (!asked || !("byProgram" in asked)) return asked;
  return await planByProgram(deps, config, run, { ...context, why: asked.byProgram });
}

async function makePlan(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  context: PlanContext & { readonly revision: number },
): Promise<Plan | NoPlan | Pause | CutOff> {
  const { feedback, earlier, expansion } = context;
  if (expansion?.spent) return { status: "failed", message: explainBudget(expansion.spent), details: [] };
  // A playbook would only say the same again.
  const isFirst = feedback.length === 0 && !earlier && !expansion;
  const matched = isFirst ? deps.matchRequest?.(run.request) : undefined;
  const asked = await planFor(deps, config, run, { ...context, matched });
  if (asked) return asked;
  if (expansion)
    return { why: "model", reason: `"${expansion.step.title}" has to be planned by a model.`, until: null };
  const problem = matched && matched.kind !== "plan" ? matched.problem : undefined;
  if (matched?.kind === "invalid") return { status: "invalid_request", message: matched.problem, details: [] };
  const examples = deps.whatCanBeAsked.map((line) => `  ${line}`);
  const known = examples.length > 0 ? ["Without a model only these kinds of request are understood:", ...examples] : [];
  return { status: "unsupported_intent", message: problem ?? "No plan could be made.", details: known };
}
