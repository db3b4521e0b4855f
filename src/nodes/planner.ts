/**
 * The planner: request to plan revision. Playbooks first, unless told otherwise, then the model. Run again, it returns
 * the revision that is recorded.
 */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { z } from "zod";
import { type Plan, PlanSchema } from "../domain/plan.ts";
import { isOver, type Pause, type Run } from "../domain/run.ts";
import type { Outcome } from "../graph/routes.ts";
import { listRevisions, recordRevision } from "../ledger/revisions.ts";
import { getRun } from "../ledger/runs.ts";
import { type ActionCard, PlannerReplySchema, plannerPrompt } from "../models/prompts/planner.ts";
import type { State, Update } from "../state.ts";
import { argsJsonSchema } from "../tools/args.ts";
import type { Registry } from "../tools/registry.ts";
import { askRole } from "./ask-role.ts";
import { identityOf, type NodeDeps, stampOf } from "./deps.ts";
import { pauseAt } from "./pause.ts";
import { type Earlier, loadEarlier, mergeWith, type NoPlan, stopReplanning } from "./replan.ts";
import { createReporter } from "./report.ts";

type Planned = Update & { outcome: Outcome<"planner"> };

export function createPlanner(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Planned> => {
    if (!state.run) return { outcome: "no plan" };
    const run = await getRun(deps.ledger, identityOf(config).tenant, state.run.id);
    if (isOver(run)) return { outcome: "no plan" };
    const revisions = await listRevisions(deps.ledger, run.tenant, run.id);
    const latest = revisions.at(-1);
    const earlier = await loadEarlier(deps, run, revisions);
    if (latest && latest.verdict !== "deny" && earlier?.reflection.revision !== latest.number) {
      return { plan: { ...latest.plan, number: latest.number }, outcome: "planned" };
    }
    const feedback = latest?.verdict === "deny" ? latest.findings.map((finding) => finding.reason) : [];
    createReporter(config, run.id, { plan: null, steps: {} }).doing("planning");
    const made = await makePlan(deps, config, run, { feedback, earlier });
    if ("why" in made) return (await pauseAt(deps, config, run, made)) ?? { outcome: "no plan" };
    if ("message" in made) return await noPlan(deps, config, run, { earlier, made });
    const number = (latest?.number ?? 0) + 1;
    const revision = await recordRevision(deps.ledger, stampOf(deps, config), { runId: run.id, number, plan: made });
    return { plan: { ...revision.plan, number }, outcome: "planned" };
  };
}

/** Where another plan was wanted and none came, that is recorded: it is not asked for again. */
async function noPlan(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  { earlier, made }: { earlier: Earlier | undefined; made: NoPlan },
): Promise<Planned> {
  if (earlier) await stopReplanning(deps, config, run, { reflection: earlier.reflection, why: made.message });
  return { failure: made, outcome: "no plan" };
}

interface PlanContext {
  /** What was wrong with the plan before. */
  readonly feedback: readonly string[];
  /** What came of an earlier plan, when another one is wanted after it. */
  readonly earlier: Earlier | undefined;
}

async function makePlan(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  context: PlanContext,
): Promise<Plan | NoPlan | Pause> {
  // A playbook would only say the same again.
  const isFirst = context.feedback.length === 0 && !context.earlier;
  const matched = isFirst ? deps.matchRequest?.(run.request) : undefined;
  if (matched?.kind === "plan") return matched.plan;
  const asked = await askPlanner(deps, config, run, context);
  if (asked) return asked;
  if (matched?.kind === "invalid") return { status: "invalid_request", message: matched.problem, details: [] };
  const examples = deps.whatCanBeAsked.map((line) => `  ${line}`);
  const known = examples.length > 0 ? ["Without a model only these kinds of request are understood:", ...examples] : [];
  return { status: "unsupported_intent", message: matched?.problem ?? "No plan could be made.", details: known };
}

/** The model's plan, or why there is none; undefined without a model. While there is no use in asking it, the run pauses. */
async function askPlanner(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  { feedback, earlier }: PlanContext,
): Promise<Plan | NoPlan | Pause | undefined> {
  const actions = actionCards(deps.registry);
  const prompt = plannerPrompt({
    request: run.request,
    now: deps.now(),
    actions,
    feedback,
    ...(earlier ? { earlier } : {}),
  });
  const reply = await askRole(deps, config, { role: "planner", runId: run.id, schema: PlannerReplySchema, prompt });
  if (!reply) return undefined;
  if (reply.kind === "failed") {
    const message = `No plan was made. ${reply.message}`;
    return reply.why === "malformed"
      ? { status: "failed", message, details: [] }
      : { why: "model", reason: message, until: null };
  }
  const { outcome, message, goal, steps } = reply.value;
  if (outcome === "question") return { status: "invalid_request", message, details: [] };
  if (outcome === "unsupported") return { status: "unsupported_intent", message, details: [] };
  const plan = PlanSchema.parse({
    goal: goal || run.request.slice(0, 500).toWellFormed(),
    source: { kind: "model" },
    steps: steps.map(({ repeat, notBefore, ...step }) => ({
      ...step,
      ...(repeat ? { repeat } : {}),
      ...(notBefore ? { notBefore } : {}),
    })),
  });
  return earlier ? mergeWith(earlier, plan, (name) => deps.registry.find(name)?.kind === "write") : plan;
}

/** The actions as a planner sees them: names, purposes and schemas, nothing else. */
function actionCards(registry: Registry): ActionCard[] {
  return registry.actions.map((action) => ({
    name: action.name,
    kind: action.kind,
    purpose: action.description,
    args: argsJsonSchema(action),
    output: z.toJSONSchema(action.output, { unrepresentable: "any" }),
  }));
}
